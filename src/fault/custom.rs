//! What closures are told, as rules for the unforeseen.

use crate::request::facts::Facts;

/// What a [custom fault](crate::Fault::custom) knows of a request.
///
/// ```
/// use fake_apiserver::Fault;
///
/// let fault = Fault::custom(|request| {
///     let odd = request.attempt() % 2 == 1;
///     (odd && request.name().starts_with("db-")).then(Fault::conflict)
/// });
/// ```
pub struct FaultRequest<'a> {
    facts: &'a Facts<'a>,
    attempt: u64,
}

impl std::fmt::Debug for FaultRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultRequest")
            .field("verb", &self.verb())
            .field("path", &self.path())
            .field("user", &self.user())
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl<'a> FaultRequest<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, attempt: u64) -> Self {
        FaultRequest { facts, attempt }
    }

    /// get, list, watch, create, update, patch, delete or deletecollection; of what is no resource the method in small
    /// letters.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| (request.verb() == "list").then(Fault::gone));
    /// ```
    pub fn verb(&self) -> &str {
        self.facts.info.verb()
    }

    /// The plural name, with the group after a dot if there is one; empty for what is no resource.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| (request.resource() == "endpoints").then(Fault::gone));
    /// ```
    pub fn resource(&self) -> String {
        let info = self.facts.info;
        crate::status::qualified(info.resource(), info.api_group())
    }

    /// The subresource, or nothing.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| (request.subresource() == "status").then(Fault::conflict));
    /// ```
    pub fn subresource(&self) -> &str {
        self.facts.info.subresource()
    }

    /// The namespace, or nothing.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| request.namespace().ends_with("-test").then(Fault::conflict));
    /// ```
    pub fn namespace(&self) -> &str {
        self.facts.info.namespace()
    }

    /// The name in the path, or nothing: that of an object to be created stands in the body.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| (request.name().len() > 20).then(Fault::not_found));
    /// ```
    pub fn name(&self) -> &str {
        self.facts.info.name()
    }

    /// The name in the body of a create or a replace, if the rule looks inside; of one that is to be made up, its start
    /// and a star.
    pub(crate) fn sent_name(&self) -> &str {
        self.facts.sent_name
    }

    /// The path, decoded, without the query.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| (request.path() == "/version").then(Fault::internal_error));
    /// ```
    pub fn path(&self) -> &str {
        &self.facts.info.path
    }

    /// A header, if it is there.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| request.header("traceparent").is_none().then(Fault::bad_request));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.facts.headers.get(name)?.to_str().ok()
    }

    /// A query parameter, decoded, if it is there.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| request.query("limit").is_none().then(Fault::gateway_timeout));
    /// ```
    pub fn query(&self, name: &str) -> Option<&str> {
        self.facts.query.get(name)
    }

    /// The user's name.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| request.user().starts_with("system:").then(Fault::forbidden));
    /// ```
    pub fn user(&self) -> &str {
        self.facts.user
    }

    /// Which of the requests that match the rule this is, from 1; counted as [`Fault::per`](crate::Fault::per) says.
    ///
    /// ```
    /// # use fake_apiserver::Fault;
    /// let fault = Fault::custom(|request| [2, 3, 5, 7].contains(&request.attempt()).then(Fault::conflict));
    /// ```
    pub fn attempt(&self) -> u64 {
        self.attempt
    }
}
