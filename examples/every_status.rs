//! Every status code that each operation on Endpoints can be answered with: by what really brings it about where a
//! request alone can do so, and by a fault where it takes a server in trouble.
//!
//!     cargo run --example every_status

use std::error::Error;

use fake_apiserver::{Auth, Coverage, FakeApiServer, Fault};
use kube::client::Body;
use kube::{Client, Config};
use serde_json::{Value, json};

const SPACE: &str = "/api/v1/namespaces/default/endpoints";
const DB: &str = "/api/v1/namespaces/default/endpoints/db";
const NONE: &str = "/api/v1/namespaces/default/endpoints/none";
const NOWHERE: &str = "/api/v1/namespaces/nowhere/endpoints";
const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

/// An operation as a client knows it: its name, its method, a path it works on, and the verb of the rules.
struct Operation {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    verb: &'static str,
    content_type: &'static str,
    body: fn() -> Value,
}

const OPERATIONS: [Operation; 9] = [
    Operation {
        name: "get endpoints",
        method: "GET",
        path: DB,
        verb: "get",
        content_type: JSON,
        body: nothing,
    },
    Operation {
        name: "list endpoints",
        method: "GET",
        path: SPACE,
        verb: "list",
        content_type: JSON,
        body: nothing,
    },
    Operation {
        name: "list all endpoints",
        method: "GET",
        path: "/api/v1/endpoints",
        verb: "list",
        content_type: JSON,
        body: nothing,
    },
    Operation {
        name: "watch endpoints",
        method: "GET",
        path: "/api/v1/namespaces/default/endpoints?watch=true",
        verb: "watch",
        content_type: JSON,
        body: nothing,
    },
    Operation {
        name: "create endpoints",
        method: "POST",
        path: SPACE,
        verb: "create",
        content_type: JSON,
        body: new,
    },
    Operation {
        name: "update endpoints",
        method: "PUT",
        path: DB,
        verb: "update",
        content_type: JSON,
        body: db,
    },
    Operation {
        name: "patch endpoints",
        method: "PATCH",
        path: DB,
        verb: "patch",
        content_type: MERGE,
        body: nothing,
    },
    Operation {
        name: "delete endpoints",
        method: "DELETE",
        path: DB,
        verb: "delete",
        content_type: JSON,
        body: nothing,
    },
    Operation {
        name: "deletecollection endpoints",
        method: "DELETE",
        path: SPACE,
        verb: "deletecollection",
        content_type: JSON,
        body: nothing,
    },
];

fn nothing() -> Value {
    json!({})
}

fn named(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name}})
}

fn new() -> Value {
    named("new")
}

fn db() -> Value {
    named("db")
}

/// The object as someone read it long ago.
fn old() -> Value {
    let mut object = db();
    object["metadata"]["resourceVersion"] = "1".into();
    object
}

fn invalid() -> Value {
    let mut object = db();
    object["metadata"]["labels"] = json!({"not a key": ""});
    object
}

/// A request, and a fault if it takes one.
struct Attempt {
    code: u16,
    fault: Option<Fault>,
    path: String,
    token: &'static str,
    accept: &'static str,
    content_type: &'static str,
    body: String,
}

impl Operation {
    /// What works, for a start.
    fn attempt(&self, code: u16) -> Attempt {
        let body = match self.method {
            "GET" => String::new(),
            _ => (self.body)().to_string(),
        };
        Attempt {
            code,
            fault: None,
            path: self.path.to_owned(),
            token: "admin",
            accept: JSON,
            content_type: self.content_type,
            body,
        }
    }

    fn faulty(&self, code: u16, fault: Fault) -> Attempt {
        let fault = Some(fault.verb(self.verb));
        Attempt {
            fault,
            ..self.attempt(code)
        }
    }

    fn with_body(&self, code: u16, body: impl ToString) -> Attempt {
        Attempt {
            body: body.to_string(),
            ..self.attempt(code)
        }
    }

    fn at(&self, code: u16, path: &str) -> Attempt {
        Attempt {
            path: path.to_owned(),
            ..self.attempt(code)
        }
    }

    fn asking(&self, code: u16, query: &str) -> Attempt {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        self.at(code, &format!("{}{separator}{query}", self.path))
    }

    /// All that this operation can be answered with.
    fn attempts(&self) -> Vec<Attempt> {
        let mut attempts = self.anyones();
        attempts.extend(match self.verb {
            "get" => vec![self.asking(400, "export=true"), self.at(404, NONE)],
            "list" | "watch" => self.of_a_read(),
            "create" => self.of_a_create(),
            "update" => self.of_a_replace(),
            "patch" => self.of_a_patch(),
            _ => self.of_a_deletion(),
        });
        attempts
    }

    /// What every operation can be answered with.
    fn anyones(&self) -> Vec<Attempt> {
        vec![
            Attempt {
                token: "nobody",
                ..self.attempt(401)
            },
            Attempt {
                token: "alice",
                ..self.attempt(403)
            },
            self.faulty(405, Fault::method_not_allowed()),
            Attempt {
                accept: "text/html",
                ..self.attempt(406)
            },
            self.faulty(429, Fault::too_many_requests()),
            self.faulty(500, Fault::internal_error()),
            self.faulty(503, Fault::service_unavailable()),
            self.faulty(504, Fault::gateway_timeout()),
            if self.verb == "create" {
                self.attempt(201)
            } else {
                self.asking(200, "timeoutSeconds=-1")
            },
        ]
    }

    fn of_a_read(&self) -> Vec<Attempt> {
        vec![
            self.asking(400, "fieldSelector=no.such=field"),
            self.faulty(404, Fault::not_found()),
            self.faulty(410, Fault::gone()),
            self.asking(422, "resourceVersionMatch=Exact"),
        ]
    }

    fn of_a_create(&self) -> Vec<Attempt> {
        // The real server documents these two for a create and gives them to no one.
        let ok = Fault::raw(200, new().to_string()).response_header("Content-Type", JSON);
        vec![
            self.faulty(200, ok),
            self.faulty(202, Fault::accepted()),
            self.with_body(400, "{"),
            self.at(404, NOWHERE),
            self.with_body(409, db()),
            self.faulty(413, Fault::request_entity_too_large()),
            Attempt {
                content_type: "text/plain",
                ..self.attempt(415)
            },
            self.with_body(422, invalid()),
        ]
    }

    fn of_a_replace(&self) -> Vec<Attempt> {
        vec![
            Attempt {
                path: NONE.to_owned(),
                ..self.with_body(201, named("none"))
            },
            self.with_body(400, "{"),
            self.at(404, &format!("{NOWHERE}/db")),
            self.with_body(409, old()),
            self.faulty(413, Fault::request_entity_too_large()),
            Attempt {
                content_type: "text/plain",
                ..self.attempt(415)
            },
            self.with_body(422, invalid()),
        ]
    }

    fn of_a_patch(&self) -> Vec<Attempt> {
        let apply = format!("{NONE}?fieldManager=example");
        vec![
            Attempt {
                path: apply,
                content_type: APPLY,
                ..self.with_body(201, named("none"))
            },
            self.with_body(400, "{"),
            self.at(404, NONE),
            self.with_body(409, old()),
            self.faulty(413, Fault::request_entity_too_large()),
            Attempt {
                content_type: "text/plain",
                ..self.attempt(415)
            },
            self.with_body(422, invalid()),
        ]
    }

    fn of_a_deletion(&self) -> Vec<Attempt> {
        let other = json!({"preconditions": {"uid": "another"}});
        let mut attempts = vec![
            self.with_body(400, "{"),
            self.with_body(409, other),
            Attempt {
                content_type: "text/plain",
                ..self.with_body(415, "hello")
            },
            self.with_body(422, json!({"propagationPolicy": "Sideways"})),
        ];
        attempts.extend(match self.verb {
            // With a finalizer there is something to wait for.
            "delete" => vec![
                Attempt {
                    body: String::new(),
                    ..self.at(202, &format!("{SPACE}/held?orphanDependents=false"))
                },
                self.at(404, NONE),
            ],
            _ => vec![self.faulty(404, Fault::not_found())],
        });
        attempts
    }
}

/// A server of its own for each attempt: none finds what another has left behind.
async fn run(operation: &Operation, attempt: Attempt) -> Result<(u16, Coverage), Box<dyn Error>> {
    let mut held = named("held");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let server = FakeApiServer::builder()
        .auth(
            Auth::new()
                .token("admin", "admin", ["system:masters"])
                .token("alice", "alice", ["visitors"])
                .rbac(),
        )
        .object(db())
        .object(held)
        .start()
        .await;
    let mut config = Config::new(server.url().parse()?);
    // Refusals are what this is about.
    config.default_retry = false;
    let _guard = attempt.fault.map(|fault| server.fault(fault));
    let request = http::Request::builder()
        .method(operation.method)
        .uri(attempt.path)
        .header("authorization", format!("Bearer {}", attempt.token))
        .header("accept", attempt.accept)
        .header("content-type", attempt.content_type)
        .body(Body::from(attempt.body.into_bytes()))?;
    let answer = Client::try_from(config)?.send(request).await?;
    Ok((answer.status().as_u16(), server.coverage()))
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let mut coverage: Option<Coverage> = None;
    for operation in &OPERATIONS {
        for attempt in operation.attempts() {
            let (expected, path) = (attempt.code, attempt.path.clone());
            let (code, met) = run(operation, attempt).await?;
            assert_eq!(code, expected, "{} {path}", operation.name);
            match &mut coverage {
                Some(coverage) => coverage.merge(&met),
                None => coverage = Some(met),
            }
        }
    }
    let coverage = coverage.ok_or("nothing was asked")?;
    println!("{coverage}");
    coverage.require_documented(OPERATIONS.iter().map(|operation| operation.name));
    Ok(())
}
