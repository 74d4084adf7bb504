//! What faults do on the way of a request.

use std::sync::Arc;
use std::time::Duration;

use http::header;

use super::after::{self, pause};
use super::exchange::{Exchange, Handling};
use super::refusal::Refusal;
use crate::authorization;
use crate::codec::json::Node;
use crate::fault::answer::{self, Answer, Raw, Reply, Subject};
use crate::fault::effect::{After, Before, Effect, Handler, Instead, Planned, Race, View};
use crate::fault::firing::Firing;
use crate::handlers::cluster::{Cluster, key};
use crate::handlers::routes::{self, Route};
use crate::handlers::{self, Target, race};
use crate::object::Object;
use crate::request::facts::Facts;
use crate::request::text::Text;
use crate::response::{Fate, Response};

impl Exchange<'_> {
    /// Finds out what goes wrong with this request.
    pub(super) async fn ask_faults(&mut self) {
        let pipeline = self.pipeline;
        if pipeline.faults.is_empty() {
            return;
        }
        let sent = self.sent_object().await;
        let label = |key: &str| {
            text(sent.as_ref(), &["metadata", "labels", key])
                .or_else(|| stored_label(&pipeline.cluster, &self.info.path, key))
        };
        let sent_name = sent.as_ref().map(sent_name).unwrap_or_default();
        let facts = Facts {
            headers: &self.request.headers,
            query: &self.query,
            info: &self.info,
            user: self.record.user(),
            label: &label,
            sent_name: &sent_name,
            ordinal: self.request.ordinal,
        };
        let now = pipeline.cluster.clock.now();
        let plan = pipeline.faults.plan(&facts, now, &pipeline.cluster.ids);
        let firings = plan.effects.iter().map(|planned| planned.firing.clone());
        self.firings = firings.collect();
        self.effects = plan.effects;
        if !plan.titles.is_empty() {
            self.record.faults = plan.titles;
            let recorder = &pipeline.recorder;
            recorder.show(&mut self.record, &self.request, &self.info);
        }
    }

    /// The object of a create or a replace, if a rule looks into it.
    async fn sent_object(&mut self) -> Option<Node> {
        let sends = matches!(self.request.method.as_str(), "POST" | "PUT");
        if !sends || !self.pipeline.faults.look_inside() {
            return None;
        }
        let Route::Resource(target) =
            routes::route(&self.info.path, &self.pipeline.cluster.catalog())
        else {
            return None;
        };
        let kind = &target.kind.schema;
        handlers::body::peek(&mut self.request, kind, self.pipeline.max_body).await
    }

    /// The faults that come before the request is handled, or instead.
    pub(super) async fn go_wrong_before(&mut self) -> Result<(), Refusal> {
        if self.effects.is_empty() {
            return Ok(());
        }
        let mut wait = Duration::ZERO;
        let mut end = None;
        for Planned { effect, firing } in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Before(Before::Wait(length)) => {
                    wait = wait.saturating_add(length);
                    firing.acts();
                }
                // One answer is enough.
                Effect::Before(_) if end.is_some() => {}
                Effect::Before(before) => {
                    end = Some(before);
                    firing.acts();
                }
                effect => self.effects.push(Planned { effect, firing }),
            }
        }
        pause(&self.pipeline.cluster.clock, wait).await;
        match end {
            Some(Before::Instead(Instead::Answer(answer))) => Err(self.turn_away(&answer).await),
            Some(Before::Instead(instead)) => Err(self.instead(instead)),
            Some(Before::Outage(outage)) => {
                self.pipeline.port.fail(&outage);
                Err(Refusal::broken(Fate::Reset))
            }
            Some(Before::Wait(_)) | None => Ok(()),
        }
    }

    /// The answer to a request that is not handled.
    async fn turn_away(&mut self, answer: &Answer) -> Refusal {
        let named = self.named().await;
        let name = named.as_ref().map_or("", |(_, name)| name);
        let reply = self.reply(answer, name);
        if reply.is_a_handlers
            && let Some((target, _)) = &named
        {
            let texts = handlers::deprecation(&self.pipeline.cluster, &target.kind);
            self.warnings.extend(texts);
        }
        self.scripted(reply)
    }

    /// The request as its faults want it: raced, handled, its answer delayed, broken or lost.
    pub(super) async fn go_wrong_around(&mut self) -> Result<Response, Refusal> {
        if self.effects.is_empty() {
            return self.route(Handling::default()).await;
        }
        let mut handling = Handling::default();
        let mut afterwards = Vec::new();
        for Planned { effect, firing } in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Handler(handler) => self.go_behind(handler, &firing).await,
                Effect::View(view) => {
                    match view {
                        View::Stale(stale) => handling.stale = Some(stale),
                        View::ContinueExpires => handling.expire_continue = true,
                    }
                    firing.acts();
                }
                Effect::Stream(trouble) => {
                    firing.cannot("the watch did not come that far");
                    handling.watch.push(trouble);
                }
                Effect::Answer(after) => afterwards.push((after, firing)),
                // Done with by now.
                Effect::Before(_) => {}
            }
        }
        let answer = self.route(handling).await;
        self.go_wrong_after(answer, afterwards).await
    }

    /// What happens behind the back of the handler.
    async fn go_behind(&mut self, handler: Handler, firing: &Firing) {
        let cluster = &self.pipeline.cluster;
        let race = match handler {
            Handler::Compact => {
                firing.acts();
                return cluster.storage.compact(cluster.storage.revision());
            }
            Handler::Race(race) => race,
        };
        let Some((target, name)) = self.named().await.filter(|(_, name)| !name.is_empty()) else {
            return firing.cannot("the request names no object");
        };
        let before = stored(cluster, &target, &name);
        match race {
            Race::Update => race::update(cluster, &target, &name).await,
            Race::Delete => race::delete(cluster, &target, &name).await,
            Race::Create => race::create(cluster, &target, &name).await,
        }
        let after = stored(cluster, &target, &name);
        let has_effect = match (&before, &after) {
            (Some(before), Some(after)) => !Arc::ptr_eq(before, after),
            _ => before.is_some() || after.is_some(),
        };
        firing.acts_if(has_effect, "there was nothing another writer could do");
    }

    async fn go_wrong_after(
        &mut self,
        answer: Result<Response, Refusal>,
        effects: Vec<(After, Firing)>,
    ) -> Result<Response, Refusal> {
        let waits = effects.iter().map(|(effect, firing)| match effect {
            After::Wait(length) => {
                firing.acts();
                *length
            }
            _ => Duration::ZERO,
        });
        let wait = waits.fold(Duration::ZERO, Duration::saturating_add);
        pause(&self.pipeline.cluster.clock, wait).await;
        let mut answer = answer;
        for (effect, firing) in effects {
            if let After::Instead(instead) = effect {
                firing.acts();
                return Err(self.instead(instead));
            }
            answer = match answer {
                Ok(response) => Ok(self.changed(response, effect, &firing)),
                Err(refusal) => {
                    firing.cannot("the answer was an error");
                    Err(refusal)
                }
            };
        }
        answer
    }

    /// A success as a fault has it.
    fn changed(&self, response: Response, effect: After, firing: &Firing) -> Response {
        match effect {
            After::Wait(_) | After::Instead(_) => response,
            After::Accepted => after::accepted(response, firing),
            After::Drip { bytes, every } => {
                let clock = self.pipeline.cluster.clock.clone();
                after::dripping(response, bytes, every, clock, firing)
            }
            After::Break(how) => after::broken(response, how, firing),
        }
    }

    /// What comes in the place of an answer.
    fn instead(&self, instead: Instead) -> Refusal {
        match instead {
            Instead::Answer(answer) => self.scripted(self.reply(&answer, self.info.name())),
            Instead::Reset => Refusal::broken(Fate::Reset),
            Instead::Close => Refusal::broken(Fate::Close),
            Instead::Garbage(bytes) => Refusal::broken(Fate::Garbage(bytes)),
            Instead::Silence => Refusal::Silent,
        }
    }

    fn reply(&self, answer: &Answer, name: &str) -> Reply {
        let info = &self.info;
        let catalog = &self.pipeline.cluster.catalog();
        let kind = catalog.find(info.api_group(), info.api_version(), info.resource());
        answer.reply(&Subject {
            info,
            kind: kind.as_ref().map_or("", |kind| &kind.kind),
            name,
            forbidden: &|| {
                let user = self.record.user.clone().unwrap_or_default();
                authorization::forbidden(&user, &authorization::Attributes::of(info), "")
            },
        })
    }

    fn scripted(&self, reply: Reply) -> Refusal {
        let mut response = match reply.body {
            answer::Body::Raw(raw) => plain(raw),
            answer::Body::Status(status) if *status.reason == *"Forbidden" => self
                .error(&status)
                .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            answer::Body::Status(status) => self.error(&status),
        };
        response.extra_headers = reply.headers;
        Refusal::Answer(Box::new(response))
    }

    /// What the path points at, and the name in it or in the body of a create.
    async fn named(&mut self) -> Option<(Target, String)> {
        let Route::Resource(target) =
            routes::route(&self.info.path, &self.pipeline.cluster.catalog())
        else {
            return None;
        };
        let kind = &target.kind.schema;
        let name = match target.name.as_str() {
            "" if self.request.method == http::Method::POST => {
                let limit = self.pipeline.max_body;
                let object = handlers::body::peek(&mut self.request, kind, limit).await;
                text(object.as_ref(), &["metadata", "name"]).unwrap_or_default()
            }
            name => name.to_owned(),
        };
        Some((target, name))
    }
}

fn stored(cluster: &Cluster, target: &Target, name: &str) -> Option<Arc<Object>> {
    let key = key(&target.kind, &target.namespace, name);
    cluster.storage.view().get(&key).cloned()
}

/// A label of the stored object a path points at.
fn stored_label(cluster: &Cluster, path: &Text, label: &str) -> Option<String> {
    let Route::Resource(target) = routes::route(path, &cluster.catalog()) else {
        return None;
    };
    let key = key(&target.kind, &target.namespace, &target.name);
    let view = cluster.storage.view();
    view.get(&key)?.label(label).map(str::to_owned)
}

/// The name of an object that is sent; of one whose name is to be made up, what it begins with and a star.
fn sent_name(object: &Node) -> String {
    let member = |name| text(Some(object), &["metadata", name]).filter(|text| !text.is_empty());
    let generated = || Some(format!("{}*", member("generateName")?));
    member("name").or_else(generated).unwrap_or_default()
}

/// What is no Status, just as it was scripted.
fn plain(raw: Raw) -> Response {
    let mut response = Response::new(raw.code, raw.content_type, raw.body);
    if raw.nosniff {
        response = response.header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    }
    match raw.retry_after {
        Some(seconds) => response.header(header::RETRY_AFTER, seconds.to_string()),
        None => response,
    }
}

/// The text a path of keys leads to.
fn text(object: Option<&Node>, path: &[&str]) -> Option<String> {
    match path.iter().try_fold(object?, |node, key| node.get(key))? {
        Node::String(text) => Some(text.clone()),
        _ => None,
    }
}
