//! A server that others can reach: who they are, what they may do, and by which address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Addresses that are set aside for documentation, so that nobody has them: asking for the way there sends nothing.
const SOMEWHERE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// What there is to say of a server that is not for this machine alone; nothing of one that is, or that is safe.
pub(super) fn warning(address: SocketAddr, asks_for_tokens: bool, control: bool) -> Option<String> {
    if address.ip().is_loopback() {
        return None;
    }
    let (may, remedy) = match (asks_for_tokens, control) {
        (true, false) => return None,
        (true, true) => (
            "script the server below /_fake, without a token",
            "--control=false closes that",
        ),
        (false, true) => (
            "read and change everything in it as the administrator, and script it below /_fake",
            "--token-auth-file asks for tokens, and --control=false closes /_fake",
        ),
        (false, false) => (
            "read and change everything in it as the administrator",
            "--token-auth-file asks for tokens",
        ),
    };
    Some(format!(
        "warning: listening on {address}: whoever can reach this port may {may}; {remedy}"
    ))
}

/// An address by which others reach a server that listens on this one.
pub(super) fn outward(listening: SocketAddr) -> Option<SocketAddr> {
    let ip = match listening.ip() {
        ip if ip.is_loopback() => return None,
        ip if ip.is_unspecified() => own_address(ip)?,
        ip => ip,
    };
    Some(SocketAddr::new(ip, listening.port()))
}

/// The address of this machine that the way to the rest of the world leads from.
fn own_address(any: IpAddr) -> Option<IpAddr> {
    let ways = SOMEWHERE
        .into_iter()
        .filter(|to| any.is_ipv6() || to.is_ipv4());
    let from = |to: IpAddr| {
        let any: IpAddr = match to {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((to, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    ways.filter_map(from)
        .find(|ip| !ip.is_unspecified() && !ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_can_do_what_is_said_of_a_server_that_others_reach() {
        assert_eq!(warning(at("127.0.0.1:1"), false, true), None);
        assert_eq!(warning(at("[::1]:1"), false, true), None);
        assert_eq!(warning(at("0.0.0.0:1"), true, false), None);
        for (tokens, control, expected) in [
            (
                false,
                true,
                "may read and change everything in it as the administrator, and script it below /_fake; \
                 --token-auth-file asks for tokens, and --control=false closes /_fake",
            ),
            (
                false,
                false,
                "may read and change everything in it as the administrator; --token-auth-file asks for tokens",
            ),
            (
                true,
                true,
                "may script the server below /_fake, without a token; --control=false closes that",
            ),
        ] {
            let start = "warning: listening on 0.0.0.0:1: whoever can reach this port ";
            let expected = format!("{start}{expected}");
            assert_eq!(warning(at("0.0.0.0:1"), tokens, control), Some(expected));
        }
    }

    #[test]
    fn others_reach_an_address_and_not_all_of_them() {
        assert_eq!(outward(at("127.0.0.1:1")), None);
        assert_eq!(outward(at("192.0.2.7:1")), Some(at("192.0.2.7:1")));
        let reached = outward(at("0.0.0.0:1"));
        assert!(reached.is_none_or(|address| !address.ip().is_unspecified()));
    }
}
