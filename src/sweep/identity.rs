//! What a request is, whenever it comes: who asks for what, about which object.

use std::fmt;

use crate::fault::FaultRequest;

/// Verbs that change something.
const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];
/// How many letters the server adds to a `generateName`.
const SUFFIX: usize = 5;
/// The kinds of patches, by a word each.
const PATCHES: [(&str, &str); 4] = [
    ("application/json-patch+json", "json"),
    ("application/merge-patch+json", "merge"),
    ("application/strategic-merge-patch+json", "strategic"),
    ("application/apply-patch+", "apply"),
];

/// What a request is: two that are alike in this differ only in when they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    /// User and program.
    pub(crate) client: String,
    pub(crate) verb: String,
    /// `deployments.apps/status`, or the path of what is no resource.
    pub(crate) resource: String,
    /// `merge` and so on, of a patch.
    pub(crate) how: String,
    pub(crate) namespace: String,
    /// That of an object whose name was made up ends with a star.
    pub(crate) name: String,
}

impl Identity {
    /// `made_up` is what the names begin with that the server has made up.
    pub(crate) fn of(request: &FaultRequest<'_>, made_up: &[String]) -> Self {
        let resource = match (request.resource(), request.subresource()) {
            (resource, "") if resource.is_empty() => request.path().to_owned(),
            (resource, "") => resource,
            (resource, subresource) => format!("{resource}/{subresource}"),
        };
        let name = match request.name() {
            "" => request.sent_name(),
            name => name,
        };
        Identity {
            client: client(request),
            verb: request.verb().to_owned(),
            resource,
            how: patch(request).to_owned(),
            namespace: request.namespace().to_owned(),
            name: without_suffix(name, made_up),
        }
    }

    /// Whether it changes something.
    pub(crate) fn writes(&self) -> bool {
        WRITES.contains(&self.verb.as_str())
    }

    /// What it has in common with requests about other objects.
    pub(crate) fn sort(&self) -> String {
        let (client, resource) = (&self.client, &self.resource);
        let parts = [client, &self.verb, &self.how, resource].map(String::as_str);
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }

    /// `shop/settings`
    pub(crate) fn object(&self) -> String {
        let parts = [self.namespace.as_str(), self.name.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("/")
    }
}

/// `create configmaps shop/settings`; the client stands elsewhere.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.verb)?;
        if !self.how.is_empty() {
            write!(f, " ({})", self.how)?;
        }
        write!(f, " {}", self.resource)?;
        match self.object().as_str() {
            "" => Ok(()),
            object => write!(f, " {object}"),
        }
    }
}

/// The user, and the program without what it says of its machine.
fn client(request: &FaultRequest<'_>) -> String {
    let agent = request.header("user-agent").unwrap_or_default();
    let program = agent.split(' ').next().unwrap_or_default();
    match request.user() {
        "system:admin" | "" => program.to_owned(),
        user => format!("{user} {program}"),
    }
}

fn patch(request: &FaultRequest<'_>) -> &'static str {
    if request.verb() != "patch" {
        return "";
    }
    let sent = request.header("content-type").unwrap_or_default();
    let kind = PATCHES.iter().find(|(media, _)| sent.starts_with(media));
    kind.map_or("", |(_, word)| word)
}

/// A name as it is from run to run.
pub(crate) fn without_suffix(name: &str, made_up: &[String]) -> String {
    let is_suffix =
        |rest: &str| rest.len() == SUFFIX && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut starts = made_up.iter();
    match starts.find(|start| name.strip_prefix(start.as_str()).is_some_and(is_suffix)) {
        Some(start) => format!("{start}*"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_made_up_is_the_same_in_every_run() {
        let made_up = ["web-".to_owned()];
        for (name, same) in [
            ("web-x7k2p", "web-*"),
            ("web-x7k2", "web-x7k2"),
            ("web-x7-2p", "web-x7-2p"),
            ("db-x7k2p", "db-x7k2p"),
        ] {
            assert_eq!(without_suffix(name, &made_up), same);
        }
    }

    #[test]
    fn an_identity_reads_as_a_sentence() {
        let patch = Identity {
            verb: "patch".to_owned(),
            how: "merge".to_owned(),
            resource: "deployments.apps/status".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            ..Identity::default()
        };
        assert_eq!(
            patch.to_string(),
            "patch (merge) deployments.apps/status shop/web"
        );
        assert!(patch.writes());
    }
}
