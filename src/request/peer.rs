//! Who is at the other end of an encrypted connection, as far as certificates tell.
#![cfg_attr(
    not(feature = "tls"),
    expect(dead_code, reason = "without TLS nobody shows a certificate")
)]

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use super::user::UserInfo;

/// The certificates a client has shown, of one of which it has proven to have the key.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    /// In DER, the client's own first.
    pub(crate) chain: Vec<Vec<u8>>,
    /// Who that is, which need not be found out with every request.
    pub(crate) known: OnceLock<Vouched>,
}

/// A user somebody trustworthy has vouched for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vouched {
    pub(crate) user: Arc<UserInfo>,
    /// When the certificates that say so are good, in seconds since 1970.
    pub(crate) valid: RangeInclusive<i64>,
}

impl Peer {
    /// Nothing for a client that has shown none.
    pub(crate) fn of(chain: Vec<Vec<u8>>) -> Option<Arc<Self>> {
        let known = OnceLock::new();
        (!chain.is_empty()).then(|| Arc::new(Peer { chain, known }))
    }
}
