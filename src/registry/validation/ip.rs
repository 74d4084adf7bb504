//! IP addresses as the API has always read them, and what it wants of them today.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::codec::quote::quote;
use crate::status::field::FieldError;

/// `ParseIPSloppy`: like Go before 1.17, leading zeros are read as decimal. No zone, no mask, no spaces.
pub(crate) fn parse_lenient(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| without_zeros(text))
}

fn without_zeros(text: &str) -> Option<IpAddr> {
    let mut plain = String::with_capacity(text.len());
    for part in text.split_inclusive(['.', ':']) {
        let (digits, separator) = match part.strip_suffix(['.', ':']) {
            Some(digits) => (digits, &part[digits.len()..]),
            None => (part, ""),
        };
        let trimmed = digits.trim_start_matches('0');
        plain.push_str(if trimmed.is_empty() && !digits.is_empty() {
            "0"
        } else {
            trimmed
        });
        plain.push_str(separator);
    }
    plain.parse().ok()
}

/// `IsValidIPForLegacyField` with `StrictIPCIDRValidation`, which 1.36 turned on.
pub(crate) fn validate_ip(path: impl Display, text: &str) -> Vec<FieldError> {
    let reason = ip_reason(text);
    let error = reason.map(|reason| FieldError::invalid_str(path.to_string(), text, reason));
    error.into_iter().collect()
}

fn ip_reason(text: &str) -> Option<&'static str> {
    if parse_lenient(text).is_none() {
        return Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
    match text.parse::<IpAddr>() {
        Err(_) => Some("must not have leading 0s"),
        Ok(ip) if is_mapped(ip) => Some("must not be an IPv4-mapped IPv6 address"),
        Ok(_) => None,
    }
}

/// `IsValidCIDRForLegacyField`, as strict.
pub(crate) fn validate_cidr(path: &str, text: &str) -> Vec<FieldError> {
    let Some((ip, length)) = parse_cidr(text) else {
        let reason = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        return vec![FieldError::invalid_str(path, text, reason)];
    };
    let (address, digits) = text.split_once('/').unwrap_or_default();
    let has_zeros = address.parse::<IpAddr>().is_err() || digits != length.to_string();
    let reason = if has_zeros {
        "must not have leading 0s in IP or prefix length"
    } else if is_mapped(ip) {
        "must not have an IPv4-mapped IPv6 address"
    } else if masked(ip, length) != ip {
        "must not have bits set beyond the prefix length"
    } else {
        return Vec::new();
    };
    vec![FieldError::invalid_str(path, text, reason)]
}

/// `IsValidIP`: as strict, and written the one way there is.
pub(crate) fn validate_canonical_ip(path: impl Display, text: &str) -> Option<FieldError> {
    let reason = canonical_ip_reason(text)?;
    Some(FieldError::invalid_str(path.to_string(), text, reason))
}

/// What [`validate_canonical_ip`] has against an address.
pub(crate) fn canonical_ip_reason(text: &str) -> Option<String> {
    if let Some(reason) = ip_reason(text) {
        return Some(reason.to_owned());
    }
    let canonical = parse_lenient(text)?.to_string();
    (canonical != text).then(|| format!("must be in canonical form ({})", quote(&canonical)))
}

/// `IsValidCIDR`: the same of a network.
pub(crate) fn validate_canonical_cidr(path: &str, text: &str) -> Vec<FieldError> {
    let errors = validate_cidr(path, text);
    match parse_cidr(text) {
        Some((ip, length)) if errors.is_empty() && format!("{ip}/{length}") != text => {
            vec![not_canonical(path, text, &format!("{ip}/{length}"))]
        }
        _ => errors,
    }
}

/// `IsValidInterfaceAddress`: an address and the length of the prefix of its network.
pub(crate) fn validate_interface_address(path: &str, text: &str) -> Vec<FieldError> {
    let Some((ip, length)) = parse_cidr(text) else {
        let reason = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)";
        return vec![FieldError::invalid_str(path, text, reason)];
    };
    let plain = ip.to_canonical();
    let length = match plain.is_ipv4() && length > 32 {
        true => length - 96,
        false => length,
    };
    match format!("{plain}/{length}") {
        canonical if canonical == text => Vec::new(),
        canonical => vec![not_canonical(path, text, &canonical)],
    }
}

fn not_canonical(path: &str, text: &str, canonical: &str) -> FieldError {
    let reason = format!("must be in canonical form ({})", quote(canonical));
    FieldError::invalid_str(path, text, reason)
}

/// Whether a network is a part of another, and smaller.
pub(crate) fn is_strict_subset(inner: &str, outer: &str) -> bool {
    let (Some((inner, longer)), Some((outer, shorter))) = (parse_cidr(inner), parse_cidr(outer))
    else {
        return false;
    };
    let same_family = inner.is_ipv4() == outer.is_ipv4();
    let contains = || masked(inner, shorter) == masked(outer, shorter);
    same_family && shorter < longer && contains()
}

/// `ParseCIDRSloppy`.
pub(crate) fn parse_cidr(text: &str) -> Option<(IpAddr, u32)> {
    let (address, digits) = text.split_once('/')?;
    let ip = parse_lenient(address)?;
    let length: u32 = digits.parse().ok()?;
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit());
    (is_plain && length <= bits(ip)).then_some((ip, length))
}

fn bits(ip: IpAddr) -> u32 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// The network an address is in.
fn masked(ip: IpAddr, length: u32) -> IpAddr {
    let rest = bits(ip) - length;
    match ip {
        IpAddr::V4(ip) => {
            let network = u32::from(ip).checked_shr(rest).unwrap_or_default();
            Ipv4Addr::from(network.checked_shl(rest).unwrap_or_default()).into()
        }
        IpAddr::V6(ip) => {
            let network = u128::from(ip).checked_shr(rest).unwrap_or_default();
            Ipv6Addr::from(network.checked_shl(rest).unwrap_or_default()).into()
        }
    }
}

/// `ValidateNonSpecialIP`: addresses that mean something to a node only are no endpoints.
pub(crate) fn validate_non_special_ip(path: impl Display, text: &str) -> Vec<FieldError> {
    let Some(ip) = parse_lenient(text).map(|ip| ip.to_canonical()) else {
        let reason = "must be a valid IP address";
        return vec![FieldError::invalid_str(path.to_string(), text, reason)];
    };
    // No address is two of these.
    let reason = if ip.is_unspecified() {
        format!("may not be unspecified ({text})")
    } else if ip.is_loopback() {
        "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()
    } else if is_link_local(ip) {
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned()
    } else if is_link_local_multicast(ip) {
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned()
    } else {
        return Vec::new();
    };
    vec![FieldError::invalid_str(path.to_string(), text, reason)]
}

/// `GetWarningsForIP`: what to say of an address that is valid but not written in its canonical form.
pub(crate) fn ip_warning(path: impl Display, text: &str) -> Option<String> {
    let lenient = parse_lenient(text)?;
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => None,
        Ok(ip) if !is_mapped(ip) => {
            let canonical = ip.to_string();
            (canonical != text).then(|| {
                let (shown, wanted) = (quote(text), quote(&canonical));
                format!(
                    "{path}: IPv6 address {shown} should be in RFC 5952 canonical format ({wanted})"
                )
            })
        }
        _ => {
            let (shown, wanted) = (quote(text), quote(&lenient.to_canonical().to_string()));
            Some(format!(
                "{path}: non-standard IP address {shown} is invalid: use {wanted}"
            ))
        }
    }
}

/// `GetWarningsForCIDR`, as far as a network can be odd and yet valid.
pub(crate) fn cidr_warning(path: &str, text: &str) -> Option<String> {
    let (ip, length) = parse_cidr(text)?;
    let canonical = format!("{ip}/{length}");
    (ip.is_ipv6() && canonical != text).then(|| {
        let (shown, wanted) = (quote(text), quote(&canonical));
        format!("{path}: IPv6 CIDR value {shown} should be in RFC 5952 canonical format ({wanted})")
    })
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::is_link_local(&ip),
        IpAddr::V6(ip) => Ipv6Addr::is_unicast_link_local(&ip),
    }
}

/// `224.0.0.0/24` and, whatever the message says, `ffX2::/16`.
fn is_link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => matches!(ip.octets(), [224, 0, 0, _]),
        IpAddr::V6(ip) => ip.segments()[0] & 0xff0f == 0xff02,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(errors: &[FieldError]) -> Vec<String> {
        errors.iter().map(FieldError::body).collect()
    }

    #[test]
    fn addresses_are_read_as_leniently_as_ever() {
        for (text, ip) in [
            ("10.0.0.1", Some("10.0.0.1")),
            ("010.000.0.0001", Some("10.0.0.1")),
            ("255.255.255.255", Some("255.255.255.255")),
            ("::", Some("::")),
            ("2001:DB8:0:0::1", Some("2001:db8::1")),
            ("00001::", Some("1::")),
            ("::ffff:010.0.0.1", Some("::ffff:10.0.0.1")),
            ("1:2:3:4:5:6:7::", Some("1:2:3:4:5:6:7:0")),
            ("", None),
            ("x", None),
            ("1", None),
            ("1.2.3", None),
            ("1.2.3.256", None),
            ("1.2.3.4.", None),
            ("1..2.3", None),
            (" 1.2.3.4", None),
            ("1.2.3.4/24", None),
            ("0x1.2.3.4", None),
            ("fe80::1%eth0", None),
            ("1:2:3:4:5:6:7::8", None),
            ("1::2::3", None),
            (":::", None),
            ("12345::", None),
            ("1.2.3.4::", None),
        ] {
            assert_eq!(
                parse_lenient(text).map(|ip| ip.to_string()).as_deref(),
                ip,
                "{text}"
            );
        }
    }

    #[test]
    fn the_form_of_an_address_is_checked_strictly() {
        let unreadable = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        for (text, reason) in [
            ("", unreadable),
            ("x", unreadable),
            ("010.0.0.1", "must not have leading 0s"),
            ("::ffff:010.0.0.1", "must not have leading 0s"),
            ("00001::", "must not have leading 0s"),
            ("::ffff:10.0.0.1", "must not be an IPv4-mapped IPv6 address"),
        ] {
            assert_eq!(
                bodies(&validate_ip("ip", text)),
                [format!("Invalid value: \"{text}\": {reason}")],
                "{text}"
            );
        }
        for text in ["10.0.0.1", "2001:DB8:0:0::1", "::10.0.0.1", "0001::"] {
            assert!(validate_ip("ip", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_network_has_no_bits_beyond_its_prefix() {
        let unreadable = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        for (text, reason) in [
            ("x", unreadable),
            ("10.0.0.0", unreadable),
            ("10.0.0.0/33", unreadable),
            ("10.0.0.0/+8", unreadable),
            (
                "010.0.0.0/8",
                "must not have leading 0s in IP or prefix length",
            ),
            (
                "10.0.0.0/08",
                "must not have leading 0s in IP or prefix length",
            ),
            (
                "::ffff:10.0.0.0/104",
                "must not have an IPv4-mapped IPv6 address",
            ),
            (
                "10.0.0.1/8",
                "must not have bits set beyond the prefix length",
            ),
            (
                "2001:db8::1/64",
                "must not have bits set beyond the prefix length",
            ),
        ] {
            assert_eq!(
                bodies(&validate_cidr("cidr", text)),
                [format!("Invalid value: \"{text}\": {reason}")],
                "{text}"
            );
        }
        for text in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "10.0.0.1/32",
            "2001:db8::/64",
            "::/0",
            "FD00::/8",
        ] {
            assert!(validate_cidr("cidr", text).is_empty(), "{text}");
        }
        assert_eq!(
            cidr_warning("cidr", "FD00::/8").as_deref(),
            Some(
                r#"cidr: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ("fd00::/8")"#
            )
        );
        assert_eq!(cidr_warning("cidr", "10.0.0.0/8"), None);
    }

    #[test]
    fn special_ranges_are_refused() {
        let loopback = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
        let link_local = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
        let multicast = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
        for (text, reason) in [
            ("x", "must be a valid IP address"),
            ("", "must be a valid IP address"),
            ("0.0.0.0", "may not be unspecified (0.0.0.0)"),
            ("::", "may not be unspecified (::)"),
            ("::ffff:0.0.0.0", "may not be unspecified (::ffff:0.0.0.0)"),
            ("127.0.0.1", loopback),
            ("0127.1.2.3", loopback),
            ("::1", loopback),
            ("::ffff:127.0.0.1", loopback),
            ("169.254.1.1", link_local),
            ("fe80::1", link_local),
            ("febf::1", link_local),
            ("224.0.0.255", multicast),
            ("ff02::1", multicast),
            ("ff12::1", multicast),
        ] {
            let found = bodies(&validate_non_special_ip("ip", text));
            assert_eq!(
                found,
                [format!("Invalid value: \"{text}\": {reason}")],
                "{text}"
            );
        }
        for text in [
            "10.0.0.1",
            "255.255.255.255",
            "224.0.1.0",
            "ff05::1",
            "fec0::1",
            "2001:db8::1",
        ] {
            assert!(validate_non_special_ip("ip", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn an_unusual_form_is_warned_about() {
        for (text, warning) in [
            (
                "010.0.0.1",
                Some(r#"ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1""#),
            ),
            (
                "::ffff:10.0.0.1",
                Some(r#"ip: non-standard IP address "::ffff:10.0.0.1" is invalid: use "10.0.0.1""#),
            ),
            (
                "00001::",
                Some(r#"ip: non-standard IP address "00001::" is invalid: use "1::""#),
            ),
            (
                "2001:DB8:0:0::1",
                Some(
                    r#"ip: IPv6 address "2001:DB8:0:0::1" should be in RFC 5952 canonical format ("2001:db8::1")"#,
                ),
            ),
            (
                "1:0:0:2:0:0:0:3",
                Some(
                    r#"ip: IPv6 address "1:0:0:2:0:0:0:3" should be in RFC 5952 canonical format ("1:0:0:2::3")"#,
                ),
            ),
            (
                "::1.2.3.4",
                Some(
                    r#"ip: IPv6 address "::1.2.3.4" should be in RFC 5952 canonical format ("::102:304")"#,
                ),
            ),
            ("10.0.0.1", None),
            ("2001:db8::1", None),
            ("1:0:2:3:4:5:6:7", None),
            ("x", None),
        ] {
            assert_eq!(ip_warning("ip", text).as_deref(), warning, "{text}");
        }
    }
}
