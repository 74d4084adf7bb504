//! The functions of URLs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Answer, Failure, Function};
use crate::cel::value::opaque::Opaque;
use crate::cel::value::url::{Url, check_escapes, parse, split_port};
use crate::cel::value::{CelValue, MapKey};

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "url" => |args| match args {
            [CelValue::String(text)] => match parse(text) {
                Ok(url) => Ok(CelValue::Opaque(Opaque::Url(Arc::new(url)))),
                Err(why) => Err(Failure::new(format!(
                    "URL parse error during conversion from string: {why}"
                ))),
            },
            _ => Err(Failure::NoOverload),
        },
        "isURL" => |args| match args {
            [CelValue::String(text)] => Ok(CelValue::Bool(parse(text).is_ok())),
            _ => Err(Failure::NoOverload),
        },
        "getScheme" => |args| part(args, |url| url.scheme.clone()),
        "getHost" => |args| part(args, |url| url.host.clone()),
        "getHostname" => |args| part(args, |url| split_port(&url.host).0.to_owned()),
        "getPort" => |args| part(args, |url| split_port(&url.host).1.to_owned()),
        "getEscapedPath" => |args| part(args, |url| url.path.clone()),
        "getQuery" => query,
        _ => return None,
    })
}

fn part(args: &[CelValue], part: fn(&Url) -> String) -> Answer {
    match args {
        [CelValue::Opaque(Opaque::Url(url))] => Ok(CelValue::string(part(url))),
        _ => Err(Failure::NoOverload),
    }
}

fn query(args: &[CelValue]) -> Answer {
    let [CelValue::Opaque(Opaque::Url(url))] = args else {
        return Err(Failure::NoOverload);
    };
    let mut all: BTreeMap<MapKey, Vec<CelValue>> = BTreeMap::new();
    for pair in url
        .query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.contains(';'))
    {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if check_escapes(key).is_err() || check_escapes(value).is_err() {
            continue;
        }
        let values = all.entry(MapKey::text(&unescaped(key))).or_default();
        values.push(CelValue::string(unescaped(value)));
    }
    Ok(CelValue::map(
        all.into_iter()
            .map(|(key, values)| (key, CelValue::list(values))),
    ))
}

fn unescaped(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}
