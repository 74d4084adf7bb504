//! The forms of what only pods have: names of ports, variables, sysctls, search domains.

use crate::names::{mismatch, too_long};

pub(super) const MAX_ID: i64 = (1 << 31) - 1;
const SUBDOMAIN_MAX: usize = 253;
const SYSCTL_REGEX: &str =
    r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

/// `IsValidPortName`.
pub(crate) fn port_name(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.len() > 15 {
        errors.push(too_long(15, "characters"));
    }
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let mut tell = |is_wrong: bool, reason: &str| {
        if is_wrong {
            errors.push(reason.to_owned());
        }
    };
    tell(
        name.is_empty() || !name.bytes().all(fits),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    tell(
        !name.bytes().any(|c| c.is_ascii_lowercase()),
        "must contain at least one letter (a-z)",
    );
    tell(name.contains("--"), "must not contain consecutive hyphens");
    tell(
        name.starts_with('-') || name.ends_with('-'),
        "must not begin or end with a hyphen",
    );
    errors
}

/// `IsRelaxedEnvVarName`.
pub(super) fn variable_name(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    if name.chars().all(|c| matches!(c, ' '..='~') && c != '=') {
        return Vec::new();
    }
    let reason = "a valid environment variable name must consist only of printable ASCII characters other than '='";
    vec![reason.to_owned()]
}

/// `IsHTTPHeaderName`.
pub(super) fn header_name(name: &str) -> Vec<String> {
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    if !name.is_empty() && name.bytes().all(fits) {
        return Vec::new();
    }
    let what = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![mismatch(what, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// `IsDNS1123SubdomainWithUnderscore`.
pub(super) fn search_domain(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.len() > SUBDOMAIN_MAX {
        errors.push(too_long(SUBDOMAIN_MAX, "characters"));
    }
    let outer = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label).as_bytes();
        label.first().is_some_and(|c| outer(*c))
            && label.last().is_some_and(|c| outer(*c))
            && label.iter().all(|c| outer(*c) || matches!(c, b'-' | b'_'))
    };
    if !name.split('.').all(label) {
        let what = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
        let part = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
        let regex = format!(r"{part}(\.{part})*");
        errors.push(mismatch(what, &regex, &["example.com"]));
    }
    errors
}

/// `IsValidSysctlName`; the error is what upstream says of it.
pub(super) fn sysctl_name(name: &str) -> Option<String> {
    let outer = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let segment = |part: &str| {
        let part = part.as_bytes();
        part.first().is_some_and(|c| outer(*c))
            && part.last().is_some_and(|c| outer(*c))
            && part.iter().all(|c| outer(*c) || matches!(c, b'-' | b'_'))
    };
    let fits = name.len() <= SUBDOMAIN_MAX && name.split(['.', '/']).all(segment);
    (!fits).then(|| {
        format!("must have at most {SUBDOMAIN_MAX} characters and match regex {SYSCTL_REGEX}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_has_a_short_name_with_a_letter() {
        assert!(port_name("http-2").is_empty());
        for (name, count) in [
            ("", 2),
            ("80", 1),
            ("-a", 1),
            ("a--b", 1),
            ("A", 2),
            ("sixteen-letters-", 2),
        ] {
            assert_eq!(port_name(name).len(), count, "{name}");
        }
    }

    #[test]
    fn a_sysctl_is_segments_between_dots_or_slashes() {
        for good in ["net.ipv4.tcp_syncookies", "kernel/shm_rmid_forced", "a-b"] {
            assert_eq!(sysctl_name(good), None, "{good}");
        }
        for bad in ["A", "a..b", "a_", ".a"] {
            assert!(sysctl_name(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn a_search_domain_may_have_underscores() {
        assert!(search_domain("_sip._tcp.a_b.c").is_empty());
        assert_eq!(search_domain("a b").len(), 1);
        assert_eq!(search_domain("").len(), 1);
    }
}
