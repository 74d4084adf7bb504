//! A rule: when, how often, and what goes wrong.

use std::time::Duration;

use super::effect::Effect;
use super::schedule::{Per, Schedule};

/// One rule of what goes wrong: made by a constructor that names the fault, narrowed by the methods that say when, and
/// installed by [`FakeApiServer::fault`](crate::FakeApiServer::fault).
///
/// What is left out matches everything; what is given more than once matches any of it.
///
/// ```
/// use fake_apiserver::Fault;
///
/// // The first two updates of this object are refused with 409.
/// let fault = Fault::conflict().verb("update").resource("endpoints").name("db").first(2);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is installed"]
pub struct Fault {
    pub(crate) label: Option<String>,
    pub(crate) when: When,
    pub(crate) schedule: Schedule,
    pub(crate) per: Per,
    pub(crate) effect: Effect,
    pub(crate) carries_on: bool,
    /// Not having acted is no mistake.
    pub(crate) optional: bool,
}

/// Which requests a rule is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct When {
    pub(crate) verbs: Vec<String>,
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

impl Fault {
    pub(crate) fn new(effect: Effect) -> Self {
        Fault {
            label: None,
            when: When::default(),
            schedule: Schedule::Always,
            per: Per::Rule,
            effect,
            carries_on: false,
            optional: false,
        }
    }

    /// Names the rule, for messages and the journal.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().named("the lost race");
    /// ```
    pub fn named(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Only requests with this verb: get, list, watch, create, update, patch, delete or deletecollection.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().verb("update").verb("patch");
    /// ```
    pub fn verb(mut self, verb: impl Into<String>) -> Self {
        self.when.verbs.push(verb.into());
        self
    }

    /// Only requests for this resource: its plural name, with its group after a dot if it has one.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::not_found().resource("endpoints");
    /// ```
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.when.resources.push(resource.into());
        self
    }

    /// Only requests for this subresource.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().resource("namespaces").subresource("status");
    /// ```
    pub fn subresource(mut self, subresource: impl Into<String>) -> Self {
        self.when.subresources.push(subresource.into());
        self
    }

    /// Only requests in this namespace.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::forbidden().namespace("kube-system");
    /// ```
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.when.namespaces.push(namespace.into());
        self
    }

    /// Only requests for the object of this name.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::not_found().name("db");
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.when.names.push(name.into());
        self
    }

    /// Only requests for an object that has this label, stored or in the request.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().label("app", "shop");
    /// ```
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.when.labels.push((key.into(), value.into()));
        self
    }

    /// Only patches of this kind.
    ///
    /// ```
    /// use fake_apiserver::{Fault, Patch};
    /// let fault = Fault::conflict().patch(Patch::Apply);
    /// ```
    pub fn patch(mut self, patch: Patch) -> Self {
        self.when.patches.push(patch);
        self
    }

    /// Only writes by this field manager, given or by User-Agent.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().field_manager("kubectl-edit");
    /// ```
    pub fn field_manager(mut self, manager: impl Into<String>) -> Self {
        self.when.field_managers.push(manager.into());
        self
    }

    /// Only requests of this user.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::forbidden().user("alice");
    /// ```
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.when.users.push(user.into());
        self
    }

    /// Only requests whose User-Agent starts with this.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::too_many_requests().user_agent("kubectl/");
    /// ```
    pub fn user_agent(mut self, start: impl Into<String>) -> Self {
        self.when.user_agents.push(start.into());
        self
    }

    /// Only requests with this header.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().header("Kubectl-Command", "kubectl apply");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.when.headers.push((name.into(), value.into()));
        self
    }

    /// Only requests with this query parameter.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::gone().query("resourceVersion", "0");
    /// ```
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.when.query.push((name.into(), value.into()));
        self
    }

    /// Only dry runs, or only the others.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().dry_run(false);
    /// ```
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.when.dry_run = Some(dry_run);
        self
    }

    /// Acts on the first `n` matching attempts.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().first(2);
    /// ```
    pub fn first(self, n: u64) -> Self {
        self.attempts(1, n)
    }

    /// Acts on the matching attempts from one to another, both included and counted from 1.
    ///
    /// ```
    /// // Lets two through, then fails three.
    /// let fault = fake_apiserver::Fault::conflict().attempts(3, 5);
    /// ```
    pub fn attempts(mut self, from: u64, to: u64) -> Self {
        self.schedule = Schedule::Range { from, to: Some(to) };
        self
    }

    /// Acts on all matching attempts from this one on.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().from_attempt(4);
    /// ```
    pub fn from_attempt(mut self, from: u64) -> Self {
        self.schedule = Schedule::Range { from, to: None };
        self
    }

    /// Acts on this matching attempt alone.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().nth(2);
    /// ```
    pub fn nth(self, n: u64) -> Self {
        self.attempts(n, n)
    }

    /// Acts on every n-th matching attempt.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::internal_error().every(3);
    /// ```
    pub fn every(mut self, n: u64) -> Self {
        self.schedule = Schedule::Every(n);
        self
    }

    /// Acts on each matching attempt with this probability, from 0 to 1, by the server's seed.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::too_many_requests().probability(0.1);
    /// ```
    pub fn probability(mut self, probability: f64) -> Self {
        self.schedule = Schedule::Probability(probability);
        self
    }

    /// Acts on all matching attempts for this long, by the server's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::service_unavailable().during(Duration::from_secs(30));
    /// ```
    pub fn during(mut self, span: Duration) -> Self {
        self.schedule = Schedule::During(span);
        self
    }

    /// What attempts are counted by. Default: all that match the rule together.
    ///
    /// ```
    /// use fake_apiserver::{Fault, Per};
    /// // The first update of each object is refused.
    /// let fault = Fault::conflict().verb("update").per(Per::Object).first(1);
    /// ```
    pub fn per(mut self, per: Per) -> Self {
        self.per = per;
        self
    }

    /// After this rule has acted, the next ones are asked too: a delay, then a failure.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::delay(Duration::from_millis(50)).carry_on();
    /// ```
    pub fn carry_on(mut self) -> Self {
        self.carries_on = true;
        self
    }

    /// The rule need not act: dropping its guard never panics.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::internal_error().probability(0.01).optional();
    /// ```
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// How messages call the rule.
    pub(crate) fn title(&self) -> String {
        self.label.clone().unwrap_or_else(|| self.effect.title())
    }
}
