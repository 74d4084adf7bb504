//! The protobuf form of the kinds: reading a message by the numbers of the fields.
//!
//! What comes out is a [`Node`], as from JSON, so that everything after goes the one way there is. Only requests come in
//! this form; answers are never written in it.

use crate::codec::json::{self, Node};
use crate::codec::protobuf::{Fields, Wire};
use crate::codec::{base64, time};
use crate::kinds::{Field, Struct, Type};

/// Messages nest at most this deep; no kind comes near.
const MAX_DEPTH: usize = 50;

/// Reads a message of this type; the error is that of Go's generated code.
pub(crate) fn read(message: &[u8], structure: &Struct) -> Result<Node, String> {
    read_struct(message, structure, 0)
}

fn read_struct(message: &[u8], structure: &Struct, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Ok(Node::TooDeep);
    }
    let mut members = Vec::new();
    read_members(message, structure, &[], &mut members, depth)?;
    Ok(Node::Object(members))
}

/// Reads the fields that are embedded in these.
fn read_members(
    message: &[u8],
    structure: &Struct,
    within: &[u32],
    members: &mut Vec<(String, Node)>,
    depth: usize,
) -> Result<(), String> {
    for field in Fields::of(message) {
        let (number, wire) = field?;
        let place = [within, &[u32::try_from(number).unwrap_or(0)]].concat();
        let is_here = |field: &&Field| field.numbers.starts_with(&place);
        let Some(field) = structure.fields.iter().find(is_here) else {
            continue;
        };
        if field.numbers.len() > place.len() {
            read_members(wire.bytes(), structure, &place, members, depth)?;
            continue;
        }
        let slot = members.iter().position(|(name, _)| **name == *field.name);
        let slot = slot.unwrap_or_else(|| {
            members.push((field.name.to_string(), Node::Null));
            members.len() - 1
        });
        add(&mut members[slot].1, wire, &field.ty, depth)?;
    }
    Ok(())
}

/// Adds one occurrence of a field: lists and maps grow, all else is replaced.
fn add(into: &mut Node, wire: Wire<'_>, ty: &Type, depth: usize) -> Result<(), String> {
    match ty {
        Type::List(list) => {
            let item = value(wire, &list.item, depth)?;
            match into {
                Node::Array(items) => items.push(item),
                _ => *into = Node::Array(vec![item]),
            }
        }
        Type::Map(inner) | Type::AtomicMap(inner) => {
            let entry = entry(wire, inner, depth)?;
            match into {
                Node::Object(members) => members.push(entry),
                _ => *into = Node::Object(vec![entry]),
            }
        }
        _ => *into = value(wire, ty, depth)?,
    }
    Ok(())
}

fn entry(wire: Wire<'_>, inner: &Type, depth: usize) -> Result<(String, Node), String> {
    let (mut key, mut content) = (String::new(), Node::Null);
    for field in Fields::of(wire.bytes()) {
        match field? {
            (1, wire) => key = wire.text(),
            (2, wire) => content = value(wire, inner, depth)?,
            _ => {}
        }
    }
    Ok((key, content))
}

fn value(wire: Wire<'_>, ty: &Type, depth: usize) -> Result<Node, String> {
    Ok(match ty {
        Type::String | Type::Named(_) => Node::String(wire.text()),
        Type::Bool => Node::Bool(wire.number() != 0),
        Type::Int32 | Type::Int64 => Node::Number(wire.number().cast_signed().to_string()),
        Type::Bytes => Node::String(base64::encode(wire.bytes())),
        Type::Time => instant(wire, time::format)?,
        Type::MicroTime => instant(wire, time::format_micro)?,
        Type::IntOrString => int_or_string(wire)?,
        Type::FieldsV1 => raw_json(wire)?,
        Type::Struct(structure) => read_struct(wire.bytes(), structure, depth + 1)?,
        Type::List(_) | Type::Map(_) | Type::AtomicMap(_) => {
            let mut node = Node::Null;
            add(&mut node, wire, ty, depth + 1)?;
            node
        }
    })
}

/// Seconds and nanoseconds; none of either is no time at all.
fn instant(wire: Wire<'_>, format: fn(jiff::Timestamp) -> String) -> Result<Node, String> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::of(wire.bytes()) {
        match field? {
            (1, wire) => seconds = wire.number().cast_signed(),
            (2, wire) => nanos = i32::try_from(wire.number()).unwrap_or(0),
            _ => {}
        }
    }
    if seconds == 0 && nanos == 0 {
        return Ok(Node::Null);
    }
    let time = jiff::Timestamp::new(seconds, nanos).map_err(|e| e.to_string())?;
    Ok(Node::String(format(time)))
}

fn int_or_string(wire: Wire<'_>) -> Result<Node, String> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for field in Fields::of(wire.bytes()) {
        match field? {
            (1, wire) => is_text = wire.number() == 1,
            (2, wire) => number = wire.number().cast_signed(),
            (3, wire) => text = wire.text(),
            _ => {}
        }
    }
    Ok(if is_text {
        Node::String(text)
    } else {
        Node::Number(number.to_string())
    })
}

/// A field set travels as JSON inside a message.
fn raw_json(wire: Wire<'_>) -> Result<Node, String> {
    for field in Fields::of(wire.bytes()) {
        if let (1, wire) = field? {
            return json::parse(wire.bytes());
        }
    }
    Ok(Node::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::ENDPOINTS;
    use crate::schema::decode;
    use serde_json::json;

    /// A field with a length and its contents.
    fn field(number: u8, contents: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(contents.len()).unwrap()];
        out.extend_from_slice(contents);
        out
    }

    #[test]
    fn a_message_becomes_the_object_it_stands_for() {
        let label = [field(1, b"app"), field(2, b"shop")].concat();
        let created = [0x08, 0x80, 0xa8, 0xd6, 0xb9, 0x07];
        let meta = [
            field(1, b"db"),
            field(2, b""),
            field(8, &created),
            field(11, &label),
        ]
        .concat();
        let port = [field(1, b""), vec![0x10, 0x50]].concat();
        let subset = [field(1, &field(1, b"10.0.0.1")), field(3, &port)].concat();
        let message = [field(1, &meta), field(2, &subset), vec![0x78, 0x01]].concat();
        let node = read(&message, &ENDPOINTS).unwrap();
        assert_eq!(
            decode(node.clone(), &ENDPOINTS).unwrap().value,
            json!({
                "metadata": {"name": "db", "creationTimestamp": "2033-05-18T03:33:20Z", "labels": {"app": "shop"}},
                "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}],
            })
        );
    }
}
