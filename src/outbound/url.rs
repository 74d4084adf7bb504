//! The URL of a webhook, as Go's client makes it up again from its parts.

use std::time::Duration;

/// What a port is where a URL names none.
const HTTPS: &str = "443";

/// Characters of a path that need no escape.
const PLAIN: &[u8] = b"-_.~$&+,/:;=@";

/// An https URL.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Url {
    /// As it was written, perhaps with a port.
    pub(crate) host: String,
    /// Cleaned and escaped.
    path: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let scheme = text.get(..8).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("https://") {
            return Err(format!("Unparsable URL: {text}"));
        }
        let rest = &text[8..];
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, rest) = rest.split_at(end);
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        Ok(Url::new(host, path))
    }

    /// A URL of this host with this path, as it was written.
    pub(super) fn new(host: &str, path: &str) -> Self {
        Url {
            host: host.to_owned(),
            path: escape(&clean(&unescape(path))),
        }
    }

    /// The host without port and brackets.
    pub(super) fn name(&self) -> &str {
        split(&self.host).0
    }

    pub(super) fn port(&self) -> &str {
        split(&self.host).1
    }

    /// Whether it is on this machine, where Go also speaks HTTP/2.
    pub(super) fn is_local(&self) -> bool {
        let name = self.name();
        let address = name.parse::<std::net::IpAddr>();
        name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
    }

    pub(super) fn path_and_query(&self, timeout: Duration) -> String {
        format!("{}?timeout={}", self.path, go_duration(timeout))
    }

    /// As errors show it.
    pub(super) fn with_timeout(&self, timeout: Duration) -> String {
        format!("https://{}{}", self.host, self.path_and_query(timeout))
    }
}

/// Host and port, without the brackets of an IPv6 address.
fn split(host: &str) -> (&str, &str) {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    (name, if port.is_empty() { HTTPS } else { port })
}

/// Whole seconds as Go writes a duration.
fn go_duration(duration: Duration) -> String {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// `path.Join` of a slash and this.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn unescape(path: &str) -> String {
    percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned()
}

fn escape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_made_up_again() {
        for (text, shown) in [
            ("https://a:1//x/./y/", "https://a:1/x/y?timeout=10s"),
            ("https://a", "https://a/?timeout=10s"),
            (
                "HTTPS://a/b c%20(d)",
                "https://a/b%20c%20%28d%29?timeout=10s",
            ),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.with_timeout(Duration::from_secs(10)), shown);
        }
        let url = Url::parse("https://[::1]:8443/x").unwrap();
        assert_eq!(
            (url.name(), url.port(), url.is_local()),
            ("::1", "8443", true)
        );
        let url = Url::parse("https://example.com").unwrap();
        assert_eq!((url.port(), url.is_local()), ("443", false));
        assert_eq!(go_duration(Duration::from_millis(1500)), "2s");
        assert_eq!(go_duration(Duration::from_secs(90)), "1m30s");
    }
}
