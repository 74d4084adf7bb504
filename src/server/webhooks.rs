//! Webhooks of a test, served beside the server or somewhere else.

use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::FakeApiServer;
use crate::codec::base64;
use crate::outbound::{Hook, Respond};

const GROUP_VERSION: &str = "admissionregistration.k8s.io/v1";

/// An admission webhook: what it is asked about, and what it says.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// use fake_apiserver::{Admission, FakeApiServer, Webhook};
/// use serde_json::json;
///
/// let server = FakeApiServer::start().await;
/// server.webhook(Webhook::validating("no-pets.example.com").on("configmaps").answer(|request| {
///     match request["object"]["data"]["pet"].is_null() {
///         true => Admission::allow(),
///         false => Admission::deny("no pets"),
///     }
/// }));
/// server.webhook(Webhook::mutating("label.example.com").on("configmaps").operations(["CREATE"]).answer(|_| {
///     Admission::allow().patch(json!([{"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}}]))
/// }));
/// # });
/// ```
#[must_use = "a webhook does nothing until `FakeApiServer::webhook` is given it"]
pub struct Webhook {
    kind: &'static str,
    name: String,
    resources: Vec<String>,
    operations: Vec<String>,
    fields: Map<String, Value>,
    place: Option<Place>,
}

enum Place {
    Closure(Respond),
    Url(String, String),
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

impl Webhook {
    /// One that may refuse a write. The name is like a domain: `no-pets.example.com`.
    pub fn validating(name: impl Into<String>) -> Self {
        Webhook::new("ValidatingWebhookConfiguration", name.into())
    }

    /// One that may change the object too.
    pub fn mutating(name: impl Into<String>) -> Self {
        Webhook::new("MutatingWebhookConfiguration", name.into())
    }

    fn new(kind: &'static str, name: String) -> Self {
        Webhook {
            kind,
            name,
            resources: Vec::new(),
            operations: vec!["CREATE".to_owned(), "UPDATE".to_owned()],
            fields: Map::new(),
            place: None,
        }
    }

    /// Is asked about this resource: `pods`, `deployments.apps`, `pods/status`, `*`, `*.apps`. Said several times, about
    /// each.
    pub fn on(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Is asked about these operations. Default: `CREATE` and `UPDATE`.
    pub fn operations<T: Into<String>>(mut self, operations: impl IntoIterator<Item = T>) -> Self {
        self.operations = operations.into_iter().map(Into::into).collect();
        self
    }

    /// Sets a field of the webhook, as the configuration has it: `failurePolicy`, `timeoutSeconds`, `namespaceSelector`,
    /// `matchConditions`.
    ///
    /// ```
    /// use fake_apiserver::{Admission, Webhook};
    /// let webhook = Webhook::validating("slow.example.com")
    ///     .on("pods")
    ///     .field("timeoutSeconds", 1)
    ///     .field("failurePolicy", "Ignore")
    ///     .answer(|_| Admission::allow());
    /// ```
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Is answered by a closure, which is given the `request` of the review. It is served over HTTPS, for as long as the
    /// server is there, on a thread where it may block.
    pub fn answer(mut self, answer: impl Fn(&Value) -> Admission + Send + Sync + 'static) -> Self {
        let respond = move |review: &Value| answer(&review["request"]).review(review);
        self.place = Some(Place::Closure(Arc::new(respond)));
        self
    }

    /// Is answered at a URL by somebody whose certificate, or its authority's, is this one (PEM).
    pub fn at(mut self, url: impl Into<String>, certificate: impl Into<String>) -> Self {
        self.place = Some(Place::Url(url.into(), certificate.into()));
        self
    }

    fn rules(&self) -> Value {
        let rules = self.resources.iter().map(|resource| {
            let (whole, part) = match resource.split_once('/') {
                Some((whole, part)) => (whole, format!("/{part}")),
                None => (resource.as_str(), String::new()),
            };
            let (plural, group) = whole.split_once('.').unwrap_or((whole, ""));
            json!({
                "operations": self.operations,
                "apiGroups": [if plural == "*" && group.is_empty() { "*" } else { group }],
                "apiVersions": ["*"],
                "resources": [format!("{plural}{part}")],
            })
        });
        rules.collect()
    }

    /// Its configuration, at this URL.
    fn configuration(&self, url: &str, bundle: &str) -> Value {
        let mut hook = json!({
            "name": self.name,
            "clientConfig": {"url": url, "caBundle": base64::encode(bundle)},
            "rules": self.rules(),
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        });
        if let Some(members) = hook.as_object_mut() {
            members.extend(self.fields.clone());
        }
        json!({
            "kind": self.kind,
            "apiVersion": GROUP_VERSION,
            "metadata": {"name": self.name},
            "webhooks": [hook],
        })
    }
}

/// What a [`Webhook`] says about a write.
#[derive(Clone, Debug)]
pub struct Admission(Map<String, Value>);

impl Admission {
    /// The write may happen.
    pub fn allow() -> Self {
        Admission::new(true)
    }

    /// The write is refused, with 403 Forbidden and this message.
    ///
    /// ```
    /// let no = fake_apiserver::Admission::deny("no pets").warning("we had a dog once");
    /// ```
    pub fn deny(message: impl Into<String>) -> Self {
        let message: String = message.into();
        Admission::new(false).with(
            "status",
            json!({"message": message, "reason": "Forbidden", "code": 403}),
        )
    }

    fn new(allowed: bool) -> Self {
        Admission(Map::new()).with("allowed", allowed.into())
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.0.insert(field.to_owned(), value);
        self
    }

    /// A JSON patch of the object.
    pub fn patch(self, operations: impl Serialize) -> Self {
        let operations = serde_json::to_string(&operations).unwrap_or_default();
        self.with("patchType", "JSONPatch".into())
            .with("patch", base64::encode(operations).into())
    }

    /// A warning to whoever writes; said several times, one after the other.
    pub fn warning(mut self, text: impl Into<String>) -> Self {
        let warnings = self.0.entry("warnings").or_insert_with(|| json!([]));
        if let Some(warnings) = warnings.as_array_mut() {
            warnings.push(Value::String(text.into()));
        }
        self
    }

    /// The review that answers this one.
    fn review(self, asked: &Value) -> Value {
        let response = self.with("uid", asked["request"]["uid"].clone()).0;
        json!({
            "kind": asked["kind"],
            "apiVersion": asked["apiVersion"],
            "response": response,
        })
    }
}

/// Webhooks that are served beside a server.
#[derive(Default)]
pub(super) struct Served(Mutex<Vec<Hook>>);

impl FakeApiServer {
    /// Registers a webhook: its configuration is stored, under the name of the webhook, and it is asked from now on.
    ///
    /// Clients' writes are asked about; the server's own, and those of the test's hand ([`object`](Self::object),
    /// [`resource`](Self::resource)), are not. A [fork](Self::fork) asks the same webhook.
    ///
    /// ```
    /// use fake_apiserver::{Admission, FakeApiServer, Webhook};
    /// let server = FakeApiServer::start_blocking();
    /// server.webhook(Webhook::validating("never.example.com").on("pods").answer(|_| Admission::deny("never")));
    /// assert!(server.resource("validatingwebhookconfigurations").get("never.example.com").is_some());
    /// ```
    ///
    /// # Panics
    ///
    /// If nothing says who answers it, the configuration is not valid, or no port can be had.
    #[track_caller]
    pub fn webhook(&self, webhook: Webhook) {
        let configuration = match &webhook.place {
            None => panic!(
                "nothing says who answers the webhook {:?}: `answer` or `at` does",
                webhook.name
            ),
            Some(Place::Url(url, certificate)) => webhook.configuration(url, certificate),
            Some(Place::Closure(respond)) => {
                let served = Hook::serve(&self.inner.runtime, respond.clone());
                let hook = match served {
                    Ok(hook) => hook,
                    Err(why) => panic!("the webhook {:?} cannot be served: {why}", webhook.name),
                };
                let configuration = webhook.configuration(&hook.url, &hook.bundle);
                self.inner.webhooks.0.lock().push(hook);
                configuration
            }
        };
        self.object(configuration);
    }
}
