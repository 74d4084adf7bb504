//! IP addresses and networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;
use crate::cel::value::cidr::Cidr;
use crate::cel::value::opaque::Opaque;
use crate::codec::quote::quote;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "ip" => |args| match args {
            [CelValue::String(text)] => address(text).map(ip_value),
            [CelValue::Opaque(Opaque::Cidr(cidr))] => Ok(ip_value(cidr.address)),
            _ => Err(Failure::NoOverload),
        },
        "isIP" => |args| match args {
            [CelValue::String(text)] => Ok(CelValue::Bool(address(text).is_ok())),
            _ => Err(Failure::NoOverload),
        },
        "ip.isCanonical" => |args| match args {
            [CelValue::String(text)] => Ok(CelValue::Bool(address(text)?.to_string() == **text)),
            _ => Err(Failure::NoOverload),
        },
        "family" => |args| of_ip(args, |ip| CelValue::Int(if ip.is_ipv4() { 4 } else { 6 })),
        "isUnspecified" => |args| of_ip(args, |ip| CelValue::Bool(ip.is_unspecified())),
        "isLoopback" => |args| of_ip(args, |ip| CelValue::Bool(ip.is_loopback())),
        "isLinkLocalMulticast" => |args| of_ip(args, |ip| CelValue::Bool(is_local_multicast(ip))),
        "isLinkLocalUnicast" => |args| of_ip(args, |ip| CelValue::Bool(is_local_unicast(ip))),
        "isGlobalUnicast" => |args| of_ip(args, |ip| CelValue::Bool(is_global_unicast(ip))),
        "cidr" => |args| match args {
            [CelValue::String(text)] => network(text).map(cidr_value),
            _ => Err(Failure::NoOverload),
        },
        "isCIDR" => |args| match args {
            [CelValue::String(text)] => Ok(CelValue::Bool(network(text).is_ok())),
            _ => Err(Failure::NoOverload),
        },
        "prefixLength" => |args| of_cidr(args, |cidr| CelValue::Int(i64::from(cidr.bits))),
        "masked" => |args| {
            of_cidr(args, |cidr| {
                let address = masked(cidr.address, cidr.bits);
                cidr_value(Cidr { address, ..cidr })
            })
        },
        "containsIP" => |args| match args {
            [CelValue::Opaque(Opaque::Cidr(cidr)), other] => {
                let ip = match other {
                    // Upstream loses what is wrong with the text.
                    CelValue::String(text) => address(text).map_err(|_| Failure::NoSuchOverload)?,
                    CelValue::Opaque(Opaque::Ip(ip)) => *ip,
                    _ => return Err(Failure::NoOverload),
                };
                Ok(CelValue::Bool(contains(cidr, ip)))
            }
            _ => Err(Failure::NoOverload),
        },
        "containsCIDR" => |args| match args {
            [CelValue::Opaque(Opaque::Cidr(cidr)), other] => {
                let inner = match other {
                    CelValue::String(text) => network(text)?,
                    CelValue::Opaque(Opaque::Cidr(inner)) => *inner,
                    _ => return Err(Failure::NoOverload),
                };
                let within = cidr.bits <= inner.bits && contains(cidr, inner.address);
                Ok(CelValue::Bool(within))
            }
            _ => Err(Failure::NoOverload),
        },
        _ => return None,
    })
}

fn ip_value(ip: IpAddr) -> CelValue {
    CelValue::Opaque(Opaque::Ip(ip))
}

fn cidr_value(cidr: Cidr) -> CelValue {
    CelValue::Opaque(Opaque::Cidr(cidr))
}

fn of_ip(args: &[CelValue], function: fn(IpAddr) -> CelValue) -> Answer {
    match args {
        [CelValue::Opaque(Opaque::Ip(ip))] => Ok(function(*ip)),
        _ => Err(Failure::NoOverload),
    }
}

fn of_cidr(args: &[CelValue], function: fn(Cidr) -> CelValue) -> Answer {
    match args {
        [CelValue::Opaque(Opaque::Cidr(cidr))] => Ok(function(*cidr)),
        _ => Err(Failure::NoOverload),
    }
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

fn address(text: &str) -> Result<IpAddr, Failure> {
    let plain = text.split_once('%').map_or(text, |(plain, _)| plain);
    let Ok(ip) = plain.parse::<IpAddr>() else {
        return Err(Failure::new(format!(
            "IP Address {0} parse error during conversion from string: ParseAddr({0}): {1}",
            quote(text),
            why_no_address(text)
        )));
    };
    if text.contains('%') && ip.is_ipv6() {
        let message = format!("IP address {} with zone value is not allowed", quote(text));
        return Err(Failure::new(message));
    }
    if is_mapped(ip) {
        let message = format!("IPv4-mapped IPv6 address {} is not allowed", quote(text));
        return Err(Failure::new(message));
    }
    Ok(ip)
}

/// What `netip.ParseAddr` says of it.
fn why_no_address(text: &str) -> String {
    let kind = text.chars().find(|c| ".:%".contains(*c));
    match kind {
        Some('.') => why_no_ipv4(text),
        Some(':') => "unexpected character, want colon".to_owned(),
        Some('%') => "missing IPv6 address".to_owned(),
        _ => "unable to parse IP".to_owned(),
    }
}

fn why_no_ipv4(text: &str) -> String {
    let mut fields = 0;
    let mut digits = String::new();
    for (i, c) in text.char_indices() {
        match c {
            '0'..='9' => {
                if digits == "0" {
                    return "IPv4 field has octet with leading zero".to_owned();
                }
                digits.push(c);
                if digits.parse::<u32>().is_ok_and(|value| value > 255) {
                    return "IPv4 field has value >255".to_owned();
                }
            }
            '.' => {
                let rest = &text[i + 1..];
                if digits.is_empty() || rest.is_empty() || rest.starts_with('.') {
                    return format!(
                        "IPv4 field must have at least one digit (at {})",
                        quote(&text[i..])
                    );
                }
                if fields == 3 {
                    return "IPv4 address too long".to_owned();
                }
                fields += 1;
                digits.clear();
            }
            _ => return format!("unexpected character (at {})", quote(&text[i..])),
        }
    }
    "IPv4 address too short".to_owned()
}

fn network(text: &str) -> Result<Cidr, Failure> {
    const WHAT: &str = "network address parse error during conversion from string";
    let wrong = |why: String| {
        Failure::new(format!(
            "{WHAT}: {WHAT}: netip.ParsePrefix({}): {why}",
            quote(text)
        ))
    };
    let Some((ip, length)) = text.rsplit_once('/') else {
        return Err(wrong("no '/'".to_owned()));
    };
    let address = ip
        .parse::<IpAddr>()
        .map_err(|_| wrong(format!("ParseAddr({}): {}", quote(ip), why_no_address(ip))))?;
    let plain = length == "0" || length.starts_with(|c| matches!(c, '1'..='9'));
    let bits: u8 = length
        .parse()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| wrong(format!("bad bits after slash: {}", quote(length))))?;
    if bits > width(address) {
        return Err(wrong("prefix length out of range".to_owned()));
    }
    if is_mapped(address) {
        let message = format!(
            "{WHAT}: IPv4-mapped IPv6 address {} is not allowed",
            quote(text)
        );
        return Err(Failure::new(message));
    }
    Ok(Cidr { address, bits })
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn masked(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(bits.min(32)))
                .unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(bits.min(128)))
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
        }
    }
}

fn contains(cidr: &Cidr, ip: IpAddr) -> bool {
    cidr.address.is_ipv4() == ip.is_ipv4()
        && masked(cidr.address, cidr.bits) == masked(ip, cidr.bits)
}

fn is_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
    }
}

fn is_local_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn is_global_unicast(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    !broadcast
        && !ip.is_unspecified()
        && !ip.is_loopback()
        && !ip.is_multicast()
        && !is_local_unicast(ip)
}
