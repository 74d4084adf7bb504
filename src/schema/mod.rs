//! The structure of the kinds: which fields there are, in the order the server writes them, of which type, and how
//! their lists and maps are merged.
//!
//! One table a kind drives everything generic: decoding a body with the real server's errors, encoding an answer in its
//! field order, patching, field ownership and the OpenAPI documents. The tables are plain statics ([`meta`], [`core`]);
//! a new kind is a new table.

pub(crate) mod core;
mod decode;
mod encode;
pub(crate) mod meta;
pub(crate) mod protobuf;
pub(crate) mod resource;

pub(crate) use decode::{decode, int_or_string, prune};
pub(crate) use encode::{encode, to_json};

/// The type of a field, an element or a map value.
#[derive(Debug)]
pub(crate) enum Type {
    String,
    /// A string type of its own in Go; the name shows in type errors.
    Named(&'static str),
    Bool,
    Int32,
    Int64,
    /// `[]byte`, in base64.
    Bytes,
    /// `metav1.Time`: RFC 3339, whole seconds.
    Time,
    /// `metav1.MicroTime`: RFC 3339, exactly six digits of a second.
    MicroTime,
    /// `intstr.IntOrString`: a 32-bit number or a text.
    IntOrString,
    /// A field set of `managedFields`, kept as it is.
    FieldsV1,
    Map(&'static Type),
    /// A map that is owned as one (`x-kubernetes-map-type: atomic`).
    AtomicMap(&'static Type),
    List(&'static List),
    Struct(&'static Struct),
}

/// A list and how it merges.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) item: Type,
    /// `x-kubernetes-list-type`, which server-side apply goes by.
    pub(crate) kind: ListKind,
    /// `x-kubernetes-patch-strategy`, which strategic merge patch goes by.
    pub(crate) patch: PatchStrategy,
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ListKind {
    Atomic,
    Set,
    /// Keyed by these fields (`x-kubernetes-list-map-keys`).
    Map(&'static [&'static str]),
}

/// `x-kubernetes-patch-strategy` of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PatchStrategy {
    Replace,
    /// Merge a list of plain values as a set.
    MergePrimitives,
    /// Merge by this key (`x-kubernetes-patch-merge-key`).
    MergeBy(&'static str),
}

/// An object with known fields.
#[derive(Debug)]
pub(crate) struct Struct {
    /// The name of the Go type, which shows in type errors.
    pub(crate) go_name: &'static str,
    /// The Go package, as the OpenAPI documents name it: `io.k8s.api.core.v1`.
    pub(crate) package: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) fields: &'static [Field],
    /// `x-kubernetes-map-type: atomic`: owned as one.
    pub(crate) atomic: bool,
}

/// One field of a [`Struct`].
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
    /// What the OpenAPI document says a field left out is, which the keys of lists go by.
    pub(crate) default: Option<&'static str>,
    pub(crate) doc: &'static str,
}

impl Field {
    const fn default_to(mut self, default: &'static str) -> Field {
        self.default = Some(default);
        self
    }
}

/// When a field is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Presence {
    /// Left out when it has its zero value.
    OmitEmpty,
    /// A pointer in Go: an explicit zero value is kept.
    Pointer,
    /// Required, and so written always, the zero value where none was given.
    Always,
    /// Not required, but written always: Go cannot leave out structs.
    Shown,
}

impl Presence {
    /// Whether a field is written even when it has its zero value.
    pub(crate) fn is_always_written(self) -> bool {
        matches!(self, Presence::Always | Presence::Shown)
    }
}

impl Struct {
    /// A type of core/v1; see [`of`](Self::of) for the others.
    pub(crate) const fn new(
        go_name: &'static str,
        doc: &'static str,
        fields: &'static [Field],
    ) -> Self {
        Struct {
            go_name,
            package: core::PACKAGE,
            doc,
            fields,
            atomic: false,
        }
    }

    /// The same type in another Go package.
    pub(crate) const fn of(mut self, package: &'static str) -> Self {
        self.package = package;
        self
    }

    pub(crate) const fn atomic(mut self) -> Self {
        self.atomic = true;
        self
    }

    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

impl Type {
    /// What Go calls the type in an error.
    pub(crate) fn go_type(&self) -> String {
        match self {
            Type::String | Type::Time | Type::MicroTime | Type::IntOrString => "string".to_owned(),
            Type::Bytes => "[]uint8".to_owned(),
            Type::Named(name) => (*name).to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Int32 => "int32".to_owned(),
            Type::Int64 => "int64".to_owned(),
            Type::FieldsV1 => "v1.FieldsV1".to_owned(),
            Type::Map(value) | Type::AtomicMap(value) => format!("map[string]{}", value.go_type()),
            Type::List(list) => format!("[]{}", list.item.go_type()),
            Type::Struct(s) => format!("v1.{}", s.go_name),
        }
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

/// A field left out when empty.
const fn opt(name: &'static str, ty: Type, doc: &'static str) -> Field {
    field(name, ty, Presence::OmitEmpty, doc)
}

/// A pointer field.
const fn ptr(name: &'static str, ty: Type, doc: &'static str) -> Field {
    field(name, ty, Presence::Pointer, doc)
}

/// A field that is not required but always written.
const fn shown(name: &'static str, ty: Type, doc: &'static str) -> Field {
    field(name, ty, Presence::Shown, doc)
}

/// A required field.
const fn req(name: &'static str, ty: Type, doc: &'static str) -> Field {
    field(name, ty, Presence::Always, doc)
}

const fn atomic_list(item: Type) -> List {
    List {
        item,
        kind: ListKind::Atomic,
        patch: PatchStrategy::Replace,
    }
}

const KIND: Field = opt(
    "kind",
    Type::String,
    "The kind of this object, in CamelCase.",
);
const API_VERSION: Field = opt(
    "apiVersion",
    Type::String,
    "The group and version this object is written in.",
);
const METADATA: Field = shown("metadata", Type::Struct(&meta::OBJECT_META), METADATA_DOC);
const METADATA_REQUIRED: Field = req("metadata", Type::Struct(&meta::OBJECT_META), METADATA_DOC);
const METADATA_DOC: &str = "Standard object metadata.";
