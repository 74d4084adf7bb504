//! A schema, or what may stand in its place: types that decode themselves, without a word on fields they do not know.

use serde_json::Value;

use super::{Decoder, prune};
use crate::codec::json::Node;
use crate::kinds::{SchemaOr, Struct};

/// Decodes such a value by itself.
pub(crate) fn schema_or(node: Node, or: SchemaOr, schema: &Struct) -> Result<Value, String> {
    let mut decoder = Decoder::default();
    let mut value = Value::Null;
    decoder.schema_or(or, node, schema, &mut value);
    match decoder.fatal {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

impl<'a> Decoder<'a> {
    /// `UnmarshalJSON` of the Go types: what is of no type that they know is nothing, but where there must be a boolean.
    pub(super) fn schema_or(
        &mut self,
        or: SchemaOr,
        node: Node,
        schema: &'a Struct,
        into: &mut Value,
    ) {
        *into = Value::Null;
        match (or, node) {
            (_, node @ Node::Object(_)) => {
                self.apart(|decoder| decoder.structure(node, schema, into));
            }
            (SchemaOr::Bool, Node::Bool(allows)) => *into = allows.into(),
            (SchemaOr::Bool, _) => self.end("boolean or JSON schema expected".to_owned()),
            (SchemaOr::Array, Node::Array(items)) if !items.is_empty() => {
                *into = self.apart(|decoder| decoder.schemas(items, schema));
            }
            (SchemaOr::StringArray, Node::Array(items)) if !items.is_empty() => {
                *into = self.apart(|decoder| decoder.strings(items));
            }
            _ => {}
        }
    }

    fn schemas(&mut self, items: Vec<Node>, schema: &'a Struct) -> Value {
        let item = |item| {
            let mut value = Value::Object(serde_json::Map::new());
            self.structure(item, schema, &mut value);
            prune(&mut value, schema);
            value
        };
        items.into_iter().map(item).collect()
    }

    fn strings(&mut self, items: Vec<Node>) -> Value {
        let item = |item| match item {
            Node::String(text) => text.into(),
            Node::Null => "".into(),
            other => {
                self.type_error(&other.go_kind(), "string");
                Value::Null
            }
        };
        items.into_iter().map(item).collect()
    }

    /// Go decodes such a value to its end, and then ends with the first error in it.
    fn apart<R>(&mut self, decode: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.error.take();
        self.apart += 1;
        let decoded = decode(self);
        self.apart -= 1;
        if let Some(error) = std::mem::replace(&mut self.error, before) {
            self.end(error);
        }
        decoded
    }
}

#[cfg(test)]
mod tests {
    use crate::codec::json::parse;
    use crate::kinds::samples::declared;
    use crate::schema::{decode, to_json};

    fn schema() -> crate::kinds::StructRef {
        declared(
            "struct JSONSchemaProps\n  1  type  string  omitempty\n  2  items  *JSONSchemaPropsOrArray\n  \
             3  additionalProperties  *JSONSchemaPropsOrBool\n  4  dependencies  map[string]JSONSchemaPropsOrStringArray  omitempty\n",
        )
    }

    #[test]
    fn what_stands_in_the_place_of_a_schema_is_kept() {
        let schema = schema();
        for (given, kept) in [
            (
                r#"{"items":{"type":"a","x":1}}"#,
                r#"{"items":{"type":"a"}}"#,
            ),
            (
                r#"{"items":[{"type":"a"},{}]}"#,
                r#"{"items":[{"type":"a"},{}]}"#,
            ),
            (r#"{"items":[]}"#, r#"{"items":null}"#),
            (r#"{"items":5}"#, r#"{"items":null}"#),
            (r#"{"items":null}"#, "{}"),
            (
                r#"{"additionalProperties":false}"#,
                r#"{"additionalProperties":false}"#,
            ),
            (
                r#"{"additionalProperties":{}}"#,
                r#"{"additionalProperties":{}}"#,
            ),
            (
                r#"{"dependencies":{"a":["x"],"b":{"type":"t"},"c":null}}"#,
                r#"{"dependencies":{"a":["x"],"b":{"type":"t"},"c":null}}"#,
            ),
        ] {
            let decoded = decode(parse(given.as_bytes()).unwrap(), &schema).unwrap();
            assert_eq!(decoded.strict, Vec::<String>::new(), "{given}");
            let written = String::from_utf8(to_json(&decoded.value, &schema)).unwrap();
            assert_eq!(written, kept, "{given}");
        }
    }

    #[test]
    fn what_is_wrong_in_it_is_told_as_being_in_the_outermost_struct() {
        let schema = schema();
        let error = |text: &str| decode(parse(text.as_bytes()).unwrap(), &schema).unwrap_err();
        assert_eq!(
            error(r#"{"additionalProperties":3}"#),
            "boolean or JSON schema expected"
        );
        assert_eq!(
            error(r#"{"items":{"items":{"type":3}}}"#),
            "json: cannot unmarshal number into Go struct field JSONSchemaProps.items.items.type of type string"
        );
    }
}
