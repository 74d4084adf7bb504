//! Acting as somebody else: the `Impersonate-*` headers, as kube-apiserver 1.36 reads them.
//!
//! Since 1.36 there are several ways to be allowed ("constrained impersonation"), tried from the narrowest to the
//! widest. Each constrained mode asks twice: may the requestor do *this request* while impersonating
//! (`impersonate-on:user-info:list` on the target), and may they impersonate *this identity* (`impersonate:user-info`
//! on users, groups, uids and userextras of `authentication.k8s.io`)? The legacy mode asks only the second, with the
//! plain verb `impersonate` and users and groups of the core group. The first mode to say yes counts. When none does,
//! the denial shown is that of the first mode that applied, so mostly one about the target and not about the identity.
//!
//! Upstream's memory of the mode that last worked, which it tries first, is absent: here the same request always has the
//! same answer.

use std::collections::BTreeMap;

pub(super) mod headers;

use http::HeaderMap;

use super::{ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, UserInfo};
use crate::authorization::{Attributes, Authorizer, MASTERS, forbidden};
use crate::codec::quote::quote;
use crate::status::Status;
pub(crate) use headers::is_wanted;
use headers::{only_name, wanted};

const AUTHENTICATION: &str = "authentication.k8s.io";

/// From this many checks on, a constrained mode first asks for the permission on all names at once.
const MANY: usize = 4;

/// The user this request is to be served as, if it asks to be served as another; `attributes` are its own.
pub(crate) fn impersonate(
    headers: &HeaderMap,
    user: &UserInfo,
    attributes: &Attributes<'_>,
    authorizer: &Authorizer,
) -> Result<Option<UserInfo>, Status> {
    let Some(wanted) = wanted(headers)? else {
        return Ok(None);
    };
    let mut denial = None;
    for mode in Mode::ALL
        .into_iter()
        .filter(|mode| mode.applies_to(&wanted, user))
    {
        match (Check {
            mode,
            user,
            authorizer,
        })
        .run(&wanted, attributes)
        {
            Ok(()) => return Ok(Some(mode.complete(wanted))),
            Err(status) => denial = denial.or(Some(status)),
        }
    }
    // The legacy mode applies to everybody, so there is a denial.
    Err(denial.unwrap_or_else(|| forbidden(user, attributes, "")))
}

/// A way to be allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// A service account as the node that its token names.
    AssociatedNode,
    ArbitraryNode,
    ServiceAccount,
    UserInfo,
    Legacy,
}

impl Mode {
    /// In upstream's order.
    const ALL: [Mode; 5] = [
        Mode::AssociatedNode,
        Mode::ArbitraryNode,
        Mode::ServiceAccount,
        Mode::UserInfo,
        Mode::Legacy,
    ];

    /// The name in the verbs; the legacy mode has none.
    fn name(self) -> Option<&'static str> {
        match self {
            Mode::AssociatedNode => Some("associated-node"),
            Mode::ArbitraryNode => Some("arbitrary-node"),
            Mode::ServiceAccount => Some("serviceaccount"),
            Mode::UserInfo => Some("user-info"),
            Mode::Legacy => None,
        }
    }

    fn verb(self) -> String {
        self.name().map_or_else(
            || "impersonate".to_owned(),
            |name| format!("impersonate:{name}"),
        )
    }

    fn applies_to(self, wanted: &UserInfo, user: &UserInfo) -> bool {
        let (node, account) = (
            node(&wanted.name).is_some(),
            service_account(&wanted.name).is_some(),
        );
        match self {
            Mode::AssociatedNode => only_name(wanted) && is_associated(user, &wanted.name),
            Mode::ArbitraryNode => node && only_name(wanted),
            Mode::ServiceAccount => account && only_name(wanted),
            Mode::UserInfo => !node && !account,
            Mode::Legacy => true,
        }
    }

    /// Adds the groups that come with an identity.
    fn complete(self, mut user: UserInfo) -> UserInfo {
        if matches!(self, Mode::ArbitraryNode | Mode::AssociatedNode) {
            user.join("system:nodes");
        }
        if let Some((namespace, _)) = service_account(&user.name).filter(|_| user.groups.is_empty())
        {
            user.groups = vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
            ];
        }
        if user.name == ANONYMOUS {
            user.join(UNAUTHENTICATED);
        } else if !user.in_group(UNAUTHENTICATED) {
            user.join(AUTHENTICATED);
        }
        user
    }
}

/// Whether a user is a service account whose token names this node.
fn is_associated(user: &UserInfo, wanted: &str) -> bool {
    let named = user.extra.get("authentication.kubernetes.io/node-name");
    let named = named.map_or(&[][..], Vec::as_slice);
    service_account(&user.name).is_some()
        && node(wanted).is_some_and(|node| matches!(named, [one] if one == node))
}

/// One mode's questions about one requestor.
struct Check<'a> {
    mode: Mode,
    user: &'a UserInfo,
    authorizer: &'a Authorizer,
}

impl Check<'_> {
    fn run(&self, wanted: &UserInfo, target: &Attributes<'_>) -> Result<(), Status> {
        if let Some(mode) = self.mode.name() {
            let verb = format!("impersonate-on:{mode}:{}", target.verb);
            self.authorizer.authorize(
                self.user,
                &Attributes {
                    verb: &verb,
                    ..*target
                },
            )?;
        }
        let verb = self.mode.verb();
        self.name(&verb, &wanted.name)?;
        if !wanted.uid.is_empty() {
            let uid = Attributes {
                api_group: AUTHENTICATION,
                ..self.identity(&verb, "uids", &wanted.uid)
            };
            self.authorizer.authorize(self.user, &uid)?;
        }
        self.groups(&verb, &wanted.groups)?;
        self.extra(&verb, &wanted.extra)
    }

    fn constrained(&self) -> bool {
        self.mode != Mode::Legacy
    }

    /// The question about one user or group.
    fn identity<'b>(&self, verb: &'b str, resource: &'b str, name: &'b str) -> Attributes<'b> {
        let api_group = if self.constrained() {
            AUTHENTICATION
        } else {
            ""
        };
        Attributes {
            verb,
            api_group,
            api_version: "v1",
            resource,
            name,
            is_resource_request: true,
            ..Attributes::default()
        }
    }

    fn name(&self, verb: &str, wanted: &str) -> Result<(), Status> {
        let users = self.identity(verb, "users", wanted);
        let attributes = match (node(wanted), service_account(wanted)) {
            (Some(name), _) if self.constrained() => Attributes {
                resource: "nodes",
                // Who may be the node they are on may be so wherever they are.
                name: match self.mode {
                    Mode::AssociatedNode => "*",
                    _ => name,
                },
                ..users
            },
            (_, Some((namespace, name))) => Attributes {
                resource: "serviceaccounts",
                namespace,
                name,
                ..users
            },
            _ => users,
        };
        self.authorizer.authorize(self.user, &attributes)
    }

    fn groups(&self, verb: &str, groups: &[String]) -> Result<(), Status> {
        let group = |name| self.identity(verb, "groups", name);
        let has = |name: &str| groups.iter().any(|group| group == name);
        if self.constrained() && has("") {
            return Err(forbidden(
                self.user,
                &group(""),
                "impersonating the empty string group is not allowed",
            ));
        }
        if self.constrained() && has(MASTERS) {
            let why = "impersonating the system:masters group is not allowed";
            return Err(forbidden(self.user, &group(MASTERS), why));
        }
        if self.constrained()
            && groups.len() >= MANY
            && self.authorizer.allows(self.user, &group("*"))
        {
            return Ok(());
        }
        groups
            .iter()
            .try_for_each(|name| self.authorizer.authorize(self.user, &group(name)))
    }

    fn extra(&self, verb: &str, extra: &BTreeMap<String, Vec<String>>) -> Result<(), Status> {
        let userextras = Attributes {
            api_group: AUTHENTICATION,
            ..self.identity(verb, "userextras", "")
        };
        let pairs = || {
            extra
                .iter()
                .flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
        };
        if self.constrained() {
            check_extra(extra).map_err(|why| forbidden(self.user, &userextras, &why))?;
            let all = Attributes {
                subresource: "*",
                name: "*",
                ..userextras
            };
            if pairs().count() >= MANY && self.authorizer.allows(self.user, &all) {
                return Ok(());
            }
        }
        pairs().try_for_each(|(key, value)| {
            let one = Attributes {
                subresource: key,
                name: value,
                ..userextras
            };
            self.authorizer.authorize(self.user, &one)
        })
    }
}

/// What a constrained mode demands of the extra beyond permission.
fn check_extra(extra: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
    for (key, values) in extra {
        if key.is_empty() {
            return Err("impersonating the empty string key in extra is not allowed".to_owned());
        }
        check_key(key).map_err(|why| {
            format!("impersonating an invalid key in extra is not allowed: {why}")
        })?;
        if *key != key.to_lowercase() {
            return Err(format!(
                "impersonating a non-lowercase key in extra is not allowed: {}",
                quote(key)
            ));
        }
        if values.iter().any(String::is_empty) {
            return Err("impersonating the empty string value in extra is not allowed".to_owned());
        }
    }
    Ok(())
}

const NOT_A_PATH: &str = r#"must be a domain-prefixed path (such as "acme.io/foo")"#;
const NOT_A_SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NOT_HTTP_PATH: &str =
    r"Invalid path (regex used for validation is '[A-Za-z0-9/\-._~%!$&'()*+,;=:]+')";

/// Upstream's `IsDomainPrefixedPath`, with the text of its aggregate.
fn check_key(key: &str) -> Result<(), String> {
    let invalid =
        |value: &str, why: &str| format!("extra.key: Invalid value: {}: {why}", quote(value));
    let (host, path) = match key.split_once('/') {
        Some((host, path)) if !host.is_empty() && !path.is_empty() => (host, path),
        _ => return Err(invalid(key, NOT_A_PATH)),
    };
    let mut errors = Vec::new();
    if host.len() > 253 {
        errors.push(invalid(host, "must be no more than 253 characters"));
    }
    if !host.split('.').all(is_label) {
        errors.push(invalid(host, NOT_A_SUBDOMAIN));
    }
    if !path
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b))
    {
        errors.push(invalid(path, NOT_HTTP_PATH));
    }
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("[{}]", many.join(", "))),
    }
}

/// A part of a DNS subdomain, of whatever length.
fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !label.is_empty()
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The node of `system:node:name`.
fn node(user: &str) -> Option<&str> {
    user.strip_prefix("system:node:")
        .filter(|name| is_subdomain(name))
}

/// The namespace and name of `system:serviceaccount:namespace:name`.
fn service_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user
        .strip_prefix("system:serviceaccount:")?
        .split_once(':')?;
    (namespace.len() <= 63 && is_label(namespace) && is_subdomain(name))
        .then_some((namespace, name))
}

#[cfg(test)]
mod tests;
