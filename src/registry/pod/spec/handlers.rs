//! What a probe or a hook does: `validateHandler`.

use serde_json::Value;

use super::ports::validate_number_or_name;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::formats::header_name;
use crate::registry::pod::read::{count, list, member, text};

const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

pub(super) fn validate(handler: &Value, grace: Option<i64>, path: Path<'_>, errors: &mut Errors) {
    let mut given = HANDLERS
        .into_iter()
        .filter_map(|field| member(handler, field).map(|action| (field, action)));
    let Some((field, action)) = given.next() else {
        return errors.required(path, "must specify a handler type");
    };
    let at = format_args!("{path}.{field}");
    match field {
        "exec" if list(action, "command").is_empty() => {
            errors.required(format_args!("{at}.command"), "");
        }
        "httpGet" => validate_http(action, &at, errors),
        "tcpSocket" | "grpc" => {
            validate_number_or_name(&action["port"], &format_args!("{at}.port"), errors);
        }
        "sleep" => validate_sleep(count(action, "seconds"), grace, &at, errors),
        _ => {}
    }
    for (field, _) in given {
        let detail = "may not specify more than 1 handler type";
        errors.forbidden(format_args!("{path}.{field}"), detail);
    }
}

fn validate_http(action: &Value, path: Path<'_>, errors: &mut Errors) {
    if text(action, "path").is_empty() {
        errors.required(format_args!("{path}.path"), "");
    }
    validate_number_or_name(&action["port"], &format_args!("{path}.port"), errors);
    errors.one_of(
        format_args!("{path}.scheme"),
        member(action, "scheme"),
        &["HTTP", "HTTPS"],
    );
    for header in list(action, "httpHeaders") {
        let name = text(header, "name");
        errors.invalid_each(format_args!("{path}.httpHeaders"), name, header_name(name));
    }
}

/// A grace period that is not there is complained about elsewhere.
fn validate_sleep(seconds: i64, grace: Option<i64>, path: Path<'_>, errors: &mut Errors) {
    if let Some(grace) = grace.filter(|grace| !(0..=*grace).contains(&seconds)) {
        let detail =
            format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errors.invalid(path, &seconds.into(), detail);
    }
}
