//! Files of one volume that lie on top of each other.

use serde_json::Value;

use crate::codec::quote::quote;
use crate::registry::pod::read::{list, member, text};

/// A path, and which source it is from where there are several.
type Placed = (String, String);

pub(super) fn warn(spec: &Value, told: &mut Vec<String>) {
    for volume in list(spec, "volumes") {
        let name = quote(text(volume, "name"));
        for (field, what, name_field) in [
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ] {
            let Some(source) = member(volume, field) else {
                continue;
            };
            let what = match name_field {
                "" => what.to_owned(),
                name_field => format!("{what} {}", quote(text(source, name_field))),
            };
            let mut all = Vec::new();
            for placed in of_items(source, "") {
                add(placed, &mut all, &name, &what, told);
            }
        }
        if let Some(projected) = member(volume, "projected") {
            of_projected(projected, &name, told);
        }
    }
}

fn of_projected(projected: &Value, name: &str, told: &mut Vec<String>) {
    let mut all = Vec::new();
    for source in list(projected, "sources") {
        if source.as_object().is_none_or(serde_json::Map::is_empty) {
            told.push(format!("volume {name} (Projected) has no sources provided"));
            continue;
        }
        for placed in of_source(source) {
            add(placed, &mut all, name, "Projected", told);
        }
    }
}

fn of_source(source: &Value) -> Vec<Placed> {
    let named = |source: &Value, what: &str| format!("{what} {}", quote(text(source, "name")));
    let has_items = |field: &str| {
        let source = member(source, field);
        source.filter(|source| !list(source, "items").is_empty())
    };
    if let Some(source) = has_items("configMap") {
        of_items(source, &named(source, "ConfigMap"))
    } else if let Some(source) = has_items("secret") {
        of_items(source, &named(source, "Secret"))
    } else if let Some(source) = has_items("downwardAPI") {
        of_items(source, "DownwardAPI")
    } else if let Some(token) = member(source, "serviceAccountToken") {
        let path = text(token, "path").to_owned();
        vec![(path, "ServiceAccountToken".to_owned())]
    } else {
        Vec::new()
    }
}

fn of_items(source: &Value, told: &str) -> Vec<Placed> {
    let items = list(source, "items").iter();
    items
        .map(|item| (text(item, "path").to_owned(), told.to_owned()))
        .collect()
}

/// Adds a path to those of the volume, and tells of those it meets there.
fn add(
    (path, source): Placed,
    all: &mut Vec<Placed>,
    name: &str,
    what: &str,
    told: &mut Vec<String>,
) {
    let path = path.trim_end_matches('/').to_owned();
    let placed = (path, source);
    for other in all.iter().filter(|other| overlap(&placed.0, &other.0)) {
        told.push(format!(
            "volume {name} ({what}): overlapping paths: {} with {}",
            show(&placed),
            show(other)
        ));
    }
    all.push(placed);
}

fn overlap(one: &str, other: &str) -> bool {
    let (a, b) = (format!("{one}/"), format!("{other}/"));
    !one.is_empty() && !other.is_empty() && (a.starts_with(&b) || b.starts_with(&a))
}

fn show((path, source): &Placed) -> String {
    match source.as_str() {
        "" => quote(path),
        source => format!("{} ({source})", quote(path)),
    }
}
