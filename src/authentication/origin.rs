//! Keeps browsers out: a page of another origin must not script a server that asks nobody for a token, nor read what it
//! stores.
//!
//! A browser says where a page comes from (`Origin`, `Sec-Fetch-Site`), but not always, and not if the page's own name was
//! pointed at this machine after it was loaded: then only that name (`Host`) tells. No other client says any of it wrong.

use std::net::IpAddr;

use http::HeaderMap;

/// Names that no public server has, so that no page can have them pointed at this machine. `local` is none of them: who
/// is on the same network may answer for it.
const LOCAL_SUFFIXES: [&str; 2] = [".localhost", ".internal"];
/// What clients in a pod call the server; there is no such name outside of a cluster.
const IN_CLUSTER: [&str; 2] = ["kubernetes.default", "kubernetes.default.svc"];

/// Under which names the server is known, and whose pages may ask it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    /// In lower case; `*.` stands for one label.
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Origins {
    /// Beside the names that are local anyhow.
    pub(crate) fn new<'a>(
        hosts: impl IntoIterator<Item = &'a String>,
        origins: impl IntoIterator<Item = &'a String>,
    ) -> Self {
        let lower = |text: &String| text.to_ascii_lowercase();
        Origins {
            hosts: hosts.into_iter().map(lower).collect(),
            origins: origins.into_iter().map(lower).collect(),
        }
    }

    /// Refuses what a browser asks for somebody else's page; the error says why. The authority is that of the request's
    /// target, if it has one.
    pub(crate) fn check(&self, headers: &HeaderMap, authority: Option<&str>) -> Result<(), String> {
        let header = |name| headers.get(name).map(|value| value.as_bytes());
        let text = |name| header(name).map(|value| String::from_utf8_lossy(value).to_lowercase());
        let host = text("host");
        let authority = authority.map(str::to_lowercase);
        for host in host.iter().chain(&authority) {
            if !self.knows(without_port(host)) {
                return Err(format!(
                    "this server is not reachable as {host:?}: a public name can be pointed at this machine by anyone; \
                     use the address, or a local name"
                ));
            }
        }
        let host = host.or(authority).unwrap_or_default();
        let foreign = |from: &str| {
            Err(format!(
                "this server is not for pages of another origin ({from})"
            ))
        };
        match (text("origin"), text("sec-fetch-site")) {
            (Some(origin), _) if self.origins.contains(&origin) => Ok(()),
            (Some(origin), _) if !is_of(&origin, &host) => foreign(&origin),
            (_, Some(site)) if !matches!(&*site, "same-origin" | "none") => foreign(&site),
            _ => Ok(()),
        }
    }

    /// An address, a name without a dot, a name that no public server has, or one that was allowed.
    fn knows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = host.strip_suffix('.').unwrap_or(host);
        bare.parse::<IpAddr>().is_ok()
            || !name.contains('.')
            || IN_CLUSTER.contains(&name)
            || LOCAL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
            || self.hosts.iter().any(|known| fits(known, name))
    }
}

/// Whether a text is one a browser sends as `Origin`.
pub(crate) fn is_origin(text: &str) -> bool {
    let rest = text.split_once("://");
    rest.is_some_and(|(scheme, host)| {
        !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])
    })
}

fn fits(known: &str, name: &str) -> bool {
    match known.strip_prefix("*.") {
        Some(parent) => name
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
        None => known == name,
    }
}

/// Whether an origin is that of this host; a port that goes without saying may be said.
fn is_of(origin: &str, host: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else {
        return false;
    };
    let usual = match scheme {
        "https" | "wss" => ":443",
        _ => ":80",
    };
    let bare = |host: &str| host.strip_suffix(usual).unwrap_or(host).to_owned();
    bare(rest) == bare(host)
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

    fn allowed_by(origins: &Origins, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        origins.check(&headers.collect(), None).is_ok()
    }

    fn allowed(headers: &[(&'static str, &str)]) -> bool {
        allowed_by(&Origins::default(), headers)
    }

    #[test]
    fn what_is_no_browser_may() {
        for host in [
            "127.0.0.1:4711",
            "[::1]:4711",
            "localhost:4711",
            "LOCALHOST:4711",
            "localhost.",
            "fake:80",
            "a.localhost",
            "A.LocalHost:1",
            "host.docker.internal",
            "kubernetes.default.svc",
        ] {
            assert!(allowed(&[("host", host)]), "{host}");
        }
        assert!(allowed(&[]));
    }

    #[test]
    fn a_page_of_another_origin_may_not() {
        let host = ("host", "127.0.0.1:4711");
        assert!(!allowed(&[host, ("origin", "https://evil.example")]));
        assert!(!allowed(&[host, ("origin", "null")]));
        assert!(!allowed(&[host, ("origin", "")]));
        assert!(!allowed(&[host, ("origin", "http://127.0.0.1:4712")]));
        assert!(!allowed(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[host, ("sec-fetch-site", "same-site")]));
        assert!(!allowed(&[
            host,
            ("origin", "http://127.0.0.1:4711"),
            ("sec-fetch-site", "cross-site")
        ]));
        assert!(allowed(&[
            host,
            ("origin", "http://127.0.0.1:4711"),
            ("sec-fetch-site", "same-origin")
        ]));
        let usual = [("host", "localhost"), ("origin", "http://LOCALHOST:80")];
        assert!(allowed(&usual));
        assert!(allowed(&[
            ("host", "localhost:443"),
            ("origin", "https://localhost")
        ]));
    }

    #[test]
    fn a_public_name_pointed_at_this_machine_may_not() {
        for host in [
            "evil.example:4711",
            "EVIL.EXAMPLE",
            "evil.example.",
            "127.0.0.1.evil.example",
            "printer.local",
            "x.svc.cluster.local",
            "localhost.evil.example",
            "evil-localhost.example",
        ] {
            assert!(!allowed(&[("host", host)]), "{host}");
        }
        let local: HeaderMap = [(http::header::HOST, "localhost".parse().unwrap())]
            .into_iter()
            .collect();
        let check = |authority| Origins::default().check(&local, Some(authority));
        assert!(check("localhost:1").is_ok());
        assert!(check("evil.example").is_err());
    }

    #[test]
    fn who_was_allowed_may() {
        let hosts = ["Fake.Example.com", "*.pods.test"].map(str::to_owned);
        let origins = ["http://localhost:5173".to_owned()];
        let known = Origins::new(&hosts, &origins);
        for host in ["fake.example.com:8001", "FAKE.example.com.", "a.pods.test"] {
            assert!(allowed_by(&known, &[("host", host)]), "{host}");
        }
        for host in ["example.com", "a.b.pods.test", "pods.test", ".pods.test"] {
            assert!(!allowed_by(&known, &[("host", host)]), "{host}");
        }
        let host = ("host", "127.0.0.1:1");
        let from = |origin| [host, ("origin", origin), ("sec-fetch-site", "cross-site")];
        assert!(allowed_by(&known, &from("http://localhost:5173")));
        assert!(!allowed_by(&known, &from("https://localhost:5173")));
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for (text, expected) in [
            ("http://localhost:5173", true),
            ("app://x", true),
            ("localhost:5173", false),
            ("http://localhost/", false),
            ("://x", false),
            ("http://", false),
        ] {
            assert_eq!(is_origin(text), expected, "{text}");
        }
    }
}
