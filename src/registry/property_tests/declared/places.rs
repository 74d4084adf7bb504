//! Where the fields of a kind are, each struct reached in one way.

use serde_json::{Map, Value, json};

use crate::kinds::{Field, Struct, Type};

/// A field, and the way to the struct it is in.
pub(super) struct Place<'a> {
    way: Vec<Step<'a>>,
    structure: &'a Struct,
    pub(super) field: &'a Field,
}

#[derive(Clone)]
enum Step<'a> {
    Member(&'a Struct, &'a Field),
    Item(&'a Type),
    Key(&'a Type),
}

/// The fields of an object that a client sets, the nearest first. What is required comes before what is not: a container
/// before one that runs before all others.
pub(super) fn places(root: &Struct) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    let mut seen: Vec<&Struct> = Vec::new();
    let mut level = vec![(root, Vec::new())];
    while !level.is_empty() {
        let mut below = Vec::new();
        for (structure, way) in level {
            if seen.iter().any(|known| std::ptr::eq(*known, structure)) {
                continue;
            }
            seen.push(structure);
            let mut fields: Vec<&Field> = structure.fields.iter().collect();
            fields.retain(|field| !way.is_empty() || *field.name != *"status");
            fields.sort_by_key(|field| !field.required);
            for field in fields {
                below.extend(way_into(&way, structure, field));
                places.push(Place {
                    way: way.clone(),
                    structure,
                    field,
                });
            }
        }
        level = below;
    }
    places
}

/// The struct in a field, if there is one, and how it is reached.
fn way_into<'a>(
    way: &[Step<'a>],
    structure: &'a Struct,
    field: &'a Field,
) -> Option<(&'a Struct, Vec<Step<'a>>)> {
    let mut way = way.to_vec();
    way.push(Step::Member(structure, field));
    let mut ty = &field.ty;
    loop {
        match ty {
            Type::Struct(inner) => return Some((&**inner, way)),
            Type::List(list) => {
                ty = &list.item;
                way.push(Step::Item(ty));
            }
            Type::Map(inner) | Type::AtomicMap(inner) => {
                ty = &**inner;
                way.push(Step::Key(ty));
            }
            _ => return None,
        }
    }
}

impl Place<'_> {
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.structure.name, self.field.name)
    }

    /// The object with something in the field, on the way to which nothing else may stand but what is required.
    pub(super) fn with_plausible(&self, object: &Value, is_alone: bool) -> Value {
        let mut object = object.clone();
        let members = self.reach(&mut object, is_alone);
        let name = self.field.name.to_string();
        members
            .entry(name)
            .or_insert_with(|| plausible(&self.field.ty));
        object
    }

    pub(super) fn set(&self, object: &mut Value, value: Option<&Value>) {
        let members = self.reach(object, false);
        match value {
            Some(value) => drop(members.insert(self.field.name.to_string(), value.clone())),
            None => drop(members.remove(&*self.field.name)),
        }
    }

    fn reach<'v>(&self, object: &'v mut Value, is_alone: bool) -> &'v mut Map<String, Value> {
        let mut at = object;
        for (depth, step) in self.way.iter().enumerate() {
            at = match step {
                Step::Member(structure, field) => {
                    let members = at.as_object_mut().unwrap();
                    if is_alone && depth > 0 {
                        members.retain(|name, _| {
                            *name == *field.name
                                || structure.field(name).is_some_and(|f| f.required)
                        });
                    }
                    let inner = members.entry(field.name.to_string());
                    inner.or_insert_with(|| plausible(&field.ty))
                }
                Step::Item(ty) => {
                    let items = at.as_array_mut().unwrap();
                    if items.is_empty() {
                        items.push(plausible(ty));
                    }
                    &mut items[0]
                }
                Step::Key(ty) => {
                    let members = at.as_object_mut().unwrap();
                    if members.is_empty() {
                        members.insert("a".to_owned(), plausible(ty));
                    }
                    members.values_mut().next().unwrap()
                }
            };
        }
        at.as_object_mut().unwrap()
    }

    /// Whether an error is about this field, or about the struct it is in: of some, upstream says no more. Neither does it
    /// say of every item which it is.
    pub(super) fn is_told_of(&self, path: &str) -> bool {
        let names = self.way.iter().filter_map(|step| match step {
            Step::Member(_, field) => Some(&*field.name),
            _ => None,
        });
        let parent: Vec<&str> = names.collect();
        let field = [&parent[..], &[&*self.field.name]].concat();
        let path = without_indexes(path);
        let path: Vec<&str> = path.split('.').collect();
        path.starts_with(&field) || path == parent
    }
}

fn without_indexes(path: &str) -> String {
    let pieces = path.split('[').enumerate();
    let outside = pieces.map(|(i, piece)| match i {
        0 => piece,
        _ => piece.split_once(']').map_or("", |(_, outside)| outside),
    });
    outside.collect()
}

/// A value that may do.
pub(super) fn plausible(ty: &Type) -> Value {
    match ty {
        Type::Named(named) if !named.values.is_empty() => named.values[0].as_str().into(),
        Type::Bool => true.into(),
        Type::Int32 | Type::Int64 | Type::Float64 | Type::IntOrString => 1.into(),
        Type::Bytes => "AAE=".into(),
        Type::Time => "2033-05-18T03:33:20Z".into(),
        Type::MicroTime => "2033-05-18T03:33:20.000001Z".into(),
        Type::Quantity => "1".into(),
        Type::Raw(_) | Type::Untyped | Type::FieldsV1 => json!({}),
        Type::Map(inner) | Type::AtomicMap(inner) => json!({"a": plausible(inner)}),
        Type::List(list) => json!([plausible(&list.item)]),
        Type::Struct(inner) | Type::SchemaOr(_, inner) => {
            let required = inner.fields.iter().filter(|field| field.required);
            let members = required.map(|field| (field.name.to_string(), plausible(&field.ty)));
            Value::Object(members.collect())
        }
        Type::String | Type::Named(_) => "a".into(),
    }
}
