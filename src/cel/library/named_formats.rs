//! `format.named('dns1123Label')` and what such formats say of a text.

use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;
use crate::cel::value::format::{Format, named};
use crate::cel::value::opaque::Opaque;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "format.named" => |args| match args {
            [CelValue::String(name)] => Ok(match named(name) {
                Some(format) => CelValue::some(value(format)),
                None => CelValue::none(),
            }),
            _ => Err(Failure::NoOverload),
        },
        "validate" => validate,
        "format.dns1123Label" => |_| constant("dns1123Label"),
        "format.dns1123Subdomain" => |_| constant("dns1123Subdomain"),
        "format.dns1035Label" => |_| constant("dns1035Label"),
        "format.qualifiedName" => |_| constant("qualifiedName"),
        "format.dns1123LabelPrefix" => |_| constant("dns1123LabelPrefix"),
        "format.dns1123SubdomainPrefix" => |_| constant("dns1123SubdomainPrefix"),
        "format.dns1035LabelPrefix" => |_| constant("dns1035LabelPrefix"),
        "format.labelValue" => |_| constant("labelValue"),
        "format.uri" => |_| constant("uri"),
        "format.uuid" => |_| constant("uuid"),
        "format.byte" => |_| constant("byte"),
        "format.date" => |_| constant("date"),
        "format.datetime" => |_| constant("datetime"),
        _ => return None,
    })
}

fn value(format: &'static Format) -> CelValue {
    CelValue::Opaque(Opaque::Format(format))
}

fn constant(name: &str) -> Answer {
    named(name).map(value).ok_or(Failure::NoOverload)
}

fn validate(args: &[CelValue]) -> Answer {
    let [
        CelValue::Opaque(Opaque::Format(format)),
        CelValue::String(text),
    ] = args
    else {
        return Err(Failure::NoOverload);
    };
    let reasons = (format.validate)(text);
    if reasons.is_empty() {
        return Ok(CelValue::none());
    }
    let reasons = reasons.into_iter().map(CelValue::string).collect();
    Ok(CelValue::some(CelValue::list(reasons)))
}
