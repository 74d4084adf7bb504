//! What goes wrong with the first watch of a client, and what it then takes for the client to notice.

use std::time::Duration;

use fake_apiserver::handles::FaultGuard;
use fake_apiserver::{FakeApiServer, Fault};
use kube::runtime::watcher;

use crate::support::ask::get;
use crate::support::at;
use crate::{EP, NOW, remove, set, until_fired};

/// What it takes for a client to notice that something is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Takes {
    /// It sees so itself.
    Nothing,
    /// The server ends the watch when its time is up.
    TheServersTimeout,
    /// Nothing comes, not even an end: the client gives the watch up.
    TheClientsTimeout,
}

use Takes::{Nothing, TheClientsTimeout, TheServersTimeout};

/// Longer than kube-rs asks a watch to last, and than it waits for a sign of life.
pub(crate) const LONGER_THAN_A_WATCH: Duration = Duration::from_secs(300);

/// Each way a watch goes wrong that a client can survive.
pub(crate) fn troubles() -> Vec<(Fault, Takes)> {
    let late = Fault::watch_with_late_bookmarks(Duration::from_secs(200));
    [
        endings(),
        refusals(),
        connections(),
        vec![
            (Fault::watch_doubles_an_event().after_events(1), Nothing),
            (Fault::watch_doubles_an_event().after_events(4), Nothing),
            (Fault::watch_bursts(3), Nothing),
            (Fault::watch_bursts(20).after_events(1), TheServersTimeout),
            (Fault::watch_goes_backwards().after_events(1), Nothing),
            (late, TheServersTimeout),
            (Fault::watch_without_bookmarks(), TheServersTimeout),
            (Fault::watch_with_plain_bookmarks(), TheServersTimeout),
            (Fault::lagging(1).verb("watch"), TheServersTimeout),
            (
                Fault::lagging(2).verb("list").verb("watch"),
                TheServersTimeout,
            ),
        ],
    ]
    .concat()
}

fn endings() -> Vec<(Fault, Takes)> {
    let teapot = || Fault::watch_error(418, "Teapot", "short and stout");
    let etcd = || Fault::watch_error(500, "InternalError", "etcd is away");
    vec![
        (Fault::watch_ends(), Nothing),
        (Fault::watch_ends().after_events(2), Nothing),
        (Fault::watch_ends().after_events(4), Nothing),
        (
            Fault::watch_ends_after(Duration::from_secs(100)),
            TheServersTimeout,
        ),
        (Fault::watch_expires(), Nothing),
        (Fault::watch_expires().after_events(2), Nothing),
        (Fault::watch_expires().after_events(4), Nothing),
        (etcd(), Nothing),
        (etcd().after_events(4), Nothing),
        (teapot().after_events(1), Nothing),
        (Fault::watch_truncates_a_line(), Nothing),
        (Fault::watch_truncates_a_line().after_events(4), Nothing),
        (Fault::watch_malforms_a_line(), Nothing),
        (Fault::watch_malforms_a_line().after_events(4), Nothing),
        (Fault::watch_stalls(), TheClientsTimeout),
        (Fault::watch_stalls().after_events(4), TheClientsTimeout),
    ]
}

/// The watch does not even begin.
fn refusals() -> Vec<(Fault, Takes)> {
    let kinds = [
        Fault::gone(),
        Fault::compacted_first(),
        Fault::unauthorized(),
        Fault::forbidden(),
        Fault::not_found(),
        Fault::internal_error(),
        Fault::server_timeout(),
        Fault::service_unavailable(),
        Fault::gateway_timeout(),
        Fault::raw(502, "<html>Bad Gateway</html>"),
    ];
    kinds.map(|fault| (fault.verb("watch"), Nothing)).into()
}

fn connections() -> Vec<(Fault, Takes)> {
    let kinds = [
        Fault::reset(),
        Fault::empty_reply(),
        Fault::garbage("SSH-2.0-OpenSSH\r\n"),
        Fault::reset_after(20),
        Fault::reset_after(500),
        Fault::truncate_after(500),
        Fault::close_after_answer(),
    ];
    kinds.map(|fault| (fault.verb("watch"), Nothing)).into()
}

/// Both ways in which kube-rs learns what is there.
pub(crate) fn modes() -> [watcher::Config; 2] {
    [
        watcher::Config::default(),
        watcher::Config::default().streaming_lists(),
    ]
}

/// A server with three objects.
pub(crate) async fn server() -> FakeApiServer {
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    for name in ["a", "b", "c"] {
        set(&server, name, "old");
    }
    server
}

/// Changes things while the first watch of a client goes wrong, and again when the client may have noticed.
pub(crate) async fn play(
    server: &FakeApiServer,
    fault: &Fault,
    takes: Takes,
    start: impl FnOnce(),
) {
    // Does nothing but count.
    let watches = server.fault(Fault::delay(Duration::ZERO).verb("watch").carry_on());
    // It may act after this, or have no occasion to.
    let _guard = server.fault(fault.clone().first(1).optional());
    start();
    until_fired(&watches).await;
    set(server, "d", "new");
    set(server, "a", "changed");
    remove(server, "b").await;
    set(server, "e", "new");
    wait(server, takes, &watches).await;
    set(server, "a", "changed-again");
    set(server, "f", "new");
    remove(server, "c").await;
}

async fn wait(server: &FakeApiServer, takes: Takes, watches: &FaultGuard) {
    match takes {
        Nothing => {}
        TheServersTimeout => server.advance(LONGER_THAN_A_WATCH),
        // Who waits for nothing but the time sees it pass; the server's own clock stands still.
        TheClientsTimeout => {
            while watches.fired() < 2 {
                tokio::time::pause();
                tokio::time::advance(LONGER_THAN_A_WATCH).await;
                tokio::time::resume();
                assert_eq!(get(EP).status(server.address()).await, 200);
            }
        }
    }
}
