//! What is measured.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault};
use serde_json::{Value, json};

use crate::bare::Bare;
use crate::client::{Client, request};
use crate::rounds::{Comparison, Rounds};
use crate::stopwatch::Clock;

const JSON: &str = "application/json";
const COLLECTION: &str = "/api/v1/namespaces/default/endpoints";

/// One row of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What ours is held against.
    pub(crate) against: &'static str,
    pub(crate) aim: Aim,
    measure: Measure,
}

/// What would be good enough.
pub(crate) enum Aim {
    None,
    /// At least this much as fast as the other side.
    Ratio(f64),
    Within(Duration),
}

/// What a case does.
enum Measure {
    Start,
    Get,
    /// With so many rules about other requests, against a server without any.
    Rules(usize),
    List(usize),
    /// Of this many, one of which was just written.
    ChangedList(usize),
    Create,
    Replace,
    /// Media type, query, and what wraps the changed labels.
    Patch(&'static str, &'static str, fn(usize) -> Value),
    Watch(usize),
}

const fn case(name: &'static str, aim: Aim, measure: Measure) -> Case {
    let against = match measure {
        Measure::Patch(..) => "replace",
        Measure::Rules(_) => "no rule",
        _ => "bare",
    };
    Case {
        name,
        against,
        aim,
        measure,
    }
}

/// All cases, in the order of the table.
pub(crate) const ALL: &[Case] = &[
    case(
        "start to first answer",
        Aim::Within(Duration::from_millis(1)),
        Measure::Start,
    ),
    case("get", Aim::Ratio(0.9), Measure::Get),
    case("get, 10 other rules", Aim::None, Measure::Rules(10)),
    case("list 100", Aim::Ratio(0.8), Measure::List(100)),
    case("list 10,000", Aim::Ratio(0.8), Measure::List(10_000)),
    case("write, list 100", Aim::None, Measure::ChangedList(100)),
    case(
        "write, list 10,000",
        Aim::None,
        Measure::ChangedList(10_000),
    ),
    case("create", Aim::Ratio(0.5), Measure::Create),
    case("replace", Aim::Ratio(0.5), Measure::Replace),
    case(
        "merge patch",
        Aim::Ratio(0.5),
        Measure::Patch("application/merge-patch+json", "", turn),
    ),
    case(
        "strategic merge patch",
        Aim::Ratio(0.5),
        Measure::Patch("application/strategic-merge-patch+json", "", turn),
    ),
    case(
        "apply",
        Aim::Ratio(0.25),
        Measure::Patch(
            "application/apply-patch+yaml",
            "?fieldManager=bench&force=true",
            |n| object("patched", n),
        ),
    ),
    case("event to 1 watcher", Aim::None, Measure::Watch(1)),
    case("event to 100 watchers", Aim::None, Measure::Watch(100)),
    case("event to 1,000 watchers", Aim::None, Measure::Watch(1_000)),
];

impl Case {
    pub(crate) fn run<'a>(
        &'a self,
        rounds: &'a Rounds,
    ) -> Pin<Box<dyn Future<Output = io::Result<Comparison>> + 'a>> {
        match self.measure {
            Measure::Start => Box::pin(start(rounds)),
            Measure::Get => Box::pin(get(rounds)),
            Measure::Rules(rules) => Box::pin(get_past(rounds, rules)),
            Measure::List(count) => Box::pin(list(rounds, count)),
            Measure::ChangedList(count) => Box::pin(changed_list(rounds, count)),
            Measure::Create => Box::pin(create(rounds)),
            Measure::Replace => Box::pin(replace(rounds)),
            Measure::Patch(media, query, body) => Box::pin(patch(rounds, media, query, body)),
            Measure::Watch(watchers) => Box::pin(watch(rounds, watchers)),
        }
    }
}

/// An object that is another one with every turn.
fn object(name: &str, turn: usize) -> Value {
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
fn turn(turn: usize) -> Value {
    json!({"metadata": {"labels": {"turn": (turn % 2).to_string()}}})
}

fn item(name: &str) -> String {
    format!("{COLLECTION}/{name}")
}

fn read(path: &str) -> Vec<u8> {
    request("GET", path, "", "")
}

fn put(name: &str, turn: usize) -> Vec<u8> {
    request("PUT", &item(name), JSON, &object(name, turn).to_string())
}

/// Binding, serving, connecting and one answer. Stopping is not part of it, but happens before the next.
async fn start(rounds: &Rounds) -> io::Result<Comparison> {
    let get = read("/api/v1/namespaces/default");
    let answer = {
        let server = FakeApiServer::start().await;
        Client::connect(server.address()).await?.fetch(&get).await?
    };
    rounds
        .compare(
            Clock::Wall,
            async || {
                let server = FakeApiServer::start().await;
                let mut client = Client::connect(server.address()).await?;
                client.exchange(&get, 200).await
            },
            async || {
                let server = Bare::answering(&answer)?;
                let mut client = Client::connect(server.address).await?;
                client.exchange(&get, 200).await
            },
        )
        .await
}

async fn get(rounds: &Rounds) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    server.object(object("read", 0));
    reads(rounds, &server, &read(&item("read"))).await
}

async fn get_past(rounds: &Rounds, rules: usize) -> io::Result<Comparison> {
    let with = FakeApiServer::start().await;
    let without = FakeApiServer::start().await;
    let rule = || Fault::conflict().verb("update").name("another").optional();
    let _guards: Vec<_> = (0..rules).map(|_| with.fault(rule())).collect();
    let get = read(&item("read"));
    for server in [&with, &without] {
        server.object(object("read", 0));
    }
    let mut ours = Client::connect(with.address()).await?;
    let mut other = Client::connect(without.address()).await?;
    rounds
        .compare(
            Clock::Thread,
            async || ours.exchange(&get, 200).await,
            async || other.exchange(&get, 200).await,
        )
        .await
}

async fn list(rounds: &Rounds, count: usize) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    for i in 0..count {
        server.object(object(&format!("listed-{i}"), 0));
    }
    reads(rounds, &server, &read(COLLECTION)).await
}

/// A write and a list: without the write, every list but the first is already written.
async fn changed_list(rounds: &Rounds, count: usize) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    for i in 0..count {
        server.object(object(&format!("listed-{i}"), 0));
    }
    let (list, turns) = (read(COLLECTION), [put("listed-0", 0), put("listed-0", 1)]);
    let mut ours = Client::connect(server.address()).await?;
    ours.fetch(&turns[0]).await?;
    let bare = [
        Bare::reading(&ours.fetch(&turns[1]).await?)?,
        Bare::answering(&ours.fetch(&list).await?)?,
    ];
    let mut writing = Client::connect(bare[0].address).await?;
    let mut reading = Client::connect(bare[1].address).await?;
    let (mut mine, mut theirs) = (0, 0);
    rounds
        .compare(
            Clock::Thread,
            async || {
                mine += 1;
                ours.exchange(&turns[(mine + 1) % 2], 200).await?;
                ours.exchange(&list, 200).await
            },
            async || {
                theirs += 1;
                writing.exchange(&turns[theirs % 2], 200).await?;
                reading.exchange(&list, 200).await
            },
        )
        .await
}

async fn reads(rounds: &Rounds, server: &FakeApiServer, request: &[u8]) -> io::Result<Comparison> {
    let mut ours = Client::connect(server.address()).await?;
    let bare = Bare::answering(&ours.fetch(request).await?)?;
    let mut other = Client::connect(bare.address).await?;
    rounds
        .compare(
            Clock::Thread,
            async || ours.exchange(request, 200).await,
            async || other.exchange(request, 200).await,
        )
        .await
}

async fn create(rounds: &Rounds) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    let mut ours = Client::connect(server.address()).await?;
    // The names differ and have one length.
    let post = |n: usize| {
        let body = object(&format!("created-{n:08}"), 0).to_string();
        request("POST", COLLECTION, JSON, &body)
    };
    let bare = Bare::reading(&ours.fetch(&post(0)).await?)?;
    let mut other = Client::connect(bare.address).await?;
    let (mut mine, mut theirs) = (0, 0);
    rounds
        .compare(
            Clock::Thread,
            async || {
                mine += 1;
                ours.exchange(&post(mine), 201).await
            },
            async || {
                theirs += 1;
                other.exchange(&post(theirs), 201).await
            },
        )
        .await
}

async fn replace(rounds: &Rounds) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    let mut ours = Client::connect(server.address()).await?;
    let turns = [put("replaced", 0), put("replaced", 1)];
    // Made by a client, so that it has a manager to keep track of.
    ours.fetch(&turns[0]).await?;
    let bare = Bare::reading(&ours.fetch(&turns[1]).await?)?;
    let mut other = Client::connect(bare.address).await?;
    let (mut mine, mut theirs) = (0, 0);
    rounds
        .compare(
            Clock::Thread,
            async || {
                mine += 1;
                ours.exchange(&turns[(mine + 1) % 2], 200).await
            },
            async || {
                theirs += 1;
                other.exchange(&turns[theirs % 2], 200).await
            },
        )
        .await
}

/// A patch of one object against a replacement of another that looks the same.
async fn patch(
    rounds: &Rounds,
    media: &str,
    query: &str,
    body: fn(usize) -> Value,
) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    let mut client = Client::connect(server.address()).await?;
    let path = format!("{}{query}", item("patched"));
    let patch = |n| request("PATCH", &path, media, &body(n).to_string());
    let patches = [patch(0), patch(1)];
    let puts = [put("replaced", 0), put("replaced", 1)];
    client.fetch(&puts[0]).await?;
    // An apply makes the object by itself, and so is its only manager.
    if query.is_empty() {
        client.fetch(&put("patched", 0)).await?;
    } else {
        client.fetch(&patches[0]).await?;
    }
    let mut replacing = Client::connect(server.address()).await?;
    let (mut mine, mut theirs) = (0, 0);
    rounds
        .compare(
            Clock::Thread,
            async || {
                mine += 1;
                client.exchange(&patches[mine % 2], 200).await
            },
            async || {
                theirs += 1;
                replacing.exchange(&puts[theirs % 2], 200).await
            },
        )
        .await
}

/// From a write to the last watcher having its event.
async fn watch(rounds: &Rounds, count: usize) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    let mut ours = Client::connect(server.address()).await?;
    let turns = [put("watched", 0), put("watched", 1)];
    ours.fetch(&turns[0]).await?;
    let answer = ours.fetch(&turns[1]).await?;

    let watch = read(&format!(
        "{COLLECTION}?watch=true&resourceVersion={}",
        server.revision()
    ));
    let mut watchers = Vec::with_capacity(count);
    let mut head = None;
    for _ in 0..count {
        let mut client = Client::connect(server.address()).await?;
        head = Some(client.open(&watch).await?);
        watchers.push(client);
    }
    let head = head.unwrap_or_default();
    let size = answer.body.len() + r#"{"type":"MODIFIED","object":}"#.len();
    let bare = Bare::watched(&answer, &head, vec![b' '; size].into())?;
    let mut other = Client::connect(bare.address).await?;
    let mut others = Vec::with_capacity(count);
    for _ in 0..count {
        let mut client = Client::connect(bare.address).await?;
        client.open(&watch).await?;
        others.push(client);
    }

    let (mut mine, mut theirs) = (0, 0);
    rounds
        .compare(
            Clock::Thread,
            async || {
                mine += 1;
                event(&mut ours, &turns[(mine + 1) % 2], &mut watchers, size).await
            },
            async || {
                theirs += 1;
                event(&mut other, &turns[theirs % 2], &mut others, size).await
            },
        )
        .await
}

async fn event(
    writer: &mut Client,
    put: &[u8],
    watchers: &mut [Client],
    size: usize,
) -> io::Result<()> {
    writer.exchange(put, 200).await?;
    for watcher in watchers {
        let found = watcher.chunk().await?;
        // A revision may have grown by a digit or two.
        if found.abs_diff(size) > 4 {
            return Err(io::Error::other(format!("{found} bytes instead of {size}")));
        }
    }
    Ok(())
}
