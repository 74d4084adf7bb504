//! The definitions without fields.

/// A definition without fields: name, description, type, format.
pub(super) type Opaque = (&'static str, &'static str, &'static str, &'static str);

pub(super) const MICRO_TIME: Opaque = (
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
    "A moment, as RFC 3339 writes it with six digits of a second.",
    "string",
    "date-time",
);
pub(super) const INT_OR_STRING: Opaque = (
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    "A number or a text.",
    "string",
    "int-or-string",
);

/// Those of the package of `metadata` that every document has.
pub(super) const OPAQUE: [Opaque; 3] = [
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
