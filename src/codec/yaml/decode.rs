//! A tree to a [`Node`]: go-yaml's `decoder` followed by `sigs.k8s.io/yaml`'s conversion to JSON.
//!
//! The decoder is a machine with a stack of [`Frame`]s: a value is either handed to the frame on top or, if there is
//! none at hand, the frame on top is asked for its next child.

use std::collections::{BTreeMap, BTreeSet};

use super::Document;
use super::budget::Budget;
use super::resolve::{self, Scalar};
use super::tree::{Content, Id, Tree};
use crate::codec::json::Node;
use crate::codec::quote::quote;
use crate::codec::{base64, go_value};

/// What a mapping is to go-yaml.
const MAP: &str = "map[interface {}]interface {}";

/// Deeper collections are checked but not kept, as in `codec::json`.
const MAX_BUILT_DEPTH: usize = 200;

/// Decodes one document; the budget is that of all the input.
pub(super) fn decode(tree: &Tree, budget: &mut Budget) -> Result<Document, String> {
    let mut decoder = Decoder::new(tree, budget.for_next());
    let value = decoder.run()?;
    *budget = std::mem::take(&mut decoder.budget);
    note_unsupported(&mut decoder.not_json, &value);
    match decoder.not_json {
        Some(problem) => Err(problem),
        None => Ok(Document {
            node: value.into_node(),
            duplicates: decoder.duplicates,
        }),
    }
}

/// A key of a mapping: as JSON has it, then what tells the key `1` from the key `"1"`.
type Key = (String, &'static str);
type Members = BTreeMap<Key, Node>;

/// A decoded value on its way to the frame that wants it.
enum Value {
    Scalar(Scalar, String),
    Sequence(Vec<Node>),
    Mapping(Members),
    TooDeep,
    /// The members of a mapping with those of a merged one put in.
    Merged(Members),
}

impl Value {
    fn into_node(self) -> Node {
        match self {
            Value::Scalar(scalar, text) => scalar_node(&scalar, text),
            Value::Sequence(items) => Node::Array(items),
            Value::Mapping(members) | Value::Merged(members) => object(members),
            Value::TooDeep => Node::TooDeep,
        }
    }
}

fn scalar_node(scalar: &Scalar, text: String) -> Node {
    match scalar {
        Scalar::Null => Node::Null,
        Scalar::Bool(b) => Node::Bool(*b),
        Scalar::Int(n) => Node::Number(n.to_string()),
        Scalar::Uint(n) => Node::Number(n.to_string()),
        Scalar::Float(f) => Node::Number(resolve::json_float(*f)),
        Scalar::Timestamp | Scalar::Text => Node::String(text),
    }
}

fn object(members: Members) -> Node {
    let mut out: Vec<(String, Node)> = Vec::with_capacity(members.len());
    for ((key, _), node) in members {
        match out.last_mut() {
            // `1` and `"1"` are two keys to YAML and one to JSON.
            Some(last) if last.0 == key => last.1 = node,
            _ => out.push((key, node)),
        }
    }
    Node::Object(out)
}

enum Frame {
    Sequence {
        id: Id,
        next: usize,
        items: Vec<Node>,
    },
    Mapping(Mapping),
    Alias {
        id: Id,
    },
}

struct Mapping {
    id: Id,
    next: usize,
    members: Members,
    /// The key whose value comes next.
    key: Option<(Key, Scalar)>,
    /// Mappings still to be merged in, the next one last.
    merges: Vec<Id>,
    /// Whether this one is itself merged into another.
    merged: bool,
}

struct Decoder<'a> {
    tree: &'a Tree,
    stack: Vec<Frame>,
    /// How many frames are collections.
    depth: usize,
    /// The aliases being followed.
    aliases: BTreeSet<Id>,
    budget: Budget,
    duplicates: Vec<String>,
    /// The first thing YAML can say and JSON cannot. Any other error comes before it.
    not_json: Option<String>,
}

impl<'a> Decoder<'a> {
    fn new(tree: &'a Tree, budget: Budget) -> Decoder<'a> {
        Decoder {
            tree,
            stack: Vec::new(),
            depth: 0,
            aliases: BTreeSet::new(),
            budget,
            duplicates: Vec::new(),
            not_json: None,
        }
    }

    fn run(&mut self) -> Result<Value, String> {
        let mut value = self.enter(0, None)?;
        loop {
            value = match value {
                Some(value) if self.stack.is_empty() => return Ok(value),
                Some(value) => self.deliver(value)?,
                None => self.advance()?,
            };
        }
    }

    /// Starts on a node: a scalar is at once a value, anything else becomes a frame.
    fn enter(&mut self, mut id: Id, merge_into: Option<Members>) -> Result<Option<Value>, String> {
        self.count()?;
        while let Content::Alias { anchor, target } = &self.tree.node(id).content {
            if !self.aliases.insert(id) {
                return Err(format!("yaml: anchor '{anchor}' value contains itself"));
            }
            self.stack.push(Frame::Alias { id });
            id = *target;
            self.count()?;
        }
        match &self.tree.node(id).content {
            Content::Scalar { text, implicit } => {
                return self.scalar(id, text, *implicit).map(Some);
            }
            Content::Sequence(_) => self.stack.push(Frame::Sequence {
                id,
                next: 0,
                items: Vec::new(),
            }),
            _ => self.stack.push(Frame::Mapping(Mapping {
                id,
                next: 0,
                merged: merge_into.is_some(),
                members: merge_into.unwrap_or_default(),
                key: None,
                merges: Vec::new(),
            })),
        }
        self.depth += 1;
        Ok(None)
    }

    fn count(&mut self) -> Result<(), String> {
        self.budget.node(!self.aliases.is_empty())
    }

    fn scalar(&mut self, id: Id, text: &str, implicit: bool) -> Result<Value, String> {
        if !self.aliases.is_empty() {
            self.budget.aliased_text(text)?;
        }
        let mut text = text.to_owned();
        let scalar = match self.tree.node(id).tag.as_deref() {
            Some("tag:yaml.org,2002:binary") => {
                text = binary(&text)?;
                Scalar::Text
            }
            Some(tag) if !tag.is_empty() => resolve::resolve_tagged(tag, &text)?,
            _ if implicit => resolve::resolve(&text),
            _ => Scalar::Text,
        };
        Ok(Value::Scalar(scalar, text))
    }

    /// Asks the frame on top for its next child, or takes its value off the stack when there is none.
    fn advance(&mut self) -> Result<Option<Value>, String> {
        let tree = self.tree;
        match self.stack.last_mut() {
            Some(Frame::Sequence { id, next, .. }) => {
                if let Some(child) = child(tree, *id, next) {
                    return self.enter(child, None);
                }
            }
            Some(Frame::Mapping(mapping)) => {
                if let Some(other) = mapping.merges.pop() {
                    let members = std::mem::take(&mut mapping.members);
                    return self.enter(other, Some(members));
                }
                if let Some(child) = child(tree, mapping.id, &mut mapping.next) {
                    if mapping.key.is_none() && is_merge(tree, child) {
                        mapping.merges = mapping_source(tree, mapping)?;
                        return Ok(None);
                    }
                    return self.enter(child, None);
                }
            }
            _ => {}
        }
        Ok(self.finish())
    }

    fn finish(&mut self) -> Option<Value> {
        let frame = self.stack.pop()?;
        self.depth -= 1;
        let too_deep = self.depth >= MAX_BUILT_DEPTH;
        match frame {
            Frame::Mapping(mapping) if mapping.merged => Some(Value::Merged(mapping.members)),
            _ if too_deep => Some(Value::TooDeep),
            Frame::Mapping(mapping) => Some(Value::Mapping(mapping.members)),
            Frame::Sequence { items, .. } => Some(Value::Sequence(items)),
            Frame::Alias { .. } => None,
        }
    }

    /// Hands a value to the frame on top.
    fn deliver(&mut self, value: Value) -> Result<Option<Value>, String> {
        match self.stack.last_mut() {
            Some(Frame::Alias { id }) => {
                self.aliases.remove(id);
                self.stack.pop();
                return Ok(Some(value));
            }
            Some(Frame::Sequence { items, .. }) => {
                note_unsupported(&mut self.not_json, &value);
                items.push(value.into_node());
            }
            Some(Frame::Mapping(mapping)) => match (value, mapping.key.take()) {
                (Value::Merged(members), _) => mapping.members = members,
                (Value::Scalar(scalar, text), None) => {
                    mapping.key = Some((key(&scalar, text), scalar))
                }
                (collection, None) => {
                    return Err(format!(
                        "yaml: invalid map key: {}",
                        go_value::syntax(&collection.into_node(), MAP)
                    ));
                }
                (value, Some((key, scalar))) => self.set(key, &scalar, value),
            },
            None => {}
        }
        Ok(None)
    }

    fn set(&mut self, key: Key, scalar: &Scalar, value: Value) {
        let Some(Frame::Mapping(mapping)) = self.stack.last_mut() else {
            return;
        };
        note_unsupported(&mut self.not_json, &value);
        let node = value.into_node();
        if self.not_json.is_none() {
            self.not_json = refuse_key(scalar, &node);
        }
        if mapping.members.contains_key(&key) {
            let Content::Mapping(children) = &self.tree.node(mapping.id).content else {
                return;
            };
            let line = self.tree.line_of(children[mapping.next - 1]);
            let name = if key.1 == "str" {
                quote(&key.0)
            } else {
                key.0.clone()
            };
            self.duplicates
                .push(format!("line {line}: key {name} already set in map"));
        }
        mapping.members.insert(key, node);
    }
}

/// The next child of a collection.
fn child(tree: &Tree, id: Id, next: &mut usize) -> Option<Id> {
    let (Content::Sequence(children) | Content::Mapping(children)) = &tree.node(id).content else {
        return None;
    };
    let child = children.get(*next).copied();
    *next += 1;
    child
}

fn is_merge(tree: &Tree, key: Id) -> bool {
    let node = tree.node(key);
    let tagged = node.tag.as_deref() == Some("tag:yaml.org,2002:merge");
    matches!(&node.content, Content::Scalar { text, implicit } if text == "<<" && (*implicit || tagged))
}

/// The mappings a `<<` names, the first one to merge last: of a list, earlier ones win.
fn mapping_source(tree: &Tree, mapping: &mut Mapping) -> Result<Vec<Id>, String> {
    let Some(value) = child(tree, mapping.id, &mut mapping.next) else {
        return Ok(Vec::new());
    };
    let sources = match &tree.node(value).content {
        Content::Sequence(items) => items.clone(),
        _ => vec![value],
    };
    let is_mapping = |id: Id| match &tree.node(id).content {
        Content::Mapping(_) => true,
        Content::Alias { target, .. } => matches!(tree.node(*target).content, Content::Mapping(_)),
        _ => false,
    };
    if sources.iter().all(|id| is_mapping(*id)) {
        return Ok(sources);
    }
    Err("yaml: map merge requires map or sequence of maps as the value".to_owned())
}

fn binary(text: &str) -> Result<String, String> {
    let bytes = base64::decode(text)
        .map_err(|_| "yaml: !!binary value contains invalid base64 data".to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A key as `sigs.k8s.io/yaml` turns it into a string.
fn key(scalar: &Scalar, text: String) -> Key {
    match scalar {
        Scalar::Null => ("<nil>".to_owned(), "null"),
        Scalar::Bool(b) => (b.to_string(), "bool"),
        Scalar::Int(n) => (n.to_string(), "int"),
        Scalar::Uint(n) => (n.to_string(), "uint"),
        Scalar::Float(f) => (resolve::go_float32(*f), "float"),
        Scalar::Timestamp | Scalar::Text => (text, "str"),
    }
}

/// Why a key cannot be converted, if it cannot.
fn refuse_key(key: &Scalar, value: &Node) -> Option<String> {
    let (kind, key) = match key {
        Scalar::Null => ("%!s(<nil>)", "<nil>".to_owned()),
        Scalar::Uint(n) => ("uint64", format!("{n:#x}")),
        _ => return None,
    };
    Some(format!(
        "unsupported map key of type: {kind}, key: {key}, value: {}",
        go_value::syntax(value, MAP)
    ))
}

/// `json.Marshal` has no words for infinities.
fn note_unsupported(problem: &mut Option<String>, value: &Value) {
    if let Value::Scalar(Scalar::Float(f), _) = value
        && !f.is_finite()
        && problem.is_none()
    {
        let name = if f.is_nan() {
            "NaN"
        } else if *f > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        *problem = Some(format!("json: unsupported value: {name}"));
    }
}
