//! The applied configuration: what may be in it, and the real server's words for what may not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::path::{Element, display};
use super::typed::{item_element, member};
use super::{AppliedKind, ApplyError, Writer};
use crate::codec::go_value;
use crate::codec::json::{self, Node, sorted};
use crate::kinds::{List, ListKind, StructRef, Type};
use crate::status::field::MAX_ERRORS_SIZE;

/// What an object is to Go.
const MAP: &str = "map[string]interface {}";

/// Checks a configuration and makes a value of it.
pub(crate) fn read(
    config: &Node,
    kind: &AppliedKind<'_>,
    writer: &Writer<'_>,
) -> Result<Value, ApplyError> {
    let config = with_integers(config.to_value());
    let sent = gvk(
        config["apiVersion"].as_str().unwrap_or(""),
        config["kind"].as_str().unwrap_or(""),
    );
    let wanted = gvk(writer.api_version, kind.name);
    if sent != wanted {
        return Err(ApplyError::BadRequest(format!(
            "invalid object type: {sent}"
        )));
    }
    if config["metadata"]["managedFields"].is_array() {
        return Err(ApplyError::BadRequest(
            "metadata.managedFields must be nil".to_owned(),
        ));
    }
    validate(&config, kind.schema).map_err(|errors| {
        let part = |name: &str| config["metadata"][name].as_str().unwrap_or("");
        let (namespace, name) = (part("namespace"), part("name"));
        ApplyError::Typed(format!(
            "failed to create typed patch object ({namespace}/{name}; {wanted}): {errors}"
        ))
    })?;
    Ok(config)
}

/// `/v1, Kind=Endpoints`: a `GroupVersionKind` as Go prints it.
pub(super) fn gvk(api_version: &str, kind: &str) -> String {
    match api_version.split('/').collect::<Vec<_>>()[..] {
        ["", ""] | [""] => format!("/, Kind={kind}"),
        [version] => format!("/{version}, Kind={kind}"),
        [group, version] => format!("{group}/{version}, Kind={kind}"),
        _ => "/, Kind=".to_owned(),
    }
}

/// With whole numbers as integers, however they were written: upstream's way from YAML to JSON writes `80.0` as `80`.
fn with_integers(value: Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => match n.as_f64() {
            Some(f) if f.fract() == 0.0 && f.abs() < 1e15 => json!(f as i64),
            _ => Value::Number(n),
        },
        Value::Array(items) => items.into_iter().map(with_integers).collect(),
        Value::Object(map) => {
            let members = map.into_iter();
            json::object(members.map(|(name, value)| (name, with_integers(value)))).into()
        }
        other => other,
    }
}

/// Whether a value has the fields and types of its schema; the error lists all it does not.
pub(crate) fn validate(value: &Value, schema: &StructRef) -> Result<(), String> {
    let mut validator = Validator::default();
    validator.value(value, &Type::Struct(schema.clone()));
    match validator.errors.as_slice() {
        [] => Ok(()),
        [only] => Err(only.clone()),
        several => Err(format!("errors:\n  {}", several.join("\n  "))),
    }
}

#[derive(Default)]
struct Validator {
    path: Vec<Element>,
    errors: Vec<String>,
    /// Of the errors, in bytes.
    size: usize,
}

impl Validator {
    fn value(&mut self, value: &Value, ty: &Type) {
        match (ty, value) {
            (_, Value::Null)
            | (Type::FieldsV1 | Type::Raw(_) | Type::Untyped | Type::SchemaOr(..), _) => {}
            (Type::String | Type::Named(_) | Type::Bytes, Value::String(_))
            | (Type::Bool, Value::Bool(_)) => {}
            (Type::Int32 | Type::Int64 | Type::Float64, Value::Number(_)) => {}
            (
                Type::IntOrString | Type::Time | Type::MicroTime | Type::Quantity,
                Value::Bool(_) | Value::Number(_) | Value::String(_),
            ) => {}
            (Type::IntOrString | Type::Time | Type::MicroTime | Type::Quantity, other) => self
                .error(&format!(
                    "expected any scalar, got &{{{}}}",
                    go_value::show(other)
                )),
            (Type::String | Type::Named(_) | Type::Bytes, other) => {
                self.error(&format!(
                    "expected string, got &value.valueUnstructured{{Value:{}}}",
                    go_value::syntax(&Node::from_value(other), MAP)
                ));
            }
            (Type::Bool, other) => self.error(&format!(
                "expected boolean, got &{{{}}}",
                go_value::show(other)
            )),
            (Type::Int32 | Type::Int64 | Type::Float64, other) => {
                self.error(&format!(
                    "expected numeric (int or float), got {}",
                    go_value::type_name(other)
                ));
            }
            (Type::List(list), Value::Array(items)) => self.items(items, list),
            (Type::List(_), other) => self.error(&format!(
                "expected list, got &{{{}}}",
                go_value::show(other)
            )),
            (Type::Map(_) | Type::AtomicMap(_) | Type::Struct(_), Value::Object(map)) => {
                for (name, value) in sorted(map) {
                    let Some((element, child)) = member(ty, name) else {
                        // Upstream stops reading the struct here.
                        let element = Element::field(name);
                        return self.below(element, |v| v.error("field not declared in schema"));
                    };
                    self.below(element, |v| v.value(value, child));
                }
            }
            (Type::Map(_) | Type::AtomicMap(_) | Type::Struct(_), other) => {
                self.error(&format!("expected map, got &{{{}}}", go_value::show(other)))
            }
        }
    }

    fn items(&mut self, items: &[Value], list: &List) {
        let mut seen = BTreeSet::new();
        for (i, item) in items.iter().enumerate() {
            if list.kind == ListKind::Atomic {
                self.below(Element::Index(i), |v| v.value(item, &list.item));
                continue;
            }
            let element = match item_element(list, item) {
                Ok(element) => element,
                Err(e) => return self.error(&format!("element {i}: {e}")),
            };
            if !seen.insert(element.clone()) {
                self.error(&format!("duplicate entries for key {element}"));
            }
            self.below(element, |v| v.value(item, &list.item));
        }
    }

    fn below(&mut self, element: Element, check: impl FnOnce(&mut Self)) {
        self.path.push(element);
        check(self);
        self.path.pop();
    }

    fn error(&mut self, text: &str) {
        if self.size > MAX_ERRORS_SIZE {
            return;
        }
        let error = format!("{}: {text}", display(&self.path));
        self.size += error.len();
        self.errors.push(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::json::parse;
    use crate::kinds::samples::ENDPOINTS;

    fn run(text: &str) -> Result<Value, ApplyError> {
        let kind = AppliedKind {
            name: "Endpoints",
            schema: &ENDPOINTS,
            reset: &[],
        };
        let writer = Writer {
            is_foreign: &|_| false,
            in_version: &|_, _| None,
            manager: "m",
            api_version: "v1",
            subresource: "",
            now: "",
        };
        read(&parse(text.as_bytes()).unwrap(), &kind, &writer)
    }

    fn typed(members: &str) -> String {
        match run(&format!(
            r#"{{"apiVersion":"v1","kind":"Endpoints",{members}}}"#
        )) {
            Err(ApplyError::Typed(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_type_must_be_exactly_that_of_the_resource() {
        for (text, shown) in [
            (
                r#"{"apiVersion":"apps/v1","kind":"Deployment"}"#,
                "apps/v1, Kind=Deployment",
            ),
            (r#"{"metadata":{"name":"a"}}"#, "/, Kind="),
            ("null", "/, Kind="),
            (r#"{"apiVersion":"v1"}"#, "/v1, Kind="),
            (r#"{"kind":"Endpoints"}"#, "/, Kind=Endpoints"),
            (r#"{"apiVersion":"a/b/c","kind":"Endpoints"}"#, "/, Kind="),
        ] {
            assert_eq!(
                run(text),
                Err(ApplyError::BadRequest(format!(
                    "invalid object type: {shown}"
                )))
            );
        }
    }

    #[test]
    fn managed_fields_may_only_be_null() {
        let with = |fields| {
            format!(
                r#"{{"apiVersion":"v1","kind":"Endpoints","metadata":{{"managedFields":{fields}}}}}"#
            )
        };
        assert!(run(&with("null")).is_ok());
        for fields in ["[]", "[{}]"] {
            let error = ApplyError::BadRequest("metadata.managedFields must be nil".to_owned());
            assert_eq!(run(&with(fields)), Err(error));
        }
    }

    #[test]
    fn an_undeclared_field_is_named_with_the_object() {
        assert_eq!(
            typed(r#""metadata":{"name":"foo","namespace":"default"},"spec":{}"#),
            "failed to create typed patch object (default/foo; /v1, Kind=Endpoints): \
             .spec: field not declared in schema"
        );
    }

    #[test]
    fn wrong_types_are_shown_as_go_shows_them() {
        let prefix = "failed to create typed patch object (/; /v1, Kind=Endpoints): ";
        for (members, error) in [
            (
                r#""subsets":[{"ports":[{"port":"x"}]}]"#,
                ".subsets[0].ports[0].port: expected numeric (int or float), got string",
            ),
            (
                r#""metadata":{"labels":{"a":1}}"#,
                ".metadata.labels.a: expected string, got &value.valueUnstructured{Value:1}",
            ),
            (
                r#""metadata":{"labels":{"a":{"b":["c"]}}}"#,
                ".metadata.labels.a: expected string, got &value.valueUnstructured\
                 {Value:map[string]interface {}{\"b\":[]interface {}{\"c\"}}}",
            ),
            (r#""subsets":5"#, ".subsets: expected list, got &{5}"),
            (
                r#""metadata":{"labels":[]}"#,
                ".metadata.labels: expected map, got &{[]}",
            ),
            (
                r#""metadata":{"ownerReferences":[{"uid":"u","controller":"x"}]}"#,
                r#".metadata.ownerReferences[uid="u"].controller: expected boolean, got &{x}"#,
            ),
            (
                r#""metadata":{"creationTimestamp":5,"deletionTimestamp":[],"labels":5}"#,
                "errors:\n  .metadata.deletionTimestamp: expected any scalar, got &{[]}\n  \
                 .metadata.labels: expected map, got &{5}",
            ),
        ] {
            assert_eq!(typed(members), format!("{prefix}{error}"));
        }
    }

    #[test]
    fn repeats_in_sets_and_keyed_lists_are_errors() {
        assert_eq!(
            typed(r#""metadata":{"finalizers":["a.b/c","a.b/c"]},"subsets":{}"#),
            "failed to create typed patch object (/; /v1, Kind=Endpoints): errors:\n  \
             .metadata.finalizers: duplicate entries for key [=\"a.b/c\"]\n  .subsets: expected list, got &{map[]}"
        );
        assert_eq!(
            typed(r#""metadata":{"ownerReferences":[{"uid":"u1"},{"uid":"u1"}]}"#),
            "failed to create typed patch object (/; /v1, Kind=Endpoints): \
             .metadata.ownerReferences: duplicate entries for key [uid=\"u1\"]"
        );
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        let config =
            run(r#"{"apiVersion":"v1","kind":"Endpoints","subsets":[{"ports":[{"port":8e1}]}]}"#)
                .unwrap();
        assert_eq!(config["subsets"][0]["ports"][0]["port"], json!(80));
    }
}
