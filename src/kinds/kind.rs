//! A kind in one of its versions.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::family::Custom;
use super::types::{Field, Struct, StructRef};
use super::verb::Verb;
use crate::codec::jsonpath::JsonPath;

/// A kind as it travels with a request and with each of its objects.
pub(crate) type KindRef = Arc<Kind>;

/// One version of a kind, as discovery describes it, and how its objects are kept and shown.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) namespaced: bool,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    /// In the order of their names, as discovery lists them.
    pub(crate) verbs: Vec<Verb>,
    /// In the order of their names.
    pub(crate) subresources: Vec<Subresource>,
    /// The fields that writing the object itself leaves as they were, and cannot own: subresources have them.
    pub(crate) resets: Vec<Vec<String>>,
    /// The columns of its Table, Age included.
    pub(crate) columns: Vec<Column>,
    /// All field labels, for a kind that has more than `metadata.name` and `metadata.namespace`.
    pub(crate) selectable: Vec<String>,
    /// What comes before the name of a field that is no such label.
    pub(crate) unselectable: String,
    /// What the other versions of the kind share with this one.
    pub(crate) stored: Stored,
    pub(crate) wire: Wire,
    pub(crate) service: Service,
    pub(crate) policy: Policy,
    pub(crate) name_format: NameFormat,
    /// Versions that a body may name in the place of this one.
    pub(crate) accepts: Vec<String>,
    /// A warning on every request for it, from the minor version it is deprecated in.
    pub(crate) deprecation: Option<(u32, Arc<str>)>,
    /// Read from the page of the kind when it is first looked at.
    pub(crate) schema: StructRef,
    /// Whether a field of the schema has rules, once somebody has asked.
    pub(crate) has_rules: OnceLock<bool>,
    /// The same of defaults that are filled in.
    pub(crate) has_fills: OnceLock<bool>,
    /// What is only there of a kind that no page describes.
    pub(crate) custom: Option<Arc<Custom>>,
}

/// How the objects of a kind are kept, whatever version they came in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    /// Between `/registry/` and the object's own part of the storage key.
    pub(crate) prefix: String,
    /// The version that is kept.
    pub(crate) group: String,
    pub(crate) version: String,
    /// What stands for that version in discovery.
    pub(crate) hash: String,
}

/// What the names of the objects of a kind look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NameFormat {
    DnsSubdomain,
    DnsLabel,
    /// Anything that can be part of a path.
    PathSegment,
}

/// What a kind allows, as upstream's strategies answer it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Policy {
    /// PUT creates what is missing.
    pub(crate) create_on_update: bool,
    /// An update goes without a resourceVersion.
    pub(crate) unconditional_update: bool,
    /// A deletion answers with the object rather than with a Status.
    pub(crate) returns_deleted: bool,
    /// It counts the changes of its spec in `metadata.generation`.
    pub(crate) counts_generations: bool,
    /// Who selects by an unknown field is told the kind.
    pub(crate) names_kind_of_fields: bool,
    /// A deletion that does not say what becomes of the dependents leaves them alone.
    pub(crate) orphans: bool,
    /// Some of its objects are there from the start, see `Strategy::initial`.
    pub(crate) has_initial: bool,
    /// The server itself goes on with its objects after they were written.
    pub(crate) settles: bool,
    /// The server itself goes on with its objects at once when they were written, see `Strategy::followed`.
    pub(crate) follows: bool,
    /// Its objects define kinds of their own.
    pub(crate) defines_kinds: bool,
    /// It is read from etcd itself, where nobody waits for a version that is yet to come.
    pub(crate) uncached: bool,
    /// It is there to be looked for, but what it would do is not supported: none can be written.
    pub(crate) unsupported: bool,
    /// Its finalizers need no domain.
    pub(crate) any_finalizers: bool,
}

/// How a kind is met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Service {
    /// Its objects are kept, each at a path of its own.
    Stored,
    /// It has a path, and nothing is kept: what is sent is answered at once.
    Virtual,
    /// It has no path: it is what the subresources of others take and give.
    Part,
}

/// How the objects of a kind are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wire {
    /// In the order of the fields of a Go struct; items of lists say no kind.
    GoStruct,
    /// With sorted keys, as what no Go struct stands behind.
    Unstructured,
}

/// `status`, `finalize`, …: a part of an object with verbs of its own.
#[derive(Clone, Debug)]
pub(crate) struct Subresource {
    pub(crate) name: String,
    pub(crate) verbs: Vec<Verb>,
    /// The fields that writing through it leaves as they were, and cannot own.
    pub(crate) resets: Vec<Vec<String>>,
    /// The kind of the bodies, where it is not that of the object.
    pub(crate) of: Option<Gvk>,
}

impl Subresource {
    /// Whether it leads to somebody else, who answers as he likes: its bodies are called the options of that.
    pub(crate) fn is_connection(&self) -> bool {
        self.of
            .as_ref()
            .is_some_and(|of| of.kind.ends_with("Options"))
    }
}

/// A kind by its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

/// One column of a Table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) format: String,
    /// Read with [`Kind::describe`].
    pub(crate) about: About,
    pub(crate) priority: u32,
    pub(crate) cell: Cell,
    /// There are cells of it, but the Table does not say so.
    pub(crate) undeclared: bool,
}

/// Where the description of a column stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum About {
    Text(String),
    /// It is that of the field at this path.
    Field(Vec<String>),
}

/// Where a cell comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// The text or number at a path: `.spec.type`.
    Path(Vec<String>),
    /// How long ago the time at a path was.
    Age(Vec<String>),
    /// The kind's own code tells.
    Programmed,
    /// The first of what is found at a JSONPath.
    JsonPath(JsonPath),
}

impl Kind {
    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(&self) -> Cow<'_, str> {
        if self.group.is_empty() {
            (&*self.version).into()
        } else {
            [&*self.group, "/", &*self.version].concat().into()
        }
    }

    /// Where one of its objects is kept, or with an empty name all of a namespace, or with an empty namespace all there
    /// are. Upstream's key is this below `/registry`.
    pub(crate) fn key(&self, namespace: &str, name: &str) -> String {
        if namespace.is_empty() || !self.namespaced {
            ["/", &*self.stored.prefix, "/", name].concat()
        } else {
            ["/", &*self.stored.prefix, "/", namespace, "/", name].concat()
        }
    }

    /// Whether any field has rules: of most kinds none has, and nothing is to be walked for them.
    pub(crate) fn has_rules(&self) -> bool {
        *self
            .has_rules
            .get_or_init(|| any_field(&self.schema, |field| field.rules.is_some(), &mut Vec::new()))
    }

    /// Whether its Table is the plain one, which says when an object was created and has no rows rather than none.
    pub(crate) fn has_plain_table(&self) -> bool {
        let created = |column: &Column| matches!(&column.cell, Cell::Path(path) if path[..] == ["metadata", "creationTimestamp"]);
        self.columns.iter().any(created)
    }

    /// Whether any field is filled in when it is left out.
    pub(crate) fn has_fills(&self) -> bool {
        *self
            .has_fills
            .get_or_init(|| any_field(&self.schema, |field| field.fill.is_some(), &mut Vec::new()))
    }

    /// The Go package of the internal type, which all versions of the kind are converted to.
    pub(crate) fn internal_package(&self) -> &str {
        super::internal_package(&self.stored.group)
    }

    /// Whether this is the version that is kept.
    pub(crate) fn is_stored(&self) -> bool {
        (&self.group, &self.version) == (&self.stored.group, &self.stored.version)
    }

    /// How long [`Kind::api_version`] is.
    pub(crate) fn api_version_len(&self) -> usize {
        if self.group.is_empty() {
            self.version.len()
        } else {
            self.group.len() + 1 + self.version.len()
        }
    }

    /// The description of a column.
    pub(crate) fn describe<'a>(&'a self, column: &'a Column) -> &'a str {
        match &column.about {
            About::Text(text) => text,
            About::Field(path) => self.schema.at(path).map_or("", |field| &field.doc),
        }
    }

    /// The fields that writing through a subresource, or not through any, leaves as they were.
    pub(crate) fn resets(&self, subresource: &str) -> &[Vec<String>] {
        match self.subresource(subresource) {
            Some(subresource) => &subresource.resets,
            None => &self.resets,
        }
    }

    /// The verbs of a subresource, or of the object itself.
    pub(crate) fn verbs(&self, subresource: &str) -> &[Verb] {
        match self.subresource(subresource) {
            Some(subresource) => &subresource.verbs,
            None if subresource.is_empty() => &self.verbs,
            None => &[],
        }
    }

    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|s| s.name == name)
    }
}

/// Looks into every struct once: they may contain themselves.
fn any_field<'a>(
    structure: &'a Struct,
    is_one: fn(&Field) -> bool,
    seen: &mut Vec<&'a Struct>,
) -> bool {
    if seen.iter().any(|known| std::ptr::eq(*known, structure)) {
        return false;
    }
    seen.push(structure);
    structure.fields.iter().any(|field| {
        let inner = field.ty.innermost_struct();
        is_one(field) || inner.is_some_and(|inner| any_field(inner, is_one, seen))
    })
}
