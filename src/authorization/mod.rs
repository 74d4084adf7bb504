//! What a user may do, and the 403 that says what they may not.
//!
//! A server without access rules allows everything. One with them decides as kube-apiserver does under
//! `--authorization-mode=RBAC`: the group `system:masters` passes before any rule is looked at; everybody else needs a
//! binding that names them (or a group of theirs) and a role whose rules cover the request.
//!
//! A request is asked about by its [`Attributes`], a plain reading of its `RequestInfo`: never the object, never the
//! body. So a denial comes before the 404, 405 or 415 the same request would have met, and names the resource of the
//! path whether or not such a resource exists. The verb is RequestInfo's (`list`, `deletecollection`, …); a method
//! without a verb shows as the two spaces in `cannot  resource "endpoints"`.
//!
//! - [`rbac`]: the decision over roles and bindings.
//! - [`objects`]: reading those from the objects a user writes; a mistake in one is refused by name.
//! - [`live`]: keeping up with the objects that are stored, from those a new cluster starts with on.
//! - [`escalation`]: giving away no more than one has.

mod escalation;
mod live;
pub(crate) mod objects;
pub(crate) mod rbac;
mod review;

use std::sync::Arc;

use crate::codec::html;
use crate::codec::quote::quote;
use crate::object::Object;
use crate::request::info::RequestInfo;
use crate::request::user::UserInfo;
use crate::status::Status;
use crate::storage::Storage;
use live::Live;

/// The group of users no authorizer is asked about.
pub(crate) const MASTERS: &str = "system:masters";

/// What a request asks for, as an authorizer sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Attributes<'a> {
    /// RequestInfo's verb; empty for a method that has none.
    pub(crate) verb: &'a str,
    pub(crate) api_group: &'a str,
    pub(crate) api_version: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) subresource: &'a str,
    /// Empty at the cluster scope. The request for a namespace object has that namespace here.
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) path: &'a str,
    pub(crate) is_resource_request: bool,
}

impl<'a> Attributes<'a> {
    /// What a request asks for.
    pub(crate) fn of(info: &'a RequestInfo) -> Self {
        Attributes {
            verb: info.verb(),
            api_group: info.api_group(),
            api_version: info.api_version(),
            resource: info.resource(),
            subresource: info.subresource(),
            namespace: info.namespace(),
            name: info.name(),
            path: &info.path,
            is_resource_request: info.is_resource,
        }
    }
}

/// The answer of an authorizer, with its reason where it has one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// `RBAC: allowed by …`, or what went wrong in looking up the rules. Mostly empty.
    pub(crate) reason: String,
}

impl Decision {
    fn allow(reason: impl Into<String>) -> Self {
        Decision {
            allowed: true,
            reason: reason.into(),
        }
    }

    fn deny(reason: impl Into<String>) -> Self {
        Decision {
            allowed: false,
            reason: reason.into(),
        }
    }
}

/// Who decides.
#[derive(Debug)]
pub(crate) enum Authorizer {
    AlwaysAllow,
    Rbac(Live),
}

#[cfg(test)]
impl From<rbac::Rbac> for Authorizer {
    fn from(rbac: rbac::Rbac) -> Self {
        Authorizer::Rbac(Live::fixed(rbac))
    }
}

impl Authorizer {
    /// By the roles and bindings in a store. `collects` tells whether somebody collects the rules of roles there.
    pub(crate) fn rbac(storage: Arc<Storage<Object>>, collects: bool) -> Self {
        Authorizer::Rbac(Live::new(storage, collects))
    }

    /// The decision and its reason, as a `SelfSubjectAccessReview` reports them.
    pub(crate) fn decide(&self, user: &UserInfo, attributes: &Attributes<'_>) -> Decision {
        match self {
            Authorizer::AlwaysAllow => Decision::allow(""),
            Authorizer::Rbac(_) if user.in_group(MASTERS) => Decision::allow(""),
            Authorizer::Rbac(live) => live.rules().decide(user, attributes),
        }
    }

    /// Whether nobody needs to be asked about.
    pub(crate) fn allows_everything(&self) -> bool {
        matches!(self, Authorizer::AlwaysAllow)
    }

    pub(crate) fn allows(&self, user: &UserInfo, attributes: &Attributes<'_>) -> bool {
        self.decide(user, attributes).allowed
    }

    pub(crate) fn authorize(
        &self,
        user: &UserInfo,
        attributes: &Attributes<'_>,
    ) -> Result<(), Status> {
        let decision = self.decide(user, attributes);
        if decision.allowed {
            Ok(())
        } else {
            Err(forbidden(user, attributes, &decision.reason))
        }
    }
}

/// The 403 of a denied request. Only the sentence is escaped, not the reason after it.
pub(crate) fn forbidden(user: &UserInfo, attributes: &Attributes<'_>, reason: &str) -> Status {
    let mut why = html::escape(&sentence(user, attributes));
    if !reason.is_empty() {
        why.push_str(": ");
        why.push_str(reason);
    }
    Status::forbidden(
        attributes.resource,
        attributes.api_group,
        attributes.name,
        &why,
    )
}

fn sentence(user: &UserInfo, attributes: &Attributes<'_>) -> String {
    let start = format!("User {} cannot {}", quote(&user.name), attributes.verb);
    if !attributes.is_resource_request {
        return format!("{start} path {}", quote(attributes.path));
    }
    let resource = quote(&combined(attributes.resource, attributes.subresource));
    let scope = match attributes.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {}", quote(namespace)),
    };
    format!(
        "{start} resource {resource} in API group {} {scope}",
        quote(attributes.api_group)
    )
}

/// `pods/log`: how rules and messages name a subresource.
fn combined(resource: &str, subresource: &str) -> String {
    if subresource.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{subresource}")
    }
}

#[cfg(test)]
mod tests {
    use super::rbac::Rbac;
    use super::*;
    use serde_json::json;

    fn user(name: &str) -> UserInfo {
        UserInfo {
            name: name.to_owned(),
            ..UserInfo::default()
        }
    }

    fn endpoints<'a>(verb: &'a str, namespace: &'a str, name: &'a str) -> Attributes<'a> {
        Attributes {
            verb,
            api_version: "v1",
            resource: "endpoints",
            namespace,
            name,
            is_resource_request: true,
            ..Attributes::default()
        }
    }

    fn denial(name: &str, attributes: &Attributes<'_>) -> Status {
        let rbac = Rbac::from_objects(&[]).unwrap();
        Authorizer::from(rbac)
            .authorize(&user(name), attributes)
            .unwrap_err()
    }

    #[test]
    fn a_denial_names_the_user_the_verb_the_resource_and_the_scope() {
        let list = r#"endpoints is forbidden: User "alice" cannot list resource "endpoints" in API group "" in the namespace "d""#;
        let get = r#"endpoints "x" is forbidden: User "alice" cannot get resource "endpoints" in API group "" in the namespace "d""#;
        let all = r#"endpoints is forbidden: User "alice" cannot list resource "endpoints" in API group "" at the cluster scope"#;
        let none = r#"endpoints "x" is forbidden: User "alice" cannot  resource "endpoints" in API group "" in the namespace "d""#;
        let cases = [
            (endpoints("list", "d", ""), list),
            (endpoints("get", "d", "x"), get),
            (endpoints("list", "", ""), all),
            (endpoints("", "d", "x"), none),
        ];
        for (attributes, message) in cases {
            assert_eq!(denial("alice", &attributes).message, message);
        }
    }

    #[test]
    fn every_verb_is_named_as_requestinfo_names_it() {
        for verb in [
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
            "watch",
        ] {
            let message = denial("alice", &endpoints(verb, "d", "")).message;
            let expected = format!(
                r#"endpoints is forbidden: User "alice" cannot {verb} resource "endpoints" in API group "" in the namespace "d""#
            );
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn an_anonymous_user_is_denied_by_its_own_name() {
        let message = denial("system:anonymous", &endpoints("list", "d", "")).message;
        let expected = r#"endpoints is forbidden: User "system:anonymous" cannot list resource "endpoints" in API group "" in the namespace "d""#;
        assert_eq!(message, expected);
    }

    #[test]
    fn the_details_name_what_was_asked_for() {
        let get = denial("alice", &endpoints("get", "d", "x")).to_value();
        assert_eq!(get["details"], json!({"name": "x", "kind": "endpoints"}));
        let list = denial("alice", &endpoints("list", "d", "")).to_value();
        assert_eq!(list["details"], json!({"kind": "endpoints"}));
        let unknown = Attributes {
            api_group: "nope.io",
            resource: "x",
            ..endpoints("list", "d", "")
        };
        let unknown = denial("alice", &unknown).to_value();
        assert_eq!(unknown["details"], json!({"group": "nope.io", "kind": "x"}));
        let expected = r#"x.nope.io is forbidden: User "alice" cannot list resource "x" in API group "nope.io" in the namespace "d""#;
        assert_eq!(unknown["message"], expected);
    }

    #[test]
    fn a_path_that_is_no_resource_is_denied_by_its_path() {
        let attributes = Attributes {
            verb: "get",
            path: "/metrics",
            ..Attributes::default()
        };
        let status = denial("alice", &attributes);
        assert_eq!(
            status.message,
            r#"forbidden: User "alice" cannot get path "/metrics""#
        );
        assert_eq!(status.to_value()["details"], json!({}));
        assert_eq!((status.code, &*status.reason), (403, "Forbidden"));
    }

    #[test]
    fn a_subresource_is_named_with_its_resource() {
        let attributes = Attributes {
            resource: "pods",
            subresource: "log",
            ..endpoints("get", "d", "p")
        };
        let expected = r#"pods "p" is forbidden: User "alice" cannot get resource "pods/log" in API group "" in the namespace "d""#;
        assert_eq!(denial("alice", &attributes).message, expected);
    }

    #[test]
    fn a_denial_never_reads_as_html() {
        let attributes = Attributes {
            verb: "get",
            path: "/<a>&b",
            ..Attributes::default()
        };
        let expected = r#"forbidden: User "&lt;u&gt;" cannot get path "/&lt;a&gt;&amp;b""#;
        assert_eq!(denial("<u>", &attributes).message, expected);
    }

    #[test]
    fn a_reason_follows_unescaped() {
        let status = forbidden(&user("a"), &endpoints("list", "", ""), "RBAC: <why>");
        assert!(
            status
                .message
                .ends_with("at the cluster scope: RBAC: <why>"),
            "{}",
            status.message
        );
    }

    #[test]
    fn masters_pass_before_any_rule_is_looked_at() {
        let admin = UserInfo {
            groups: vec![MASTERS.to_owned()],
            ..user("admin")
        };
        let authorizer = Authorizer::from(Rbac::exactly(&[]).unwrap());
        assert_eq!(
            authorizer.decide(&admin, &endpoints("delete", "d", "x")),
            Decision::allow("")
        );
        assert!(!authorizer.allows(&user("admin"), &endpoints("delete", "d", "x")));
    }

    #[test]
    fn without_rules_everything_is_allowed() {
        assert!(
            Authorizer::AlwaysAllow
                .authorize(&user("u"), &endpoints("delete", "d", "x"))
                .is_ok()
        );
    }
}
