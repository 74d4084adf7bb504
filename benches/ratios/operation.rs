//! One request, again and again: what it takes to be there, what is asked and what that is held against.

use std::borrow::Cow;
use std::io;

use fake_apiserver::FakeApiServer;
use serde_json::{Value, json};

use crate::bare::Bare;
use crate::client::{Client, request};
use crate::samples::{self, Sample};
use crate::stopwatch::Clock;

pub(crate) const JSON: &str = "application/json";
pub(crate) const COLLECTION: &str = "/api/v1/namespaces/default/endpoints";

/// A turn that never comes. It is odd, so that the turns to come still begin with a change.
const LAST: usize = 99_999_999;

/// A name that is in no body twice.
const FIRST: &str = "created-00000000";
/// From here on, bodies in bytes and lists in objects are worked on in threads of their own.
const LARGE_BODY: usize = 32 * 1024;
const LONG_LIST: usize = 5_000;

/// Names of one length make bodies of one length.
fn created(turn: usize) -> String {
    format!("created-{turn:08}")
}

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Operation {
    Get,
    /// Of this many.
    List(&'static Sample, usize),
    Create(&'static Sample),
    Replace,
    /// Media type, query, and what wraps the changed labels.
    Patch(&'static str, &'static str, fn(usize) -> Value),
}

/// The requests of an operation: the same one, two that take turns, or a new one each time.
pub(crate) enum Requests {
    Turns(Vec<Vec<u8>>),
    /// Named after this one, which is the first.
    New(String),
}

impl Requests {
    pub(crate) fn at(&self, turn: usize) -> Cow<'_, [u8]> {
        match self {
            Requests::Turns(all) => Cow::Borrowed(&all[turn % all.len()]),
            Requests::New(first) => {
                let named = first.replacen(FIRST, &created(turn), 1);
                Cow::Owned(named.into_bytes())
            }
        }
    }
}

impl Operation {
    /// Makes what is there before. Objects that are written later were made by a client, so that they have a manager to
    /// keep track of; an apply makes its object by itself, and so is its only manager.
    pub(crate) async fn prepare(self, server: &FakeApiServer) -> io::Result<()> {
        let mut client = Client::connect(server.address()).await?;
        match self {
            Operation::Get => seed(server, object("read", 0)),
            Operation::List(sample, count) => {
                sample.prepare(server);
                for number in 0..count {
                    seed(server, (sample.object)(&format!("listed-{number}")));
                }
            }
            Operation::Create(sample) => sample.prepare(server),
            Operation::Replace => _ = client.fetch(&put("replaced", 0)).await?,
            Operation::Patch(_, "", _) => _ = client.fetch(&put("patched", 0)).await?,
            Operation::Patch(..) => _ = client.fetch(&self.requests().at(LAST)).await?,
        }
        Ok(())
    }

    /// The first of them changes what was made before.
    pub(crate) fn requests(self) -> Requests {
        match self {
            Operation::Get => Requests::Turns(vec![read(&item("read"))]),
            Operation::List(sample, _) => Requests::Turns(vec![read(sample.collection)]),
            Operation::Create(sample) => {
                Requests::New(String::from_utf8_lossy(&sample.post(FIRST)).into_owned())
            }
            Operation::Replace => Requests::Turns(vec![put("replaced", 1), put("replaced", 0)]),
            Operation::Patch(media, query, body) => {
                let path = format!("{}{query}", item("patched"));
                let patch = |turn| request("PATCH", &path, media, &body(turn).to_string());
                Requests::Turns(vec![patch(1), patch(0)])
            }
        }
    }

    /// The clock that sees all of it.
    pub(crate) fn clock(self) -> Clock {
        let is_large = match self {
            Operation::List(_, count) => count >= LONG_LIST,
            Operation::Create(sample) => sample.post(FIRST).len() >= LARGE_BODY,
            _ => false,
        };
        if is_large { Clock::Wall } else { Clock::Thread }
    }

    pub(crate) fn status(self) -> u16 {
        match self {
            Operation::Create(_) => 201,
            _ => 200,
        }
    }

    /// Bare warp that answers as ours does.
    pub(crate) async fn bare(self, ours: &FakeApiServer) -> io::Result<Bare> {
        let mut client = Client::connect(ours.address()).await?;
        let answer = client.fetch(&self.requests().at(LAST)).await?;
        match self {
            Operation::Get | Operation::List(..) => Bare::answering(&answer),
            _ => Bare::reading(&answer),
        }
    }
}

/// An object that is another one with every turn.
pub(crate) fn object(name: &str, turn: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": {"app.kubernetes.io/name": "bench", "turn": (turn % 2).to_string()},
        },
        "subsets": [{
            "addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        }],
    })
}

/// The part of it that changes.
pub(crate) fn turn(turn: usize) -> Value {
    json!({"metadata": {"labels": {"turn": (turn % 2).to_string()}}})
}

pub(crate) fn seed(server: &FakeApiServer, object: Value) {
    server.object(object);
}

pub(crate) fn seed_all(server: &FakeApiServer, name: &str, count: usize) {
    for number in 0..count {
        seed(server, object(&format!("{name}-{number}"), 0));
    }
}

pub(crate) fn item(name: &str) -> String {
    format!("{COLLECTION}/{name}")
}

pub(crate) fn read(path: &str) -> Vec<u8> {
    request("GET", path, "", "")
}

pub(crate) fn delete(path: &str) -> Vec<u8> {
    request("DELETE", path, "", "")
}

pub(crate) fn put(name: &str, turn: usize) -> Vec<u8> {
    request("PUT", &item(name), JSON, &object(name, turn).to_string())
}

pub(crate) fn post(name: &str) -> Vec<u8> {
    samples::ENDPOINTS.post(name)
}
