//! Which requests a question about the journal is about.

use std::fmt;

use super::entry::Entry;
use crate::fault::Patch;
use crate::fault::rule::When;
use crate::fault::stage::Facts;

/// Which requests are meant, in the words of [`Fault`](crate::Fault) and with the same meaning; what is left out matches
/// everything, what is given more than once matches any of it.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Requests};
///
/// let server = FakeApiServer::start_blocking();
/// server.verify(Requests::new().verb("delete").resource("endpoints"), 0);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "this says which requests are meant; verify or filter with it"]
pub struct Requests {
    pub(crate) when: When,
    pub(crate) codes: Vec<u16>,
}

impl Requests {
    /// All requests, also those that could not be read.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests};
    /// FakeApiServer::start_blocking().verify(Requests::new(), 0);
    /// ```
    pub fn new() -> Self {
        Requests::default()
    }

    /// Only with this verb: get, list, watch, create, update, patch, delete or deletecollection.
    ///
    /// ```
    /// let writes = fake_apiserver::Requests::new().verb("create").verb("update");
    /// ```
    pub fn verb(mut self, verb: impl Into<String>) -> Self {
        self.when.verbs.push(verb.into());
        self
    }

    /// Only for this resource: its plural name, with its group after a dot if it has one.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().resource("endpoints");
    /// ```
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.when.resources.push(resource.into());
        self
    }

    /// Only for this subresource.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().resource("namespaces").subresource("finalize");
    /// ```
    pub fn subresource(mut self, subresource: impl Into<String>) -> Self {
        self.when.subresources.push(subresource.into());
        self
    }

    /// Only in this namespace.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().namespace("shop");
    /// ```
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.when.namespaces.push(namespace.into());
        self
    }

    /// Only for the object of this name.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().name("db");
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.when.names.push(name.into());
        self
    }

    /// Only for an object that has this label, stored or in the request.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().label("app", "shop");
    /// ```
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.when.labels.push((key.into(), value.into()));
        self
    }

    /// Only patches of this kind.
    ///
    /// ```
    /// use fake_apiserver::{Patch, Requests};
    /// let requests = Requests::new().patch(Patch::Apply);
    /// ```
    pub fn patch(mut self, patch: Patch) -> Self {
        self.when.patches.push(patch);
        self
    }

    /// Only writes by this field manager, given or by User-Agent.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().field_manager("kubectl-edit");
    /// ```
    pub fn field_manager(mut self, manager: impl Into<String>) -> Self {
        self.when.field_managers.push(manager.into());
        self
    }

    /// Only of this user.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().user("alice");
    /// ```
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.when.users.push(user.into());
        self
    }

    /// Only with a User-Agent that starts with this.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().user_agent("kubectl/");
    /// ```
    pub fn user_agent(mut self, start: impl Into<String>) -> Self {
        self.when.user_agents.push(start.into());
        self
    }

    /// Only with this header.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().header("Kubectl-Command", "kubectl apply");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.when.headers.push((name.into(), value.into()));
        self
    }

    /// Only with this query parameter.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().verb("list").query("limit", "500");
    /// ```
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.when.query.push((name.into(), value.into()));
        self
    }

    /// Only dry runs, or only the others.
    ///
    /// ```
    /// let requests = fake_apiserver::Requests::new().dry_run(false);
    /// ```
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.when.dry_run = Some(dry_run);
        self
    }

    /// Only answered with this status code.
    ///
    /// ```
    /// let refused = fake_apiserver::Requests::new().code(409).code(429);
    /// ```
    pub fn code(mut self, code: u16) -> Self {
        self.codes.push(code);
        self
    }

    /// Refuses what no request can match; resources get their plural names.
    pub(crate) fn checked(mut self) -> Result<Self, String> {
        self.when = self.when.checked()?;
        Ok(self)
    }

    pub(super) fn matches(&self, entry: &Entry) -> bool {
        self.mismatches(entry).is_empty()
    }

    /// What of this an entry does not meet, in words.
    pub(super) fn mismatches(&self, entry: &Entry) -> Vec<String> {
        let record = &*entry.record;
        let query = entry.parsed_query();
        let mut found = self.when.mismatches(&Facts {
            headers: &record.headers,
            query: &query,
            info: &record.info,
            user: &record.user,
            label: &|label| entry.label(label),
            ordinal: 0,
        });
        let met = |code| self.codes.contains(&code);
        if !self.codes.is_empty() && !record.code.is_some_and(met) {
            let came = match record.code {
                Some(code) => code.to_string(),
                None => format!("none ({})", record.outcome.as_str()),
            };
            let wanted: Vec<String> = self.codes.iter().map(u16::to_string).collect();
            let wanted = wanted.join(" or ");
            found.push(format!("the code was {came}; the rule asks for {wanted}"));
        }
        found
    }
}

/// Such as `verb update, resource endpoints, code 409`.
impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = &self.when;
        let mut parts: Vec<String> = [
            ("verb", &when.verbs),
            ("resource", &when.resources),
            ("subresource", &when.subresources),
            ("namespace", &when.namespaces),
            ("name", &when.names),
            ("field manager", &when.field_managers),
            ("user", &when.users),
            ("User-Agent", &when.user_agents),
        ]
        .into_iter()
        .filter(|(_, wanted)| !wanted.is_empty())
        .map(|(what, wanted)| format!("{what} {}", wanted.join(" or ")))
        .collect();
        let patches: Vec<&str> = when.patches.iter().map(|p| p.media_type()).collect();
        if !patches.is_empty() {
            parts.push(patches.join(" or "));
        }
        let pairs = [
            ("label", &when.labels),
            ("header", &when.headers),
            ("parameter", &when.query),
        ];
        for (what, pairs) in pairs {
            parts.extend(pairs.iter().map(|(k, v)| format!("{what} {k}={v}")));
        }
        parts.extend(when.dry_run.map(|dry| format!("dry run {dry}")));
        if !self.codes.is_empty() {
            let codes: Vec<String> = self.codes.iter().map(u16::to_string).collect();
            parts.push(format!("code {}", codes.join(" or ")));
        }
        match parts.is_empty() {
            true => f.write_str("any request"),
            false => f.write_str(&parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_can_be_read() {
        let requests = Requests::new()
            .verb("update")
            .verb("patch")
            .resource("endpoints")
            .label("app", "shop")
            .code(409);
        assert_eq!(
            requests.to_string(),
            "verb update or patch, resource endpoints, label app=shop, code 409"
        );
        assert_eq!(Requests::new().to_string(), "any request");
    }
}
