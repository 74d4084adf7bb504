//! What is measured.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault};

use crate::bare::Bare;
use crate::broad;
use crate::client::Client;
use crate::operation::{
    COLLECTION, Operation, Requests, delete, item, object, post, put, read, seed, seed_all, turn,
};
use crate::rounds::{Comparison, Rounds};
use crate::samples::{ENDPOINTS, GIANTS, PODS, WIDGETS};
use crate::stopwatch::{Clock, Stopwatch};

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
    /// At most so much more than the other side.
    Above(Duration),
}

/// What a case does.
enum Measure {
    /// A server alone.
    Start,
    /// A server, a connection and a first answer.
    FirstAnswer,
    /// Against bare warp.
    Bare(Operation),
    /// A patch of one object against a replacement of another that looks the same.
    Replace(Operation),
    /// With so many rules about other requests, against a server without any.
    Rules(usize),
    /// Of this many, one of which was just written.
    ChangedList(usize),
    /// A creation, and the deletion that undoes it, among so many objects of the kind against among so many.
    Among(usize, usize),
    /// A namespace with so many objects goes, against one with so many; the time is that of one object.
    Namespace(usize, usize),
    Watch(usize),
    /// A large definition, on a server that has none.
    Install,
    /// A server, this many definitions, and its end.
    Cycle(usize),
    /// The process, up to its first answer.
    #[cfg(feature = "cli")]
    Binary,
    /// Of the groups, where there are this many custom kinds and one was just added or taken away.
    Discovery(usize),
    /// A write that a webhook was asked about, against one that is asked about by nobody.
    #[cfg(feature = "tls")]
    Webhook,
    /// A point of a sweep, against the program alone.
    Sweep,
}

const fn case(name: &'static str, aim: Aim, measure: Measure) -> Case {
    let against = match measure {
        Measure::Replace(_) => "replace",
        Measure::Rules(_) => "no rule",
        Measure::Among(..) => "among 100",
        Measure::Namespace(..) => "of 100",
        #[cfg(feature = "tls")]
        Measure::Webhook => "no webhook",
        Measure::Sweep => "program",
        #[cfg(feature = "cli")]
        Measure::Binary => "--version",
        _ => "bare",
    };
    Case {
        name,
        against,
        aim,
        measure,
    }
}

const fn patch(media: &'static str) -> Operation {
    Operation::Patch(media, "", turn)
}

/// All cases, in the order of the table.
pub(crate) const ALL: &[Case] = &[
    case(
        "start",
        Aim::Within(Duration::from_micros(100)),
        Measure::Start,
    ),
    case(
        "start to first answer",
        Aim::Within(Duration::from_millis(1)),
        Measure::FirstAnswer,
    ),
    #[cfg(feature = "cli")]
    case(
        "the binary's start to first answer",
        Aim::Within(Duration::from_millis(20)),
        Measure::Binary,
    ),
    case(
        "start, 20 definitions, stop",
        Aim::Within(Duration::from_millis(100)),
        Measure::Cycle(20),
    ),
    case("get", Aim::Ratio(0.9), Measure::Bare(Operation::Get)),
    case("get, 10 other rules", Aim::None, Measure::Rules(10)),
    case(
        "list 100",
        Aim::Ratio(0.8),
        Measure::Bare(Operation::List(&ENDPOINTS, 100)),
    ),
    case(
        "list 10,000",
        Aim::Ratio(0.8),
        Measure::Bare(Operation::List(&ENDPOINTS, 10_000)),
    ),
    case("write, list 100", Aim::None, Measure::ChangedList(100)),
    case(
        "write, list 10,000",
        Aim::None,
        Measure::ChangedList(10_000),
    ),
    case(
        "create",
        Aim::Ratio(0.5),
        Measure::Bare(Operation::Create(&ENDPOINTS)),
    ),
    case(
        "create a pod",
        Aim::Ratio(0.5),
        Measure::Bare(Operation::Create(&PODS)),
    ),
    case(
        "list 5,000 pods",
        Aim::Ratio(0.8),
        Measure::Bare(Operation::List(&PODS, 5_000)),
    ),
    case(
        "create a custom object",
        Aim::None,
        Measure::Bare(Operation::Create(&WIDGETS)),
    ),
    // A tenth of a millisecond for each of its 121 KB.
    case(
        "create a custom object of 5,000 fields",
        Aim::Within(Duration::from_millis(12)),
        Measure::Bare(Operation::Create(&GIANTS)),
    ),
    case(
        "install a definition of 5,000 fields",
        Aim::Within(Duration::from_millis(100)),
        Measure::Install,
    ),
    case(
        "discovery, 1,000 definitions",
        Aim::Within(Duration::from_millis(100)),
        Measure::Discovery(1_000),
    ),
    case(
        "create and delete among 100,000",
        Aim::Ratio(0.8),
        Measure::Among(100_000, 100),
    ),
    case(
        "replace",
        Aim::Ratio(0.5),
        Measure::Bare(Operation::Replace),
    ),
    case(
        "merge patch",
        Aim::Ratio(0.5),
        Measure::Replace(patch("application/merge-patch+json")),
    ),
    case(
        "strategic merge patch",
        Aim::Ratio(0.5),
        Measure::Replace(patch("application/strategic-merge-patch+json")),
    ),
    case(
        "apply",
        Aim::Ratio(0.25),
        Measure::Replace(Operation::Patch(
            "application/apply-patch+yaml",
            "?fieldManager=bench&force=true",
            |n| object("patched", n),
        )),
    ),
    case(
        "delete a namespace of 10,000",
        Aim::Ratio(0.8),
        Measure::Namespace(10_000, 100),
    ),
    case("event to 1 watcher", Aim::None, Measure::Watch(1)),
    case("event to 100 watchers", Aim::None, Measure::Watch(100)),
    case("event to 1,000 watchers", Aim::None, Measure::Watch(1_000)),
    #[cfg(feature = "tls")]
    case("create, past a webhook", Aim::None, Measure::Webhook),
    case(
        "point of a sweep",
        Aim::Above(Duration::from_millis(2)),
        Measure::Sweep,
    ),
];

impl Case {
    pub(crate) fn run<'a>(
        &'a self,
        rounds: &'a Rounds,
    ) -> Pin<Box<dyn Future<Output = io::Result<Comparison>> + 'a>> {
        match self.measure {
            Measure::Start => Box::pin(start(rounds)),
            Measure::FirstAnswer => Box::pin(first_answer(rounds)),
            Measure::Bare(operation) => Box::pin(against_bare(rounds, operation)),
            Measure::Replace(operation) => Box::pin(against_replace(rounds, operation)),
            Measure::Rules(rules) => Box::pin(get_past(rounds, rules)),
            Measure::ChangedList(count) => Box::pin(changed_list(rounds, count)),
            Measure::Among(many, few) => Box::pin(among(rounds, many, few)),
            Measure::Namespace(many, few) => Box::pin(namespace(rounds, many, few)),
            Measure::Watch(watchers) => Box::pin(watch(rounds, watchers)),
            Measure::Install => Box::pin(broad::install(rounds)),
            Measure::Cycle(definitions) => Box::pin(broad::cycle(rounds, definitions)),
            #[cfg(feature = "cli")]
            Measure::Binary => Box::pin(broad::binary(rounds)),
            Measure::Discovery(kinds) => Box::pin(broad::discovery(rounds, kinds)),
            #[cfg(feature = "tls")]
            Measure::Webhook => Box::pin(broad::webhook(rounds)),
            Measure::Sweep => Box::pin(broad::sweep(rounds)),
        }
    }
}

/// Stopping is part of it, on both sides.
async fn start(rounds: &Rounds) -> io::Result<Comparison> {
    let answer = {
        let server = FakeApiServer::start().await;
        let mut client = Client::connect(server.address()).await?;
        client.fetch(&read("/api/v1/namespaces/default")).await?
    };
    rounds
        .compare(
            Clock::Wall,
            async || {
                drop(FakeApiServer::start().await);
                Ok(())
            },
            async || Bare::answering(&answer).map(drop),
        )
        .await
}

/// Binding, serving, connecting and one answer. Stopping is not part of it, but happens before the next.
async fn first_answer(rounds: &Rounds) -> io::Result<Comparison> {
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

/// A client that makes the requests of an operation, one after the other.
struct Asking {
    client: Client,
    operation: Operation,
    requests: Requests,
    turn: usize,
}

impl Asking {
    async fn of(operation: Operation, address: SocketAddr) -> io::Result<Asking> {
        Ok(Asking {
            client: Client::connect(address).await?,
            operation,
            requests: operation.requests(),
            turn: 0,
        })
    }

    async fn next(&mut self) -> io::Result<()> {
        let request = self.requests.at(self.turn);
        self.turn += 1;
        self.client
            .exchange(&request, self.operation.status())
            .await
    }
}

async fn against_bare(rounds: &Rounds, operation: Operation) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    operation.prepare(&server).await?;
    let bare = operation.bare(&server).await?;
    let mut ours = Asking::of(operation, server.address()).await?;
    let mut other = Asking::of(operation, bare.address).await?;
    rounds
        .compare(
            operation.clock(),
            async || ours.next().await,
            async || other.next().await,
        )
        .await
}

async fn against_replace(rounds: &Rounds, operation: Operation) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    operation.prepare(&server).await?;
    Operation::Replace.prepare(&server).await?;
    let mut patching = Asking::of(operation, server.address()).await?;
    let mut replacing = Asking::of(Operation::Replace, server.address()).await?;
    rounds
        .compare(
            Clock::Thread,
            async || patching.next().await,
            async || replacing.next().await,
        )
        .await
}

async fn get_past(rounds: &Rounds, rules: usize) -> io::Result<Comparison> {
    let with = FakeApiServer::start().await;
    let without = FakeApiServer::start().await;
    let rule = || Fault::conflict().verb("update").name("another").optional();
    let _guards: Vec<_> = (0..rules).map(|_| with.fault(rule())).collect();
    let get = read(&item("read"));
    for server in [&with, &without] {
        seed(server, object("read", 0));
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

/// A write and a list: without the write, every list but the first is already written.
async fn changed_list(rounds: &Rounds, count: usize) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    seed_all(&server, "listed", count);
    let (list, turns) = (read(COLLECTION), [put("listed-0", 0), put("listed-0", 1)]);
    let mut ours = Client::connect(server.address()).await?;
    ours.fetch(&turns[0]).await?;
    let bare = [
        Bare::reading(&ours.fetch(&turns[1]).await?)?,
        Bare::answering(&ours.fetch(&list).await?)?,
    ];
    let mut writing = Client::connect(bare[0].address).await?;
    let mut reading = Client::connect(bare[1].address).await?;
    let clock = Operation::List(&ENDPOINTS, count).clock();
    let (mut mine, mut theirs) = (0, 0);
    rounds
        .compare(
            clock,
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

/// The number of objects stays the same: each that is made is deleted again.
async fn among(rounds: &Rounds, many: usize, few: usize) -> io::Result<Comparison> {
    let servers = [rounds.scaled(many), few].map(async |count| {
        let server = FakeApiServer::start().await;
        seed_all(&server, "there", count);
        let client = Client::connect(server.address()).await?;
        io::Result::Ok((server, client))
    });
    let [among_many, among_few] = servers;
    let ((_many, mut ours), (_few, mut other)) = (among_many.await?, among_few.await?);
    let (post, delete) = (post("there-and-gone"), delete(&item("there-and-gone")));
    let turn = async |client: &mut Client| {
        client.exchange(&post, 201).await?;
        client.exchange(&delete, 200).await
    };
    rounds
        .compare(
            Clock::Thread,
            async || turn(&mut ours).await,
            async || turn(&mut other).await,
        )
        .await
}

/// From the request to delete the namespace until it is gone, a part of that for each object.
async fn namespace(rounds: &Rounds, many: usize, few: usize) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    let many = rounds.scaled(many);
    rounds
        .compare_measured(
            async || empty_namespace(&server, many).await,
            async || empty_namespace(&server, few).await,
        )
        .await
}

async fn empty_namespace(server: &FakeApiServer, count: usize) -> io::Result<Duration> {
    const PATH: &str = "/api/v1/namespaces/crowded";
    seed(
        server,
        serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "crowded"}}),
    );
    for number in 0..count {
        let mut object = object(&format!("crowd-{number}"), 0);
        object["metadata"]["namespace"] = "crowded".into();
        seed(server, object);
    }
    let mut client = Client::connect(server.address()).await?;
    let (delete, get) = (delete(PATH), read(PATH));
    let watch = Stopwatch::start(Clock::Thread);
    client.exchange(&delete, 200).await?;
    // The controller acts a second later, on a clock that need not be waited for.
    let gone = loop {
        server.advance(Duration::from_secs(1));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let answer = client.fetch(&get).await?;
        if answer.head.status == 404 {
            break watch.elapsed();
        }
    };
    Ok(gone / u32::try_from(count).unwrap_or(u32::MAX))
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
