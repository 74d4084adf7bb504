//! YAML as the real server reads and writes it: `sigs.k8s.io/yaml` over go-yaml v2, which speaks YAML 1.1.
//!
//! Reading goes through five stages, each with Go's limits and Go's words for what is wrong:
//!
//! ```text
//! bytes -> characters -> events -> tree -> node
//! reader.rs              events.rs tree.rs decode.rs, resolve.rs
//! ```
//!
//! The events come from `libyaml-safer`, a sibling of the scanner and parser inside go-yaml: same rules, same texts.
//! Nothing here recurses, so that no body can exhaust the stack. What comes out is what the server has after
//! converting YAML to JSON: numbers rewritten as Go prints them, keys turned to strings, and the members of every
//! mapping in key order, because the conversion goes through a Go map.
//!
//! Writing ([`emit`]) is go-yaml's emitter cut down to what an object needs: block style, and scalars in the style
//! go-yaml would choose for them. Recorded fixtures are written by the same one ([`layout`]). It is not `libyaml-safer`'s, which differs in which characters it calls printable.

mod budget;
mod decode;
mod emit;
mod events;
mod keys;
#[cfg(feature = "record")]
mod layout;
mod locate;
mod reader;
mod resolve;
mod scalars;
mod style;
mod tree;

pub(crate) use emit::emit;
#[cfg(feature = "record")]
pub(crate) use layout::{Block, Item, comment, layout};
pub(crate) use locate::{Located, Step, parse_located};

use super::json::Node;
use budget::Budget;
use events::Events;
use tree::Tree;

/// One YAML document, converted to JSON.
#[derive(Debug, PartialEq)]
pub(crate) struct Document {
    /// Members are in key order; of a repeated key only the last is here.
    pub(crate) node: Node,
    /// `line 4: key "name" already set in map`, in document order: what strict decoding reports.
    pub(crate) duplicates: Vec<String>,
}

/// The first document of the input (`null` if there is none); the rest is not even looked at, as in `yaml.Unmarshal`.
///
/// The error is the full text of the real server, `yaml: line 2: ...` in most cases.
pub(crate) fn parse(input: &[u8]) -> Result<Document, String> {
    match Tree::next(&mut Events::new(input))? {
        Some(tree) => decode::decode(&tree, &mut Budget::default()),
        None => Ok(Document {
            node: Node::Null,
            duplicates: Vec::new(),
        }),
    }
}

/// Every document that holds something, with the line (from 1) its content starts on.
pub(crate) fn parse_all(input: &[u8]) -> Result<Vec<(usize, Document)>, String> {
    let mut events = Events::new(input);
    let (mut documents, mut budget) = (Vec::new(), Budget::default());
    while let Some(tree) = Tree::next(&mut events)? {
        let document = decode::decode(&tree, &mut budget)?;
        if document.node != Node::Null {
            documents.push((tree.line(), document));
        }
    }
    Ok(documents)
}

#[cfg(test)]
mod emit_tests;
#[cfg(test)]
mod parse_tests;
