//! Reading a message as an object of a type.

use crate::codec::json::{self, Node};
use crate::codec::protobuf::{Fields, Wire, varints};
use crate::codec::{base64, time};
use crate::kinds::{Field, List, SchemaOr, Struct, Type};

/// Messages nest at most this deep; no kind comes near.
const MAX_DEPTH: usize = 50;

type Members = Vec<(String, Node)>;

/// Reads a message of this type; the error is that of Go's generated code.
pub(crate) fn read(message: &[u8], structure: &Struct) -> Result<Node, String> {
    let mut members = Vec::new();
    read_members(message, structure, &[], &mut members, 0)?;
    Ok(Node::Object(members))
}

/// Reads the fields that are embedded in these.
fn read_members(
    message: &[u8],
    structure: &Struct,
    within: &[u32],
    members: &mut Members,
    depth: usize,
) -> Result<(), String> {
    for field in Fields::of(message, &structure.name) {
        let (number, wire) = field?;
        let place = [within, &[u32::try_from(number).unwrap_or(0)]].concat();
        let is_here = |field: &&Field| field.numbers.starts_with(&place);
        let Some(field) = structure.fields.iter().find(is_here) else {
            continue;
        };
        if field.numbers.len() > place.len() {
            let embedded = wire.bytes(&field.name)?;
            read_members(embedded, structure, &place, members, depth)?;
            continue;
        }
        let slot = members.iter().position(|(name, _)| **name == *field.name);
        let slot = slot.unwrap_or_else(|| {
            members.push((field.name.to_string(), Node::Null));
            members.len() - 1
        });
        add(&mut members[slot].1, wire, &field.ty, &field.name, depth)?;
    }
    Ok(())
}

/// Adds one occurrence of a field: lists, maps and messages grow, all else is replaced.
fn add(into: &mut Node, wire: Wire<'_>, ty: &Type, name: &str, depth: usize) -> Result<(), String> {
    match ty {
        Type::List(list) => {
            let new = items(wire, list, name, depth)?;
            match into {
                Node::Array(items) => items.extend(new),
                _ => *into = Node::Array(new),
            }
        }
        Type::Map(inner) | Type::AtomicMap(inner) => {
            let entry = entry(wire, inner, name, depth)?;
            match into {
                Node::Object(members) => members.push(entry),
                _ => *into = Node::Object(vec![entry]),
            }
        }
        Type::Struct(structure) => {
            let message = wire.bytes(name)?;
            if depth == MAX_DEPTH {
                *into = Node::TooDeep;
                return Ok(());
            }
            if !matches!(into, Node::Object(_)) {
                *into = Node::Object(Vec::new());
            }
            if let Node::Object(members) = into {
                read_members(message, structure, &[], members, depth + 1)?;
            }
        }
        Type::SchemaOr(..) if depth == MAX_DEPTH => *into = Node::TooDeep,
        Type::SchemaOr(or, schema) => *into = schema_or(wire.bytes(name)?, *or, schema, depth + 1)?,
        _ => *into = scalar(wire, ty, name)?,
    }
    Ok(())
}

/// A schema, or what is in the other field of its message.
fn schema_or(message: &[u8], or: SchemaOr, schema: &Struct, depth: usize) -> Result<Node, String> {
    let mut node = match or {
        SchemaOr::Bool => Node::Bool(false),
        _ => Node::Null,
    };
    let whole = |wire: Wire<'_>| {
        let mut members = Vec::new();
        read_members(wire.bytes("Schema")?, schema, &[], &mut members, depth)?;
        Ok::<Node, String>(Node::Object(members))
    };
    for field in Fields::of(message, or.name()) {
        match (or, field?) {
            (SchemaOr::Bool, (1, wire)) => {
                let allows = wire.number("Allows")? != 0;
                if !matches!(node, Node::Object(_)) {
                    node = Node::Bool(allows);
                }
            }
            (SchemaOr::Bool, (2, wire)) | (SchemaOr::Array | SchemaOr::StringArray, (1, wire)) => {
                node = whole(wire)?;
            }
            (SchemaOr::Array, (2, wire)) => push(&mut node, whole(wire)?),
            (SchemaOr::StringArray, (2, wire)) => {
                push(&mut node, Node::String(wire.text("Property")?));
            }
            _ => {}
        }
    }
    Ok(node)
}

fn push(list: &mut Node, item: Node) {
    match list {
        Node::Array(items) => items.push(item),
        _ => *list = Node::Array(vec![item]),
    }
}

/// The items that one occurrence of a list adds: one, or many numbers at once.
fn items(wire: Wire<'_>, list: &List, name: &str, depth: usize) -> Result<Vec<Node>, String> {
    let is_number = matches!(list.item, Type::Bool | Type::Int32 | Type::Int64);
    match wire {
        Wire::Bytes(packed) if is_number => {
            let numbers = varints(packed)?.into_iter();
            let numbers = numbers.map(|number| scalar(Wire::Number(number), &list.item, name));
            numbers.collect()
        }
        wire => Ok(vec![value(wire, &list.item, name, depth)?]),
    }
}

fn entry(wire: Wire<'_>, inner: &Type, name: &str, depth: usize) -> Result<(String, Node), String> {
    let (mut key, mut content) = (String::new(), Node::Null);
    for field in Fields::of(wire.bytes(name)?, name) {
        match field? {
            (1, wire) => key = wire.text(name)?,
            (2, wire) => content = value(wire, inner, name, depth)?,
            _ => {}
        }
    }
    Ok((key, content))
}

/// A value of its own: an item of a list, or what a map has at a key.
fn value(wire: Wire<'_>, ty: &Type, name: &str, depth: usize) -> Result<Node, String> {
    let mut node = Node::Null;
    match ty {
        Type::List(_) => {
            node = Node::Array(Vec::new());
            for field in Fields::of(wire.bytes(name)?, name) {
                if let (1, wire) = field? {
                    add(&mut node, wire, ty, name, depth)?;
                }
            }
        }
        _ => add(&mut node, wire, ty, name, depth)?,
    }
    Ok(node)
}

/// A value that does not grow.
fn scalar(wire: Wire<'_>, ty: &Type, name: &str) -> Result<Node, String> {
    Ok(match ty {
        Type::Bool => Node::Bool(wire.number(name)? != 0),
        Type::Int32 => Node::Number(int32(wire.number(name)?).to_string()),
        Type::Int64 => Node::Number(wire.number(name)?.cast_signed().to_string()),
        Type::Float64 => Node::Number(wire.double(name)?.to_string()),
        Type::Bytes => Node::String(base64::encode(wire.bytes(name)?)),
        Type::Time => instant(wire.bytes(name)?, time::format)?,
        Type::MicroTime => instant(wire.bytes(name)?, time::format_micro)?,
        Type::IntOrString => int_or_string(wire.bytes(name)?)?,
        Type::Quantity => Node::String(quantity(wire.bytes(name)?)?),
        Type::FieldsV1 | Type::Raw(_) => raw_json(wire.bytes(name)?)?,
        _ => Node::String(wire.text(name)?),
    })
}

/// Go keeps 32 bits of what is longer.
fn int32(number: u64) -> i32 {
    u32::try_from(number & 0xffff_ffff)
        .unwrap_or(0)
        .cast_signed()
}

/// Seconds and nanoseconds; none of either is no time at all.
fn instant(message: &[u8], format: fn(jiff::Timestamp) -> String) -> Result<Node, String> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::of(message, "Timestamp") {
        match field? {
            (1, wire) => seconds = wire.number("seconds")?.cast_signed(),
            (2, wire) => nanos = int32(wire.number("nanos")?),
            _ => {}
        }
    }
    if seconds == 0 && nanos == 0 {
        return Ok(Node::Null);
    }
    let time = jiff::Timestamp::new(seconds, nanos).map_err(|e| e.to_string())?;
    Ok(Node::String(format(time)))
}

fn int_or_string(message: &[u8]) -> Result<Node, String> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for field in Fields::of(message, "IntOrString") {
        match field? {
            (1, wire) => is_text = wire.number("type")? == 1,
            (2, wire) => number = int32(wire.number("intVal")?),
            (3, wire) => text = wire.text("strVal")?,
            _ => {}
        }
    }
    Ok(if is_text {
        Node::String(text)
    } else {
        Node::Number(number.to_string())
    })
}

fn quantity(message: &[u8]) -> Result<String, String> {
    for field in Fields::of(message, "Quantity") {
        if let (1, wire) = field? {
            return wire.text("string");
        }
    }
    Ok("0".to_owned())
}

/// A field set, or anything else, that travels as JSON inside a message.
fn raw_json(message: &[u8]) -> Result<Node, String> {
    for field in Fields::of(message, "RawExtension") {
        if let (1, wire) = field? {
            return json::parse(wire.bytes("raw")?);
        }
    }
    Ok(Node::Null)
}
