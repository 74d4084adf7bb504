//! MutatingAdmissionWebhook and ValidatingAdmissionWebhook: servers of others are asked about a write.
//!
//! Who is asked stands in the store, see [`Acting`](super::acting::Acting). The writes of the server itself (its
//! controllers, its quotas) and of the test's own hand ask nobody, so that these need wait for nobody.

mod mutating;
mod review;
mod validating;

pub(super) use mutating::mutate;
pub(super) use validating::validate;

use std::time::Duration;

use serde_json::Value;

use self::review::{Review, Verdict};
use super::conditions::{Conditions, Matched};
use super::matching::{self, Criteria};
use super::view::View;
use super::{Asked, Attributes};
use crate::codec::quote::quote;
use crate::object::meta_str;
use crate::outbound::{CallError, Endpoint};
use crate::registry::Lister;
use crate::registry::admissionregistration::expressions::{Compiler, Names};
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::response::Warnings;
use crate::status::Status;

/// Who asks, as webhooks are told.
const AGENT: &str = "kube-apiserver-admission";

/// How long a webhook may take that does not say, in seconds.
const DEFAULT_TIMEOUT: u64 = 10;

/// One webhook of a configuration.
#[derive(Debug)]
pub(crate) struct Webhook {
    /// Configuration, name, and how many of that name come before.
    id: String,
    name: String,
    endpoint: Endpoint,
    criteria: Criteria,
    conditions: Conditions,
    fails_open: bool,
    side_effects: String,
    timeout: Duration,
    /// The version of reviews it takes, the first of those known here.
    review_version: Option<&'static str>,
    is_reinvoked: bool,
}

/// Why a webhook lets no write pass.
enum Refusal {
    /// It could not be asked, or what it answered makes no sense.
    Call(String),
    /// It, or the server on its behalf, says no.
    Denied(Status),
}

impl Webhook {
    /// All webhooks of the configurations of a kind, by the names of these.
    pub(super) fn all(lister: &dyn Lister, kind: &str) -> Vec<Webhook> {
        let mut all = Vec::new();
        for configuration in lister.list(matching::GROUP, kind, "") {
            let value = configuration.value();
            for hook in list_at(&value, "webhooks") {
                let begin = format!("{}/{}/", meta_str(&value, "name"), text_at(hook, "name"));
                let same = |other: &&Webhook| other.id.starts_with(&begin);
                let id = format!("{begin}{}", all.iter().filter(same).count());
                all.push(Webhook::new(id, hook));
            }
        }
        all
    }

    fn new(id: String, hook: &Value) -> Self {
        let seconds = hook["timeoutSeconds"].as_u64().unwrap_or(DEFAULT_TIMEOUT);
        let versions = texts_at(hook, "admissionReviewVersions");
        Webhook {
            id,
            name: text_at(hook, "name").to_owned(),
            endpoint: Endpoint::of(&hook["clientConfig"]),
            criteria: Criteria::of_webhook(hook),
            conditions: Conditions::new(
                &Compiler::default(),
                Names {
                    authorizer: true,
                    ..Names::default()
                },
                list_at(hook, "matchConditions"),
                fails_open(hook),
            ),
            fails_open: fails_open(hook),
            side_effects: text_at(hook, "sideEffects").to_owned(),
            timeout: Duration::from_secs(seconds),
            review_version: versions.iter().find_map(|version| match *version {
                "v1" => Some("v1"),
                "v1beta1" => Some("v1beta1"),
                _ => None,
            }),
            is_reinvoked: text_at(hook, "reinvocationPolicy") == "IfNeeded",
        }
    }

    /// `ShouldCallHook`: in which version the webhook is to see a write, if it is asked at all.
    fn applies<'a>(
        &self,
        write: &'a Attributes<'a>,
        object: Option<&Value>,
    ) -> Result<Option<View<'a>>, Status> {
        let Some(resource) = self.criteria.find(write, object)? else {
            return Ok(None);
        };
        let view = View::new(write, resource);
        match self.meets(write, &view, object) {
            Matched::Yes => Ok(Some(view)),
            Matched::No => Ok(None),
            Matched::Error(why) => Err(Status::forbidden(
                &write.kind.plural,
                &write.kind.group,
                write.name_of(object),
                &why,
            )),
        }
    }

    #[cfg(feature = "cel")]
    fn meets(&self, write: &Attributes<'_>, view: &View<'_>, object: Option<&Value>) -> Matched {
        if self.conditions.is_empty() {
            return Matched::Yes;
        }
        let inputs = super::inputs::Inputs::new(write, view, object);
        self.conditions.evaluate(&inputs)
    }

    /// Conditions cannot be stored without being compiled.
    #[cfg(not(feature = "cel"))]
    fn meets(&self, _write: &Attributes<'_>, _view: &View<'_>, _object: Option<&Value>) -> Matched {
        match self.conditions.is_empty() {
            true => Matched::Yes,
            false => Matched::Error("expressions need the feature \"cel\"".to_owned()),
        }
    }

    /// Asks about a write.
    async fn ask(
        &self,
        asked: &Asked<'_>,
        view: &View<'_>,
        write: &Attributes<'_>,
        object: Option<&Value>,
        mutates: bool,
    ) -> Result<Verdict, Refusal> {
        if write.dry_run && !matches!(self.side_effects.as_str(), "None" | "NoneOnDryRun") {
            let why = match self.side_effects.as_str() {
                "" => return Err(self.failed("Webhook SideEffects is nil")),
                _ => format!(
                    "admission webhook {} does not support dry run",
                    quote(&self.name)
                ),
            };
            return Err(Refusal::Denied(Status::bad_request(why)));
        }
        let Some(version) = self.review_version else {
            return Err(self.failed(
                "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, \
                 v1beta1)",
            ));
        };
        let review = Review::new(version, write, view);
        let body = review.request(asked, object);
        let client = asked.client;
        let called = client.call(&self.endpoint, write.lister, AGENT, self.timeout, body);
        let answer = called.await.map_err(|error| match error {
            CallError::Client(why) => self.failed(&format!("could not get REST client: {why}")),
            CallError::Failed(why) => self.failed(&format!("failed to call webhook: {why}")),
        })?;
        let response = review
            .decode(&answer)
            .map_err(|why| self.failed(&format!("failed to call webhook: {why}")))?;
        review
            .verify(response, mutates)
            .map_err(|why| self.failed(&format!("received invalid webhook response: {why}")))
    }

    /// Asks about a write, and passes on what else is said of it; what it denies is an error.
    async fn consult(
        &self,
        asked: &Asked<'_>,
        view: &View<'_>,
        write: &Attributes<'_>,
        object: Option<&Value>,
        mutates: bool,
    ) -> (Vec<String>, Result<Option<Vec<u8>>, Refusal>) {
        let verdict = match self.ask(asked, view, write, object, mutates).await {
            Ok(verdict) => verdict,
            Err(refusal) => return (Vec::new(), Err(refusal)),
        };
        for (key, value) in &verdict.annotations {
            tracing::info!("webhook {}: audit annotation {key}: {value}", self.name);
        }
        let result = match (verdict.denial(&self.name), verdict.misfit()) {
            (Some(status), _) => Err(Refusal::Denied(status)),
            (None, Some(why)) if mutates => Err(self.failed(&why)),
            (None, _) => Ok(verdict.patch),
        };
        (verdict.warnings, result)
    }

    fn failed(&self, why: &str) -> Refusal {
        Refusal::Call(format!(
            "failed calling webhook {}: {why}",
            quote(&self.name)
        ))
    }

    /// What becomes of a write that was refused: a webhook that cannot be asked may be one that nobody misses.
    fn settle(&self, refusal: Refusal) -> Result<(), Status> {
        match refusal {
            Refusal::Call(why) if self.fails_open => {
                tracing::warn!("failing open: {why}");
                Ok(())
            }
            Refusal::Call(why) => Err(Status::internal_error(&why)),
            Refusal::Denied(status) => Err(status),
        }
    }
}

fn fails_open(hook: &Value) -> bool {
    text_at(hook, "failurePolicy") == "Ignore"
}

/// Passes warnings on to the client.
fn warn(told: &mut Warnings, warnings: Vec<String>) {
    told.extend(warnings);
}
