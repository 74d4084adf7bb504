//! Which requests are meant: of those to come by a rule, of those that came by a question about the journal.

pub(crate) mod check;
mod script;

use super::facts::Facts;
use super::header;
use super::options::manager_from_user_agent;
use crate::kinds::verb::Verb;

#[cfg(test)]
pub(crate) use script::WHEN;
pub(crate) use script::{one_of, texts};

/// Which requests are meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct When {
    pub(crate) verbs: Vec<Verb>,
    /// Plural names, with their group after a dot if they have one.
    pub(crate) resources: Vec<String>,
    pub(crate) subresources: Vec<String>,
    pub(crate) namespaces: Vec<String>,
    pub(crate) names: Vec<String>,
    /// Of the object the request is about.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) field_managers: Vec<String>,
    pub(crate) users: Vec<String>,
    /// What the User-Agent starts with.
    pub(crate) user_agents: Vec<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) dry_run: Option<bool>,
}

/// The kinds of patch a rule can be about.
///
/// ```
/// use fake_apiserver::{Fault, Patch};
/// let fault = Fault::unsupported_media_type().patch(Patch::Json).patch(Patch::Merge);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Patch {
    /// `application/json-patch+json`
    Json,
    /// `application/merge-patch+json`
    Merge,
    /// `application/strategic-merge-patch+json`
    StrategicMerge,
    /// `application/apply-patch+yaml`
    Apply,
}

impl Patch {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Patch::Json => "application/json-patch+json",
            Patch::Merge => "application/merge-patch+json",
            Patch::StrategicMerge => "application/strategic-merge-patch+json",
            Patch::Apply => "application/apply-patch+yaml",
        }
    }
}

/// The methods that narrow down which requests are meant, for a type with a field `when`. Both words and examples are the
/// same for all of them; the literals are how an example begins and how it ends.
macro_rules! when_methods {
    ($type:ty, $start:literal, $end:literal) => {
        impl $type {
            /// Only requests with this verb, or with one of those given before. Its name will do.
            ///
            #[doc = "```"]
            #[doc = "use fake_apiserver::Verb;"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".verb(Verb::Update).verb(\"patch\")", $end)]
            #[doc = "```"]
            ///
            /// # Panics
            ///
            /// If a text is no verb, with the one that is most like it.
            #[track_caller]
            pub fn verb(
                mut self,
                verb: impl TryInto<$crate::Verb, Error: std::fmt::Display>,
            ) -> Self {
                self.when.verbs.push($crate::Verb::given(verb));
                self
            }

            /// Only requests with one of these verbs, or of those given before.
            ///
            #[doc = "```"]
            #[doc = "use fake_apiserver::Verb;"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".verbs([Verb::Update, Verb::Patch])", $end)]
            #[doc = "```"]
            ///
            /// # Panics
            ///
            /// As [`verb`](Self::verb).
            #[track_caller]
            pub fn verbs<V: TryInto<$crate::Verb, Error: std::fmt::Display>>(
                mut self,
                verbs: impl IntoIterator<Item = V>,
            ) -> Self {
                for verb in verbs {
                    self.when.verbs.push($crate::Verb::given(verb));
                }
                self
            }

            /// Only requests for this resource: its plural name, with its group after a dot if it has one.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".resource(\"endpoints\")", $end)]
            #[doc = "```"]
            pub fn resource(mut self, resource: impl Into<String>) -> Self {
                self.when.resources.push(resource.into());
                self
            }

            /// Only requests for this subresource.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".resource(\"namespaces\").subresource(\"status\")", $end)]
            #[doc = "```"]
            pub fn subresource(mut self, subresource: impl Into<String>) -> Self {
                self.when.subresources.push(subresource.into());
                self
            }

            /// Only requests in this namespace.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".namespace(\"kube-system\")", $end)]
            #[doc = "```"]
            pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
                self.when.namespaces.push(namespace.into());
                self
            }

            /// Only requests for the object of this name.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".name(\"db\")", $end)]
            #[doc = "```"]
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.when.names.push(name.into());
                self
            }

            /// Only requests for an object that has this label, stored or in the request.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".label(\"app\", \"shop\")", $end)]
            #[doc = "```"]
            pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
                self.when.labels.push((key.into(), value.into()));
                self
            }

            /// Only patches of this kind.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".patch(fake_apiserver::Patch::Apply)", $end)]
            #[doc = "```"]
            pub fn patch(mut self, patch: $crate::Patch) -> Self {
                self.when.patches.push(patch);
                self
            }

            /// Only writes by this field manager, given or by User-Agent.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".field_manager(\"kubectl-edit\")", $end)]
            #[doc = "```"]
            pub fn field_manager(mut self, manager: impl Into<String>) -> Self {
                self.when.field_managers.push(manager.into());
                self
            }

            /// Only requests of this user.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".user(\"alice\")", $end)]
            #[doc = "```"]
            pub fn user(mut self, user: impl Into<String>) -> Self {
                self.when.users.push(user.into());
                self
            }

            /// Only requests whose User-Agent starts with this.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".user_agent(\"kubectl/\")", $end)]
            #[doc = "```"]
            pub fn user_agent(mut self, start: impl Into<String>) -> Self {
                self.when.user_agents.push(start.into());
                self
            }

            /// Only requests with this header.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".header(\"Kubectl-Command\", \"kubectl apply\")", $end)]
            #[doc = "```"]
            pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.when.headers.push((name.into(), value.into()));
                self
            }

            /// Only requests with this query parameter.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".query(\"resourceVersion\", \"0\")", $end)]
            #[doc = "```"]
            pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.when.query.push((name.into(), value.into()));
                self
            }

            /// Only dry runs, or only the others.
            ///
            #[doc = "```"]
            #[doc = "let server = fake_apiserver::FakeApiServer::start_blocking();"]
            #[doc = concat!($start, ".dry_run(false)", $end)]
            #[doc = "```"]
            pub fn dry_run(mut self, dry_run: bool) -> Self {
                self.when.dry_run = Some(dry_run);
                self
            }
        }
    };
}
pub(crate) use when_methods;

impl When {
    /// What of this rule a request does not meet, in words.
    pub(crate) fn mismatches(&self, facts: &Facts<'_>) -> Vec<String> {
        let info = facts.info;
        let resource = crate::status::qualified(info.resource(), info.api_group());
        let agent = header(facts.headers, "user-agent").unwrap_or_default();
        let mut found = Vec::new();
        let verbs: Vec<String> = self.verbs.iter().map(Verb::to_string).collect();
        let mut check = |what: &str, wanted: &[String], came: &str| {
            if !wanted.is_empty() && !wanted.iter().any(|w| w == came) {
                found.push(format!(
                    "{what} was {came:?}; the rule asks for {}",
                    wanted.join(" or ")
                ));
            }
        };
        check("the verb", &verbs, info.verb());
        check("the resource", &self.resources, &resource);
        check("the subresource", &self.subresources, info.subresource());
        check("the namespace", &self.namespaces, info.namespace());
        check("the name", &self.names, info.name());
        check("the user", &self.users, facts.user);
        let manager = match (info.verb, facts.query.get("fieldManager")) {
            ("create" | "update" | "patch", None) => manager_from_user_agent(agent),
            ("create" | "update" | "patch", Some(given)) => given.to_owned(),
            _ => String::new(),
        };
        check("the field manager", &self.field_managers, &manager);
        found.extend(self.patch_mismatch(facts));
        if !self.user_agents.is_empty()
            && !self
                .user_agents
                .iter()
                .any(|start| agent.starts_with(start))
        {
            found.push(format!(
                "the User-Agent was {agent:?}; the rule asks for {}",
                self.user_agents.join(" or ")
            ));
        }
        found.extend(self.detail_mismatches(facts));
        found
    }

    fn patch_mismatch(&self, facts: &Facts<'_>) -> Option<String> {
        let came = header(facts.headers, "content-type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let fits = self.patches.is_empty() || self.patches.iter().any(|p| p.media_type() == came);
        let wanted: Vec<&str> = self.patches.iter().map(|p| p.media_type()).collect();
        (!fits).then(|| {
            format!(
                "the body was {came:?}; the rule asks for {}",
                wanted.join(" or ")
            )
        })
    }

    fn detail_mismatches(&self, facts: &Facts<'_>) -> Vec<String> {
        let pair = |(name, value): &(String, String)| format!("{name}={value}");
        let mut found = Vec::new();
        for wanted in &self.headers {
            if header(facts.headers, &wanted.0) != Some(wanted.1.as_str()) {
                found.push(format!("the header {} was not there", pair(wanted)));
            }
        }
        for wanted in &self.query {
            if facts.query.get(&wanted.0) != Some(wanted.1.as_str()) {
                found.push(format!("the parameter {} was not there", pair(wanted)));
            }
        }
        for wanted in &self.labels {
            if (facts.label)(&wanted.0).as_deref() != Some(wanted.1.as_str()) {
                found.push(format!("the object had no label {}", pair(wanted)));
            }
        }
        let dry_run = facts.query.get("dryRun").is_some();
        if self.dry_run.is_some_and(|wanted| wanted != dry_run) {
            found.push(format!("dry run was {dry_run}"));
        }
        found
    }
}
