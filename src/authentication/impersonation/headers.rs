//! The `Impersonate-*` headers: who a request is to be served as.

use std::collections::BTreeMap;

use http::HeaderMap;
use percent_encoding::percent_decode_str;

use crate::codec::quote::quote;
use crate::request::user::UserInfo;
use crate::status::Status;

const ANY: &str = "impersonate-";
const USER: &str = "impersonate-user";
const UID: &str = "impersonate-uid";
const GROUP: &str = "impersonate-group";
const EXTRA: &str = "impersonate-extra-";

/// Whether a request has one of the headers.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with(ANY))
}

/// The user as the headers name it.
pub(super) fn wanted(headers: &HeaderMap) -> Result<Option<UserInfo>, Status> {
    let first = |name: &str| headers.get(name).map(text).unwrap_or_default();
    let wanted = UserInfo {
        name: first(USER),
        uid: first(UID),
        groups: headers.get_all(GROUP).iter().map(text).collect(),
        extra: extra_below(headers, EXTRA),
    };
    if !wanted.name.is_empty() {
        return Ok(Some(wanted));
    }
    if only_name(&wanted) {
        return Ok(None);
    }
    Err(Status::bad_request(format!(
        "requested {} without impersonating a user name",
        go_syntax(&wanted)
    )))
}

/// A value, however it is encoded.
pub(in crate::authentication) fn text(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// What headers say whose names begin like this, by the rest of their names.
pub(in crate::authentication) fn extra_below(
    headers: &HeaderMap,
    start: &str,
) -> BTreeMap<String, Vec<String>> {
    let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let names = headers.keys().map(http::HeaderName::as_str);
    let mut names: Vec<&str> = names.filter(|name| name.starts_with(start)).collect();
    names.sort_unstable();
    for name in names {
        extra
            .entry(unescape(&name[start.len()..]))
            .or_default()
            .extend(headers.get_all(name).iter().map(text));
    }
    extra
}

/// `url.PathUnescape`; a key with a bad escape is taken as it is.
fn unescape(key: &str) -> String {
    let escapes = key.split('%').skip(1);
    let well_formed =
        |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    if escapes.into_iter().all(well_formed) {
        percent_decode_str(key).decode_utf8_lossy().into_owned()
    } else {
        key.to_owned()
    }
}

pub(super) fn only_name(wanted: &UserInfo) -> bool {
    wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty()
}

/// How `%#v` prints upstream's user.
fn go_syntax(user: &UserInfo) -> String {
    let strings = |list: &[String]| {
        let list: Vec<String> = list.iter().map(|s| quote(s)).collect();
        format!("[]string{{{}}}", list.join(", "))
    };
    let groups = if user.groups.is_empty() {
        "[]string(nil)".to_owned()
    } else {
        strings(&user.groups)
    };
    let pairs: Vec<String> = user
        .extra
        .iter()
        .map(|(k, v)| format!("{}:{}", quote(k), strings(v)))
        .collect();
    let extra = if pairs.is_empty() {
        "(nil)".to_owned()
    } else {
        format!("{{{}}}", pairs.join(", "))
    };
    let (name, uid) = (quote(&user.name), quote(&user.uid));
    format!(
        "&user.DefaultInfo{{Name:{name}, UID:{uid}, Groups:{groups}, Extra:map[string][]string{extra}}}"
    )
}
