//! Structs and their fields.

use std::sync::Arc;

use serde_json::Value;

use super::line::Line;
use super::{Mistake, Unread};
use crate::kinds::types::{
    Field, List, ListKind, PatchStrategy, Presence, Raw, Rules, SchemaOr, Struct, StructRef, Type,
};

/// Reads a struct.
pub(super) fn read(unread: &Unread) -> Result<Struct, Mistake> {
    let mut lines = Line::all(unread.page.path, unread.text, unread.line);
    let mut out = Struct {
        package: unread.package.clone(),
        ..Struct::default()
    };
    if let Some(mut line) = lines.next() {
        line.word("struct")?;
        out.name = line.word("the name of the struct")?.to_owned();
        out.doc = line.description().unwrap_or_default();
        while let Some(word) = line.next_word()? {
            match word.split_once('=') {
                None if word == "atomic" => out.atomic = true,
                Some(("embeds", name)) => out.embeds = name.to_owned(),
                _ => return Err(unknown(&line, word)),
            }
        }
    }
    for mut line in lines.take_while(|line| line.is_indented) {
        let first = line.word("a field")?;
        if first == "-" || first.starts_with(|c: char| c.is_ascii_digit()) {
            let field = field(unread, first, &mut line)?;
            if out.field(&field.name).is_some() {
                return Err(line.mistake(format!("{} is declared twice", field.name)));
            }
            out.fields.push(field);
        } else {
            let other = find_struct(unread, first, &line)?;
            out.fields.extend(other.fields.iter().cloned());
        }
    }
    Ok(out)
}

fn find_struct(unread: &Unread, name: &str, line: &Line<'_>) -> Result<StructRef, Mistake> {
    let found = unread.page.find_struct(unread.page.index()?, name).cloned();
    found.ok_or_else(|| line.mistake(format!("there is no struct {name}")))
}

fn unknown(line: &Line<'_>, word: &str) -> Mistake {
    line.mistake(format!("`{word}` means nothing here"))
}

fn field(unread: &Unread, number: &str, line: &mut Line<'_>) -> Result<Field, Mistake> {
    let name = line.word("the name of the field")?;
    let text = line.word("the type of the field")?;
    let (text, presence) = match text.strip_prefix('*') {
        Some(text) => (text, Presence::Pointer),
        None => (text, Presence::Always),
    };
    let mut field = Field {
        name: name.into(),
        ty: ty(unread, text, line)?,
        presence,
        required: false,
        numbers: numbers(number, line)?,
        default: None,
        rules: None,
        fill: None,
        retain_keys: false,
        was: None,
        doc: line.description().unwrap_or_default().into(),
    };
    while let Some(word) = line.next_word()? {
        say(&mut field, word, line)?;
    }
    Ok(field)
}

/// `4`, `2/1` or `-`.
fn numbers(text: &str, line: &Line<'_>) -> Result<Box<[u32]>, Mistake> {
    if text == "-" {
        return Ok(Box::default());
    }
    let numbers: Result<_, std::num::ParseIntError> = text.split('/').map(str::parse).collect();
    numbers.map_err(|_| line.mistake(format!("`{text}` is no number of a field")))
}

fn ty(unread: &Unread, text: &str, line: &Line<'_>) -> Result<Type, Mistake> {
    if let Some(item) = text.strip_prefix("map[string]") {
        return Ok(Type::Map(Box::new(ty(unread, item, line)?)));
    }
    Ok(match text {
        "string" => Type::String,
        "bool" => Type::Bool,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "[]byte" => Type::Bytes,
        "Time" => Type::Time,
        "MicroTime" => Type::MicroTime,
        "IntOrString" => Type::IntOrString,
        "FieldsV1" => Type::FieldsV1,
        "Quantity" => Type::Quantity,
        "float64" => Type::Float64,
        "RawExtension" => Type::Raw(Raw::Extension),
        "JSON" => Type::Raw(Raw::Json),
        "JSONSchemaPropsOrArray" => schema_or(SchemaOr::Array, unread, line)?,
        "JSONSchemaPropsOrBool" => schema_or(SchemaOr::Bool, unread, line)?,
        "JSONSchemaPropsOrStringArray" => schema_or(SchemaOr::StringArray, unread, line)?,
        _ => match text.strip_prefix("[]") {
            Some(item) => Type::List(Box::new(List {
                item: ty(unread, item, line)?,
                kind: ListKind::Atomic,
                patch: PatchStrategy::Replace,
            })),
            None => declared(unread, text, line)?,
        },
    })
}

fn schema_or(or: SchemaOr, unread: &Unread, line: &Line<'_>) -> Result<Type, Mistake> {
    find_struct(unread, "JSONSchemaProps", line).map(|schema| Type::SchemaOr(or, schema))
}

fn declared(unread: &Unread, name: &str, line: &Line<'_>) -> Result<Type, Mistake> {
    let index = unread.page.index()?;
    if let Some(named) = unread.page.find_string(index, name) {
        return Ok(Type::Named(named));
    }
    let found = unread.page.find_struct(index, name).cloned();
    found
        .map(Type::Struct)
        .ok_or_else(|| line.mistake(format!("there is no type {name}")))
}

/// What one word says of a field.
fn say(field: &mut Field, word: &str, line: &Line<'_>) -> Result<(), Mistake> {
    let (word, value) = word.split_once('=').unwrap_or((word, ""));
    match (word, &mut field.ty) {
        ("omitempty", _) if field.presence == Presence::Always => {
            field.presence = Presence::OmitEmpty;
        }
        ("null", _) if field.presence != Presence::OmitEmpty => {
            field.presence = Presence::Nullable;
        }
        ("required", _) => field.required = true,
        ("atomic", Type::Map(value)) => {
            let value = std::mem::replace(&mut **value, Type::String);
            field.ty = Type::AtomicMap(Box::new(value));
        }
        ("atomic", Type::List(list)) => list.kind = ListKind::Atomic,
        ("set", Type::List(list)) => list.kind = ListKind::Set,
        ("map", Type::List(list)) => {
            list.kind = ListKind::Map(value.split(',').map(str::to_owned).collect());
        }
        ("merge", Type::List(list)) if value.is_empty() => {
            list.patch = PatchStrategy::MergePrimitives;
        }
        ("merge", Type::List(list)) => list.patch = PatchStrategy::MergeBy(value.to_owned()),
        ("default", ty) => field.default = Some(Box::new(default(ty, value, line)?)),
        ("fill", ty) => field.fill = Some(Box::new(default(ty, value, line)?)),
        ("granular", Type::Struct(inner)) => {
            let whole = inner.clone();
            *inner = StructRef::unread(move || Struct {
                name: whole.name.clone(),
                package: whole.package.clone(),
                doc: whole.doc.clone(),
                fields: whole.fields.clone(),
                embeds: whole.embeds.clone(),
                atomic: false,
                ..Struct::default()
            });
        }
        ("retainkeys", Type::Struct(_) | Type::List(_)) => field.retain_keys = true,
        ("was", _) => field.was = Some(Arc::from(value)),
        ("min" | "above" | "max" | "immutable" | "off", _) => {
            let rules = field.rules.get_or_insert_default();
            say_rule(rules, word, value).ok_or_else(|| unknown(line, word))?;
        }
        _ => return Err(unknown(line, word)),
    }
    Ok(())
}

fn say_rule(rules: &mut Rules, word: &str, value: &str) -> Option<()> {
    match word {
        "min" => rules.min = Some(value.parse().ok()?),
        "max" => rules.max = Some(value.parse().ok()?),
        "above" => rules.above = Some(value.parse().ok()?),
        "off" => rules.off = true,
        _ => rules.immutable = true,
    }
    Some(())
}

/// A value of the type of the field.
fn default(ty: &Type, text: &str, line: &Line<'_>) -> Result<Value, Mistake> {
    let value = match ty {
        Type::String | Type::Named(_) => Ok(text.into()),
        _ => serde_json::from_str(text),
    };
    value.map_err(|_| line.mistake(format!("`{text}` is no value of the field")))
}
