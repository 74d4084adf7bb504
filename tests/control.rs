//! The HTTP control surface, as a test in another language uses it.

mod support;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use fake_apiserver::{Auth, FakeApiServer, Fault};
use http::Method;
use serde_json::{Value, json};
use support::at;
use support::client::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const EP: &str = "/api/v1/namespaces/default/endpoints";

async fn server() -> FakeApiServer {
    FakeApiServer::builder()
        .control(true)
        .allow_unused_faults()
        .clock_at(at(1_767_268_800))
        .start()
        .await
}

/// What an answer said, with its status.
async fn ask(client: &mut Client, method: Method, path: &str, body: &str) -> (u16, Value) {
    let answer = client
        .send(method, path, "application/yaml", body.to_owned())
        .await;
    (
        answer.status,
        serde_json::from_slice(&answer.body).unwrap_or_default(),
    )
}

/// One request on a connection of its own.
async fn exchange(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await?;
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

#[tokio::test]
async fn rules_are_installed_listed_and_removed() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let rule =
        "fault: conflict\nname: busy\nwhen: {verb: list, resource: ep}\nschedule: {first: 2}\n";
    let (status, installed) = ask(&mut client, Method::POST, "/_fake/faults", rule).await;
    assert_eq!(status, 201);
    let script = json!({
        "name": "busy",
        "fault": "conflict",
        "when": {"verb": "list", "resource": "endpoints"},
        "schedule": {"first": 2}
    });
    assert_eq!(installed["faults"][0]["rule"], script);

    for expected in [409, 409, 200] {
        assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, expected);
    }
    let (_, listed) = ask(&mut client, Method::GET, "/_fake/faults", "").await;
    assert_eq!(
        (
            &listed["faults"][0]["matched"],
            &listed["faults"][0]["fired"]
        ),
        (&json!(3), &json!(2))
    );

    let (status, removed) = ask(&mut client, Method::DELETE, "/_fake/faults/busy", "").await;
    assert_eq!((status, &removed["fired"]), (200, &json!(2)));
    let (_, listed) = ask(&mut client, Method::GET, "/_fake/faults", "").await;
    assert_eq!(listed, json!({"faults": []}));
    assert_eq!(
        ask(&mut client, Method::GET, "/_fake/faults/busy", "")
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn what_came_close_is_told() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    ask(
        &mut client,
        Method::POST,
        "/_fake/faults",
        "{fault: reset, when: {verb: get}}",
    )
    .await;
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 200);
    let (_, rule) = ask(&mut client, Method::GET, "/_fake/faults/1", "").await;
    let why = "what came close:\n  1 × the verb was \"list\"; the rule asks for get";
    assert_eq!(rule["neverFired"], why);
}

#[tokio::test]
async fn of_a_script_with_a_mistake_nothing_is_installed() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let script = "- fault: reset\n- fault: conflict\n  when: {resource: endpiont}\n";
    let (status, answer) = ask(&mut client, Method::POST, "/_fake/faults", script).await;
    let error =
        "body:3:10: [1].when.resource: unknown resource `endpiont`; did you mean `endpoints`?";
    assert_eq!((status, answer), (400, json!({"error": error})));
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 200);
}

#[tokio::test]
async fn there_cannot_be_endless_rules() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let rules = "- {fault: reset, when: {verb: delete}}\n";
    let (status, _) = ask(
        &mut client,
        Method::POST,
        "/_fake/faults",
        &rules.repeat(999),
    )
    .await;
    assert_eq!(status, 201);
    let (status, answer) = ask(&mut client, Method::POST, "/_fake/faults", &rules.repeat(2)).await;
    let error = "there are 999 rules; more than 1000 are too many";
    assert_eq!((status, answer), (422, json!({"error": error})));
}

#[tokio::test]
async fn the_clock_and_the_history_obey() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let (_, clock) = ask(
        &mut client,
        Method::POST,
        "/_fake/clock",
        "{\"advance\": \"90s\"}",
    )
    .await;
    assert_eq!(clock, json!({"time": "2026-01-01T12:01:30Z"}));

    let before = server.revision();
    server.object(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "default"}}));
    let (status, _) = ask(&mut client, Method::POST, "/_fake/compact", "").await;
    assert_eq!(status, 200);
    let old = format!("{EP}?resourceVersion={before}&resourceVersionMatch=Exact");
    assert_eq!(ask(&mut client, Method::GET, &old, "").await.0, 410);

    let (status, answer) = ask(&mut client, Method::POST, "/_fake/compact", "{revision: 0}").await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn the_journal_is_read_verified_and_forgotten() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    for (method, path) in [
        (Method::GET, EP),
        (Method::GET, EP),
        (Method::DELETE, "/nowhere"),
    ] {
        ask(&mut client, method, path, "").await;
    }
    let (_, all) = ask(&mut client, Method::GET, "/_fake/journal", "").await;
    assert_eq!(all["entries"].as_array().unwrap().len(), 3);
    let (_, lists) = ask(
        &mut client,
        Method::GET,
        "/_fake/journal?verb=list&code=200",
        "",
    )
    .await;
    assert_eq!(lists["entries"].as_array().unwrap().len(), 2);
    let (status, problem) = ask(&mut client, Method::GET, "/_fake/journal?verb=lits", "").await;
    let error = "query: verb: unknown verb `lits`; did you mean `list`?";
    assert_eq!((status, problem), (400, json!({"error": error})));
    let (status, problem) = ask(&mut client, Method::GET, "/_fake/journal?vreb=list", "").await;
    let error = "query: unknown key `vreb`; did you mean `verb`?";
    assert_eq!((status, problem), (400, json!({"error": error})));

    let mut verify = async |body: &str| {
        ask(&mut client, Method::POST, "/_fake/verify", body)
            .await
            .1
    };
    assert_eq!(
        verify("{when: {verb: list}, times: 2}").await,
        json!({"verified": true})
    );
    assert_eq!(
        verify("{order: [{when: {verb: list}}, {code: 404}]}").await["verified"],
        true
    );
    let refuted = verify("{when: {verb: list, resource: endpoints}, times: {min: 3}}").await;
    let problem = refuted["problem"].as_str().unwrap();
    assert!(
        refuted["verified"] == false && problem.contains("but 2 came"),
        "{problem}"
    );

    ask(&mut client, Method::DELETE, "/_fake/journal", "").await;
    assert!(server.journal().is_empty());
}

#[tokio::test]
async fn the_coverage_comes_for_programs_and_for_people() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    ask(&mut client, Method::GET, EP, "").await;
    let (_, coverage) = ask(&mut client, Method::GET, "/_fake/coverage", "").await;
    assert_eq!(coverage, server.coverage().to_json());
    let table = client.get("/_fake/coverage?format=text").await;
    assert_eq!(table.body, server.coverage().to_string());
    let (status, _) = ask(&mut client, Method::GET, "/_fake/coverage?format=txt", "").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_snapshot_is_taken_and_put_back() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    server.object(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "default"}}));
    let snapshot = client.get("/_fake/snapshot").await;
    let manifests = String::from_utf8(snapshot.body.to_vec()).unwrap();
    assert!(manifests.contains("name: db"), "{manifests}");

    let (status, _) = ask(&mut client, Method::POST, "/_fake/reset", "").await;
    assert_eq!(
        (
            status,
            server.resource("endpoints").namespace("default").get("db")
        ),
        (200, None)
    );
    let (status, _) = ask(&mut client, Method::PUT, "/_fake/snapshot", &manifests).await;
    assert_eq!(status, 200);
    assert!(
        server
            .resource("endpoints")
            .namespace("default")
            .get("db")
            .is_some()
    );
}

#[tokio::test]
async fn an_empty_body_is_no_snapshot() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    server.object(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "default"}}));
    for body in ["", " \n", "# nothing\n", "---\n"] {
        let (status, answer) = ask(&mut client, Method::PUT, "/_fake/snapshot", body).await;
        let error = "the body holds no object; `{kind: List, items: []}` removes all there are";
        assert_eq!((status, answer), (400, json!({"error": error})), "{body:?}");
    }
    assert_eq!(server.resource("endpoints").list().len(), 1);
    let none = "{kind: List, apiVersion: v1, items: []}";
    assert_eq!(
        ask(&mut client, Method::PUT, "/_fake/snapshot", none)
            .await
            .0,
        200
    );
    assert_eq!(server.resource("endpoints").list().len(), 0);
}

#[tokio::test]
async fn no_two_rules_have_one_name() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let rule = "{name: a, fault: reset, when: {verb: delete}}";
    assert_eq!(
        ask(&mut client, Method::POST, "/_fake/faults", rule)
            .await
            .0,
        201
    );
    let (status, answer) = ask(&mut client, Method::POST, "/_fake/faults", rule).await;
    let error = "a rule is called `a` already";
    assert_eq!((status, answer), (409, json!({"error": error})));
    let (_, listed) = ask(&mut client, Method::GET, "/_fake/faults", "").await;
    assert_eq!(listed["faults"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_reset_puts_rules_and_clock_back() {
    let server = FakeApiServer::builder()
        .control(true)
        .clock_at(at(1_767_268_800))
        .fault(Fault::conflict().verb("list").first(1))
        .fault(Fault::gone().verb("get"))
        .allow_unused_faults()
        .start()
        .await;
    let mut client = Client::connect(&server).await;
    ask(&mut client, Method::POST, "/_fake/faults", "fault: reset").await;
    ask(&mut client, Method::DELETE, "/_fake/faults/2", "").await;
    ask(&mut client, Method::POST, "/_fake/clock", "advance: 90s").await;
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 409);

    let (status, _) = ask(&mut client, Method::POST, "/_fake/reset", "").await;
    assert_eq!(status, 200);
    let (_, clock) = ask(&mut client, Method::GET, "/_fake/clock", "").await;
    assert_eq!(clock, json!({"time": "2026-01-01T12:00:00Z"}));
    let (_, listed) = ask(&mut client, Method::GET, "/_fake/faults", "").await;
    let rules = listed["faults"].as_array().unwrap().iter();
    let rules: Vec<_> = rules
        .map(|r| (r["id"].as_u64(), r["matched"].as_u64()))
        .collect();
    assert_eq!(rules, [(Some(1), Some(0)), (Some(2), Some(0))]);
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 409);
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 200);
}

#[tokio::test]
async fn a_reset_is_no_way_around_the_duty_to_act() {
    let server = FakeApiServer::builder()
        .control(true)
        .fault(Fault::conflict().verb("list").named("acts before"))
        .fault(Fault::gone().verb("get").named("never acts"))
        .allow_unused_faults()
        .start()
        .await;
    let mut client = Client::connect(&server).await;
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 409);
    let more = "[{name: removed unused, fault: reset, when: {verb: delete}}, \
                {name: may rest, fault: reset, when: {verb: delete}, optional: true}]";
    ask(&mut client, Method::POST, "/_fake/faults", more).await;
    ask(&mut client, Method::POST, "/_fake/reset", "").await;
    let unused = server.unused_faults();
    let titles: Vec<_> = unused
        .iter()
        .map(|u| u.split('"').nth(1).unwrap())
        .collect();
    assert_eq!(titles, ["removed unused", "never acts"]);
}

#[tokio::test]
async fn the_clock_does_not_go_past_its_end() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let (status, answer) = ask(
        &mut client,
        Method::POST,
        "/_fake/clock",
        "advance: 99999999h",
    )
    .await;
    let error = "body:1:1: advance: the latest time the server can show is 9999-12-30T00:00:00Z";
    assert_eq!((status, answer), (400, json!({"error": error})));
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 200);
}

#[tokio::test]
async fn an_outage_comes_and_goes() {
    let server = FakeApiServer::builder().control(true).start().await;
    let mut client = Client::connect(&server).await;
    let (status, answer) = ask(
        &mut client,
        Method::POST,
        "/_fake/outage",
        "{resetNext: 1, keepConnections: true}",
    )
    .await;
    assert_eq!(status, 202, "{answer}");
    // It begins in a moment; the first connection after that is reset.
    let reset = async {
        loop {
            if let Err(error) = exchange(server.address()).await {
                return error.kind();
            }
        }
    };
    assert_eq!(support::within(reset).await, ErrorKind::ConnectionReset);
    let mut client = Client::connect(&server).await;
    assert_eq!(ask(&mut client, Method::GET, EP, "").await.0, 200);
    let (status, _) = ask(&mut client, Method::POST, "/_fake/outage", "{}").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn it_is_not_there_unless_it_was_asked_for() {
    let server = FakeApiServer::start().await;
    let mut client = Client::connect(&server).await;
    let (status, answer) = ask(&mut client, Method::GET, "/_fake", "").await;
    assert_eq!((status, &answer["error"]), (404, &Value::Null));
}

#[tokio::test]
async fn it_is_beside_the_api_so_that_no_rule_and_no_token_is_about_it() {
    let server = FakeApiServer::builder()
        .control(true)
        .auth(
            Auth::new()
                .token("s3cret", "alice", ["dev"])
                .anonymous(false),
        )
        .fault(Fault::reset())
        .allow_unused_faults()
        .start()
        .await;
    let mut client = Client::connect(&server).await;
    let (status, index) = ask(&mut client, Method::GET, "/_fake", "").await;
    assert_eq!((status, &index["seed"]), (200, &json!(0)));
}

#[tokio::test]
async fn every_route_in_the_table_is_there() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let (_, index) = ask(&mut client, Method::GET, "/_fake", "").await;
    let routes = index["routes"].as_array().unwrap();
    assert!(routes.len() > 9);
    for route in routes {
        let method = route["method"].as_str().unwrap().parse().unwrap();
        let (status, answer) = ask(&mut client, method, route["path"].as_str().unwrap(), "").await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(
            status != 405 && !error.contains("there is no /_fake"),
            "{route}: {status} {answer}"
        );
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_turned_away() {
    let server = server().await;
    let mut client = Client::connect(&server)
        .await
        .with_header("origin", "https://evil.example");
    let (status, _) = ask(&mut client, Method::POST, "/_fake/faults", "fault: reset").await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn a_server_with_a_fault_that_never_fired_fails_the_test() {
    let fault = Fault::conflict().named("the lost race");
    let server = FakeApiServer::builder().fault(fault).start().await;
    let line = line!() - 1;
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| drop(server))).unwrap_err();
    let here = format!("installed at {}:{line}:", file!());
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with(&format!("the fault \"the lost race\" {here}")),
        "{message}"
    );
    assert!(
        message.contains(" never fired: no request came close"),
        "{message}"
    );
}

/// Every script in the guide: there is one for each kind of fault.
fn scripts() -> Vec<&'static str> {
    let quoted = include_str!("../src/docs/faults.md")
        .split('`')
        .skip(1)
        .step_by(2);
    quoted.filter(|text| text.starts_with("fault: ")).collect()
}

#[tokio::test]
async fn every_kind_of_fault_is_the_same_rule_by_every_way_in() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let rules: Vec<String> = scripts()
        .iter()
        .map(|script| format!("- {{{script}}}\n"))
        .collect();
    std::fs::write(file.path(), rules.concat()).unwrap();
    let builder = || FakeApiServer::builder().control(true).allow_unused_faults();

    let by_rust = builder().start().await;
    let faults = Fault::script_file(file.path()).unwrap();
    assert!(faults.len() > 50, "{}", faults.len());
    let _guards: Vec<_> = faults
        .into_iter()
        .map(|fault| by_rust.fault(fault.optional()))
        .collect();
    let by_file = builder().faults_file(file.path()).start().await;
    let by_http = builder().start().await;
    let mut client = Client::connect(&by_http).await;
    for rule in &rules {
        let (status, answer) = ask(&mut client, Method::POST, "/_fake/faults", rule).await;
        assert_eq!(status, 201, "{answer}");
    }

    let mut installed = Vec::new();
    for server in [&by_rust, &by_file, &by_http] {
        let mut client = Client::connect(server).await;
        let (_, listed) = ask(&mut client, Method::GET, "/_fake/faults", "").await;
        let rules = listed["faults"].as_array().unwrap().iter();
        installed.push(Vec::from_iter(
            rules.map(|rule| rule["rule"]["fault"].clone()),
        ));
    }
    assert_eq!(installed[0], installed[1]);
    assert_eq!(installed[0], installed[2]);
    assert_eq!(installed[0].len(), rules.len());
}
