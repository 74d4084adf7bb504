//! The types that only the documents speak of: lists, answers and events.

use crate::schema::meta::PACKAGE;
use crate::schema::{Field, List, ListKind, PatchStrategy, Presence, Struct, Type};

/// The Go package of `RawExtension`.
const RUNTIME: &str = "io.k8s.apimachinery.pkg.runtime";

static STRINGS: List = atomic(Type::String);
static CAUSES: List = atomic(Type::Struct(&STATUS_CAUSE));
static RESOURCES: List = atomic(Type::Struct(&API_RESOURCE));

const KIND: Field = field(
    "kind",
    Type::String,
    Presence::OmitEmpty,
    "The kind of this object, in CamelCase.",
);
const API_VERSION: Field = field(
    "apiVersion",
    Type::String,
    Presence::OmitEmpty,
    "The group and version this object is written in.",
);

const fn atomic(item: Type) -> List {
    List {
        item,
        kind: ListKind::Atomic,
        patch: PatchStrategy::Replace,
    }
}

const fn field(name: &'static str, ty: Type, presence: Presence, doc: &'static str) -> Field {
    Field {
        name,
        ty,
        presence,
        default: None,
        doc,
    }
}

const fn opt(name: &'static str, ty: Type, doc: &'static str) -> Field {
    field(name, ty, Presence::OmitEmpty, doc)
}

const fn req(name: &'static str, ty: Type, doc: &'static str) -> Field {
    field(name, ty, Presence::Always, doc)
}

pub(super) static LIST_META: Struct = Struct::new(
    "ListMeta",
    "The metadata every list has.",
    &[
        opt("selfLink", Type::String, "No longer set by the server."),
        opt(
            "resourceVersion",
            Type::String,
            "The version of the collection, to start a watch from. Set by the server.",
        ),
        opt(
            "continue",
            Type::String,
            "The token to ask for the rest of the list with.",
        ),
        field(
            "remainingItemCount",
            Type::Int64,
            Presence::Pointer,
            "How many items follow this page, if known.",
        ),
    ],
)
.of(PACKAGE);

pub(super) static STATUS: Struct = Struct::new(
    "Status",
    "The answer of a call that returns no other object.",
    &[
        KIND,
        API_VERSION,
        opt(
            "metadata",
            Type::Struct(&LIST_META),
            "Standard list metadata.",
        ),
        opt("status", Type::String, "Success or Failure."),
        opt("message", Type::String, "What happened, for people."),
        opt("reason", Type::String, "Why the call failed, for programs."),
        field(
            "details",
            Type::Struct(&STATUS_DETAILS),
            Presence::Pointer,
            "More about the reason.",
        ),
        opt("code", Type::Int32, "The HTTP code of the answer."),
    ],
)
.of(PACKAGE);

static STATUS_DETAILS: Struct = Struct::new(
    "StatusDetails",
    "What a Status is about.",
    &[
        opt("name", Type::String, "The name of the object."),
        opt("group", Type::String, "The group of the object."),
        opt(
            "kind",
            Type::String,
            "The resource, or the kind, of the object.",
        ),
        opt("uid", Type::String, "The uid of the object."),
        opt(
            "causes",
            Type::List(&CAUSES),
            "What exactly was wrong, cause by cause.",
        ),
        opt(
            "retryAfterSeconds",
            Type::Int32,
            "How long to wait before the call is tried again.",
        ),
    ],
)
.of(PACKAGE);

static STATUS_CAUSE: Struct = Struct::new(
    "StatusCause",
    "One of the things that were wrong.",
    &[
        opt("reason", Type::String, "What was wrong, for programs."),
        opt("message", Type::String, "What was wrong, for people."),
        opt(
            "field",
            Type::String,
            "The path of the field that was wrong.",
        ),
    ],
)
.of(PACKAGE);

pub(super) static WATCH_EVENT: Struct = Struct::new(
    "WatchEvent",
    "One event of a watch.",
    &[
        req(
            "type",
            Type::String,
            "ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.",
        ),
        req(
            "object",
            Type::Struct(&RAW_EXTENSION),
            "The object after the change; before it, if deleted; or a Status.",
        ),
    ],
)
.of(PACKAGE);

static RAW_EXTENSION: Struct =
    Struct::new("RawExtension", "An object of any kind.", &[]).of(RUNTIME);

pub(super) static API_RESOURCE_LIST: Struct = Struct::new(
    "APIResourceList",
    "The resources of one group and version.",
    &[
        KIND,
        API_VERSION,
        req(
            "groupVersion",
            Type::String,
            "The group and version of the resources.",
        ),
        req("resources", Type::List(&RESOURCES), "The resources."),
    ],
)
.of(PACKAGE);

static API_RESOURCE: Struct = Struct::new(
    "APIResource",
    "A resource, or a part of one.",
    &[
        req("name", Type::String, "The plural name."),
        req("singularName", Type::String, "The singular name."),
        req(
            "namespaced",
            Type::Bool,
            "Whether its objects live in namespaces.",
        ),
        opt(
            "group",
            Type::String,
            "The group of its kind; empty: that of the list.",
        ),
        opt(
            "version",
            Type::String,
            "The version of its kind; empty: that of the list.",
        ),
        req("kind", Type::String, "The kind of its objects."),
        req("verbs", Type::List(&STRINGS), "What can be done with it."),
        opt(
            "shortNames",
            Type::List(&STRINGS),
            "Short names for command lines.",
        ),
        opt(
            "categories",
            Type::List(&STRINGS),
            "Groups of resources it is part of, such as all.",
        ),
        opt(
            "storageVersionHash",
            Type::String,
            "Stands for the version its objects are stored in.",
        ),
    ],
)
.of(PACKAGE);

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
