//! Which requests a question about the journal is about.

use std::fmt;

use super::entry::Entry;
use crate::kinds::Catalog;
use crate::kinds::verb::Verb;
use crate::request::facts::Facts;
use crate::request::when::{When, when_methods};

/// Which requests are meant, in the words of [`Fault`](crate::Fault) and with the same meaning; what is left out matches
/// everything, what is given more than once matches any of it.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Requests, Verb};
///
/// let server = FakeApiServer::start_blocking();
/// server.verify(Requests::new().verb(Verb::Delete).resource("endpoints"), 0);
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
    /// assert_eq!(Requests::new().to_string(), "any request");
    /// FakeApiServer::start_blocking().verify(Requests::new(), 0);
    /// ```
    pub fn new() -> Self {
        Requests::default()
    }

    /// Only answered with this status code.
    ///
    /// ```
    /// use fake_apiserver::Requests;
    /// let refused = Requests::new().code(409).code(429);
    /// assert_eq!(refused.to_string(), "code 409 or 429");
    /// ```
    pub fn code(mut self, code: u16) -> Self {
        self.codes.push(code);
        self
    }

    /// Refuses what no request can match; resources get their plural names.
    pub(crate) fn checked(mut self, catalog: &Catalog) -> Result<Self, String> {
        self.when = self.when.checked(catalog)?;
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
            headers: &record.head.to_map(),
            query: &query,
            info: entry.info(),
            user: record.user(),
            label: &|label| entry.label(label),
            sent_name: "",
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

when_methods!(
    Requests,
    "server.verify(fake_apiserver::Requests::new()",
    ", 0);"
);

/// Such as `verb update, resource endpoints, code 409`.
impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = &self.when;
        let verbs: Vec<String> = when.verbs.iter().map(Verb::to_string).collect();
        let mut parts: Vec<String> = [
            ("verb", &verbs),
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
