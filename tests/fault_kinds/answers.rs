//! Answers that are scripted, races that are lost, and answers that hide what was done.

use fake_apiserver::{Auth, FakeApiServer, Fault};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::support::ask::{Ask, delete, get, patch, post, put};
use crate::support::client::{APPLY, Answer, MERGE};
use crate::support::objects::endpoints;
use crate::{DB, EP, db};

const ADMIN: &str = "Bearer admin";

/// A server with one object, an administrator and someone who may do nothing.
async fn server() -> FakeApiServer {
    FakeApiServer::builder()
        .auth(
            Auth::new()
                .token("admin", "admin", ["system:masters"])
                .token("alice", "alice", ["dev"])
                .rbac(),
        )
        .object(db())
        .start()
        .await
}

fn as_admin(ask: Ask) -> Ask {
    ask.header("authorization", ADMIN)
}

/// What stays the same from one answer to another of its kind.
fn lasting(headers: &HeaderMap) -> HeaderMap {
    let mut lasting = headers.clone();
    lasting.remove("date");
    lasting.remove("audit-id");
    lasting
}

#[track_caller]
fn assert_same(real: &Answer, scripted: &Answer) {
    let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(text(scripted), text(real));
    assert_eq!(scripted.status, real.status);
    assert_eq!(lasting(&scripted.headers), lasting(&real.headers));
}

/// A fault, and the request that the server refuses just so by itself.
fn refusals(past: u64) -> Vec<(Fault, Ask)> {
    let object = db();
    let mut old = db();
    old["metadata"]["resourceVersion"] = "1".into();
    let nowhere = "/api/v1/namespaces/nowhere/endpoints";
    let html = |target: &str| as_admin(get(target)).header("accept", "text/html");
    let exactly = format!("{EP}?resourceVersion={past}&resourceVersionMatch=Exact");
    let large = json!({"metadata": {"name": "x".repeat(3 * 1024 * 1024)}});
    vec![
        (
            Fault::forbidden(),
            get(DB).header("authorization", "Bearer alice"),
        ),
        (
            Fault::forbidden(),
            get(EP).header("authorization", "Bearer alice"),
        ),
        (Fault::forbidden(), get(EP)),
        (Fault::not_found(), as_admin(get(format!("{EP}/other")))),
        (Fault::not_found(), as_admin(delete(format!("{EP}/other")))),
        (
            Fault::not_found(),
            as_admin(post(nowhere, &json!({"metadata": {"name": "new"}}))),
        ),
        (Fault::not_found(), as_admin(get("/api/v1/nosuch"))),
        (Fault::method_not_allowed(), as_admin(put(EP, &object))),
        (Fault::not_acceptable(), html(DB)),
        (Fault::not_acceptable(), html(EP)),
        (Fault::conflict(), as_admin(put(DB, &old))),
        (Fault::already_exists(), as_admin(post(EP, &object))),
        (Fault::gone(), as_admin(get(exactly))),
        (
            Fault::request_entity_too_large(),
            as_admin(post(EP, &large)),
        ),
        (
            Fault::unsupported_media_type(),
            as_admin(post(EP, &object)).content_type("text/plain"),
        ),
        (
            Fault::unsupported_media_type(),
            as_admin(patch(DB, "application/json", &object)),
        ),
    ]
}

#[tokio::test]
async fn a_scripted_refusal_is_the_servers_own_to_the_letter() {
    let server = server().await;
    let past = server.revision();
    server.object(endpoints("default", "later", json!({})));
    server.compact(server.revision());
    for (fault, ask) in refusals(past) {
        let real = ask.clone().send(server.address()).await;
        assert!(real.status >= 400, "{ask:?}");
        let guard = server.fault(fault);
        assert_same(&real, &ask.send(server.address()).await);
        assert_eq!(guard.fired(), 1);
    }
}

#[tokio::test]
async fn a_scripted_401_is_that_of_an_unknown_token() {
    let server = server().await;
    let stranger = get(DB).header("authorization", "Bearer stranger");
    let real = stranger.send(server.address()).await;
    let _guard = server.fault(Fault::unauthorized());
    assert_same(&real, &as_admin(get(DB)).send(server.address()).await);
}

#[tokio::test]
async fn a_scripted_400_can_say_what_the_server_says() {
    let server = server().await;
    let ask = as_admin(get(format!("{EP}?fieldSelector=no.such=field")));
    let real = ask.clone().send(server.address()).await;
    assert_eq!(real.status, 400);
    let message = real.json()["message"].as_str().unwrap().to_owned();
    let _guard = server.fault(Fault::bad_request().message(message));
    assert_same(&real, &ask.send(server.address()).await);
}

fn failure(rest: &str) -> String {
    format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",{rest}}}\n"
    )
}

/// What a GET of `db` is answered: the code, `Retry-After`, the body.
fn answers() -> Vec<(Fault, u16, Option<&'static str>, String)> {
    let teapot = json!({"kind": "Status", "apiVersion": "v1", "message": "short", "code": 418});
    let row = |fault, code, retry, rest: &str| (fault, code, retry, failure(rest));
    vec![
        row(
            Fault::bad_request(),
            400,
            None,
            r#""message":"the request was refused by a scripted fault","reason":"BadRequest","code":400"#,
        ),
        row(
            Fault::conflict().retry_after(3),
            409,
            Some("3"),
            r#""message":"Operation cannot be fulfilled on endpoints \"db\": the object has been modified; please apply your changes to the latest version and try again","reason":"Conflict","details":{"name":"db","kind":"endpoints","retryAfterSeconds":3},"code":409"#,
        ),
        row(
            Fault::invalid()
                .cause("subsets[0].ports", "too many")
                .cause("metadata.name", "taken"),
            422,
            None,
            r#""message":"Endpoints \"db\" is invalid: [subsets[0].ports: Invalid value: \"\": too many, metadata.name: Invalid value: \"\": taken]","reason":"Invalid","details":{"name":"db","kind":"Endpoints","causes":[{"reason":"FieldValueInvalid","message":"Invalid value: \"\": too many","field":"subsets[0].ports"},{"reason":"FieldValueInvalid","message":"Invalid value: \"\": taken","field":"metadata.name"}]},"code":422"#,
        ),
        row(
            Fault::too_many_requests_status(),
            429,
            Some("1"),
            r#""message":"storage is (re)initializing","reason":"TooManyRequests","details":{"retryAfterSeconds":1},"code":429"#,
        ),
        row(
            Fault::internal_error(),
            500,
            None,
            r#""message":"Internal error occurred: a scripted fault","reason":"InternalError","details":{"causes":[{"message":"a scripted fault"}]},"code":500"#,
        ),
        row(
            Fault::server_timeout(),
            500,
            Some("2"),
            r#""message":"The get operation against endpoints could not be completed at this time, please try again.","reason":"ServerTimeout","details":{"name":"get","kind":"endpoints","retryAfterSeconds":2},"code":500"#,
        ),
        row(
            Fault::service_unavailable(),
            503,
            None,
            r#""message":"the server is currently unable to handle the request","reason":"ServiceUnavailable","code":503"#,
        ),
        row(
            Fault::service_unavailable().retry_after(7).message("away"),
            503,
            Some("7"),
            r#""message":"away","reason":"ServiceUnavailable","details":{"retryAfterSeconds":7},"code":503"#,
        ),
        row(
            Fault::gateway_timeout(),
            504,
            None,
            r#""message":"Timeout: request did not complete within requested timeout - context deadline exceeded","reason":"Timeout","details":{},"code":504"#,
        ),
        (
            Fault::too_many_requests(),
            429,
            Some("1"),
            "Too many requests, please try again later.\n".to_owned(),
        ),
        (
            Fault::too_many_requests()
                .retry_after(3)
                .message("slow down"),
            429,
            Some("3"),
            "slow down".to_owned(),
        ),
        (
            Fault::status(teapot.clone()),
            418,
            None,
            "{\"apiVersion\":\"v1\",\"code\":418,\"kind\":\"Status\",\"message\":\"short\",\"metadata\":{},\
             \"status\":\"Failure\"}\n"
                .to_owned(),
        ),
        (
            Fault::status(json!({"code": 500, "message": "etcdserver: leader changed"})),
            500,
            None,
            "{\"apiVersion\":\"v1\",\"code\":500,\"kind\":\"Status\",\"message\":\"etcdserver: leader changed\",\
             \"metadata\":{},\"status\":\"Failure\"}\n"
                .to_owned(),
        ),
        (
            Fault::status(json!({"kind": "Odd", "code": 200, "status": "?"})),
            200,
            None,
            "{\"apiVersion\":\"v1\",\"code\":200,\"kind\":\"Odd\",\"metadata\":{},\"status\":\"?\"}\n".to_owned(),
        ),
        (
            Fault::status(teapot).message("stout").retry_after(2),
            418,
            Some("2"),
            "{\"apiVersion\":\"v1\",\"code\":418,\"kind\":\"Status\",\"message\":\"stout\",\"metadata\":{},\
             \"status\":\"Failure\"}\n"
                .to_owned(),
        ),
        (
            Fault::raw(502, "<html>").retry_after(4),
            502,
            Some("4"),
            "<html>".to_owned(),
        ),
    ]
}

#[tokio::test]
async fn a_scripted_answer_has_the_body_and_the_retry_after_of_its_kind() {
    let server = server().await;
    for (fault, code, retry_after, body) in answers() {
        let _guard = server.fault(fault);
        let answer = as_admin(get(DB)).send(server.address()).await;
        assert_eq!(String::from_utf8_lossy(&answer.body), body);
        assert_eq!(answer.status, code);
        let sent = answer
            .headers
            .get("retry-after")
            .map(|v| v.to_str().unwrap());
        assert_eq!(sent, retry_after, "{body}");
    }
}

#[tokio::test]
async fn a_scripted_header_stands_instead_of_the_servers() {
    let server = server().await;
    for fault in [
        Fault::service_unavailable(),
        Fault::too_many_requests(),
        Fault::raw(502, ""),
        Fault::status(json!({"code": 503})),
    ] {
        let fault = fault
            .response_header("Via", "1.1 a")
            .response_header("Via", "1.1 b");
        let _guard = server.fault(fault.response_header("Content-Type", "text/html"));
        let headers = as_admin(get(DB)).send(server.address()).await.headers;
        let values = |name: &str| Vec::from_iter(headers.get_all(name));
        assert_eq!(values("via"), ["1.1 a", "1.1 b"]);
        assert_eq!(values("content-type"), ["text/html"]);
    }
}

#[tokio::test]
async fn a_scripted_status_comes_in_the_format_asked_for() {
    let server = server().await;
    let _guard = server.fault(Fault::conflict());
    let yaml = as_admin(get(DB)).header("accept", "application/yaml");
    let answer = yaml.send(server.address()).await;
    assert_eq!(answer.headers["content-type"], "application/yaml");
    assert!(
        answer.body.starts_with(b"apiVersion: v1\ncode: 409\n"),
        "{answer:?}"
    );
}

/// Who writes first, what the client asks for, and what the server then answers by itself.
fn races(version: &str) -> Vec<(Fault, Ask, u16, &'static str)> {
    let mut object = db();
    let unconditional = put(DB, &object);
    let (new, path) = (endpoints("default", "new", json!({})), format!("{EP}/new"));
    object["metadata"]["resourceVersion"] = version.into();
    let labels = json!({"metadata": {"labels": {"k": "v"}}});
    let apply = json!({"apiVersion": "v1", "kind": "Endpoints"});
    let precondition = json!({"preconditions": {"resourceVersion": version}});
    let mut guarded = labels.clone();
    guarded["metadata"]["resourceVersion"] = version.into();
    vec![
        (Fault::lost_race(), put(DB, &object), 409, "Conflict"),
        (
            Fault::lost_race(),
            patch(DB, MERGE, &guarded),
            409,
            "Conflict",
        ),
        (Fault::lost_race(), patch(DB, MERGE, &labels), 200, ""),
        (Fault::lost_race(), unconditional.clone(), 200, ""),
        (
            Fault::lost_race(),
            delete(DB).body(&precondition),
            409,
            "Conflict",
        ),
        (Fault::deleted_first(), get(DB), 404, "NotFound"),
        (
            Fault::deleted_first(),
            patch(DB, MERGE, &labels),
            404,
            "NotFound",
        ),
        (Fault::deleted_first(), delete(DB), 404, "NotFound"),
        (Fault::deleted_first(), unconditional, 201, ""),
        (Fault::created_first(), post(EP, &new), 409, "AlreadyExists"),
        (Fault::created_first(), put(&path, &new), 200, ""),
        (
            Fault::created_first(),
            patch(format!("{path}?fieldManager=m"), APPLY, &apply),
            200,
            "",
        ),
    ]
}

#[tokio::test]
async fn a_race_is_lost_to_a_real_writer() {
    for number in 0..races("").len() {
        let server = FakeApiServer::builder().object(db()).start().await;
        let live = server
            .resource("endpoints")
            .namespace("default")
            .get("db")
            .unwrap();
        let version = live["metadata"]["resourceVersion"].as_str().unwrap();
        let (fault, ask, code, reason) = races(version).remove(number);
        let guard = server.fault(fault.first(1));
        let answer = ask.clone().send(server.address()).await;
        assert_eq!(answer.status, code, "{ask:?}: {answer:?}");
        assert_eq!(
            answer.json()["reason"].as_str().unwrap_or_default(),
            reason,
            "{ask:?}"
        );
        assert_eq!(guard.fired(), 1);
    }
}

#[tokio::test]
async fn a_race_for_what_is_not_there_is_no_race() {
    let server = FakeApiServer::start().await;
    for fault in [Fault::lost_race(), Fault::deleted_first()] {
        let guard = server.fault(fault.optional());
        assert_eq!(get(DB).status(server.address()).await, 404);
        assert_eq!(guard.fired(), 0);
    }
    assert_eq!(server.resource("endpoints").list(), [Value::Null; 0]);
}

#[tokio::test]
async fn a_race_to_create_takes_a_namespace() {
    let server = FakeApiServer::start().await;
    let _guard = server.fault(Fault::created_first().optional());
    let ask = post(
        "/api/v1/namespaces/nowhere/endpoints",
        &endpoints("nowhere", "new", json!({})),
    );
    let answer = ask.send(server.address()).await;
    assert_eq!(answer.json()["message"], "namespaces \"nowhere\" not found");
}

#[tokio::test]
async fn an_error_may_hide_that_the_write_was_applied() {
    let server = FakeApiServer::builder().object(db()).start().await;
    let labelled = endpoints("default", "db", json!({"k": "v"}));
    let has = |name: &str| server.resource("endpoints").namespace("default").get(name);
    for (fault, code, reason) in [
        (Fault::applied_then_internal_error(), 500, "InternalError"),
        (Fault::applied_then_timeout(), 504, "Timeout"),
    ] {
        let _guard = server.fault(fault);
        let name = format!("new-{code}");
        let new = endpoints("default", &name, json!({}));
        let refused = post(EP, &new).send(server.address()).await.refusal();
        assert_eq!(refused, (code, reason.to_owned()));
        assert!(has(&name).is_some());
        put(DB, &labelled).send(server.address()).await.refusal();
        assert_eq!(has("db").unwrap()["metadata"]["labels"]["k"], "v");
        delete(format!("{EP}/{name}"))
            .send(server.address())
            .await
            .refusal();
        assert!(has(&name).is_none());
    }
}

#[tokio::test]
async fn an_error_in_place_of_an_answer_hides_a_refusal_too() {
    let server = FakeApiServer::builder().object(db()).start().await;
    let _guard = server.fault(Fault::applied_then_timeout().message("who knows"));
    let answer = post(EP, &db()).send(server.address()).await;
    assert_eq!(
        (answer.status, &answer.json()["message"]),
        (504, &json!("who knows"))
    );
}
