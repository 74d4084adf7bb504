//! Controllers with a bug each that no ordinary test finds, and the same without it. A sweep finds every one, and names
//! the request.
//!
//!     cargo run --example sweep                  # those of this program
//!     cargo run --release --example sweep 1000   # the controller through so many pairs of faults as well
//!     fake-apiserver sweep -- ./create.sh        # and the scripts beside it
//!     fake-apiserver sweep -- python3 hot_loop.py

pub(crate) mod controller;
pub(crate) mod finalizer;
pub(crate) mod missed_event;
pub(crate) mod stale_status;
pub(crate) mod watcher;

use std::time::Duration;

use fake_apiserver::FakeApiServer;
use fake_apiserver::sweep::Report;
use kube::{Client, Config};

#[cfg_attr(test, expect(dead_code, reason = "the test calls what it calls"))]
fn main() -> Result<(), fake_apiserver::Error> {
    if let Some(pairs) = std::env::args().nth(1).and_then(|word| word.parse().ok()) {
        println!("{}", controller::sweep_with("all", pairs)?);
        return Ok(());
    }
    for (name, report) in [
        (
            "a finalizer that is never released",
            finalizer::sweep(finalizer::Version::Buggy)?,
        ),
        (
            "the same, mended",
            finalizer::sweep(finalizer::Version::Mended)?,
        ),
        (
            "a status from a stale read",
            stale_status::sweep(stale_status::Version::Buggy)?,
        ),
        (
            "the same, mended",
            stale_status::sweep(stale_status::Version::Mended)?,
        ),
        (
            "an event missed after 410",
            missed_event::sweep(missed_event::Version::Buggy)?,
        ),
        (
            "the same, mended",
            missed_event::sweep(missed_event::Version::Mended)?,
        ),
        ("a controller of kube-rs", controller::sweep("all")?),
        (
            "its watcher",
            watcher::sweep("all", kube::runtime::watcher::Config::default())?,
        ),
        (
            "its watcher, with streaming lists",
            watcher::sweep(
                "all",
                kube::runtime::watcher::Config::default().streaming_lists(),
            )?,
        ),
    ] {
        println!("== {name}\n{report}\n");
    }
    Ok(())
}

/// A client of this server.
pub(crate) fn client(server: &FakeApiServer) -> Result<Client, String> {
    let url = server.url().parse().map_err(|_| "no URL".to_owned())?;
    let mut config = Config::new(url);
    // There is no TLS, so the machine's certificates need not be read each time.
    config.root_cert = Some(Vec::new());
    Client::try_from(config).map_err(|error| error.to_string())
}

/// Does something again until it works, a little later each time; gives up in the end.
pub(crate) async fn retried<T>(work: impl AsyncFn() -> kube::Result<T>) -> kube::Result<T> {
    let mut wait = Duration::from_millis(10);
    for _ in 0..5 {
        match work().await {
            Ok(done) => return Ok(done),
            Err(_) => tokio::time::sleep(wait).await,
        }
        wait *= 2;
    }
    work().await
}

/// The points that failed, by their ids.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "a program prints the whole report")
)]
pub(crate) fn failed(report: &Report) -> Vec<&str> {
    let failed = report
        .points()
        .iter()
        .filter(|point| point.verdict().is_failure());
    failed.map(|point| point.id()).collect()
}
