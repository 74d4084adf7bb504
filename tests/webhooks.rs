//! Webhooks that are really called: what they are sent, what their answers do, and what becomes of those that fail.
#![cfg(feature = "tls")]

mod support;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fake_apiserver::{Admission, FakeApiServer, Webhook};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use support::ask::{Ask, delete, get, patch, post, put};
use support::client::{APPLY, Answer, MERGE};
use support::within;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

const CONFIGMAPS: &str = "/api/v1/namespaces/default/configmaps";
const CONFIGURATIONS: &str =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

/// What a webhook was sent.
#[derive(Clone, Debug)]
struct Sent {
    target: String,
    agent: String,
    accept: String,
    is_http2: bool,
    body: String,
}

/// An HTTPS server that answers by path.
struct Hooks {
    port: u16,
    /// In PEM.
    leaf: String,
    authority: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

fn identity(names: &[&str]) -> (TlsAcceptor, String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let chain = vec![CertificateDer::from(leaf.der().to_vec())];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (acceptor, leaf.pem(), authority.pem())
}

/// The answer of a path.
async fn answer(path: &str, review: &Value) -> (u16, &'static str, String) {
    let json = "application/json";
    let mut response = json!({"uid": review["request"]["uid"], "allowed": true});
    let mut answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"});
    match path {
        "/deny" => response["allowed"] = false.into(),
        "/uid" => response["uid"] = "x".into(),
        "/patch" => response["patch"] = "W10=".into(),
        "/beta" => answer["apiVersion"] = "admission.k8s.io/v1beta1".into(),
        "/kind" => answer = json!({}),
        "/absent" => return (200, json, answer.to_string()),
        "/text" => return (200, json, "hello".to_owned()),
        "/nothing" => return (200, json, String::new()),
        "/broken" => return (500, "text/plain", "oh no".to_owned()),
        "/lost" => return (404, json, "{}".to_owned()),
        "/hang" => tokio::time::sleep(Duration::from_secs(60)).await,
        _ => {}
    }
    answer["response"] = response;
    (200, json, answer.to_string())
}

async fn hooks(names: &[&str]) -> Hooks {
    let (acceptor, leaf, authority) = identity(names);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = sent.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), seen.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let seen = seen.clone();
                    async move { Ok::<_, Infallible>(respond(request, &seen).await) }
                });
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    Hooks {
        port,
        leaf,
        authority,
        sent,
    }
}

async fn respond(
    request: hyper::Request<Incoming>,
    seen: &Mutex<Vec<Sent>>,
) -> hyper::Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
    seen.lock().unwrap().push(Sent {
        target: parts.uri.path_and_query().unwrap().to_string(),
        agent: text("user-agent"),
        accept: text("accept"),
        is_http2: parts.version == http::Version::HTTP_2,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let review = serde_json::from_slice(&body).unwrap();
    let (status, media, body) = answer(parts.uri.path(), &review).await;
    hyper::Response::builder()
        .status(status)
        .header("content-type", media)
        .body(Full::from(body))
        .unwrap()
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "v"}})
}

async fn create(server: &FakeApiServer, name: &str) -> Answer {
    within(post(CONFIGMAPS, &config_map(name)).send(server.address())).await
}

fn message(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["message"].as_str().unwrap_or_default().to_owned()
}

fn value(answer: &Answer) -> Value {
    assert!(answer.status < 300, "{}", message(answer));
    serde_json::from_slice(&answer.body).unwrap()
}

/// What is said of a create while this webhook is asked, and only then.
async fn refusal(server: &FakeApiServer, webhook: Webhook) -> String {
    server.webhook(webhook);
    let told = message(&create(server, "refused").await);
    within(delete(format!("{CONFIGURATIONS}/hook.example.com")).send(server.address())).await;
    told
}

fn hook(url: &str, certificate: &str) -> Webhook {
    Webhook::validating("hook.example.com")
        .on("configmaps")
        .at(url, certificate)
}

#[tokio::test]
async fn what_fails_is_told_in_the_words_of_the_real_server() {
    let server = FakeApiServer::start().await;
    let hooks = hooks(&["localhost", "127.0.0.1"]).await;
    let failed = "failed calling webhook \"hook.example.com\": ";
    for (path, why) in [
        (
            "/uid",
            "received invalid webhook response: expected response.uid=",
        ),
        (
            "/patch",
            "received invalid webhook response: validating webhook may not return response.patch",
        ),
        (
            "/beta",
            "failed to call webhook: converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion",
        ),
        (
            "/kind",
            "received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
        ),
        (
            "/absent",
            "received invalid webhook response: webhook response was absent",
        ),
        (
            "/text",
            "failed to call webhook: couldn't get version/kind; json parse error: json: cannot unmarshal string",
        ),
        (
            "/nothing",
            "failed to call webhook: 0-length response with status code: 200 and content type: application/json",
        ),
        (
            "/broken",
            "failed to call webhook: an error on the server (\"oh no\") has prevented the request from succeeding",
        ),
        (
            "/lost",
            "failed to call webhook: the server could not find the requested resource",
        ),
    ] {
        // As envtest writes it.
        let url = format!("https://127.0.0.1:{}/{path}", hooks.port);
        let told = refusal(&server, hook(&url, &hooks.leaf)).await;
        let expected = format!("Internal error occurred: {failed}{why}");
        assert!(told.starts_with(&expected), "{path}: {told}");
    }
    let url = format!("https://127.0.0.1:{}/deny", hooks.port);
    let told = refusal(&server, hook(&url, &hooks.leaf)).await;
    assert_eq!(
        told,
        "admission webhook \"hook.example.com\" denied the request without explanation"
    );
}

#[tokio::test]
async fn a_certificate_is_trusted_if_it_or_its_authority_is_in_the_bundle() {
    let server = FakeApiServer::start().await;
    let (hooks, other) = (
        hooks(&["localhost", "127.0.0.1"]).await,
        hooks(&["example.com"]).await,
    );
    let url = |hooks: &Hooks, host: &str| format!("https://{host}:{}/", hooks.port);
    for bundle in [&hooks.leaf, &hooks.authority] {
        assert_eq!(
            refusal(&server, hook(&url(&hooks, "localhost"), bundle)).await,
            ""
        );
        within(delete(format!("{CONFIGMAPS}/refused")).send(server.address())).await;
    }
    for (hooks, host, bundle, why) in [
        (
            &hooks,
            "127.0.0.1",
            &other.authority,
            "certificate signed by unknown authority",
        ),
        (
            &hooks,
            "127.0.0.1",
            &other.leaf,
            "certificate signed by unknown authority",
        ),
        (
            &other,
            "localhost",
            &other.leaf,
            "certificate is valid for example.com, not localhost",
        ),
        (
            &other,
            "127.0.0.1",
            &other.leaf,
            "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
        ),
    ] {
        let url = url(hooks, host);
        let told = refusal(&server, hook(&url, bundle)).await;
        let expected =
            format!("Post \"{url}?timeout=10s\": tls: failed to verify certificate: x509: {why}");
        assert!(told.ends_with(&expected), "{told}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let told = refusal(&server, hook(&format!("https://{nobody}/x"), &hooks.leaf)).await;
    let expected = format!("dial tcp {nobody}: connect: connection refused");
    assert!(told.ends_with(&expected), "{told}");
}

#[tokio::test]
async fn a_webhook_is_sent_the_review() {
    let server = FakeApiServer::start().await;
    let hooks = hooks(&["127.0.0.1"]).await;
    let url = format!("https://127.0.0.1:{}//x", hooks.port);
    server.webhook(hook(&url, &hooks.leaf).operations(["*"]));
    value(&create(&server, "a").await);
    let target = format!("{CONFIGMAPS}/a");
    within(
        patch(
            target.clone() + "?fieldManager=me&dryRun=All",
            MERGE,
            &json!({"data": {"k": "w"}}),
        )
        .send(server.address()),
    )
    .await;
    within(delete(target).send(server.address())).await;
    let sent = hooks.sent.lock().unwrap().clone();
    let [created, updated, deleted] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (&*created.target, &*created.agent),
        ("/x?timeout=10s", "kube-apiserver-admission")
    );
    assert_eq!(
        (&*created.accept, created.is_http2),
        ("application/json, */*", true)
    );
    let head = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":""#;
    assert!(
        created.body.starts_with(head) && created.body.ends_with("}\n"),
        "{}",
        created.body
    );
    let request =
        |sent: &Sent| serde_json::from_str::<Value>(&sent.body).unwrap()["request"].take();
    let created = request(created);
    assert_eq!(created["object"]["data"], json!({"k": "v"}));
    assert_eq!(created["oldObject"], Value::Null);
    assert_eq!(
        created["options"],
        json!({"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"})
    );
    assert_eq!(
        created["userInfo"]["groups"],
        json!(["system:masters", "system:authenticated"])
    );
    let updated = request(updated);
    assert_eq!(
        (&updated["operation"], &updated["dryRun"]),
        (&json!("UPDATE"), &json!(true))
    );
    assert_eq!(updated["options"]["fieldManager"], "me");
    assert_eq!(updated["oldObject"]["data"], json!({"k": "v"}));
    let deleted = request(deleted);
    assert_eq!(
        (&deleted["operation"], &deleted["object"]),
        (&json!("DELETE"), &Value::Null)
    );
    assert_eq!(
        (&deleted["name"], &deleted["oldObject"]["metadata"]["name"]),
        (&json!("a"), &json!("a"))
    );
}

/// Adds a label, and counts how often it was asked.
fn labels(name: &str, label: &'static str) -> (Webhook, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let own = count.clone();
    let webhook = Webhook::mutating(format!("{name}.example.com"))
        .on("configmaps")
        .answer(move |request| {
            own.fetch_add(1, Ordering::Relaxed);
            let labels = &request["object"]["metadata"]["labels"];
            if !labels[label].is_null() {
                return Admission::allow();
            }
            let mut all = labels.as_object().cloned().unwrap_or_default();
            all.insert(label.to_owned(), "yes".into());
            Admission::allow()
                .patch(json!([{"op": "add", "path": "/metadata/labels", "value": all}]))
                .warning(label)
        });
    (webhook, count)
}

#[tokio::test]
async fn who_mutates_is_asked_again_if_others_change_the_object() {
    let server = FakeApiServer::start().await;
    let (first, asked_first) = labels("a", "one");
    let (second, asked_second) = labels("b", "two");
    server.webhook(first.field("reinvocationPolicy", "IfNeeded"));
    server.webhook(second);
    let created = create(&server, "x").await;
    let warnings: Vec<_> = created.headers.get_all("warning").iter().collect();
    assert_eq!(warnings, ["299 - \"one\"", "299 - \"two\""]);
    assert_eq!(
        value(&created)["metadata"]["labels"],
        json!({"one": "yes", "two": "yes"})
    );
    let counts = [&asked_first, &asked_second].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(counts, [2, 1]);
    let stored = within(get(format!("{CONFIGMAPS}/x")).send(server.address())).await;
    assert_eq!(
        value(&stored)["metadata"]["labels"],
        json!({"one": "yes", "two": "yes"})
    );
}

#[tokio::test]
async fn a_denial_has_the_code_and_the_words_of_the_webhook() {
    let server = FakeApiServer::start().await;
    server.webhook(
        Webhook::validating("no.example.com")
            .on("configmaps")
            .answer(|request| match request["name"] == "pet" {
                true => Admission::deny("no pets"),
                false => Admission::allow(),
            }),
    );
    let denied = create(&server, "pet").await;
    assert_eq!(denied.status, 403);
    assert_eq!(
        message(&denied),
        "admission webhook \"no.example.com\" denied the request: no pets"
    );
    assert_eq!(create(&server, "plant").await.status, 201);
    // The test's own hand asks nobody.
    server.object(config_map("pet"));
    assert!(
        server
            .resource("configmaps")
            .namespace("default")
            .get("pet")
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_may_write_to_the_server_that_asks_it() {
    let server = FakeApiServer::start().await;
    let address = server.address();
    let writer = tokio::runtime::Handle::current();
    server.webhook(
        Webhook::validating("w.example.com")
            .on("configmaps")
            .answer(move |request| {
                let name = request["name"].as_str().unwrap_or_default().to_owned();
                if name.starts_with("log-") {
                    return Admission::allow();
                }
                let logged = writer
                    .block_on(post(CONFIGMAPS, &config_map(&format!("log-{name}"))).send(address));
                match logged.status {
                    201 => Admission::allow(),
                    status => Admission::deny(format!("{status}")),
                }
            }),
    );
    assert_eq!(create(&server, "a").await.status, 201);
    let stored = server.resource("configmaps").namespace("default");
    assert!(stored.get("log-a").is_some() && stored.get("a").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_begins_again_if_the_webhook_changes_the_object_itself() {
    let server = FakeApiServer::start().await;
    server.object(config_map("a"));
    let address = server.address();
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, writer) = (asked.clone(), tokio::runtime::Handle::current());
    server.webhook(
        Webhook::validating("w.example.com")
            .on("configmaps")
            .answer(move |request| {
                let is_own = request["object"]["data"]["by"] == "webhook";
                if !is_own && count.fetch_add(1, Ordering::Relaxed) == 0 {
                    let change = json!({"data": {"by": "webhook"}});
                    writer.block_on(patch(format!("{CONFIGMAPS}/a"), MERGE, &change).send(address));
                }
                Admission::allow()
            }),
    );
    let change = json!({"data": {"k": "w"}});
    let patched = within(patch(format!("{CONFIGMAPS}/a"), MERGE, &change).send(address)).await;
    assert_eq!(value(&patched)["data"], json!({"k": "w", "by": "webhook"}));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// What an update that would create its object comes to, if somebody creates it while a webhook is asked.
async fn overtaken(update: Ask, created: (&'static str, Value)) -> (u16, Value, Vec<Value>) {
    let server = FakeApiServer::start().await;
    let address = server.address();
    let (asked, writer) = (Arc::default(), tokio::runtime::Handle::current());
    let asks: Arc<Mutex<Vec<Value>>> = Arc::clone(&asked);
    server.webhook(
        Webhook::validating("w.example.com")
            .on("*")
            .answer(move |request| {
                let is_first = {
                    let mut asks = asks.lock().unwrap();
                    asks.push(request["operation"].clone());
                    asks.len() == 1
                };
                if is_first {
                    let (collection, object) = &created;
                    let made = writer.block_on(post(*collection, object).send(address));
                    assert_eq!(made.status, 201);
                }
                Admission::allow()
            }),
    );
    let answer = within(update.send(address)).await;
    let asked = asked.lock().unwrap().clone();
    (answer.status, answer.json(), asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_would_create_updates_what_somebody_created_meanwhile() {
    let mut applied = config_map("a");
    applied["data"] = json!({"k": "applied"});
    let apply = patch(format!("{CONFIGMAPS}/a?fieldManager=m"), APPLY, &applied);
    let mut other = config_map("a");
    other["data"] = json!({"other": "posted"});
    let (status, answer, asked) = overtaken(apply, (CONFIGMAPS, other)).await;
    assert_eq!(status, 200);
    assert_eq!(answer["data"], json!({"k": "applied", "other": "posted"}));
    assert_eq!(asked, ["CREATE", "CREATE", "UPDATE"]);

    // One that gives no version may only create.
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                       "metadata": {"name": "a", "namespace": "default"}, "spec": {}});
    let replace = put(format!("{leases}/a"), &lease);
    let (status, answer, asked) = overtaken(replace, (leases, lease)).await;
    assert_eq!(status, 422);
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.contains(
            "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
        )
    );
    assert_eq!(asked, ["CREATE", "CREATE"]);
}

#[tokio::test]
async fn one_that_hangs_holds_up_nobody_else() {
    let server = FakeApiServer::start().await;
    let hooks = hooks(&["127.0.0.1"]).await;
    let url = format!("https://127.0.0.1:{}/hang", hooks.port);
    let slow = hook(&url, &hooks.leaf).field("timeoutSeconds", 1);
    server.webhook(slow.field("objectSelector", json!({"matchLabels": {"slow": "yes"}})));
    let mut object = config_map("slow");
    object["metadata"]["labels"] = json!({"slow": "yes"});
    let began = Instant::now();
    let waiting = post(CONFIGMAPS, &object).send(server.address());
    let others = async {
        for i in 0..20 {
            assert_eq!(create(&server, &format!("quick-{i}")).await.status, 201);
        }
        began.elapsed()
    };
    let (answer, others) = within(async { tokio::join!(waiting, others) }).await;
    assert!(others < Duration::from_secs(1), "{others:?}");
    assert!(began.elapsed() >= Duration::from_secs(1));
    let expected = format!("Post \"{url}?timeout=1s\": context deadline exceeded");
    assert_eq!(answer.status, 500);
    assert!(
        message(&answer).ends_with(&expected),
        "{}",
        message(&answer)
    );
}

#[tokio::test]
async fn many_writes_ask_at_the_same_time() {
    let server = FakeApiServer::start().await;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let names = seen.clone();
    server.webhook(
        Webhook::validating("many.example.com")
            .on("configmaps")
            .answer(move |request| {
                std::thread::sleep(Duration::from_millis(50));
                names.lock().unwrap().insert(request["name"].to_string());
                Admission::allow()
            }),
    );
    let began = Instant::now();
    let names: Vec<String> = (0..20).map(|i| format!("many-{i}")).collect();
    let all = names.iter().map(|name| create(&server, name));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.status, 201, "{}", message(&answer));
    }
    assert_eq!(seen.lock().unwrap().len(), 20);
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_webhook_sees_the_version_it_asked_for() {
    let server = FakeApiServer::start().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kinds = seen.clone();
    let rule = json!([{"operations": ["CREATE"], "apiGroups": ["autoscaling"], "apiVersions": ["v1"],
        "resources": ["horizontalpodautoscalers"]}]);
    server.webhook(
        Webhook::mutating("old.example.com")
            .field("rules", rule)
            .answer(move |request| {
                let shown = ["kind", "requestKind"].map(|field| request[field]["version"].clone());
                kinds
                    .lock()
                    .unwrap()
                    .push((shown, request["object"]["apiVersion"].clone()));
                Admission::allow()
                    .patch(json!([{"op": "replace", "path": "/spec/maxReplicas", "value": 7}]))
            }),
    );
    let target = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    let object = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}});
    let created = within(post(target, &object).send(server.address())).await;
    assert_eq!(value(&created)["spec"]["maxReplicas"], 7);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(
        seen,
        [([json!("v1"), json!("v2")], json!("autoscaling/v1"))]
    );
}

#[tokio::test]
async fn a_dry_run_is_refused_where_the_webhook_has_effects() {
    let server = FakeApiServer::start().await;
    server.webhook(
        Webhook::validating("e.example.com")
            .on("configmaps")
            .answer(|_| Admission::deny("never")),
    );
    let mut stored = server
        .resource("validatingwebhookconfigurations")
        .get("e.example.com")
        .unwrap();
    stored["webhooks"][0]["failurePolicy"] = "Ignore".into();
    let target = format!("{CONFIGURATIONS}/e.example.com");
    value(&within(put(target, &stored).send(server.address())).await);
    // What fails is ignored; a denial is no failure.
    assert_eq!(create(&server, "a").await.status, 403);
    let dry = post(CONFIGMAPS.to_owned() + "?dryRun=All", &config_map("a"));
    assert_eq!(within(dry.send(server.address())).await.status, 403);
}
