//! What faults do on the way of a request.

use std::time::Duration;

use jiff::SignedDuration;

use super::refusal::Refusal;
use super::{Admitted, Disturbance, Pipeline, attributes};
use crate::authentication::UserInfo;
use crate::clock;
use crate::codec::json::Node;
use crate::fault::answer::{About, Answer, Written};
use crate::fault::connection::Connection;
use crate::fault::effect::Loss;
use crate::fault::race::Race;
use crate::fault::stage::{Facts, Plan};
use crate::handlers::cluster::{Ends, key};
use crate::handlers::routes::{self, Route};
use crate::handlers::{self, Target};
use crate::kinds::Catalog;
use crate::request::Request;
use crate::request::info::RequestInfo;
use crate::request::query::Query;
use crate::request::text::Text;
use crate::response::{Fate, Response, Warnings};

impl Pipeline {
    /// What the rules make of this request; nothing, where there are none.
    pub(super) async fn plan(
        &self,
        request: &mut Request,
        query: &Query,
        info: &RequestInfo,
        user: &UserInfo,
    ) -> Option<Box<Plan>> {
        if !self.fault_stage || self.faults.is_empty() {
            return None;
        }
        let sent = self.sent_object(request, &info.path).await;
        let sent = sent.as_ref();
        let label = |key: &str| {
            text(sent, &["metadata", "labels", key]).or_else(|| self.stored_label(&info.path, key))
        };
        let (now, ids) = (self.cluster.clock.now(), &self.cluster.ids);
        let facts = Facts {
            headers: &request.headers,
            query,
            info,
            user: &user.name,
            label: &label,
            ordinal: request.ordinal,
        };
        Some(Box::new(self.faults.plan(&facts, now, ids)))
    }

    /// The object of a create or a replace, if a rule looks at its labels.
    async fn sent_object(&self, request: &mut Request, path: &Text) -> Option<Node> {
        let sends = matches!(request.method.as_str(), "POST" | "PUT");
        if !sends || !self.faults.ask_for_labels() {
            return None;
        }
        let Route::Resource(target) = routes::route(path, &self.cluster.catalog) else {
            return None;
        };
        let kind = &target.kind.schema;
        handlers::body::peek(request, kind, self.max_body).await
    }

    /// A label of the stored object a path points at.
    fn stored_label(&self, path: &Text, label: &str) -> Option<String> {
        let Route::Resource(target) = routes::route(path, &self.cluster.catalog) else {
            return None;
        };
        let key = key(&target.kind, &target.namespace, &target.name);
        let view = self.cluster.storage.view();
        view.get(&key)?.label(label)
    }

    /// The faults that come before the request is handled, or instead.
    pub(super) async fn interfere(
        &self,
        plan: &mut Plan,
        request: &mut Request,
        info: &RequestInfo,
        user: &UserInfo,
        warnings: &mut Warnings,
    ) -> Result<(), Refusal> {
        self.pause(plan.delay).await;
        if let Some(answer) = plan.answer.take() {
            let named = self.named(request, &info.path).await;
            let name = named.as_ref().map_or("", |(_, name)| name);
            if answer.is_a_handlers(info.verb)
                && let Some((target, _)) = &named
            {
                let texts = handlers::deprecation(&self.cluster, &target.kind);
                warnings.extend(texts);
            }
            return Err(scripted(&answer, info, user, name));
        }
        if let (Some(outage), Some(begin)) = (&plan.outage, self.outages.get()) {
            begin(outage);
            return Err(Refusal::Broken(Fate::Reset));
        }
        match plan
            .connection
            .take_if(|connection| !connection.needs_an_answer())
        {
            Some(connection) => Err(fate(connection).map_or(Refusal::Silent, Refusal::Broken)),
            None => Ok(()),
        }
    }

    /// The request as the plan wants it: raced, handled, its answer delayed, broken or lost.
    pub(super) async fn planned(
        &self,
        mut admitted: Admitted<'_>,
        plan: Option<Box<Plan>>,
    ) -> Result<Response, Refusal> {
        let Some(mut plan) = plan else {
            let disturbance = Disturbance {
                stale: self.stale,
                ..Disturbance::default()
            };
            return self.route(&mut admitted, disturbance).await;
        };
        if let Some(race) = plan.race.take() {
            self.race(race, admitted.request, &admitted.info.path).await;
        }
        if plan.compact {
            self.cluster
                .storage
                .compact(self.cluster.storage.revision());
        }
        let disturbance = Disturbance {
            stale: plan.stale.or(self.stale),
            watch: std::mem::take(&mut plan.watch),
            expire_continue: plan.expire_continue,
        };
        let answer = self.route(&mut admitted, disturbance).await;
        self.pause(plan.delay_answer).await;
        match plan.lose_answer.take() {
            Some(Loss::Answer(answer)) => {
                let Admitted { info, user, .. } = admitted;
                return Err(scripted(&answer, info, user, info.name()));
            }
            Some(Loss::Connection(connection)) => {
                return Err(fate(connection).map_or(Refusal::Silent, Refusal::Broken));
            }
            None => {}
        }
        let mut response = answer?;
        if plan.accepted && matches!(response.status, 200 | 201) {
            response.status = 202;
        }
        if let Some(drip) = plan.drip.take() {
            response.body = drip.slow(response.body, self.cluster.clone());
        }
        if let Some(fate) = plan.connection.and_then(fate) {
            response.fate = fate;
        }
        Ok(response)
    }

    async fn pause(&self, length: Duration) {
        if !length.is_zero() {
            let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
            let until = clock::add(self.cluster.clock.now(), length);
            self.cluster.clock.sleep_until(until).await;
        }
    }

    async fn race(&self, race: Race, request: &mut Request, path: &Text) {
        if let Some((target, name)) = self.named(request, path).await {
            handlers::race::run(race, &self.cluster, &target, &name).await;
        }
    }

    /// What a path points at, and the name in it or in the body of a create.
    async fn named(&self, request: &mut Request, path: &Text) -> Option<(Target, String)> {
        let Route::Resource(target) = routes::route(path, &self.cluster.catalog) else {
            return None;
        };
        let kind = &target.kind.schema;
        let name = match target.name.as_str() {
            "" if request.method == http::Method::POST => {
                let object = handlers::body::peek(request, kind, self.max_body).await;
                text(object.as_ref(), &["metadata", "name"]).unwrap_or_default()
            }
            name => name.to_owned(),
        };
        Some((target, name))
    }

    /// No answer until the client gives up, or the server stops.
    pub(super) async fn silence(&self) -> Response {
        Ends::of(&self.cluster).come().await;
        Response {
            fate: Fate::Close,
            ..Response::empty(500)
        }
    }
}

fn scripted(answer: &Answer, info: &RequestInfo, user: &UserInfo, name: &str) -> Refusal {
    let catalog = Catalog::built_in();
    let kind = catalog.find(info.api_group(), info.api_version(), info.resource());
    let about = About {
        user,
        attributes: attributes(info),
        kind: kind.map_or("", |kind| &kind.kind),
        name,
    };
    match answer.write(&about) {
        Written::Status(status, headers) => Refusal::ScriptedStatus(status, headers),
        Written::Response(response) => Refusal::Scripted(Box::new(response)),
    }
}

/// What the listener is to do; nothing, for as long as the client waits, is `None`.
fn fate(connection: Connection) -> Option<Fate> {
    Some(match connection {
        Connection::Reset => Fate::Reset,
        Connection::Empty => Fate::Close,
        Connection::Garbage(bytes) => Fate::Garbage(bytes),
        Connection::Hang => return None,
        Connection::ResetAfter(bytes) => Fate::ResetAfter(bytes),
        Connection::TruncateAfter(bytes) => Fate::CloseAfter(bytes),
        Connection::CloseAfterAnswer | Connection::CloseAfter(_) => Fate::Last,
    })
}

/// The text a path of keys leads to.
fn text(object: Option<&Node>, path: &[&str]) -> Option<String> {
    match path.iter().try_fold(object?, |node, key| node.get(key))? {
        Node::String(text) => Some(text.clone()),
        _ => None,
    }
}
