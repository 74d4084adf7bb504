//! The formats that values of a schema are held against; others are kept, with a warning.

use serde_json::Value;

use super::spec::Spec;
use super::walk;
use crate::codec::quote::quote;
use crate::registry::validation::read::text_at;

/// Those of texts, without their dashes.
const TEXTS: [&str; 26] = [
    "bsonobjectid",
    "uri",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "cidr",
    "mac",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
    "isbn",
    "isbn10",
    "isbn13",
    "creditcard",
    "ssn",
    "hexcolor",
    "rgbcolor",
    "byte",
    "password",
    "date",
    "duration",
    "datetime",
    "k8sshortname",
    "k8slongname",
];

/// Warnings of the formats that nobody knows, but for those that an older definition had.
pub(super) fn warnings(crd: &Value, old: Option<&Value>) -> Vec<String> {
    let known = old.map(unrecognized).unwrap_or_default();
    let mut new = unrecognized(crd);
    new.retain(|format| !known.contains(format));
    let warning = |format: &&str| format!("unrecognized format {}", quote(format));
    new.iter().map(warning).collect()
}

fn unrecognized(crd: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    for schema in Spec::of(crd).schemas() {
        walk::visit(schema, &mut |inner| {
            let format = text_at(inner, "format");
            if !format.is_empty() && !is_recognized(text_at(inner, "type"), format) {
                found.push(format);
            }
        });
    }
    found
}

fn is_recognized(ty: &str, format: &str) -> bool {
    match ty {
        "" | "string" => TEXTS.contains(&format.replace('-', "").as_str()),
        "integer" => matches!(format, "int32" | "int64"),
        "number" => matches!(format, "float" | "double"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_format_that_is_new_is_warned_of() {
        let crd = |formats: &[&str]| {
            let members = formats.iter().enumerate();
            let members = members
                .map(|(i, format)| (i.to_string(), json!({"type": "string", "format": format})));
            let properties: serde_json::Map<String, Value> = members.collect();
            json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": properties}}}]}})
        };
        let (old, new) = (crd(&["odd"]), crd(&["odd", "date-time", "new", "int32"]));
        let both = [
            "unrecognized format \"new\"",
            "unrecognized format \"int32\"",
        ];
        assert_eq!(warnings(&new, Some(&old)), both);
        assert_eq!(warnings(&new, None).len(), 3);
    }
}
