//! Proxies that tell who asks: upstream's `--requestheader-client-ca-file`. A client with a certificate of theirs is believed
//! what its `X-Remote-*` headers say.

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;

use super::certificates::Authorities;
use super::impersonation::headers::{extra_below, text};
use crate::request::peer::Peer;
use crate::request::user::UserInfo;

const USER: &str = "x-remote-user";
const UID: &str = "x-remote-uid";
const GROUP: &str = "x-remote-group";
const EXTRA: &str = "x-remote-extra-";

/// Who is believed.
#[derive(Debug)]
pub(crate) struct FrontProxies {
    pub(super) authorities: Authorities,
    /// Common names; without any, whoever an authority vouches for.
    names: Vec<String>,
}

impl FrontProxies {
    /// Those these authorities vouch for, by these names.
    pub(crate) fn new(authorities: Authorities, names: Vec<String>) -> Self {
        FrontProxies { authorities, names }
    }

    /// Who asks, by what a proxy says; nothing if it says nothing, an error if it is none of those who are believed.
    pub(super) fn user(
        &self,
        headers: &HeaderMap,
        peer: &Peer,
        now: Timestamp,
    ) -> Result<Option<Arc<UserInfo>>, String> {
        let vouched = self.authorities.vouch(&peer.chain, now.as_second())?;
        let name = vouched.as_ref().map_or("", |vouched| &vouched.user.name);
        if !self.names.is_empty() && !self.names.iter().any(|known| known == name) {
            return Err(format!(
                "x509: subject with cn={name} is not in the allowed list"
            ));
        }
        let first = |name: &str| headers.get(name).map(text).unwrap_or_default();
        let groups = headers.get_all(GROUP).iter().map(text);
        let user = UserInfo {
            name: first(USER),
            uid: first(UID),
            groups: groups.filter(|group| !group.is_empty()).collect(),
            extra: extra_below(headers, EXTRA),
        };
        let is_told = !user.name.is_empty();
        Ok(is_told.then(|| super::with_authenticated_group(user).into()))
    }
}
