//! Tables: what kubectl prints.

use jiff::Timestamp;
use serde_json::Value;

use super::{Presenter, partial};
use crate::codec::json::{write_sorted, write_string};
use crate::codec::time;
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
        out.extend_from_slice(b",\"rows\":[");
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

fn write_columns(out: &mut Vec<u8>, kind: &Kind) {
    out.push(b'[');
    for (i, column) in kind.columns.iter().enumerate() {
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
    let (kind, value) = (&presenter.kind, object.value());
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
        Cell::Path(path) => at(path).cloned().unwrap_or_else(|| "".into()),
        Cell::Age(path) => age(at(path).and_then(Value::as_str).unwrap_or_default()).into(),
        Cell::Programmed => registry::strategy(kind).cell(&column.name, object, age),
    }
}

/// How long ago a time was, as the Age cell shows it.
fn age(since: &str, now: Timestamp) -> String {
    match time::parse(since) {
        Ok(since) => human_duration(now.as_second() - since.as_second()),
        Err(_) => "<unknown>".to_owned(),
    }
}

/// `duration.HumanDuration`: two units at the most, coarser with age.
fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |big: i64, big_unit: &str, small: i64, small_unit: &str| {
        let (first, rest) = (seconds / big, seconds % big / small);
        if rest == 0 {
            format!("{first}{big_unit}")
        } else {
            format!("{first}{big_unit}{rest}{small_unit}")
        }
    };
    match seconds {
        s if s < -1 => "<invalid>".to_owned(),
        s if s < 0 => "0s".to_owned(),
        s if s < 2 * MINUTE => format!("{s}s"),
        s if s < 10 * MINUTE => two(MINUTE, "m", 1, "s"),
        s if s < 3 * HOUR => format!("{}m", s / MINUTE),
        s if s < 8 * HOUR => two(HOUR, "h", MINUTE, "m"),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 8 * DAY => two(DAY, "d", HOUR, "h"),
        s if s < 2 * YEAR => format!("{}d", s / DAY),
        s if s < 8 * YEAR => two(YEAR, "y", DAY, "d"),
        s => format!("{}y", s / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_gets_coarser() {
        for (seconds, text) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (3600, "60m"),
            (3 * 3600 + 60, "3h1m"),
            (47 * 3600, "47h"),
            (50 * 3600, "2d2h"),
            (100 * 86400, "100d"),
            (800 * 86400, "2y70d"),
            (4000 * 86400, "10y"),
        ] {
            assert_eq!(human_duration(seconds), text, "{seconds}");
        }
    }
}
