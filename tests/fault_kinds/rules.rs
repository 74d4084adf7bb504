//! Which requests a rule is about, and which of them it acts on.

use std::time::Duration;

use fake_apiserver::{Auth, FakeApiServer, Fault, Patch, Per};
use serde_json::json;

use crate::support::ask::{Ask, delete, get, patch, post, put};
use crate::support::at;
use crate::support::client::{APPLY, JSON_PATCH, MERGE, STRATEGIC};
use crate::support::objects::endpoints;
use crate::{DB, EP, NOW, db};

/// An answer that nothing else gives.
const TEAPOT: u16 = 418;

fn teapot() -> Fault {
    Fault::raw(TEAPOT, "").optional()
}

/// A rule, a request it is about, and one it is not about.
type Case = (Fault, Ask, Ask);

fn put_db(query: &str) -> Ask {
    put(format!("{DB}?{query}"), &db())
}

fn verbs() -> Vec<Case> {
    let (label, all) = (json!({}), "/api/v1/endpoints");
    vec![
        (teapot().verb("get"), get(DB), get(EP)),
        (teapot().verb("list"), get(EP), get(DB)),
        (
            teapot().verb("list"),
            get(all),
            get("/api/v1/namespaces/default"),
        ),
        (
            teapot().verb("watch"),
            get(format!("{EP}?watch=1")),
            get(EP),
        ),
        (teapot().verb("create"), post(EP, &db()), put_db("")),
        (teapot().verb("update"), put_db(""), post(EP, &db())),
        (teapot().verb("patch"), patch(DB, MERGE, &label), put_db("")),
        (teapot().verb("delete"), delete(DB), delete(EP)),
        (teapot().verb("deletecollection"), delete(EP), delete(DB)),
        (teapot().verb("get").verb("list"), get(EP), put_db("")),
    ]
}

fn places() -> Vec<Case> {
    let space = "/api/v1/namespaces/default";
    let other = "/api/v1/namespaces/other/endpoints/db";
    vec![
        (
            teapot().resource("endpoints"),
            get(EP),
            get(format!("{space}/configmaps")),
        ),
        (teapot().resource("namespaces"), get(space), get(EP)),
        (
            teapot().subresource("status"),
            get(format!("{space}/status")),
            get(space),
        ),
        (teapot().namespace("default"), get(DB), get(other)),
        (
            teapot().namespace("default"),
            get(DB),
            get("/api/v1/endpoints"),
        ),
        (teapot().name("db"), get(DB), get(format!("{EP}/x"))),
        (teapot().name("x").name("db"), get(DB), get(EP)),
    ]
}

fn labels() -> Vec<Case> {
    let shop = || teapot().label("app", "shop");
    let (stored, plain) = (format!("{EP}/labelled"), format!("{EP}/plain"));
    let sent = |name, value| endpoints("default", name, json!({"app": value}));
    vec![
        (shop(), get(&stored), get(&plain)),
        (shop(), delete(&stored), delete(&plain)),
        (shop(), patch(&stored, MERGE, &json!({})), get(EP)),
        (
            shop(),
            post(EP, &sent("new", "shop")),
            post(EP, &sent("other", "bar")),
        ),
        (
            shop(),
            put(&plain, &sent("plain", "shop")),
            put(&plain, &sent("plain", "bar")),
        ),
        (
            teapot().label("app", "shop").label("tier", "db"),
            get(&stored),
            get(&plain),
        ),
    ]
}

fn contents() -> Vec<Case> {
    let change = json!({});
    let of = |kind| patch(DB, kind, &change);
    let apply = || patch(format!("{DB}?fieldManager=m"), APPLY, &json!({}));
    let merge = patch(DB, "application/merge-patch+json; charset=utf-8", &change);
    let by_agent = |ask: Ask| ask.header("user-agent", "one/1.0 (linux)");
    let dry = || teapot().dry_run(true);
    vec![
        (teapot().patch(Patch::Json), of(JSON_PATCH), of(MERGE)),
        (teapot().patch(Patch::Merge), merge, of(STRATEGIC)),
        (
            teapot().patch(Patch::StrategicMerge),
            of(STRATEGIC),
            apply(),
        ),
        (teapot().patch(Patch::Apply), apply(), of(JSON_PATCH)),
        (
            teapot().field_manager("one"),
            put_db("fieldManager=one"),
            put_db("fieldManager=two"),
        ),
        (
            teapot().field_manager("one"),
            by_agent(put_db("")),
            by_agent(get(DB)),
        ),
        (
            teapot().field_manager("one"),
            put_db("fieldManager=one"),
            by_agent(delete(DB)),
        ),
        (dry(), put_db("dryRun=All"), put_db("")),
        (teapot().dry_run(false), put_db(""), put_db("dryRun=All")),
        (
            teapot().query("limit", "5"),
            get(format!("{EP}?limit=5")),
            get(format!("{EP}?limit=6")),
        ),
    ]
}

fn clients() -> Vec<Case> {
    let alice = |ask: Ask| ask.header("authorization", "Bearer alice");
    let agent = |name: &str| get(DB).header("user-agent", name);
    let command = |name: &str| get(DB).header("kubectl-command", name);
    vec![
        (teapot().user("alice"), alice(get(DB)), get(DB)),
        (
            teapot().user("bob"),
            alice(get(DB)).header("impersonate-user", "bob"),
            alice(get(DB)),
        ),
        (
            teapot().user_agent("kubectl/"),
            agent("kubectl/v1.32.4"),
            agent("curl/8"),
        ),
        (
            teapot().user_agent("a").user_agent("c"),
            agent("curl/8"),
            agent("kubectl/v1.32.4"),
        ),
        (
            teapot().header("Kubectl-Command", "kubectl apply"),
            command("kubectl apply"),
            command("kubectl edit"),
        ),
        (
            teapot().verb("get").user("alice"),
            alice(get(DB)),
            alice(get(EP)),
        ),
    ]
}

#[tokio::test]
async fn a_rule_acts_on_what_it_asks_for_and_on_nothing_else() {
    for (fault, hit, miss) in [verbs(), places(), labels(), contents(), clients()].concat() {
        let server = FakeApiServer::builder()
            .auth(Auth::new().token("alice", "alice", ["system:masters"]))
            .object(db())
            .object(endpoints(
                "default",
                "labelled",
                json!({"app": "shop", "tier": "db"}),
            ))
            .object(endpoints("default", "plain", json!({})))
            .start()
            .await;
        let guard = server.fault(fault.clone());
        let missed = miss.clone().status(server.address()).await;
        assert_ne!(missed, TEAPOT, "{miss:?} met {fault:?}");
        let met = hit.clone().status(server.address()).await;
        assert_eq!(met, TEAPOT, "{hit:?} did not meet {fault:?}");
        assert_eq!(guard.fired(), 1);
    }
}

#[tokio::test]
async fn a_body_that_a_rule_looked_at_is_still_stored() {
    let server = FakeApiServer::start().await;
    let _guard = server.fault(teapot().label("app", "shop"));
    let object = endpoints("default", "new", json!({"app": "bar"}));
    assert_eq!(post(EP, &object).status(server.address()).await, 201);
    let stored = server
        .resource("endpoints")
        .namespace("default")
        .get("new")
        .unwrap();
    assert_eq!(
        stored["subsets"][0]["addresses"],
        object["subsets"][0]["addresses"]
    );
}

#[tokio::test]
async fn a_schedule_says_which_attempts_count() {
    let schedules: [(Fault, [u8; 7]); 8] = [
        (teapot(), [1, 1, 1, 1, 1, 1, 1]),
        (teapot().first(2), [1, 1, 0, 0, 0, 0, 0]),
        (teapot().attempts(3, 4), [0, 0, 1, 1, 0, 0, 0]),
        (teapot().from_attempt(5), [0, 0, 0, 0, 1, 1, 1]),
        (teapot().nth(2), [0, 1, 0, 0, 0, 0, 0]),
        (teapot().every(3), [0, 0, 1, 0, 0, 1, 0]),
        (teapot().probability(0.0), [0; 7]),
        (teapot().probability(1.0), [1; 7]),
    ];
    let server = FakeApiServer::builder().object(db()).start().await;
    for (fault, expected) in schedules {
        let _guard = server.fault(fault.clone());
        let mut acted = [9; 7];
        for met in &mut acted {
            *met = u8::from(get(DB).status(server.address()).await == TEAPOT);
        }
        assert_eq!(acted, expected, "{fault:?}");
    }
}

/// Which of some requests a coin of the server's seed hits.
async fn tosses(seed: u64) -> Vec<bool> {
    let server = FakeApiServer::builder()
        .random_seed(seed)
        .object(db())
        .start()
        .await;
    let _guard = server.fault(teapot().probability(0.5));
    let mut hits = Vec::new();
    for _ in 0..40 {
        hits.push(get(DB).status(server.address()).await == TEAPOT);
    }
    hits
}

#[tokio::test]
async fn a_probability_falls_the_same_way_for_the_same_seed() {
    let first = tosses(7).await;
    assert!(first.contains(&true) && first.contains(&false));
    assert_eq!(tosses(7).await, first);
    assert_ne!(tosses(8).await, first);
}

#[tokio::test]
async fn a_rule_for_a_span_ends_with_it() {
    let server = FakeApiServer::builder()
        .clock_at(at(NOW))
        .object(db())
        .start()
        .await;
    let _guard = server.fault(teapot().during(Duration::from_secs(30)));
    let mut met = Vec::new();
    for seconds in [29, 1, 30] {
        met.push(get(DB).status(server.address()).await);
        server.advance(Duration::from_secs(seconds));
    }
    assert_eq!(met, [TEAPOT, TEAPOT, 200]);
}

#[tokio::test]
async fn attempts_are_counted_for_each_client_or_object_if_asked() {
    let server = FakeApiServer::builder().object(db()).start().await;
    let by = |agent: &str, target: &str| get(target).header("user-agent", agent);
    let asks = [
        by("a", DB),
        by("a", DB),
        by("b", DB),
        by("b", EP),
        by("b", EP),
    ];
    for (per, expected) in [
        (Per::Rule, [TEAPOT, 200, 200, 200, 200]),
        (Per::Client, [TEAPOT, 200, TEAPOT, 200, 200]),
        (Per::Object, [TEAPOT, 200, 200, TEAPOT, 200]),
    ] {
        let _guard = server.fault(teapot().per(per).first(1));
        let mut met = Vec::new();
        for ask in &asks {
            met.push(ask.clone().status(server.address()).await);
        }
        assert_eq!(met, expected, "{per:?}");
    }
}

#[tokio::test]
async fn the_first_rule_that_acts_wins_unless_it_carries_on() {
    let server = FakeApiServer::builder().object(db()).start().await;
    let first = server.fault(Fault::raw(430, "").nth(1));
    let second = server.fault(Fault::raw(431, ""));
    let status = async || get(DB).status(server.address()).await;
    assert_eq!([status().await, status().await], [430, 431]);
    assert_eq!((first.fired(), second.fired()), (1, 1));
    drop((first, second));

    let first = server.fault(Fault::close_after_answer().carry_on());
    let second = server.fault(Fault::applied_then_timeout());
    assert_eq!(status().await, 504);
    assert_eq!((first.fired(), second.fired()), (1, 1));
}

#[tokio::test]
async fn the_rules_of_the_builder_act_first() {
    let server = FakeApiServer::builder()
        .fault(Fault::raw(430, "").first(1))
        .start()
        .await;
    let _guard = server.fault(Fault::raw(431, ""));
    let status = async || get(DB).status(server.address()).await;
    assert_eq!([status().await, status().await], [430, 431]);
}
