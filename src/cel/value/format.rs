//! The formats that have names.

use super::{time, url};
use crate::names;

/// A format known by its name.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// How long its regular expression is, as far as costs go.
    pub(crate) regex_size: u64,
    /// What is against a text.
    pub(crate) validate: fn(&str) -> Vec<String>,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const fn format(name: &'static str, regex_size: u64, validate: fn(&str) -> Vec<String>) -> Format {
    Format {
        name,
        regex_size,
        validate,
    }
}

static FORMATS: [Format; 13] = [
    format("dns1123Label", 30, |s| names::name_is_dns_label(s, false)),
    format("dns1123Subdomain", 60, |s| {
        names::name_is_dns_subdomain(s, false)
    }),
    format("dns1035Label", 30, names::is_dns1035_label),
    format("qualifiedName", 60, names::is_qualified_name),
    format("dns1123LabelPrefix", 30, |s| {
        names::name_is_dns_label(s, true)
    }),
    format("dns1123SubdomainPrefix", 60, |s| {
        names::name_is_dns_subdomain(s, true)
    }),
    format("dns1035LabelPrefix", 30, |s| {
        names::is_dns1035_label(&masked(s))
    }),
    format("labelValue", 40, names::is_label_value),
    format("uri", 1103, |s| url::parse(s).err().into_iter().collect()),
    format("uuid", 83, |s| {
        unless(is_uuid(s), "does not match the UUID format")
    }),
    format("byte", 84, |s| unless(is_base64(s), "invalid base64")),
    format("date", 70, |s| unless(is_date(s), "invalid date")),
    format("datetime", 70, |s| {
        unless(time::parse(s).is_some(), "invalid datetime")
    }),
];

/// The format of this name.
pub(crate) fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// What is asked of a prefix: characters will follow its last dash.
fn masked(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!("{rest}a"),
        _ => text.to_owned(),
    }
}

fn unless(fine: bool, reason: &str) -> Vec<String> {
    if fine {
        Vec::new()
    } else {
        vec![reason.to_owned()]
    }
}

fn is_uuid(text: &str) -> bool {
    let mut rest = text;
    for (i, count) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if i > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        match rest.get(..count) {
            Some(part) if part.bytes().all(|b| b.is_ascii_hexdigit()) => rest = &rest[count..],
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Whether it is base64 of at least one group, as strfmt wants it.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

/// Whether it is a day such as `2024-02-29`.
fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}
