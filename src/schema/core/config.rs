//! ConfigMap and Secret.

use super::super::{API_VERSION, KIND, METADATA, Struct, Type, opt, ptr};

/// The description of a ConfigMap's `data`, which is also that of its Data column.
pub(crate) const CONFIG_MAP_DATA_DOC: &str = "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.";

/// The description of a Secret's `data`, which is also that of its Data column.
pub(crate) const SECRET_DATA_DOC: &str = "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4";

/// The description of a Secret's `type`, which is also that of its Type column.
pub(crate) const SECRET_TYPE_DOC: &str = "Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types";

pub(crate) static CONFIG_MAP: Struct = Struct::new(
    "ConfigMap",
    "Configuration for others to read, as keys and values.",
    &[
        KIND,
        API_VERSION,
        METADATA,
        ptr(
            "immutable",
            Type::Bool,
            "Whether the data may no longer change; once set it stays set.",
        ),
        opt("data", Type::Map(&Type::String), CONFIG_MAP_DATA_DOC),
        opt(
            "binaryData",
            Type::Map(&Type::Bytes),
            "Data that need not be UTF-8, in base64; its keys must not be among those of data.",
        ),
    ],
);

pub(crate) static SECRET: Struct = Struct::new(
    "Secret",
    "Secret data of a type, as keys and values.",
    &[
        KIND,
        API_VERSION,
        METADATA,
        ptr(
            "immutable",
            Type::Bool,
            "Whether the data may no longer change; once set it stays set.",
        ),
        opt("data", Type::Map(&Type::Bytes), SECRET_DATA_DOC),
        opt(
            "stringData",
            Type::Map(&Type::String),
            "Data without base64, merged into data on every write; never read back.",
        ),
        opt("type", Type::Named("v1.SecretType"), SECRET_TYPE_DOC),
    ],
);
