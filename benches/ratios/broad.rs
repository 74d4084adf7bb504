//! What brings more than one request into play: definitions, webhooks and sweeps.

use std::io;
use std::net::SocketAddr;
#[cfg(feature = "cli")]
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Sweep};
#[cfg(feature = "cli")]
use tokio::io::{AsyncBufReadExt as _, BufReader};
#[cfg(feature = "cli")]
use tokio::process::Command;

use crate::bare::Bare;
use crate::client::{Client, request};
use crate::operation::{JSON, delete, item, put, read};
use crate::rounds::{Comparison, Rounds};
use crate::samples::{definition, giants, widget_schema};
use crate::stopwatch::{Clock, Stopwatch};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Large bodies are worked on in threads of their own, so it is the clock on the wall that counts.
pub(crate) async fn install(rounds: &Rounds) -> io::Result<Comparison> {
    let install = request("POST", DEFINITIONS, JSON, &giants().to_string());
    let bare = {
        let server = FakeApiServer::start().await;
        let mut client = Client::connect(server.address()).await?;
        Bare::reading(&client.fetch(&install).await?)?
    };
    rounds
        .compare_measured(
            async || {
                let server = FakeApiServer::start().await;
                exchange(server.address(), &install, 201).await
            },
            async || exchange(bare.address, &install, 201).await,
        )
        .await
}

/// The time of one exchange over a connection that is there.
async fn exchange(address: SocketAddr, request: &[u8], status: u16) -> io::Result<Duration> {
    let mut client = Client::connect(address).await?;
    let watch = Stopwatch::start(Clock::Wall);
    client.exchange(request, status).await?;
    Ok(watch.elapsed())
}

/// What a suite costs at the least: a server, its definitions, and the end of it. Stopping is part of it on both sides.
pub(crate) async fn cycle(rounds: &Rounds, definitions: usize) -> io::Result<Comparison> {
    let installs: Vec<Vec<u8>> = (0..definitions)
        .map(|number| definition(&format!("widget{number:02}"), widget_schema()).to_string())
        .map(|body| request("POST", DEFINITIONS, JSON, &body))
        .collect();
    let answer = {
        let server = FakeApiServer::start().await;
        let mut client = Client::connect(server.address()).await?;
        client.fetch(&installs[0]).await?
    };
    rounds
        .compare_measured(
            async || {
                let watch = Stopwatch::start(Clock::Wall);
                let server = FakeApiServer::start().await;
                post_all(server.address(), &installs).await?;
                drop(server);
                Ok(watch.elapsed())
            },
            async || {
                let watch = Stopwatch::start(Clock::Wall);
                let server = Bare::reading(&answer)?;
                post_all(server.address, &installs).await?;
                drop(server);
                Ok(watch.elapsed())
            },
        )
        .await
}

async fn post_all(address: SocketAddr, requests: &[Vec<u8>]) -> io::Result<()> {
    let mut client = Client::connect(address).await?;
    for request in requests {
        client.exchange(request, 201).await?;
    }
    Ok(())
}

/// From the start of the process to its first answer, against the same process where it only tells its version.
#[cfg(feature = "cli")]
pub(crate) async fn binary(rounds: &Rounds) -> io::Result<Comparison> {
    rounds
        .compare_measured(
            async || {
                let watch = Stopwatch::start(Clock::Wall);
                let mut process = binary_doing("serve").kill_on_drop(true).spawn()?;
                let stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
                let line = BufReader::new(stdout).lines().next_line().await?;
                let address = line.as_deref().and_then(|url| url.strip_prefix("http://"));
                let address = address.and_then(|address| address.parse().ok());
                let address: SocketAddr = address.ok_or(io::ErrorKind::InvalidData)?;
                let mut client = Client::connect(address).await?;
                client.exchange(&read("/readyz"), 200).await?;
                let elapsed = watch.elapsed();
                process.kill().await?;
                Ok(elapsed)
            },
            async || {
                let watch = Stopwatch::start(Clock::Wall);
                binary_doing("--version").status().await?;
                Ok(watch.elapsed())
            },
        )
        .await
}

#[cfg(feature = "cli")]
fn binary_doing(what: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"));
    command.arg(what).stdout(Stdio::piped());
    command
}

/// What kubectl and client-go ask first. A definition that comes or goes makes it anew, on our side alone.
pub(crate) async fn discovery(rounds: &Rounds, kinds: usize) -> io::Result<Comparison> {
    let server = FakeApiServer::start().await;
    for number in 0..rounds.scaled(kinds) {
        server.object(definition(&format!("widget{number:04}"), widget_schema()));
    }
    let one_more = definition("another", widget_schema());
    let install = request("POST", DEFINITIONS, JSON, &one_more.to_string());
    let remove = delete(&format!("{DEFINITIONS}/anothers.bench.example.com"));
    let groups = request_groups();
    let mut client = Client::connect(server.address()).await?;
    let bare = Bare::answering(&client.fetch(&groups).await?)?;
    rounds
        .compare_measured(
            async || {
                client.exchange(&install, 201).await?;
                let watch = Stopwatch::start(Clock::Wall);
                client.exchange(&groups, 200).await?;
                let elapsed = watch.elapsed();
                client.exchange(&remove, 200).await?;
                while client.fetch(&read(DEFINITION)).await?.head.status != 404 {
                    server.advance(Duration::from_secs(1));
                }
                Ok(elapsed)
            },
            async || exchange(bare.address, &groups, 200).await,
        )
        .await
}

const DEFINITION: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/anothers.bench.example.com";

/// Aggregated discovery.
fn request_groups() -> Vec<u8> {
    let plain = String::from_utf8_lossy(&read("/apis")).into_owned();
    let aggregated = "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    plain
        .replace("Accept: application/json", aggregated)
        .into_bytes()
}

/// The webhook is a closure, asked over HTTPS.
#[cfg(feature = "tls")]
pub(crate) async fn webhook(rounds: &Rounds) -> io::Result<Comparison> {
    use crate::operation::post;
    use fake_apiserver::{Admission, Webhook};

    let with = FakeApiServer::start().await;
    let without = FakeApiServer::start().await;
    with.webhook(
        Webhook::validating("any.example.com")
            .on("endpoints")
            .answer(|_| Admission::allow()),
    );
    let mut ours = Client::connect(with.address()).await?;
    let mut other = Client::connect(without.address()).await?;
    let (mut mine, mut theirs) = (0, 0);
    rounds
        .compare(
            Clock::Wall,
            async || {
                mine += 1;
                ours.exchange(&post(&format!("asked-{mine:08}")), 201).await
            },
            async || {
                theirs += 1;
                other
                    .exchange(&post(&format!("asked-{theirs:08}")), 201)
                    .await
            },
        )
        .await
}

/// Everything that a sweep does, with the runs that it is compared with, is shared out over its points.
pub(crate) async fn sweep(rounds: &Rounds) -> io::Result<Comparison> {
    rounds
        .compare_measured(
            async || apart(swept).await,
            async || {
                let watch = Stopwatch::start(Clock::Wall);
                let server = FakeApiServer::start().await;
                reconcile(server.address()).await?;
                drop(server);
                Ok(watch.elapsed())
            },
        )
        .await
}

/// A sweep has runtimes of its own.
async fn apart(run: fn() -> io::Result<Duration>) -> io::Result<Duration> {
    tokio::task::spawn_blocking(run)
        .await
        .map_err(io::Error::other)?
}

fn swept() -> io::Result<Duration> {
    let watch = Stopwatch::start(Clock::Wall);
    let report = Sweep::new()
        .faults("500, 503, applied-then-504")
        .all()
        .jobs(1)
        .try_run(|server: Arc<FakeApiServer>| async move { reconcile(server.address()).await })
        .map_err(io::Error::other)?;
    let points = u32::try_from(report.points().len()).unwrap_or(u32::MAX);
    Ok(watch.elapsed() / points.max(1))
}

/// Brings ten objects to what they should be, and tries each write again until it is done.
async fn reconcile(address: SocketAddr) -> io::Result<()> {
    let mut client = Client::connect(address).await?;
    for number in 0..10 {
        let name = format!("reconciled-{number}");
        while client.fetch(&read(&item(&name))).await?.head.status >= 500 {}
        while client.fetch(&put(&name, number)).await?.head.status >= 500 {}
    }
    Ok(())
}
