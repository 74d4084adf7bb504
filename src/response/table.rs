//! Tables: what kubectl prints.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Presenter, partial};
use crate::codec::json::{compact, write_sorted, write_string};
use crate::codec::{go_value, time};
use crate::kinds::{Cell, Column, Kind};
use crate::object::{Object, meta_str};
use crate::registry;
use crate::request::negotiation::MetaVersion;
use crate::request::query::Query;
use crate::schema::convert;
use crate::status::Status;

/// `includeObject`: what each row carries beside its cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum IncludeObject {
    None,
    Metadata,
    Object,
}

impl IncludeObject {
    pub(crate) fn parse(query: &Query) -> Result<Self, Status> {
        match query.get("includeObject").unwrap_or_default() {
            "" | "Metadata" => Ok(IncludeObject::Metadata),
            "Object" => Ok(IncludeObject::Object),
            "None" => Ok(IncludeObject::None),
            other => Err(Status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {}: must be 'Metadata', 'Object', 'None', or empty",
                crate::codec::quote::quote(other)
            ))),
        }
    }
}

/// Whether the columns are described; in a watch only the first event does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Columns {
    Shown,
    Null,
}

/// What kubectl prints, before it is written.
pub(crate) struct Table<'a> {
    pub(super) presenter: &'a Presenter,
    /// Of the table, as JSON.
    pub(super) meta: Vec<u8>,
    pub(super) objects: Vec<&'a Object>,
    pub(super) version: MetaVersion,
    pub(super) columns: Columns,
}

impl<'a> Table<'a> {
    /// A table of one object.
    pub(super) fn of(presenter: &'a Presenter, object: &'a Object, version: MetaVersion) -> Self {
        let meta = match meta_str(&object.value(), "resourceVersion") {
            "" => b"{}".to_vec(),
            version => format!("{{\"resourceVersion\":\"{version}\"}}").into_bytes(),
        };
        Table {
            presenter,
            meta,
            objects: vec![object],
            version,
            columns: Columns::Shown,
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut out = format!(
            "{{\"kind\":\"Table\",\"apiVersion\":\"{}\",\"metadata\":",
            self.version.api_version()
        )
        .into_bytes();
        out.extend_from_slice(&self.meta);
        out.extend_from_slice(b",\"columnDefinitions\":");
        match self.columns {
            Columns::Shown => write_columns(&mut out, &self.presenter.kind),
            Columns::Null => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"rows\":");
        if self.objects.is_empty() && self.presenter.kind.has_plain_table() {
            out.extend_from_slice(b"null}");
            return out;
        }
        out.push(b'[');
        for (i, object) in self.objects.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_row(&mut out, self.presenter, object, self.version);
        }
        out.extend_from_slice(b"]}");
        out
    }
}

/// The objects of a list as its rows come: by their keys, unless the kind has them otherwise.
pub(super) fn in_order<'a>(kind: &Kind, items: &'a [Arc<Object>]) -> Vec<&'a Object> {
    let mut objects: Vec<&Object> = items.iter().map(Arc::as_ref).collect();
    if let Some(rank) = registry::strategy(kind).row_rank() {
        objects.sort_by_cached_key(|object| rank(&object.value()));
    }
    objects
}

fn write_columns(out: &mut Vec<u8>, kind: &Kind) {
    out.push(b'[');
    let declared = kind.columns.iter().filter(|column| !column.undeclared);
    for (i, column) in declared.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        for (label, text) in [
            ("{\"name\":", &*column.name),
            (",\"type\":", &column.ty),
            (",\"format\":", &column.format),
            (",\"description\":", kind.describe(column)),
        ] {
            out.extend_from_slice(label.as_bytes());
            write_string(out, text);
        }
        out.extend_from_slice(format!(",\"priority\":{}}}", column.priority).as_bytes());
    }
    out.push(b']');
}

fn write_row(out: &mut Vec<u8>, presenter: &Presenter, object: &Object, version: MetaVersion) {
    let cells = row(presenter, object);
    out.extend_from_slice(b"{\"cells\":");
    write_sorted(out, &Value::Array(cells));
    let conditions = registry::strategy(&presenter.kind).row_conditions(&object.value());
    if !conditions.is_null() {
        out.extend_from_slice(b",\"conditions\":");
        out.extend_from_slice(compact(&conditions).as_bytes());
    }
    out.extend_from_slice(b",\"object\":");
    match presenter.include_object {
        IncludeObject::None => out.extend_from_slice(b"null"),
        IncludeObject::Metadata => partial::write(out, object, version),
        IncludeObject::Object => {
            let shown = presenter.in_asked_version(object);
            out.extend_from_slice(shown.as_ref().unwrap_or(object).json());
        }
    }
    out.push(b'}');
}

/// The cells of an object, which is in the version that is stored.
fn row(presenter: &Presenter, object: &Object) -> Vec<Value> {
    let kind = &presenter.kind;
    // What custom columns say is said of the version asked for.
    let value = match kind.custom {
        Some(_) => object.value_in(kind),
        None => object.value(),
    };
    let columns = kind.columns.iter();
    let age = |since: &str| age(since, presenter.now);
    columns
        .map(|column| cell(column, kind, &value, &age))
        .collect()
}

fn cell(column: &Column, kind: &Kind, object: &Value, age: &dyn Fn(&str) -> String) -> Value {
    let at = |path: &[String]| {
        let path = convert::stored_path(path, kind);
        path.iter().try_fold(object, |at, name| at.get(&**name))
    };
    match &column.cell {
        Cell::Path(path) => at(path).cloned().unwrap_or_else(|| match &*column.ty {
            "integer" => 0.into(),
            _ => "".into(),
        }),
        Cell::Age(path) => age(at(path).and_then(Value::as_str).unwrap_or_default()).into(),
        Cell::JsonPath(path) => found(path.first(object), &column.ty, age),
        Cell::Programmed => registry::strategy(kind).cell(&column.name, object, age),
    }
}

/// What was found of a custom object, as a cell of this type: upstream's `cellForJSONValue`.
fn found(value: Option<Value>, ty: &str, age: &dyn Fn(&str) -> String) -> Value {
    match (ty, value) {
        (_, None) => Value::Null,
        ("string", Some(Value::Null)) => "<no value>".into(),
        ("string", Some(value @ (Value::Array(_) | Value::Object(_)))) => compact(&value).into(),
        ("string", Some(value)) => go_value::show(&value).into(),
        ("integer", Some(Value::Number(n))) => match (n.as_i64(), n.as_f64()) {
            (Some(whole), _) => whole.into(),
            #[expect(clippy::cast_possible_truncation, reason = "as Go cuts it off")]
            (None, Some(float)) => (float as i64).into(),
            _ => Value::Null,
        },
        ("number", Some(value @ Value::Number(_))) | ("boolean", Some(value @ Value::Bool(_))) => {
            value
        }
        ("date", Some(Value::String(text))) => match time::parse(&text) {
            Ok(_) => age(&text).into(),
            Err(_) if text.is_empty() => "<unknown>".into(),
            Err(_) => "<invalid>".into(),
        },
        _ => Value::Null,
    }
}

/// How long ago a time was, as the Age cell shows it.
fn age(since: &str, now: Timestamp) -> String {
    match time::parse(since) {
        Ok(since) => time::human_duration(now.as_second() - since.as_second()),
        Err(_) => "<unknown>".to_owned(),
    }
}
