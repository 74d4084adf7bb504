//! The journal, verification and coverage, as a test over real HTTP sees them.

mod support;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, Instant};

use fake_apiserver::handles::{Outcome, StreamEnd};
use fake_apiserver::{
    Auth, Coverage, Entry, FakeApiServer, Fault, Limits, Patch, Requests, Times, Verb,
};
use serde_json::{Value, json};

use support::at;
use support::client::{APPLY, Client, MERGE};
use support::objects::{endpoints, path};
use support::raw::Raw;
use support::watch::Watch;
use support::{PATIENCE, within};

/// A server where time stands still, with Endpoints `default/db`.
async fn frozen() -> FakeApiServer {
    FakeApiServer::builder()
        .random_seed(42)
        .clock_at(at(1_700_000_000))
        .object(endpoints("default", "db", json!({"app": "shop"})))
        .start()
        .await
}

fn db() -> String {
    format!("{}/db", path("default"))
}

fn only(server: &FakeApiServer) -> Entry {
    let journal = server.journal();
    assert_eq!(journal.len(), 1, "{journal}");
    journal.iter().next().unwrap().clone()
}

/// Waits until the newest entry is as it should be: a server notices late that a client has left.
async fn until(server: &FakeApiServer, done: impl Fn(&Entry) -> bool) {
    let wait = async {
        while !server.journal().iter().last().is_some_and(&done) {
            tokio::task::yield_now().await;
        }
    };
    within(wait).await;
}

/// What a panic says, its place first.
fn complaint(mistake: impl FnOnce()) -> String {
    thread_local! {
        static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let listened = SAID.with_borrow_mut(|said| match said {
                Some(text) => {
                    *text = info.to_string();
                    true
                }
                None => false,
            });
            if !listened {
                before(info);
            }
        }));
    });
    SAID.set(Some(String::new()));
    let outcome = catch_unwind(AssertUnwindSafe(mistake));
    let said = SAID.take().unwrap();
    assert!(outcome.is_err(), "nothing was complained about");
    said
}

#[track_caller]
fn here() -> String {
    let caller = Location::caller();
    format!("{}:{}:", caller.file(), caller.line())
}

/// The line after the one that asks.
#[track_caller]
fn here_below() -> String {
    let caller = Location::caller();
    format!("{}:{}:", caller.file(), caller.line() + 1)
}

#[tokio::test]
async fn an_entry_tells_what_was_asked_and_what_was_answered() {
    let server = frozen().await;
    let mut client = Client::connect(&server)
        .await
        .with_header("user-agent", "shop/1.2");
    let object = endpoints("default", "new", json!({}));
    client
        .post(&format!("{}?fieldManager=me", path("default")), &object)
        .await
        .object();
    let entry = only(&server);
    let (request, answer) = (entry.request(), entry.answer());
    let words = [
        (request.method, Some("POST")),
        (request.path, Some("/api/v1/namespaces/default/endpoints")),
        (request.query, Some("fieldManager=me")),
        (request.api_group, Some("")),
        (request.api_version, Some("v1")),
        (request.resource, Some("endpoints")),
        (request.subresource, None),
        (request.namespace, Some("default")),
        (request.name, None),
        (request.user, Some("system:admin")),
        (request.user_agent, Some("shop/1.2")),
        (request.header("content-type"), Some("application/json")),
    ];
    for (is, expected) in words {
        assert_eq!(is, expected);
    }
    assert_eq!(request.verb, Some(Verb::Create));
    assert_eq!(
        (entry.index(), entry.attempt(), answer.code),
        (1, 1, Some(201))
    );
    assert_eq!(
        (answer.outcome, answer.revision),
        (Outcome::Answered, server.revision())
    );
    assert_eq!((answer.reason, entry.duration()), (None, Duration::ZERO));
    assert_eq!(request.body.bytes, object.to_string().as_bytes());
    let created: Value = serde_json::from_slice(answer.body.bytes).unwrap();
    assert_eq!(created["metadata"]["name"], "new");
    let since_1970 = entry.time().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(since_1970.as_secs(), 1_700_000_000);
}

#[tokio::test]
async fn what_was_refused_before_a_handler_is_there_too() {
    let server = FakeApiServer::builder()
        .auth(Auth::new().token("t", "alice", ["dev"]).anonymous(false))
        .start()
        .await;
    let mut stranger = Client::connect(&server).await;
    let mut alice = Client::connect(&server)
        .await
        .with_header("authorization", "Bearer t");
    stranger.get(&db()).await;
    alice.get("/api/v1/watch").await;
    alice.get("/api/v1/nonsense").await;
    alice.get("/nowhere").await;
    let journal = server.journal();
    let seen = journal.iter().map(|entry| {
        let (request, answer) = (entry.request(), entry.answer());
        let code = answer.code.unwrap();
        (
            request.path.unwrap(),
            request.verb,
            request.user,
            code,
            answer.reason,
        )
    });
    let (get, list, alice) = (Some(Verb::Get), Some(Verb::List), Some("alice"));
    let said = |reason: &str| Some(reason.to_owned());
    let expected = [
        (&*db(), get, None, 401, said("Unauthorized")),
        ("/api/v1/watch", None, None, 500, None),
        ("/api/v1/nonsense", list, alice, 404, said("NotFound")),
        ("/nowhere", get, alice, 404, None),
    ];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_method_that_is_no_verb_is_told_as_it_was_sent() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    client.post("/version", &json!({})).await;
    let entry = only(&server);
    assert_eq!(
        (entry.request().method, entry.request().verb),
        (Some("POST"), None)
    );
    assert_eq!(entry.request().resource, None);
}

#[test]
fn what_was_no_http_is_an_entry_without_a_request_line() {
    let server = FakeApiServer::start_blocking();
    let too_long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000));
    for (bytes, code, complaint) in [
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", 400, "invalid HTTP"),
        (&*too_long, 414, "URI too long"),
    ] {
        server.clear_journal();
        let mut raw = Raw::connect(server.address());
        raw.send(bytes);
        assert_eq!(raw.code(), code);
        raw.rest();
        let entry = when_it_is_there(&server);
        let (request, answer) = (entry.request(), entry.answer());
        assert_eq!((request.method, request.path), (None, None));
        assert_eq!(
            (answer.outcome, answer.code),
            (Outcome::Unparsed, Some(code))
        );
        assert!(answer.message.unwrap().contains(complaint), "{entry}");
    }
}

/// The first entry; a connection ends after its answer was read.
fn when_it_is_there(server: &FakeApiServer) -> Entry {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(entry) = server.journal().iter().next() {
            return entry.clone();
        }
        assert!(Instant::now() < deadline, "there is no entry");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_fault_that_acted_is_named_and_attempts_are_counted() {
    let server = frozen().await;
    let _guard = server.fault(
        Fault::conflict()
            .verb("update")
            .first(1)
            .named("the lost race"),
    );
    let mut client = Client::connect(&server).await;
    let object = endpoints("default", "db", json!({}));
    assert_eq!(client.put(&db(), &object).await.status, 409);
    assert_eq!(client.put(&db(), &object).await.status, 200);
    let journal = server.journal();
    let [first, second] = [0, 1].map(|i| journal.iter().nth(i).unwrap());
    assert_eq!(
        (first.faults(), first.attempt()),
        (&["the lost race".to_owned()][..], 1)
    );
    assert_eq!((second.faults().len(), second.attempt()), (0, 2));
    assert_eq!(first.answer().reason.as_deref(), Some("Conflict"));
    assert!(
        first.answer().message.unwrap().contains("\"db\""),
        "{first}"
    );
}

#[test]
fn an_answer_that_never_came_has_no_code() {
    let server = FakeApiServer::start_blocking();
    for (fault, outcome) in [
        (Fault::reset(), Outcome::Reset),
        (Fault::empty_reply(), Outcome::Closed),
        (Fault::garbage(b"?"), Outcome::Garbage),
    ] {
        let guard = server.fault(fault);
        let mut raw = Raw::connect(server.address());
        raw.send(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", db()))
            .rest();
        drop(guard);
        let journal = server.journal();
        let last = journal.iter().last().unwrap();
        let answer = last.answer();
        assert_eq!((answer.outcome, answer.code), (outcome, None), "{last}");
    }
    assert_eq!(server.coverage().count("get endpoints", 500), 0);
}

#[tokio::test]
async fn a_request_that_hangs_is_pending_until_its_client_leaves() {
    let server = frozen().await;
    let _guard = server.fault(Fault::delay(Duration::from_secs(60)).first(1));
    let mut raw = Raw::connect(server.address());
    raw.send(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", db()));
    until(&server, |entry| entry.answer().outcome == Outcome::Pending).await;
    assert_eq!(only(&server).faults(), ["delay"]);
    server.verify(Requests::new().verb("get").name("db"), 1);
    drop(raw);
    until(&server, |entry| {
        entry.answer().outcome == Outcome::Abandoned
    })
    .await;
    assert_eq!(
        (only(&server).answer().code, only(&server).attempt()),
        (None, 1)
    );
    server.verify_no_more();
}

#[tokio::test]
async fn a_watch_is_counted_while_it_runs() {
    let server = frozen().await;
    let mut watch = Watch::open(
        &server,
        &path("default"),
        "timeoutSeconds=60&allowWatchBookmarks=true",
    )
    .await;
    watch.next().await.unwrap();
    let log = only(&server).answer().watch.unwrap();
    assert_eq!((log.events, log.end), (1, StreamEnd::Open));
    server.object(endpoints("default", "more", json!({})));
    watch.next().await.unwrap();
    assert_eq!(only(&server).answer().watch.unwrap().events, 2);
    server.advance(Duration::from_secs(60));
    while watch.next().await.is_some() {}
    assert_eq!(only(&server).answer().watch.unwrap().end, StreamEnd::Ended);
}

#[tokio::test]
async fn a_watch_tells_how_it_ended() {
    let server = frozen().await;
    let guard = server.fault(Fault::watch_expires().after_events(1));
    let mut watch = Watch::open(&server, &path("default"), "").await;
    while watch.next().await.is_some() {}
    drop(guard);
    assert_eq!(only(&server).answer().watch.unwrap().end, StreamEnd::Error);
    let mut left = Watch::open(&server, &path("default"), "").await;
    left.next().await.unwrap();
    drop(left);
    until(&server, |entry| {
        entry.answer().watch.unwrap().end == StreamEnd::Gone
    })
    .await;
}

#[tokio::test]
async fn the_journal_is_bounded_and_says_what_it_dropped() {
    let server = FakeApiServer::builder()
        .limits(Limits::new().journal(2))
        .start()
        .await;
    let mut client = Client::connect(&server).await;
    for _ in 0..5 {
        client.get("/version").await;
    }
    let journal = server.journal();
    assert_eq!((journal.len(), journal.dropped()), (2, 3));
    let attempts: Vec<u64> = journal.iter().map(Entry::attempt).collect();
    assert_eq!(attempts, [4, 5]);
    server.verify(Requests::new(), 2..);
    let error = server
        .try_verify(Requests::new(), 2)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("has dropped 3 entries") && error.contains("Limits::journal (2)"),
        "{error}"
    );
    server.clear_journal();
    server.verify(Requests::new(), 0);
}

#[tokio::test]
async fn a_journal_that_is_off_verifies_nothing_but_covers() {
    let server = FakeApiServer::builder()
        .limits(Limits::new().journal(0))
        .start()
        .await;
    Client::connect(&server)
        .await
        .get("/api/v1/endpoints")
        .await;
    assert!(server.journal().is_empty());
    let error = server
        .try_verify(Requests::new(), 0)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("nothing can be verified: the journal is off"),
        "{error}"
    );
    assert_eq!(server.coverage().count("list all endpoints", 200), 1);
}

#[tokio::test]
async fn the_journal_can_be_read() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    let mut object = endpoints("default", "db", json!({}));
    object["metadata"]["resourceVersion"] = "1".into();
    client.put(&db(), &object).await;
    client.get("/version").await;
    let text = server.journal().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    let head = format!("#1 PUT {} → 409 Conflict (system:admin; revision ", db());
    assert!(lines[0].starts_with(&head), "{text}");
    assert!(
        lines[0].contains("> {\"apiVersion\"") && lines[0].contains("… < {\"kind\":\"Status\""),
        "{text}"
    );
    assert!(lines[1].starts_with("#2 GET /version → 200 "), "{text}");
}

#[tokio::test]
async fn requests_are_found_by_everything_a_fault_can_ask_for() {
    let server = frozen().await;
    let mut client = Client::connect(&server)
        .await
        .with_header("user-agent", "shop/1.2");
    let applied = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db"}});
    let target = format!("{}?fieldManager=me&force=true&dryRun=All", db());
    client.patch(&target, APPLY, &applied).await.object();
    client.delete(&db()).await;
    client
        .put(
            "/api/v1/namespaces/default/status",
            &json!({"kind": "Namespace"}),
        )
        .await;
    let found = |requests: Requests| server.journal().filter(&requests).len();
    assert_eq!(
        found(
            Requests::new()
                .verb("patch")
                .patch(Patch::Apply)
                .field_manager("me")
        ),
        1
    );
    assert_eq!(found(Requests::new().patch(Patch::Merge)), 0);
    assert_eq!(
        found(
            Requests::new()
                .resource("ep")
                .namespace("default")
                .name("db")
        ),
        2
    );
    assert_eq!(
        found(Requests::new().dry_run(true).query("force", "true")),
        1
    );
    // It is gone, and found by the labels it had.
    assert_eq!(
        found(
            Requests::new()
                .verb("delete")
                .label("app", "shop")
                .code(200)
        ),
        1
    );
    assert_eq!(found(Requests::new().label("app", "other")), 0);
    assert_eq!(found(Requests::new().subresource("status")), 1);
    assert_eq!(
        found(Requests::new().user("system:admin").user_agent("shop/")),
        3
    );
    assert_eq!(found(Requests::new().header("user-agent", "shop/1.2")), 3);
    assert_eq!(found(Requests::new().code(404).code(409)), 0);
}

#[tokio::test]
async fn a_create_is_found_by_the_labels_in_its_body() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    client
        .post(
            &path("default"),
            &endpoints("default", "new", json!({"app": "web"})),
        )
        .await
        .object();
    server.verify(Requests::new().verb("create").label("app", "web"), 1);
}

#[tokio::test]
async fn a_failed_verification_says_what_was_wanted_what_came_and_what_came_close() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    for _ in 0..3 {
        client.patch(&db(), MERGE, &json!({})).await.object();
    }
    let applies = Requests::new().verb("patch").patch(Patch::Apply);
    server.verify(applies.clone(), Times::never());
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.verify(applies, 2) });
    for expected in [
        &*place,
        "wanted exactly 2 of (verb patch, application/apply-patch+yaml), but 0 came; what came close:",
        "3 × the body was \"application/merge-patch+json\"; the rule asks for application/apply-patch+yaml",
        "#3 PATCH /api/v1/namespaces/default/endpoints/db → 200 (attempt 3;",
        "the server's seed is 42",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    let problem = server.try_verify(Requests::new().code(404), 1).unwrap_err();
    assert!(
        problem
            .to_string()
            .contains("3 × the code was 200; the rule asks for 404"),
        "{problem}"
    );
}

#[test]
fn asking_for_what_cannot_come_is_a_mistake() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = Requests::new().verb("updat"); });
    assert!(
        said.contains(&place) && said.contains("did you mean `update`"),
        "{said}"
    );
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = Fault::conflict().verbs(["get", "PUT"]); });
    assert!(
        said.contains(&place) && said.contains("is the verb `update`"),
        "{said}"
    );
    #[rustfmt::skip]
    let nothing = std::ops::Range { start: 3, end: 2 };
    let said = complaint(|| {
        place = here();
        server.verify(Requests::new(), nothing.clone())
    });
    assert!(
        said.contains(&place) && said.contains("no number of requests in 3..2"),
        "{said}"
    );
    let said = complaint(|| {
        drop(
            server
                .journal()
                .filter(&Requests::new().resource("endpoint-s")),
        )
    });
    assert!(
        said.contains("unknown resource `endpoint-s`") && said.contains(file!()),
        "{said}"
    );
}

#[tokio::test]
async fn an_order_may_have_others_in_between_but_not_be_turned_around() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    let _guard = server.fault(Fault::conflict().verb("update").first(1));
    let object = endpoints("default", "db", json!({}));
    client.put(&db(), &object).await;
    client.get("/version").await;
    client.get(&db()).await;
    client.put(&db(), &object).await;
    let update = |code| Requests::new().verb("update").code(code);
    let read = || Requests::new().verb("get").name("db");
    server.verify_order([update(409), read(), update(200)]);
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.verify_order([update(200), read()]) });
    assert!(
        said.contains("step 2 of 2 (verb get, name db) did not come after #4"),
        "{said}"
    );
    assert!(said.contains(&place), "{said}");
    // One of the four was not among the steps.
    let said = complaint(|| server.verify_no_more());
    assert!(said.contains("but 1 came:\n  #2 GET /version"), "{said}");
}

#[tokio::test]
async fn no_more_means_no_more_than_what_was_verified_by_then() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    client.get(&db()).await;
    server.verify(Requests::new().verb("get"), 1);
    server.verify_no_more();
    client.get(&db()).await;
    assert!(server.try_verify_no_more().is_err());
    server.verify(Requests::new().verb("get"), 2);
    server.verify_no_more();
}

/// A client's work with everything a journal can hold, but what depends on when it is looked at.
async fn work() -> String {
    let server = frozen().await;
    let _guards = [
        server.fault(Fault::conflict().verb("update").probability(0.5).optional()),
        server.fault(Fault::delay(Duration::ZERO).carry_on().optional()),
    ];
    let mut client = Client::connect(&server).await;
    let mut object = endpoints("default", "", json!({}));
    object["metadata"]["generateName"] = "db-".into();
    client.post(&path("default"), &object).await;
    for _ in 0..8 {
        client
            .put(&db(), &endpoints("default", "db", json!({})))
            .await;
    }
    client
        .send(http::Method::PUT, &db(), "text/plain", "no\u{1}sense")
        .await;
    client.get("/api/v1/endpoints").await;
    client
        .get(&format!("{}?watch=1&timeoutSeconds=-1", path("default")))
        .await;
    client.get("/api/v1/%ff").await;
    server.journal().to_json().to_string()
}

#[tokio::test]
async fn the_same_seed_script_and_requests_give_the_same_bytes() {
    let journal = work().await;
    assert_eq!(journal, work().await);
    let entries: Value = serde_json::from_str(&journal).unwrap();
    let entries = entries["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 13);
    let codes: Vec<_> = entries[1..9]
        .iter()
        .map(|e| e["code"].as_u64().unwrap())
        .collect();
    assert!(codes.contains(&409) && codes.contains(&200), "{codes:?}");
    // What a fault refused nobody read.
    let read = |e: &Value| e["requestBody"]["kind"] == "Endpoints";
    assert!(entries[1..9].iter().all(|e| read(e) == (e["code"] == 200)));
    assert_eq!(entries[9]["requestBody"], "no\u{1}sense");
    assert_eq!(
        entries[11]["watch"],
        json!({"events": 0, "bookmarks": 0, "end": "ended"})
    );
}

#[tokio::test]
async fn a_long_body_is_kept_in_part() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    let mut object = endpoints("default", "big", json!({}));
    object["metadata"]["annotations"] = json!({"note": "x".repeat(100_000)});
    client.post(&path("default"), &object).await.object();
    let entry = only(&server);
    let (sent, came) = (entry.request().body, entry.answer().body);
    assert_eq!(
        (sent.bytes.len(), sent.len),
        (16 * 1024, object.to_string().len())
    );
    assert!(came.bytes.len() == 16 * 1024 && came.len > 100_000);
    assert!(entry.to_json()["requestBody"].is_string());
    assert!(entry.to_string().len() < 1000);
}

#[tokio::test]
async fn the_reason_of_a_yaml_status_is_read_too() {
    let server = frozen().await;
    let mut client = Client::connect(&server)
        .await
        .with_header("accept", "application/yaml");
    client.get(&format!("{}/none", path("default"))).await;
    assert_eq!(only(&server).answer().reason.as_deref(), Some("NotFound"));
}

#[tokio::test]
async fn coverage_tells_which_documented_answers_were_met() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    let _guard = server.fault(Fault::too_many_requests().verb("list").first(1));
    client.get("/api/v1/endpoints").await;
    client.get(&path("default")).await;
    client.get(&db()).await;
    client.get(&db()).await;
    client.get(&format!("{}/none", path("default"))).await;
    client
        .put("/api/v1/namespaces/default/finalize", &json!({}))
        .await;
    client.get("/version").await;
    let coverage = server.coverage();
    for (operation, code, count) in [
        ("list all endpoints", 429, 1),
        ("list endpoints", 200, 1),
        ("get endpoints", 200, 2),
        ("get", 404, 1),
        ("create endpoints", 201, 0),
    ] {
        assert_eq!(
            coverage.count(operation, code),
            count,
            "{operation} {code}\n{coverage}"
        );
    }
    let documented = Coverage::default().missing().len();
    assert_eq!(coverage.missing().len() + 5, documented, "{coverage}");
    server.clear_journal();
    assert_eq!(server.coverage(), coverage);
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); coverage.require(&[("get", 404), ("create", 201)]) });
    assert!(said.contains(&place), "{said}");
    assert!(
        said.contains("these were not met:\n  create 201\n\n"),
        "{said}"
    );
    let said = complaint(|| coverage.require_documented(["get endpoints"]));
    assert!(
        said.contains("\n  get endpoints 401") && !said.contains("get endpoints 404\n"),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_leaves_its_coverage_when_it_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = Coverage::default();
    for _ in 0..2 {
        let server = FakeApiServer::builder()
            .coverage_dir(directory.path())
            .start()
            .await;
        Client::connect(&server)
            .await
            .get("/api/v1/endpoints")
            .await;
        expected.merge(&server.coverage());
    }
    // One that met nothing leaves nothing.
    drop(
        FakeApiServer::builder()
            .coverage_dir(directory.path())
            .start()
            .await,
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    let all = Coverage::from_dir(directory.path()).unwrap();
    assert_eq!(all, expected);
    assert_eq!(all.count("list all endpoints", 200), 2);
}

#[test]
#[ignore = "run by the test below, in processes of its own"]
fn a_test_of_another_process() {
    let server = FakeApiServer::start_blocking();
    let mut raw = Raw::connect(server.address());
    raw.send("GET /api/v1/namespaces HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(raw.code(), 200);
}

#[test]
fn coverage_is_merged_over_processes() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_test_of_another_process", "--include-ignored"])
            .env("FAKE_APISERVER_COVERAGE_DIR", directory.path())
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stdout)
        );
    }
    let all = Coverage::from_dir(directory.path()).unwrap();
    assert_eq!(all.count("list namespaces", 200), 2);
}

#[test]
fn a_fault_that_never_fired_tells_the_seed() {
    let server = FakeApiServer::builder().random_seed(7).start_blocking();
    let guard = server.fault(Fault::conflict());
    assert!(complaint(|| drop(guard)).contains("the server's seed is 7"));
}

#[tokio::test]
async fn what_was_expected_and_came_is_fine() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    client.get(&db()).await;
    // What came before does not count.
    let reads = server.expect(Requests::new().verb(Verb::Get), 1..=2);
    let writes = server.expect(Requests::new().verbs([Verb::Create, Verb::Update]), 0);
    client.get(&db()).await;
    drop(reads);
    writes.verify();
}

#[tokio::test]
async fn what_was_expected_and_did_not_come_is_told_when_the_guard_goes() {
    let server = frozen().await;
    let mut client = Client::connect(&server).await;
    client.get(&db()).await;
    let place = here_below();
    let reads = server.expect(Requests::new().verb("get"), 2..);
    client.get(&db()).await;
    let said = complaint(|| drop(reads));
    for expected in [
        &*format!("what was expected at {place}"),
        "wanted at least 2 of (verb get), but 1 came",
        "#2 GET",
        "the server's seed is 42",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    assert!(!said.contains("#1 GET"), "{said}");
}

#[test]
fn an_expectation_is_looked_at_where_it_is_asked() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    let deletes = server.expect(Requests::new().verb(Verb::Delete), 1);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); deletes.verify() });
    assert!(said.contains(&place), "{said}");
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); drop(server.expect(Requests::new().resource("eps"), 1)) });
    assert!(
        said.contains(&place) && said.contains("unknown resource `eps`"),
        "{said}"
    );
}

#[tokio::test]
async fn an_expectation_is_not_concerned_by_what_was_dropped_before_it() {
    let server = FakeApiServer::builder()
        .limits(Limits::new().journal(2))
        .start()
        .await;
    let mut client = Client::connect(&server).await;
    for _ in 0..5 {
        client.get("/version").await;
    }
    assert!(server.try_verify(Requests::new().verb("list"), 0).is_err());
    let none = server.expect(Requests::new().verb("list"), 0);
    client.get("/version").await;
    none.verify();
    let none = server.expect(Requests::new().verb("list"), 0);
    for _ in 0..3 {
        client.get("/version").await;
    }
    let said = complaint(|| none.verify());
    assert!(said.contains("has dropped 7 entries"), "{said}");
}

/// While a test fails already, an expectation says nothing on top.
#[test]
fn an_expectation_does_not_panic_twice() {
    let server = FakeApiServer::start_blocking();
    let said = complaint(|| {
        let _never = server.expect(Requests::new(), 1);
        panic!("the test's own");
    });
    assert!(said.contains("the test's own"), "{said}");
}
