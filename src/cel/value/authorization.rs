//! What expressions ask about authorization, and what they are told.

/// Answers what an expression asks about authorization.
pub(crate) trait Authorizer {
    /// Whether the user of the request, or the service account, may do it.
    fn authorize(&self, attributes: &Attributes) -> Decision;
}

/// What is asked of an authorizer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// Namespace and name of the service account that is asked about instead of the user.
    pub(crate) service_account: Option<(String, String)>,
    pub(crate) verb: String,
    /// A path that is no resource's.
    pub(crate) path: Option<String>,
    pub(crate) resource: Option<ResourceAttributes>,
}

/// The resource that is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourceAttributes {
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) field_selector: String,
    pub(crate) label_selector: String,
}

/// What an authorizer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
    pub(crate) error: Option<String>,
}

/// Who is asked about: `authorizer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) service_account: Option<(String, String)>,
}

/// `authorizer.path(…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathCheck {
    pub(crate) authority: Authority,
    pub(crate) path: String,
}

/// `authorizer.group(…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupCheck {
    pub(crate) authority: Authority,
    pub(crate) group: String,
}

/// `authorizer.group(…).resource(…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceCheck {
    pub(crate) authority: Authority,
    pub(crate) attributes: ResourceAttributes,
}
