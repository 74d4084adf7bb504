//! The types that schemas declare.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::node::Node;
use crate::cel::escape::escape;
use crate::cel::estimate::{Range, Sizes};
use crate::cel::types::Type;

/// The largest request, in bytes: what no limit bounds is at most as large.
pub(crate) const MAX_REQUEST_SIZE: i64 = 3 * 1024 * 1024;

const MAX_DURATION: i64 = 32;
const MIN_DURATION: i64 = 3;
const MAX_DATE_TIME: i64 = 32;
const MIN_DATE_TIME: i64 = 21;
const DATE: i64 = 12;
const MIN_STRING: i64 = 2;
const MIN_BOOL: i64 = 4;
const MIN_NUMBER: i64 = 1;

/// A declared type, and how large its values may be.
#[derive(Clone, Debug)]
pub(crate) struct Decl {
    shape: Shape,
    /// The fewest bytes that a value takes.
    pub(crate) min_size: i64,
    /// The most elements or characters that a value has.
    max_elements: i64,
}

#[derive(Clone, Debug)]
enum Shape {
    Scalar(Type),
    List(Arc<Decl>),
    Map(Arc<Decl>),
    Object(BTreeMap<String, Arc<Decl>>),
}

impl Decl {
    fn scalar(ty: Type, min_size: i64, max_elements: i64) -> Decl {
        Decl {
            shape: Shape::Scalar(ty),
            min_size,
            max_elements,
        }
    }

    /// What the schema declares, or nothing where expressions are shown nothing of it.
    pub(crate) fn of(node: Node<'_>, is_root: bool) -> Option<Arc<Decl>> {
        if node.is_int_or_string() {
            let max = match node.number("maxLength") {
                Some(length) => runes(length),
                None => MAX_REQUEST_SIZE - 2,
            };
            return Some(Arc::new(Decl::scalar(Type::Dyn, 1, max)));
        }
        let decl = match node.ty() {
            "array" => {
                let items = node.items()?;
                let item = Decl::of(items, items.is_embedded())?;
                let max = match node.number("maxItems") {
                    Some(max) => max.max(0),
                    None => (MAX_REQUEST_SIZE - 2) / (item.min_size + 1),
                };
                Decl {
                    shape: Shape::List(item),
                    min_size: 2,
                    max_elements: max,
                }
            }
            "object" => match node.additional() {
                Some(values) if !is_root || node.properties().is_none() => {
                    let value = Decl::of(values, values.is_embedded())?;
                    let max = match node.number("maxProperties") {
                        Some(max) => max.max(0),
                        None => (MAX_REQUEST_SIZE - 2) / (value.min_size + 6),
                    };
                    Decl {
                        shape: Shape::Map(value),
                        min_size: 2,
                        max_elements: max,
                    }
                }
                _ => object(node, is_root),
            },
            "string" => string(node),
            "boolean" => Decl::scalar(Type::Bool, MIN_BOOL, 0),
            "number" => Decl::scalar(Type::Double, MIN_NUMBER, 0),
            "integer" => Decl::scalar(Type::Int, MIN_NUMBER, 0),
            _ => return None,
        };
        Some(Arc::new(decl))
    }

    /// What is declared of a field, by its escaped name.
    pub(crate) fn field(&self, escaped: &str) -> Option<&Arc<Decl>> {
        match &self.shape {
            Shape::Object(fields) => fields.get(escaped),
            _ => None,
        }
    }

    /// What is declared of the items of a list, or the values of a map.
    pub(crate) fn element(&self) -> Option<&Arc<Decl>> {
        match &self.shape {
            Shape::List(element) | Shape::Map(element) => Some(element),
            _ => None,
        }
    }

    /// The type for the checker; objects are named by where they are.
    pub(crate) fn ty(&self, name: &str) -> Type {
        match &self.shape {
            Shape::Scalar(ty) => ty.clone(),
            Shape::List(item) => Type::list(item.ty(&format!("{name}.@idx"))),
            Shape::Map(value) => Type::map(Type::String, value.ty(&format!("{name}.@elem"))),
            Shape::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(field, decl)| (field.clone(), decl.ty(&format!("{name}.{field}"))));
                Type::object(name, fields)
            }
        }
    }

    /// How often such data fits into one request.
    pub(crate) fn max_cardinality(&self) -> u64 {
        u64::try_from(MAX_REQUEST_SIZE / (self.min_size + 1)).unwrap_or(0)
    }
}

impl Sizes for Decl {
    fn size(&self, path: &[String]) -> Option<Range> {
        let (_, steps) = path.split_first()?;
        let mut max = self.max_elements;
        let mut current = Some(self);
        for step in steps {
            let decl = current?;
            match (&decl.shape, step.as_str()) {
                (_, "@items" | "@values") => {
                    let element = decl.element()?;
                    max = element.max_elements;
                    current = Some(element);
                }
                (Shape::Map(_), "@keys") => {
                    // The keys are plain strings, of no known length.
                    max = 0;
                    current = None;
                }
                (Shape::Object(fields), field) => {
                    let field = fields.get(field)?;
                    max = field.max_elements;
                    current = Some(field);
                }
                _ => return None,
            }
        }
        Some(Range {
            min: 0,
            max: max.cast_unsigned(),
        })
    }
}

/// Characters in bytes.
fn runes(length: i64) -> i64 {
    length.max(0).saturating_mul(4)
}

fn string(node: Node<'_>) -> Decl {
    let max_length = node.number("maxLength");
    match node.text("format") {
        "byte" => {
            let max = max_length.map_or(MAX_REQUEST_SIZE - 2, |max| max.max(0));
            Decl::scalar(Type::Bytes, MIN_STRING, max)
        }
        "duration" => Decl::scalar(Type::Duration, MIN_DURATION, MAX_DURATION),
        "date" => Decl::scalar(Type::Timestamp, DATE, DATE),
        "date-time" => Decl::scalar(Type::Timestamp, MIN_DATE_TIME, MAX_DATE_TIME),
        _ => {
            let values = node.list("enum");
            let longest = values.iter().filter_map(|v| v.as_str()).map(str::len).max();
            let max = match max_length {
                Some(length) => runes(length),
                None if !values.is_empty() => {
                    i64::try_from(longest.unwrap_or(0)).unwrap_or(i64::MAX)
                }
                None => MAX_REQUEST_SIZE - 2,
            };
            Decl::scalar(Type::String, MIN_STRING, max)
        }
    }
}

fn object(node: Node<'_>, is_root: bool) -> Decl {
    let required = node.texts("required");
    let mut fields = BTreeMap::new();
    let mut min_size = 2;
    let with_meta = is_root && !has_type_and_meta(node);
    for (name, property) in node.sorted_properties() {
        if with_meta && matches!(name.as_str(), "kind" | "apiVersion" | "metadata") {
            continue;
        }
        let Some(decl) = Decl::of(property, property.is_embedded()) else {
            continue;
        };
        if required.contains(&name.as_str()) && property.value.get("default").is_none() {
            min_size += length(name) + decl.min_size + 4;
        }
        if let Some(escaped) = escape(name) {
            fields.insert(escaped, decl);
        }
    }
    if with_meta {
        let text = Arc::new(Decl::scalar(Type::String, MIN_STRING, MAX_REQUEST_SIZE - 2));
        let metadata = Arc::new(Decl {
            shape: Shape::Object(
                [
                    ("name".to_owned(), text.clone()),
                    ("generateName".to_owned(), text.clone()),
                ]
                .into(),
            ),
            min_size: 2,
            max_elements: 0,
        });
        let added = [
            ("kind", text.clone()),
            ("apiVersion", text),
            ("metadata", metadata),
        ];
        for (name, decl) in added {
            if required.contains(&name) {
                min_size += length(name) + decl.min_size + 4;
            }
            fields.insert(name.to_owned(), decl);
        }
    }
    Decl {
        shape: Shape::Object(fields),
        min_size,
        max_elements: 0,
    }
}

fn length(name: &str) -> i64 {
    i64::try_from(name.len()).unwrap_or(i64::MAX)
}

/// Whether the schema declares itself what every resource has.
pub(crate) fn has_type_and_meta(node: Node<'_>) -> bool {
    let is = |node: Option<Node<'_>>, ty: &str| node.is_some_and(|node| node.ty() == ty);
    let metadata = node.property("metadata");
    is(node.property("kind"), "string")
        && is(node.property("apiVersion"), "string")
        && is(metadata, "object")
        && is(metadata.and_then(|m| m.property("name")), "string")
        && is(metadata.and_then(|m| m.property("generateName")), "string")
}
