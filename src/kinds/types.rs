//! The structure of a kind: which fields there are, in the order the server writes them, of which type, and how their
//! lists and maps are merged.
//!
//! One tree of these drives everything generic: decoding a body with the real server's errors, encoding an answer in its
//! field order, patching, field ownership and the OpenAPI documents.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

/// The type of a field, an element or a map value.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    String,
    /// A string type of its own in Go.
    Named(Arc<Named>),
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
    /// `resource.Quantity`: an amount, as a text or a number.
    Quantity,
    Float64,
    /// A field set of `managedFields`, kept as it is.
    FieldsV1,
    /// Any JSON, kept as it is, under the name of this Go type.
    Raw(Raw),
    /// What no schema tells of: an object is owned member by member, anything else as one.
    Untyped,
    /// A schema of this type, or something else in its place.
    SchemaOr(SchemaOr, StructRef),
    Map(Box<Type>),
    /// A map that is owned as one (`x-kubernetes-map-type: atomic`).
    AtomicMap(Box<Type>),
    List(Box<List>),
    Struct(StructRef),
}

/// The Go types that hold any JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Raw {
    /// `runtime.RawExtension`: an object of any kind.
    Extension,
    /// `apiextensions.JSON`.
    Json,
}

/// The Go types that hold a schema or something else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SchemaOr {
    /// `apiextensions.JSONSchemaPropsOrArray`: or a list of schemas.
    Array,
    /// `apiextensions.JSONSchemaPropsOrBool`
    Bool,
    /// `apiextensions.JSONSchemaPropsOrStringArray`
    StringArray,
}

impl SchemaOr {
    /// What Go calls the type in its package.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SchemaOr::Array => "JSONSchemaPropsOrArray",
            SchemaOr::Bool => "JSONSchemaPropsOrBool",
            SchemaOr::StringArray => "JSONSchemaPropsOrStringArray",
        }
    }
}

/// A string type with a name.
#[derive(Debug)]
pub(crate) struct Named {
    /// As type errors show it: `v1.Protocol`.
    pub(crate) go_type: String,
    /// All values there are, if the documents say so.
    pub(crate) values: Vec<String>,
}

/// A list and how it merges.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) item: Type,
    /// `x-kubernetes-list-type`, which server-side apply goes by.
    pub(crate) kind: ListKind,
    /// `x-kubernetes-patch-strategy`, which strategic merge patch goes by.
    pub(crate) patch: PatchStrategy,
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ListKind {
    Atomic,
    Set,
    /// Keyed by these fields (`x-kubernetes-list-map-keys`).
    Map(Vec<String>),
}

/// `x-kubernetes-patch-strategy` of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PatchStrategy {
    Replace,
    /// Merge a list of plain values as a set.
    MergePrimitives,
    /// Merge by this key (`x-kubernetes-patch-merge-key`).
    MergeBy(String),
}

/// An object with known fields.
#[derive(Debug, Default)]
pub(crate) struct Struct {
    /// The name of the Go type, which shows in type errors.
    pub(crate) name: String,
    /// The Go package, as the OpenAPI documents name it: `io.k8s.api.core.v1`.
    pub(crate) package: String,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
    /// `x-kubernetes-map-type: atomic`: owned as one.
    pub(crate) atomic: bool,
    /// The Go type embedded in this one, which the fields with more than one number are from; it shows in type errors.
    pub(crate) embeds: String,
    /// No Go struct stands behind it: its members stay as they were sent.
    pub(crate) unstructured: bool,
    /// What the members are that are no fields, if there may be any.
    pub(crate) rest: Option<Type>,
}

/// One field of a [`Struct`].
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Arc<str>,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
    /// Whether an object must have it.
    pub(crate) required: bool,
    /// Where protobuf has it: its number, after those of the messages it is embedded in. Empty if it has none.
    pub(crate) numbers: Box<[u32]>,
    /// What the OpenAPI document says a field left out is, which the keys of lists go by.
    pub(crate) default: Option<Box<Value>>,
    pub(crate) rules: Option<Box<Rules>>,
    /// What the field is when it is left out, or empty, of an object that a client sends.
    pub(crate) fill: Option<Box<Value>>,
    /// Of the members of this struct, or of each item, a client's strategic merge keeps those of the patch alone
    /// (`x-kubernetes-patch-strategy: retainKeys`).
    pub(crate) retain_keys: bool,
    /// What the stored version of the kind calls the field, if another name.
    pub(crate) was: Option<Arc<str>>,
    pub(crate) doc: Box<str>,
}

/// What a value of a field must be like.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rules {
    /// The value is at least this.
    pub(crate) min: Option<i64>,
    /// The value is more than this.
    pub(crate) above: Option<i64>,
    /// The value is at most this.
    pub(crate) max: Option<i64>,
    /// It can no longer change once the object is there.
    pub(crate) immutable: bool,
    /// It belongs to a feature that is off by default: it is dropped, unless the stored object has it.
    pub(crate) off: bool,
}

/// When a field is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Presence {
    /// Left out when it has its zero value.
    OmitEmpty,
    /// A pointer in Go: an explicit zero value is kept.
    Pointer,
    /// Written always, the zero value where none was given.
    Always,
    /// Written always, as `null` where none was given.
    Nullable,
}

/// A struct that others refer to: shared, and read from its page when it is first looked at, so that structs may contain
/// each other and nobody pays for those that are never met.
#[derive(Clone)]
pub(crate) struct StructRef(Arc<LazyLock<Struct, Reader>>);

type Reader = Box<dyn FnOnce() -> Struct + Send>;

impl StructRef {
    /// A struct that nobody has looked at.
    pub(super) fn unread(read: impl FnOnce() -> Struct + Send + 'static) -> Self {
        StructRef(Arc::new(LazyLock::new(Box::new(read))))
    }
}

impl From<Struct> for StructRef {
    fn from(known: Struct) -> Self {
        StructRef::unread(|| known)
    }
}

impl Deref for StructRef {
    type Target = Struct;

    fn deref(&self) -> &Struct {
        &self.0
    }
}

impl fmt::Debug for StructRef {
    /// By name alone: structs may contain themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.go_type())
    }
}

impl Struct {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| *f.name == *name)
    }

    /// The field at a path below this one.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Field> {
        let (first, rest) = path.split_first()?;
        let field = self.field(first)?;
        match field.ty.innermost_struct() {
            Some(inner) if !rest.is_empty() => inner.at(rest),
            _ => rest.is_empty().then_some(field),
        }
    }

    /// What Go calls the type in an error: `v1.ServiceSpec`.
    pub(crate) fn go_type(&self) -> String {
        go_type(&self.package, &self.name)
    }
}

/// What Go calls a type of a package, which is known by the last part of its path.
pub(super) fn go_type(package: &str, name: &str) -> String {
    let package = package.rsplit('.').next().unwrap_or_default();
    format!("{package}.{name}")
}

impl Type {
    /// What Go calls the type in an error.
    pub(crate) fn go_type(&self) -> String {
        match self {
            Type::String | Type::Time | Type::MicroTime | Type::IntOrString | Type::Quantity => {
                "string".to_owned()
            }
            Type::Float64 => "float64".to_owned(),
            Type::Untyped => "interface {}".to_owned(),
            Type::Raw(Raw::Extension) => "runtime.RawExtension".to_owned(),
            Type::Raw(Raw::Json) => "v1.JSON".to_owned(),
            Type::Bytes => "[]uint8".to_owned(),
            Type::Named(named) => named.go_type.clone(),
            Type::Bool => "bool".to_owned(),
            Type::Int32 => "int32".to_owned(),
            Type::Int64 => "int64".to_owned(),
            Type::FieldsV1 => "v1.FieldsV1".to_owned(),
            Type::Map(value) | Type::AtomicMap(value) => format!("map[string]{}", value.go_type()),
            Type::List(list) => format!("[]{}", list.item.go_type()),
            Type::SchemaOr(or, schema) => go_type(&schema.package, or.name()),
            Type::Struct(s) => s.go_type(),
        }
    }

    /// The struct this is, or whose lists or maps it is.
    pub(crate) fn innermost_struct(&self) -> Option<&StructRef> {
        match self {
            Type::Struct(s) | Type::SchemaOr(_, s) => Some(s),
            Type::List(list) => list.item.innermost_struct(),
            Type::Map(value) | Type::AtomicMap(value) => value.innermost_struct(),
            _ => None,
        }
    }
}

impl Presence {
    /// Whether a field is written even when it has its zero value.
    pub(crate) fn is_always_written(self) -> bool {
        matches!(self, Presence::Always | Presence::Nullable)
    }
}
