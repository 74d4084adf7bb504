//! Answers that are late, by the server's clock.

use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::ask::{Ask, get, post};
use crate::support::at;
use crate::support::client::Answer;
use crate::support::objects::endpoints;
use crate::support::within;
use crate::{DB, EP, NOW, db, until_fired};

const INSTANT: Duration = Duration::from_nanos(1);

async fn server() -> FakeApiServer {
    FakeApiServer::builder()
        .clock_at(at(NOW))
        .object(db())
        .start()
        .await
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Sends a request that the rules hold back.
async fn held_back(server: &FakeApiServer, fault: Fault, ask: Ask) -> JoinHandle<Answer> {
    let guard = server.fault(fault.first(1));
    let asked = tokio::spawn(ask.send(server.address()));
    until_fired(&guard, 1).await;
    asked
}

/// Another request goes through meanwhile; this one does not.
async fn assert_waits(server: &FakeApiServer, asked: &JoinHandle<Answer>) {
    assert_eq!(get(DB).status(server.address()).await, 200);
    assert!(!asked.is_finished());
}

#[tokio::test]
async fn a_delay_ends_at_its_time_and_no_sooner() {
    let server = server().await;
    let (ten, twenty) = (seconds(10), seconds(20));
    for (fault, earliest, latest) in [
        (Fault::delay(ten), ten, ten),
        (Fault::delay(ten).before_answer(), ten, ten),
        (Fault::delay_between(ten, twenty), ten, twenty),
        (Fault::delay_log_normal(ten, 0.0, twenty), ten, ten),
        (
            Fault::delay_log_normal(ten, 0.0, seconds(3)),
            seconds(3),
            seconds(3),
        ),
        (
            Fault::delay(seconds(59)).before_answer(),
            seconds(59),
            seconds(59),
        ),
    ] {
        let asked = held_back(&server, fault, get(DB)).await;
        server.advance(earliest - INSTANT);
        assert_waits(&server, &asked).await;
        server.advance(latest - earliest + INSTANT);
        assert_eq!(within(asked).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn no_log_normal_delay_is_above_its_cap() {
    let server = server().await;
    let cap = seconds(5);
    for _ in 0..20 {
        let fault = Fault::delay_log_normal(seconds(1), 9.0, cap);
        let asked = held_back(&server, fault, get(DB)).await;
        server.advance(cap);
        assert_eq!(within(asked).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_delay_before_handling_holds_the_write_back_and_one_before_the_answer_does_not() {
    let server = server().await;
    let is_there = |name: &str| {
        server
            .resource("endpoints")
            .namespace("default")
            .get(name)
            .is_some()
    };
    for (name, fault, written) in [
        ("early", Fault::delay(seconds(5)), false),
        ("late", Fault::delay(seconds(5)).before_answer(), true),
    ] {
        let ask = post(EP, &endpoints("default", name, json!({})));
        let asked = held_back(&server, fault, ask).await;
        assert_waits(&server, &asked).await;
        assert_eq!(is_there(name), written);
        server.advance(seconds(5));
        assert_eq!(within(asked).await.unwrap().status, 201);
        assert!(is_there(name));
    }
}

#[tokio::test]
async fn a_handler_that_takes_a_minute_is_answered_for() {
    let server = server().await;
    let fault = Fault::delay(seconds(300)).before_answer();
    let asked = held_back(&server, fault, get(DB)).await;
    server.advance(seconds(60));
    assert_eq!(within(asked).await.unwrap().status, 504);
}

#[tokio::test]
async fn delays_add_up_and_then_the_request_fails() {
    let server = server().await;
    let first = server.fault(Fault::delay(seconds(2)).carry_on().first(1));
    let second = server.fault(Fault::delay(seconds(3)).carry_on().first(1));
    let asked = held_back(&server, Fault::service_unavailable(), get(DB)).await;
    server.advance(seconds(5) - INSTANT);
    assert_waits(&server, &asked).await;
    server.advance(INSTANT);
    assert_eq!(within(asked).await.unwrap().status, 503);
    assert_eq!((first.fired(), second.fired()), (1, 1));
}

#[tokio::test]
async fn a_body_drips_with_the_clock() {
    let server = server().await;
    let whole = get(DB).send(server.address()).await.body;
    let _guard = server.fault(Fault::drip(100, seconds(1)).first(1));
    let mut body = get(DB).open(server.address()).await.into_body();
    let mut came = Vec::new();
    while came.len() < whole.len() {
        let drop = within(body.frame())
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap();
        let left = whole.len() - came.len();
        assert_eq!(drop.len(), left.min(100));
        came.extend_from_slice(&drop);
        // The clock stands still, and so does the body.
        assert_eq!(get(DB).status(server.address()).await, 200);
        assert!(body.frame().now_or_never().is_none());
        server.advance(seconds(1));
    }
    assert_eq!(came, whole);
    assert!(within(body.frame()).await.is_none());
}

#[tokio::test]
async fn a_watch_drips_too() {
    let server = server().await;
    let _guard = server.fault(Fault::drip(1, seconds(1)));
    let mut body = get(format!("{EP}?watch=1"))
        .open(server.address())
        .await
        .into_body();
    for letter in "{\"type\":\"ADDED\"".bytes() {
        let drop = within(body.frame())
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap();
        assert_eq!(drop, [letter].as_slice());
        server.advance(seconds(1));
    }
}
