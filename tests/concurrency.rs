//! Many clients at once: nothing is lost, nothing is half done, everybody sees the same history.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use fake_apiserver::FakeApiServer;
use fastrand::Rng;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use support::client::{APPLY, Answer, Client, JSON_PATCH, MERGE, STRATEGIC};
use support::history::History;
use support::objects::{endpoints, key, label, namespace, path, revision};
use support::seen::{Seen, Selection};

const ALL: &str = "/api/v1/endpoints";
const SPACES: [&str; 2] = ["a", "a-b"];
const NAMES: [&str; 4] = ["one", "two", "three", "four"];
const APPS: [&str; 3] = ["x", "y", "z"];
/// Of how many moments there must be a list, and how often all write for that at most.
const MOMENTS: usize = 5;
const ROUNDS: u64 = 10;
/// Longer than any watch.
const LONG: Duration = Duration::from_secs(2 * 3600);

async fn server() -> FakeApiServer {
    let mut builder = FakeApiServer::builder();
    for space in SPACES {
        builder = builder.object(namespace(space));
    }
    builder.start().await
}

/// Runs this many clients at once, each on a task of its own.
async fn at_once<F, T>(count: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: Vec<_> = (0..count)
        .map(|number| tokio::spawn(work(number)))
        .collect();
    let results = join_all(tasks).await;
    results.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn increments_with_a_retry_on_conflict_all_count() {
    const CLIENTS: usize = 8;
    const TIMES: usize = 25;
    let server = server().await;
    let mut object = endpoints("a", "counter", json!({}));
    object["metadata"]["annotations"] = json!({"count": "0"});
    server.object(object);
    let address = server.address();
    at_once(CLIENTS, |_| async move {
        let target = format!("{}/counter", path("a"));
        let mut client = Client::to(address).await;
        let mut done = 0;
        while done < TIMES {
            let mut object = client.get(&target).await.object();
            let count = &mut object["metadata"]["annotations"]["count"];
            let next = count.as_str().unwrap().parse::<usize>().unwrap() + 1;
            *count = next.to_string().into();
            let answer = client.put(&target, &object).await;
            match answer.status {
                200 => done += 1,
                _ => assert_eq!(answer.refusal(), (409, "Conflict".to_owned())),
            }
        }
    })
    .await;
    let counter = server
        .resource("endpoints")
        .namespace("a")
        .get("counter")
        .unwrap();
    let expected = (CLIENTS * TIMES).to_string();
    assert_eq!(counter["metadata"]["annotations"]["count"], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn patches_of_every_kind_to_one_object_all_land() {
    const CLIENTS: usize = 12;
    const TIMES: usize = 10;
    let server = server().await;
    let mut object = endpoints("a", "x", json!({}));
    object["metadata"]["annotations"] = json!({"there": "before"});
    server.object(object);
    let before = server.revision();
    let address = server.address();
    at_once(CLIENTS, |number| async move {
        let target = format!("{}/x", path("a"));
        let mut client = Client::to(address).await;
        let mut applied = json!({});
        for time in 0..TIMES {
            let name = format!("{number}-{time}");
            let change = json!({"metadata": {"annotations": {&name: "v"}}});
            let answer = match number % 4 {
                0 => client.patch(&target, MERGE, &change).await,
                1 => client.patch(&target, STRATEGIC, &change).await,
                2 => {
                    let path = format!("/metadata/annotations/{name}");
                    let add = json!([{"op": "add", "path": path, "value": "v"}]);
                    client.patch(&target, JSON_PATCH, &add).await
                }
                _ => {
                    applied[&name] = "v".into();
                    let apply = json!({
                        "apiVersion": "v1", "kind": "Endpoints",
                        "metadata": {"name": "x", "annotations": applied},
                    });
                    let target = format!("{target}?fieldManager=manager-{number}");
                    client.patch(&target, APPLY, &apply).await
                }
            };
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    })
    .await;
    let object = server
        .resource("endpoints")
        .namespace("a")
        .get("x")
        .unwrap();
    let annotations = object["metadata"]["annotations"].as_object().unwrap();
    let found: BTreeSet<_> = annotations.keys().cloned().collect();
    let mut expected = BTreeSet::from(["there".to_owned()]);
    for number in 0..CLIENTS {
        expected.extend((0..TIMES).map(|time| format!("{number}-{time}")));
    }
    assert_eq!(found, expected);
    assert_eq!(server.revision(), before + (CLIENTS * TIMES) as u64);
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|a| a.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_creates_of_one_name_one_succeeds() {
    let server = server().await;
    let address = server.address();
    for round in 0..10 {
        let answers = at_once(10, |number| async move {
            let labels = json!({"by": number.to_string()});
            let object = endpoints("a", &format!("x{round}"), labels);
            Client::to(address).await.post(&path("a"), &object).await
        })
        .await;
        assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 9));
        let winner = answers.iter().find(|a| a.status == 201).unwrap().object();
        let stored = server
            .resource("endpoints")
            .namespace("a")
            .get(&format!("x{round}"));
        assert_eq!(stored, Some(winner));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_deletions_of_one_object_one_succeeds() {
    let server = server().await;
    let address = server.address();
    for _ in 0..10 {
        server.object(endpoints("a", "x", json!({})));
        let before = server.revision();
        let answers = at_once(10, |_| async move {
            let target = format!("{}/x", path("a"));
            Client::to(address).await.delete(&target).await
        })
        .await;
        assert_eq!((count(&answers, 200), count(&answers, 404)), (1, 9));
        assert_eq!(server.revision(), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_replaces_of_one_version_one_succeeds() {
    let server = server().await;
    let address = server.address();
    for round in 0..10 {
        server.object(endpoints("a", "x", json!({"round": round.to_string()})));
        let current = server
            .resource("endpoints")
            .namespace("a")
            .get("x")
            .unwrap();
        let answers = at_once(10, |number| {
            let mut object = current.clone();
            object["metadata"]["labels"]["by"] = number.to_string().into();
            async move {
                let target = format!("{}/x", path("a"));
                Client::to(address).await.put(&target, &object).await
            }
        })
        .await;
        assert_eq!((count(&answers, 200), count(&answers, 409)), (1, 9));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn generated_names_do_not_collide() {
    let server = server().await;
    let address = server.address();
    let names = at_once(10, |_| async move {
        let mut client = Client::to(address).await;
        let mut object = endpoints("a", "", json!({}));
        object["metadata"]["generateName"] = "x-".into();
        let mut names = Vec::new();
        for _ in 0..20 {
            let created = client.post(&path("a"), &object).await.object();
            names.push(key(&created).1);
        }
        names
    })
    .await;
    let names: BTreeSet<_> = names.into_iter().flatten().collect();
    assert_eq!(names.len(), 200);
}

/// What a client knows of its own writes.
#[derive(Default)]
struct Wrote {
    objects: Vec<Value>,
    deletions: usize,
}

/// Writes at random; takes a refusal for an answer.
async fn write(address: SocketAddr, seed: u64, times: usize) -> Wrote {
    let mut random = Rng::with_seed(seed);
    let mut client = Client::to(address).await;
    let mut wrote = Wrote::default();
    for time in 0..times {
        let (space, name) = (SPACES[random.usize(..2)], NAMES[random.usize(..4)]);
        let app = APPS[random.usize(..3)];
        let item = format!("{}/{name}", path(space));
        let labels = json!({"app": app, "by": format!("{seed}-{time}")});
        let object = endpoints(space, name, labels);
        let annotations = json!({"by": format!("{seed}-{time}")});
        let patch = match random.usize(..3) {
            0 => json!({"metadata": {"labels": {"app": null}}}),
            1 => json!({"metadata": {"labels": {"app": app}}}),
            _ => json!({"metadata": {"annotations": annotations}}),
        };
        let answer = match random.usize(..10) {
            0..=2 => client.post(&path(space), &object).await,
            3..=4 => client.put(&item, &object).await,
            5..=7 => client.patch(&item, MERGE, &patch).await,
            _ => {
                let answer = client
                    .send(Method::DELETE, &item, "application/json", "")
                    .await;
                wrote.deletions += usize::from(answer.status == 200);
                assert!(matches!(answer.status, 200 | 404), "{answer:?}");
                continue;
            }
        };
        match answer.status {
            200 | 201 => wrote.objects.push(answer.json()),
            404 | 409 => {}
            _ => panic!("{answer:?}"),
        }
    }
    wrote
}

/// Lists page by page for as long as there are writes, telling of how many moments; returns each version with what was
/// there.
async fn list(
    address: SocketAddr,
    seed: u64,
    done: watch::Receiver<bool>,
    moments: watch::Sender<usize>,
) -> Vec<(u64, Vec<Value>)> {
    let mut random = Rng::with_seed(seed);
    let mut client = Client::to(address).await;
    let mut lists = Vec::new();
    while !*done.borrow() {
        let target = format!("{ALL}?limit={}", random.usize(1..5));
        let mut page = client.get(&target).await.object();
        let version = revision(&page);
        let mut items = page["items"].as_array().unwrap().clone();
        while let Some(token) = page["metadata"]["continue"].as_str() {
            page = client
                .get(&format!("{target}&continue={token}"))
                .await
                .object();
            assert_eq!(revision(&page), version, "a page of another moment");
            items.extend(page["items"].as_array().unwrap().clone());
        }
        if lists.last().is_none_or(|(before, _)| *before < version) {
            moments.send_modify(|moments| *moments += 1);
        }
        lists.push((version, items));
    }
    lists
}

/// Watches for as long as there are writes, starting anew now and then.
async fn follow(seen: &mut Seen<'_>, seed: u64, mut done: watch::Receiver<bool>) {
    let mut random = Rng::with_seed(seed);
    let restless = random.bool();
    loop {
        tokio::select! {
            more = seen.read() => assert!(more, "the watch ended early: {:?}", seen.error()),
            _ = done.wait_for(|done| *done) => return,
        }
        if restless && random.usize(..10) == 0 {
            seen.resume("allowWatchBookmarks=true").await;
        }
    }
}

fn selections() -> Vec<Selection> {
    vec![
        Selection::all(ALL),
        Selection::of(path("a"), "", |o| o["metadata"]["namespace"] == "a"),
        Selection::of(ALL, "labelSelector=app%3Dx", |o| {
            label(o, "app") == Some("x")
        }),
        Selection::of(ALL, "labelSelector=app+notin+(x,y)", |o| {
            !matches!(label(o, "app"), Some("x" | "y"))
        }),
        Selection::of(path("a-b"), "fieldSelector=metadata.name%3Done", |o| {
            key(o) == ("a-b".to_owned(), "one".to_owned())
        }),
    ]
}

/// The versions of the reference follow each other without a gap, and it has what the writers were answered.
fn check_reference(reference: &Seen<'_>, history: &History, wrote: &[Wrote], last: u64) {
    let shown: Vec<_> = reference.events().map(|event| event.revision()).collect();
    assert_eq!(shown, Vec::from_iter(reference.since() + 1..=last));
    let by_revision: BTreeMap<_, _> = history.writes.iter().map(|w| (w.revision, w)).collect();
    for object in wrote.iter().flat_map(|wrote| &wrote.objects) {
        let write = by_revision[&revision(object)];
        assert_eq!(write.after.as_ref(), Some(object));
    }
    let deletions = history.writes.iter().filter(|w| w.after.is_none()).count();
    assert_eq!(
        deletions,
        wrote.iter().map(|wrote| wrote.deletions).sum::<usize>()
    );
}

/// There are lists of several moments, and each shows what was there at its version, each object once and in order.
fn check_lists(lists: &[(u64, Vec<Value>)], history: &History) {
    let moments: BTreeSet<_> = lists.iter().map(|(version, _)| version).collect();
    assert!(moments.len() >= MOMENTS, "only {} moments", moments.len());
    for (version, items) in lists {
        let mut expected: Vec<_> = history.at(*version).into_values().collect();
        expected.sort_by_key(|object| key(object).0 + "/" + &key(object).1);
        for object in &mut expected {
            let fields = object.as_object_mut().unwrap();
            fields.remove("kind");
            fields.remove("apiVersion");
        }
        assert_eq!(items, &expected, "at version {version}");
    }
}

async fn everybody_at_once(seed: u64) {
    let server = server().await;
    let address = server.address();
    let start = server.revision();
    let (finish, done) = watch::channel(false);
    let mut reference = Seen::after(&server, &Selection::all(ALL), start, "").await;
    let mut watches = Vec::new();
    for selection in selections() {
        watches.push(Seen::after(&server, &selection, start, "").await);
        watches.push(Seen::streaming(&server, &selection, "").await);
    }
    let (told, moments) = watch::channel(0);
    let listing = tokio::spawn(list(address, seed, done.clone(), told));
    let writing = async {
        let mut wrote = Vec::new();
        for round in 0..ROUNDS {
            let seed = |number: usize| (seed * 10 + round) * 100 + number as u64;
            wrote.extend(at_once(6, |number| write(address, seed(number), 40)).await);
            if *moments.borrow() >= MOMENTS {
                break;
            }
        }
        finish.send_replace(true);
        wrote
    };
    let following = watches
        .iter_mut()
        .enumerate()
        .map(|(number, seen)| follow(seen, seed * 1000 + number as u64, done.clone()));
    let (wrote, _) = tokio::join!(writing, join_all(following));
    let lists = listing.await.unwrap();
    let last = server.revision();
    server.advance(LONG);
    reference.finish().await;
    let history = History::of(&reference.live);
    check_reference(&reference, &history, &wrote, last);
    check_lists(&lists, &history);
    for mut seen in watches {
        seen.finish().await;
        assert_eq!(seen.error(), None);
        seen.check(&history).await;
    }
    reference.check(&history).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_listers_and_watchers_agree_on_one_history() {
    for seed in 0..5 {
        // A failure is found again by this number.
        println!("seed {seed}");
        everybody_at_once(seed).await;
    }
}

#[tokio::test]
async fn they_agree_on_one_thread_too() {
    for seed in 5..8 {
        println!("seed {seed}");
        everybody_at_once(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_watchers_see_the_same_bytes() {
    let server = server().await;
    let address = server.address();
    let start = server.revision();
    let selection = Selection::all(ALL);
    let mut watches = join_all((0..100).map(|_| Seen::after(&server, &selection, start, ""))).await;
    at_once(4, |number| write(address, number as u64, 25)).await;
    let last = server.revision();
    join_all(watches.iter_mut().map(|seen| seen.until(last))).await;
    let first: Vec<_> = watches[0].live.iter().map(|e| e.line.clone()).collect();
    assert_eq!(first.len() as u64, last - start);
    for seen in &watches {
        assert!(seen.live.iter().map(|e| &e.line).eq(&first));
    }
    watches[0].check(&History::of(&watches[0].live)).await;
}
