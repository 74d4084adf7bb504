//! A watch as it comes over the wire, line by line.

use bytes::Bytes;
use fake_apiserver::FakeApiServer;
use http::Method;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;

use super::client::Client;
use super::{objects, within};

/// One line of a watch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) object: Value,
    /// The line as it came.
    pub(crate) line: Bytes,
}

/// A watch that is being read.
pub(crate) struct Watch {
    _client: Client,
    body: Incoming,
    buffer: Vec<u8>,
}

impl Watch {
    /// Starts a watch; `query` comes after `watch=true`.
    pub(crate) async fn open(server: &FakeApiServer, path: &str, query: &str) -> Self {
        let mut client = Client::connect(server).await;
        let target = format!("{path}?watch=true&{query}");
        let answer = client
            .open(Method::GET, &target, "application/json", "")
            .await;
        assert_eq!(answer.status(), 200, "{target}");
        assert_eq!(answer.headers()["content-type"], "application/json");
        Watch {
            _client: client,
            body: answer.into_body(),
            buffer: Vec::new(),
        }
    }

    /// The next event, or nothing at a clean end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Some(Event::parse(line.into()));
            }
            match within(self.body.frame()).await {
                Some(frame) => {
                    let frame = frame.expect("the watch is not cut off");
                    self.buffer.extend(frame.into_data().unwrap_or_default());
                }
                None => {
                    assert!(self.buffer.is_empty(), "the watch ended in half a line");
                    return None;
                }
            }
        }
    }

    /// All events to the end of the watch.
    pub(crate) async fn rest(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

impl Event {
    #[track_caller]
    pub(crate) fn parse(line: Bytes) -> Self {
        let value: Value = serde_json::from_slice(&line).expect("a line of a watch is JSON");
        let kind = value["type"]
            .as_str()
            .expect("an event has a type")
            .to_owned();
        Event {
            kind,
            object: value["object"].clone(),
            line,
        }
    }

    pub(crate) fn is_bookmark(&self) -> bool {
        self.kind == "BOOKMARK"
    }

    pub(crate) fn is_error(&self) -> bool {
        self.kind == "ERROR"
    }

    /// A bookmark after the last of the events that tell what was there at the start.
    pub(crate) fn ends_initial_events(&self) -> bool {
        self.is_bookmark()
            && self.object["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true"
    }

    #[track_caller]
    pub(crate) fn revision(&self) -> u64 {
        objects::revision(&self.object)
    }
}
