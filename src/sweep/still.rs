//! How long nothing has happened on a server.

use std::time::Duration;

use crate::clock::Stopwatch;
use crate::server::FakeApiServer;

/// Who has asked nothing for this long waits for something.
const WAITS: Duration = Duration::from_millis(30);

/// What was last seen to happen, and when.
pub(crate) struct Stillness {
    since: Stopwatch,
    /// The same, though a request may be held.
    moved: Stopwatch,
    last: (u64, u64),
    /// What was found out since then.
    known: Option<bool>,
}

impl Stillness {
    pub(crate) fn new(server: &FakeApiServer) -> Self {
        Stillness {
            since: Stopwatch::start(),
            moved: Stopwatch::start(),
            last: seen(server),
            known: None,
        }
    }

    /// For how long there was no request, no write, and none under way. It begins with the first request.
    pub(crate) fn since(&mut self, server: &FakeApiServer) -> Duration {
        let now = seen(server);
        let moves = now != self.last || now.0 == 0;
        if moves {
            self.moved = Stopwatch::start();
        }
        if moves || is_busy(server) {
            self.last = now;
            self.since = Stopwatch::start();
            self.known = None;
        }
        self.since.elapsed()
    }

    /// Whether the program waits for something.
    pub(crate) fn waits(&self) -> bool {
        self.moved.elapsed() > WAITS
    }

    /// Finds something out, once for as long as nothing happens.
    pub(crate) fn remembered(&mut self, find_out: impl FnOnce() -> bool) -> bool {
        match self.known {
            Some(known) => known,
            None => {
                let known = find_out();
                self.known = Some(known);
                known
            }
        }
    }
}

fn seen(server: &FakeApiServer) -> (u64, u64) {
    (server.recorder().newest_index(), server.revision())
}

/// A request is under way, held by a fault or not.
fn is_busy(server: &FakeApiServer) -> bool {
    let records = server.recorder().records().records;
    let newest = records.last().map_or(0, |record| record.index);
    newest < server.recorder().newest_index() || records.iter().any(|record| record.is_pending())
}
