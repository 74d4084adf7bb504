//! The HTTP control surface of a running server: what a test in any language scripts it with.
//!
//! It lives below [`PREFIX`], which no real apiserver serves, and is not part of what is faked: its requests are in no
//! journal, no fault and no access rule is about them. Every answer is JSON unless its route says otherwise; an error is
//! `{"error": "…"}`.
//!
//! [`ROUTES`] is the whole of it, and `GET /_fake` answers with that table. A route that changes something answers with
//! how things stand afterwards.
//!
//! It is for the test's own process: what a browser sends for a page of somebody else is turned away before it gets here.

mod faults;
mod seen;
pub(crate) mod snapshot;
mod state;

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use crate::codec::script::{self, Cursor, Error};
use crate::control::snapshot::Snapshot;
use crate::fault::outage::Port;
use crate::fault::stage::Faults;
use crate::handlers::body::read_all;
use crate::handlers::cluster::Cluster;
use crate::journal::recorder::Recorder;
use crate::request::Request;
use crate::request::query::Query;
use crate::response::Response;

/// What every path of the control surface starts with.
const PREFIX: &str = "/_fake";

/// Method, path below the prefix, and what it is for.
const ROUTES: &[(&str, &str, &str)] = &[
    ("GET", "", "this table, the seed, the revision and the time"),
    (
        "GET",
        "/faults",
        "the rules installed: how often each matched and fired, and what came close",
    ),
    (
        "POST",
        "/faults",
        "installs the rules in the body, YAML or JSON",
    ),
    ("DELETE", "/faults", "removes all rules"),
    ("GET", "/faults/ID", "one rule, by number or name"),
    ("DELETE", "/faults/ID", "removes it"),
    ("GET", "/schema", "the JSON Schema of rules"),
    (
        "GET",
        "/journal",
        "what was asked and answered; ?verb=, ?resource=, ?code= and so on ask for some of it",
    ),
    ("DELETE", "/journal", "forgets it"),
    (
        "POST",
        "/verify",
        "what must have come: {\"when\": {…}, \"code\": 409, \"times\": 2}, {\"order\": […]} or {\"noMore\": true}",
    ),
    (
        "GET",
        "/coverage",
        "which documented codes of which operations were met; ?format=text is a table",
    ),
    ("GET", "/snapshot", "the objects, as manifests in YAML"),
    (
        "PUT",
        "/snapshot",
        "puts the store back to such manifests; watches end",
    ),
    (
        "POST",
        "/reset",
        "puts objects, rules, clock and journal back to how they were at the start",
    ),
    (
        "POST",
        "/outage",
        "the server cannot be reached: {\"during\": \"10s\"}, {\"resetNext\": 3}",
    ),
    ("GET", "/clock", "the server's time"),
    ("POST", "/clock", "moves it ahead: {\"advance\": \"30s\"}"),
    (
        "POST",
        "/compact",
        "forgets the history, or that before a revision: {\"revision\": 7}",
    ),
];

/// The control surface of one server.
pub(crate) struct Control {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) recorder: Arc<Recorder>,
    /// How the server was when it had started.
    pub(crate) start: OnceLock<Snapshot>,
    /// Where outages begin.
    pub(crate) port: Arc<dyn Port>,
    pub(crate) max_body: usize,
}

/// Why a request was refused, and with which HTTP status.
struct Refusal(u16, String);

type Reply = Result<Response, Refusal>;

impl Refusal {
    fn into_response(self) -> Response {
        let Refusal(status, error) = self;
        json_response(status, &json!({"error": error}))
    }
}

/// A request whose body is read.
struct Asked<'a> {
    query: Query,
    body: &'a str,
}

impl Control {
    /// Whether a path is the control surface's.
    pub(crate) fn owns(path: &str) -> bool {
        path.strip_prefix(PREFIX)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(crate) async fn answer(&self, request: &mut Request) -> Response {
        match self.route(request).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        }
    }

    /// The answer to who may not ask at all.
    pub(crate) fn turn_away(why: String) -> Response {
        Refusal(403, why).into_response()
    }

    async fn route(&self, request: &mut Request) -> Reply {
        let path = crate::request::text::decode_path(request.path());
        let path = path
            .strip_prefix(PREFIX)
            .unwrap_or_default()
            .trim_end_matches('/');
        let body = read_all(&mut request.body, self.max_body).await;
        let body = body.map_err(|status| Refusal(status.code, status.message))?;
        let body = std::str::from_utf8(&body);
        let asked = Asked {
            query: Query::parse(request.raw_query()),
            body: body.map_err(|e| Refusal(400, format!("the body is no UTF-8: {e}")))?,
        };
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        self.dispatch(request.method.as_str(), &segments, &asked)
            .unwrap_or_else(|| Err(no_route(request.method.as_str(), path)))
    }

    /// The outcome of a route, or nothing if there is no such route.
    fn dispatch(&self, method: &str, path: &[&str], asked: &Asked<'_>) -> Option<Reply> {
        Some(match (method, path) {
            ("GET", []) => Ok(json_response(200, &self.index())),
            ("GET", ["faults"]) => self.list_faults(),
            ("POST", ["faults"]) => self.install_faults(asked),
            ("DELETE", ["faults"]) => self.remove_faults(),
            ("GET", ["faults", id]) => self.show_fault(id),
            ("DELETE", ["faults", id]) => self.remove_fault(id),
            ("GET", ["schema"]) => Ok(json_response(200, &crate::fault::Fault::script_schema())),
            ("GET", ["journal"]) => self.show_journal(asked),
            ("DELETE", ["journal"]) => self.clear_journal(),
            ("POST", ["verify"]) => self.verify(asked),
            ("GET", ["coverage"]) => self.show_coverage(asked),
            ("GET", ["snapshot"]) => Ok(self.show_snapshot()),
            ("PUT", ["snapshot"]) => self.restore_snapshot(asked),
            ("POST", ["reset"]) => self.reset(),
            ("POST", ["outage"]) => self.outage(asked),
            ("GET", ["clock"]) => Ok(self.show_clock()),
            ("POST", ["clock"]) => self.advance_clock(asked),
            ("POST", ["compact"]) => self.compact(asked),
            _ => return None,
        })
    }

    fn index(&self) -> Value {
        let routes = ROUTES.iter().map(|(method, path, about)| {
            json!({"method": method, "path": format!("{PREFIX}{path}"), "about": about})
        });
        json!({
            "seed": self.cluster.ids.seed(),
            "revision": self.cluster.storage.revision().0,
            "time": self.cluster.timestamp(),
            "routes": routes.collect::<Vec<_>>(),
        })
    }
}

/// What the path knows, if it is known at all.
fn no_route(method: &str, path: &str) -> Refusal {
    let shape = |known: &str| match known.strip_suffix("/ID") {
        Some(start) => path.strip_prefix(start).is_some_and(|rest| {
            rest.len() > 1 && rest.starts_with('/') && !rest[1..].contains('/')
        }),
        None => known == path,
    };
    let methods: Vec<&str> = ROUTES.iter().filter(|r| shape(r.1)).map(|r| r.0).collect();
    if methods.is_empty() {
        let error = format!("there is no {PREFIX}{path}; GET {PREFIX} shows what there is");
        return Refusal(404, error);
    }
    let methods = methods.join(", ");
    Refusal(
        405,
        format!("{PREFIX}{path} has no {method}, only {methods}"),
    )
}

impl Asked<'_> {
    /// Reads the body, YAML or JSON; an empty one is null.
    fn with_body<T>(
        &self,
        read: impl FnOnce(&Cursor<'_>) -> Result<T, Error>,
    ) -> Result<T, Refusal> {
        // What is wrong with it is the client's mistake.
        read_text("body", self.body, read).map_err(|error| Refusal(400, error.to_string()))
    }
}

/// Reads YAML or JSON.
fn read_text<T>(
    name: &str,
    text: &str,
    read: impl FnOnce(&Cursor<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let text = if text.trim().is_empty() { "null" } else { text };
    let documents = script::documents(name, text)?;
    let Some(document) = documents.first() else {
        return Err(Error::invalid(name, "it holds no document"));
    };
    read(&Cursor::root(name, document))
}

fn json_response(status: u16, value: &Value) -> Response {
    Response::new(status, "application/json", format!("{value:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_prefix_is_owned() {
        for path in ["/_fake", "/_fake/", "/_fake/faults"] {
            assert!(Control::owns(path), "{path}");
        }
        for path in ["/", "/_faked", "/api/_fake", "/_fak"] {
            assert!(!Control::owns(path), "{path}");
        }
    }

    #[test]
    fn every_route_is_in_the_guide() {
        let guide = include_str!("../docs/control.md");
        for (method, path, _) in ROUTES {
            let row = format!("| `{method} {PREFIX}{path}` |");
            assert!(guide.contains(&row), "{row}");
        }
    }

    #[test]
    fn a_route_that_is_not_there_is_told_from_a_method_it_does_not_have() {
        let refused = |method, path| {
            let Refusal(status, error) = no_route(method, path);
            (status, error)
        };
        assert_eq!(refused("GET", "/fautls").0, 404);
        let (status, error) = refused("PUT", "/faults/7");
        assert_eq!(
            (status, &*error),
            (405, "/_fake/faults/7 has no PUT, only GET, DELETE")
        );
    }
}
