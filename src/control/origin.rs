//! Keeps browsers out: a page of another origin must not script the server, nor read what it stores.

use std::net::IpAddr;

use http::HeaderMap;

/// Names that are never those of a public site, which a page could have pointed at this machine.
const LOCAL_SUFFIXES: [&str; 3] = [".localhost", ".internal", ".local"];

/// Refuses what a browser asks for somebody else's page; the error says why.
pub(super) fn check(headers: &HeaderMap) -> Result<(), String> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header("host").unwrap_or_default();
    if !is_local_name(without_port(host)) {
        return Err(format!(
            "the control surface is not reachable as {host:?}: a public name can be pointed at this machine by anyone; \
             use the address, or a local name"
        ));
    }
    if let Some(site) = header("sec-fetch-site").filter(|s| !matches!(*s, "same-origin" | "none")) {
        return Err(format!(
            "the control surface is not for pages of another origin ({site})"
        ));
    }
    let own = |origin: &str| {
        origin
            .split_once("://")
            .is_some_and(|(_, rest)| rest == host)
    };
    match header("origin") {
        Some(origin) if !own(origin) => Err(format!(
            "the control surface is not for pages of another origin ({origin})"
        )),
        _ => Ok(()),
    }
}

/// An address, a name without a dot, or a name that no public server has.
fn is_local_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || !host.contains('.')
        || LOCAL_SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        check(&headers.collect()).is_ok()
    }

    #[test]
    fn what_is_no_browser_may() {
        for host in [
            "127.0.0.1:4711",
            "[::1]:4711",
            "localhost:4711",
            "fake:80",
            "a.localhost",
            "x.svc.cluster.local",
        ] {
            assert!(allowed(&[("host", host)]), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_origin_may_not() {
        let host = ("host", "127.0.0.1:4711");
        assert!(!allowed(&[host, ("origin", "https://evil.example")]));
        assert!(!allowed(&[host, ("origin", "null")]));
        assert!(!allowed(&[host, ("origin", "http://127.0.0.1:4712")]));
        assert!(!allowed(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[host, ("sec-fetch-site", "same-site")]));
        assert!(allowed(&[
            host,
            ("origin", "http://127.0.0.1:4711"),
            ("sec-fetch-site", "same-origin")
        ]));
    }

    #[test]
    fn a_public_name_pointed_at_this_machine_may_not() {
        assert!(!allowed(&[("host", "evil.example:4711")]));
        assert!(!allowed(&[("host", "127.0.0.1.evil.example")]));
    }
}
