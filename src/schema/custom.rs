//! Custom objects: from a [`Node`] to what is kept, and from what is kept to what a version shows.
//!
//! No Go type stands behind them. The schema says which fields stay, the metadata is read as that of any object, and
//! everything else is kept as it was sent.

use serde_json::{Number, Value};

use super::decode::{Decoded, decode, prune as canonical};
use super::structural::{self, Coercion};
use crate::codec::json::{self, Node};
use crate::codec::quote::quote;
use crate::kinds::meta::OBJECT_META;
use crate::kinds::{Custom, Kind};

/// The strict decoder reports at most this many duplicate fields.
const MAX_DUPLICATES: usize = 100;
/// The real server goes deeper, and no such object is kept in part.
const TOO_DEEP: &str = "this fake apiserver takes no objects that are nested so deeply";
/// What a float may be to be a whole number without loss.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Decodes a node as a kind, be it a custom one.
pub(crate) fn read(node: Node, kind: &Kind) -> Result<Decoded, String> {
    match &kind.custom {
        Some(custom) => read_custom(node, kind, custom),
        None => decode(node, &kind.schema),
    }
}

/// Decodes a node as a custom kind. The error is the first of what cannot be read, in Go's words.
fn read_custom(node: Node, kind: &Kind, custom: &Custom) -> Result<Decoded, String> {
    let mut reader = Reader::default();
    let metadata = node.get("metadata").cloned();
    let mut value = reader.value(node)?;
    let mut strict = reader.duplicates;
    let metadata = read_metadata(metadata, &mut strict)?;
    if is_one(&value, kind) {
        let version = version_of(&value);
        if let Some(version) = custom.version_called(version) {
            let unknown = structural::prune(&mut value, &version.schema, true);
            structural::prune_nulls(&mut value, &version.schema);
            let embedded =
                structural::coerce_metadata(&mut value, &version.schema, &coercion(false))
                    .map_err(|error| error.to_string())?;
            let paths = unknown.into_iter().chain(embedded);
            strict.extend(paths.map(|path| format!("unknown field {}", quote(&path))));
        }
    }
    set_metadata(&mut value, metadata);
    Ok(Decoded { value, strict })
}

/// Fills in what the schema of the version says, of an object that says which it is.
pub(crate) fn fill(value: &mut Value, kind: &Kind, custom: &Custom) {
    if is_one(value, kind)
        && let Some(version) = custom.version_called(version_of(value))
    {
        structural::default(value, &version.schema);
    }
}

/// What is kept, as this version shows it where no webhook converts: the defaults of the version it is kept in, and the
/// fields of this one.
pub(crate) fn show(value: &mut Value, kind: &Kind, custom: &Custom) {
    let stored = &custom.stored().schema;
    structural::prune(value, stored, true);
    structural::prune_nulls(value, stored);
    structural::default(value, stored);
    shown(value, kind, custom);
}

/// What has been converted, as this version shows it.
pub(crate) fn shown(value: &mut Value, kind: &Kind, custom: &Custom) {
    let schema = &custom.version().schema;
    structural::prune(value, schema, true);
    structural::prune_nulls(value, schema);
    // What is not metadata is dropped here, and so nothing can be wrong.
    let _ = structural::coerce_metadata(value, schema, &coercion(true));
    if let Some(members) = value.as_object_mut() {
        members.insert("apiVersion".to_owned(), kind.api_version().into());
    }
}

/// How the metadata of embedded objects is read; that of the object itself was already.
fn coercion(drops_invalid: bool) -> Coercion<'static> {
    Coercion {
        object_meta: &OBJECT_META,
        drops_invalid,
        is_root: false,
        path: "",
    }
}

/// Whether a value says that it is of this group and kind; of others nobody knows the schema.
fn is_one(value: &Value, kind: &Kind) -> bool {
    let api_version = value["apiVersion"].as_str().unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    value["kind"] == *kind.kind && group == kind.group
}

fn version_of(value: &Value) -> &str {
    let api_version = value["apiVersion"].as_str().unwrap_or_default();
    api_version
        .split_once('/')
        .map_or("", |(_, version)| version)
}

/// The metadata as Go's type has it, and the fields it does not have.
fn read_metadata(node: Option<Node>, strict: &mut Vec<String>) -> Result<Option<Value>, String> {
    let Some(node) = node.filter(|node| *node != Node::Null) else {
        return Ok(None);
    };
    if !matches!(node, Node::Object(_)) {
        let kind = node.go_kind();
        return Err(format!(
            "json: cannot unmarshal {kind} into Go value of type v1.ObjectMeta"
        ));
    }
    let decoded = decode(node, &OBJECT_META)?;
    let unknown = decoded.strict.iter();
    let unknown = unknown.filter_map(|text| text.strip_prefix("unknown field \""));
    strict.extend(unknown.map(|path| format!("unknown field \"metadata.{path}")));
    Ok(Some(decoded.value))
}

fn set_metadata(value: &mut Value, metadata: Option<Value>) {
    if let (Some(members), Some(mut metadata)) = (value.as_object_mut(), metadata) {
        canonical(&mut metadata, &OBJECT_META);
        members.insert("metadata".to_owned(), metadata);
    }
}

/// Makes plain values of nodes, with the numbers that Go would keep.
#[derive(Default)]
struct Reader {
    path: String,
    /// `duplicate field "x"`, in document order.
    duplicates: Vec<String>,
}

impl Reader {
    fn value(&mut self, node: Node) -> Result<Value, String> {
        Ok(match node {
            Node::Null => Value::Null,
            Node::TooDeep => return Err(TOO_DEEP.to_owned()),
            Node::Bool(b) => b.into(),
            Node::Number(text) => number(&text)?,
            Node::String(text) => text.into(),
            Node::Array(items) => {
                let mut all = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    let mark = self.path.len();
                    self.path.push_str(&format!("[{at}]"));
                    all.push(self.value(item)?);
                    self.path.truncate(mark);
                }
                all.into()
            }
            Node::Object(members) => self.object(members)?,
        })
    }

    fn object(&mut self, members: Vec<(String, Node)>) -> Result<Value, String> {
        let mut all = serde_json::Map::new();
        for (name, node) in members {
            let mark = self.path.len();
            if mark > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            if all.contains_key(&name) && self.duplicates.len() < MAX_DUPLICATES {
                self.duplicates
                    .push(format!("duplicate field {}", quote(&self.path)));
            }
            let value = self.value(node)?;
            all.insert(name, value);
            self.path.truncate(mark);
        }
        Ok(json::object(all).into())
    }
}

/// An `int64` if it is one, else a `float64`; a whole one is written like an integer.
fn number(text: &str) -> Result<Value, String> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    let float = text.parse::<f64>().ok().filter(|f| f.is_finite());
    let float = float.ok_or_else(|| {
        format!("json: cannot unmarshal number {text} into Go value of type float64")
    })?;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole, and small enough"
        )]
        return Ok((float as i64).into());
    }
    Ok(Number::from_f64(float).map_or(Value::Null, Value::Number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_kept_as_go_keeps_them() {
        for (text, value) in [
            ("1", json!(1)),
            ("-0", json!(0)),
            ("1.0", json!(1)),
            ("1e3", json!(1000)),
            ("0.5", json!(0.5)),
            ("9223372036854775807", json!(9_223_372_036_854_775_807_i64)),
            ("1e21", json!(1e21)),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        let error = "json: cannot unmarshal number 1E400 into Go value of type float64";
        assert_eq!(number("1E400"), Err(error.to_owned()));
    }
}
