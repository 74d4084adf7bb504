//! Volumes put together from several sources.

use std::collections::BTreeSet;

use serde_json::Value;

use super::sources::{require, validate_downward_file, validate_key_to_path, validate_mode};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::paths::validate_not_reserved;
use crate::registry::pod::read::{count, list, member, text};
use crate::registry::pod::spec::Context;

const MAX_EXPIRATION: i64 = 1 << 32;
const SOURCES: [&str; 4] = ["secret", "configMap", "downwardAPI", "serviceAccountToken"];

/// `validateProjectedVolumeSource`.
pub(super) fn validate(_: &Context<'_>, volume: &Value, path: Path<'_>, errors: &mut Errors) {
    validate_mode(volume, "defaultMode", path, errors);
    let mut taken = BTreeSet::new();
    for (i, source) in list(volume, "sources").iter().enumerate() {
        let at = format!("{path}.sources[{i}]");
        let mut sources = 0;
        for field in SOURCES {
            let Some(source) = member(source, field) else {
                continue;
            };
            sources += 1;
            let of = format!("{at}.{field}");
            match field {
                "downwardAPI" => {
                    for file in list(source, "items") {
                        validate_downward_file(file, &of, errors);
                        let file = text(file, "path");
                        take(file, file, &mut taken, path, errors);
                    }
                }
                "serviceAccountToken" => validate_token(source, &of, path, errors),
                _ => {
                    require(source, &["name"], &of, errors);
                    for (j, item) in list(source, "items").iter().enumerate() {
                        validate_key_to_path(item, &format_args!("{of}.items[{j}]"), errors);
                        let name = text(source, "name");
                        take(text(item, "path"), name, &mut taken, path, errors);
                    }
                }
            }
        }
        if sources > 1 {
            let detail = "may not specify more than 1 volume type per source";
            errors.forbidden(&at, detail);
        }
    }
}

/// Takes a path, which must be free.
fn take<'a>(
    file: &'a str,
    told: &str,
    taken: &mut BTreeSet<&'a str>,
    path: Path<'_>,
    errors: &mut Errors,
) {
    if !file.is_empty() && !taken.insert(file) {
        errors.invalid_str(path, told, "conflicting duplicate paths");
    }
}

/// The path of a token is complained about as if it were that of the volume.
fn validate_token(source: &Value, of: &str, path: Path<'_>, errors: &mut Errors) {
    let seconds = count(source, "expirationSeconds");
    let at = format_args!("{of}.expirationSeconds");
    if seconds < 10 * 60 {
        let detail = "may not specify a duration less than 10 minutes";
        errors.invalid(at, &seconds.into(), detail);
    }
    if seconds > MAX_EXPIRATION {
        let detail = "may not specify a duration larger than 2^32 seconds";
        errors.invalid(at, &seconds.into(), detail);
    }
    let at = format_args!("{path}.path");
    match text(source, "path") {
        "" => errors.required(at, ""),
        file => validate_not_reserved(file, &at, errors),
    }
}
