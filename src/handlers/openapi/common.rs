//! The definitions without fields.

/// A definition without fields: name, description, type, format.
pub(super) type Opaque<'a> = (&'a str, &'a str, &'a str, &'a str);

pub(super) const MICRO_TIME: Opaque<'static> = (
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
    "A moment, as RFC 3339 writes it with six digits of a second.",
    "string",
    "date-time",
);
pub(super) const INT_OR_STRING: Opaque<'static> = (
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    "A number or a text.",
    "string",
    "int-or-string",
);

pub(super) const QUANTITY: Opaque<'static> = (
    "io.k8s.apimachinery.pkg.api.resource.Quantity",
    "An amount, such as 100m or 1.5Gi.",
    "string",
    "",
);
pub(super) const RAW_EXTENSION: Opaque<'static> = (
    "io.k8s.apimachinery.pkg.runtime.RawExtension",
    "An object of any kind.",
    "object",
    "",
);
pub(super) const JSON: Opaque<'static> = (
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    "Any JSON value.",
    "",
    "",
);

/// How a schema, or what stands in its place, is described.
pub(super) const SCHEMA_OR: &str = "A schema, or another value in its place.";

/// The types of which a value has one, where it is not always the same.
pub(super) fn one_of(name: &str) -> Option<[&'static str; 2]> {
    match name {
        _ if name == INT_OR_STRING.0 => Some(["integer", "string"]),
        _ if name == QUANTITY.0 => Some(["string", "number"]),
        _ => None,
    }
}

/// Those of the package of `metadata` that every document has.
pub(super) const OPAQUE: [Opaque<'static>; 3] = [
    (
        "Time",
        "A moment, as RFC 3339 writes it.",
        "string",
        "date-time",
    ),
    (
        "FieldsV1",
        "A set of fields, as a tree of paths.",
        "object",
        "",
    ),
    (
        "Patch",
        "A patch; its content type says of which kind.",
        "object",
        "",
    ),
];
