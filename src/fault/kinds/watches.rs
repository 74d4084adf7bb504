//! Faults of watches.

use std::time::Duration;

use crate::Fault;
use crate::fault::argument::{Argument, Arguments, Parameter, Takes, optional, required};
use crate::fault::frames::Trouble;
use crate::fault::kind::{Act, FaultKind};

/// The most events a watch holds back.
const MAX_HELD: u64 = 10_000;
const AFTER: Parameter = optional(
    "afterEvents",
    Takes::Number(0, u64::MAX),
    "The trouble begins after this many events.",
);
const TIME: Parameter = required("time", Takes::Time, "How long, by the server's clock.");
const CODE: Parameter = required("code", Takes::Number(100, 599), "The code of the Status.");
const REASON: Parameter = optional("reason", Takes::Text, "The reason of the Status.");
const MESSAGE: Parameter = optional("message", Takes::Text, "The message of the Status.");
const EVENTS: Parameter = required("events", Takes::Number(1, MAX_HELD), "How many.");
const LATE: Parameter = required("late", Takes::Time, "How much, by the server's clock.");

pub(super) const KINDS: &[FaultKind] = &[
    watch("watchEnds", "watch ends", "A watch ends.", |_| Trouble::End),
    watch("watchExpires", "watch expires", "A watch is told that its version has expired: an ERROR event with code 410, and the end.", |_| error(410, "Expired", "too old resource version")),
    watch("watchStalls", "watch stalls", "Nothing more comes, and the watch does not end.", |_| Trouble::Stall),
    watch("watchTruncatesALine", "watch truncates a line", "A watch ends in the middle of a line.", |_| Trouble::TruncatedLine),
    watch("watchMalformsALine", "watch malforms a line", "A line of a watch is no JSON; the stream goes on.", |_| Trouble::MalformedLine),
    watch("watchDropsAnEvent", "watch drops an event", "An event is lost.", |_| Trouble::Drop),
    watch("watchDoublesAnEvent", "watch doubles an event", "An event comes twice.", |_| Trouble::Double),
    watch("watchReordersEvents", "watch reorders events", "Two events change places.", |_| Trouble::Swap),
    watch("watchGoesBackwards", "watch goes backwards", "An event carries a version from before the watch began.", |_| Trouble::Backwards),
    watch("watchWithoutBookmarks", "watch without bookmarks", "A watch that asked for bookmarks gets none.", |_| Trouble::NoBookmarks),
    watch("watchWithPlainBookmarks", "watch with plain bookmarks", "The bookmark that ends the initial events does not say so.", |_| Trouble::PlainBookmarks),
    watch("watchEndsAfter", "watch ends after {time}", "A watch ends after this long.", |a| {
        Trouble::EndAfter(a.time("time"))
    })
    .told(&[TIME, AFTER]),
    watch(
        "watchError",
        "watch error {code} {reason}",
        "A watch gets an ERROR event with this code, reason and message, and ends.",
        |a| {
            let code = a.number("code").and_then(|code| u16::try_from(code).ok());
            let text = |name| a.text(name).unwrap_or_default();
            error(code.unwrap_or(500), text("reason"), text("message"))
        },
    )
    .told(&[CODE, REASON, MESSAGE, AFTER]),
    watch(
        "watchBursts",
        "watch bursts of {events}",
        "The events are held back until there are this many or the watch ends, then come at once.",
        |a| Trouble::Hold(a.size("events")),
    )
    .told(&[EVENTS, AFTER]),
    watch(
        "watchNotRead",
        "watch not read for {events} events",
        "The watcher counts as one that does not read: nothing more comes, and once this many events wait the watch ends, as the server closes it.",
        |a| Trouble::Unread(a.size("events")),
    )
    .told(&[EVENTS, AFTER]),
    watch(
        "watchWithLateBookmarks",
        "watch with bookmarks {late} late",
        "Bookmarks come this much later; events wait only for the one that ends the initial events.",
        |a| Trouble::LateBookmarks(a.time("late")),
    )
    .told(&[LATE, AFTER]),
];

const fn watch(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    trouble: fn(&Arguments) -> Trouble,
) -> FaultKind {
    FaultKind::new(name, title, about, Act::Stream(trouble))
        .told(&[AFTER])
        .only("a fault of watches", &["watch"])
}

fn error(code: u16, reason: &str, message: &str) -> Trouble {
    Trouble::Error {
        code,
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

impl Fault {
    /// A fault of a watch begins after this many events of it.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_ends().after_events(3);
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is none of watches.
    #[track_caller]
    pub fn after_events(self, events: u64) -> Self {
        self.set("after_events", "afterEvents", Argument::Number(events))
    }

    /// A watch ends.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_ends().after_events(1).first(1);
    /// ```
    pub fn watch_ends() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchEnds") })
    }

    /// A watch ends after this long, by the server's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::watch_ends_after(Duration::from_secs(5));
    /// ```
    pub fn watch_ends_after(time: Duration) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchEndsAfter") })
            .with("time", Argument::Time(time))
    }

    /// A watch is told that its version has expired: an ERROR event with code 410, and the end.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_expires().after_events(2).first(1);
    /// ```
    pub fn watch_expires() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchExpires") })
    }

    /// A watch gets an ERROR event with this code, reason and message, and ends.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_error(500, "InternalError", "etcd is away");
    /// ```
    pub fn watch_error(code: u16, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchError") })
            .with("code", Argument::Number(code.into()))
            .with("reason", Argument::Text(reason.into()))
            .with("message", Argument::Text(message.into()))
    }

    /// The watcher counts as one that does not read. Nothing more comes, and once this many events wait for it the watch
    /// ends, as an apiserver closes the watch of a client that is too slow ("forcing watcher close due to
    /// unresponsiveness"): what was waiting is not sent.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_not_read(100).after_events(3).first(1);
    /// ```
    ///
    /// # Panics
    ///
    /// If there are no events, or more than 10,000.
    #[track_caller]
    pub fn watch_not_read(events: usize) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchNotRead") })
            .with("events", Argument::Number(events as u64))
    }

    /// A watch ends in the middle of a line.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_truncates_a_line().first(1);
    /// ```
    pub fn watch_truncates_a_line() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchTruncatesALine") })
    }

    /// A line of a watch is no JSON.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_malforms_a_line().first(1);
    /// ```
    pub fn watch_malforms_a_line() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchMalformsALine") })
    }

    /// A watch stalls: nothing more comes, and it does not end.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_stalls().after_events(1);
    /// ```
    pub fn watch_stalls() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchStalls") })
    }

    /// An event of a watch is lost.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_drops_an_event().after_events(1);
    /// ```
    pub fn watch_drops_an_event() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchDropsAnEvent") })
    }

    /// An event of a watch comes twice.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_doubles_an_event();
    /// ```
    pub fn watch_doubles_an_event() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchDoublesAnEvent") })
    }

    /// Two events of a watch change places.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_reorders_events();
    /// ```
    pub fn watch_reorders_events() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchReordersEvents") })
    }

    /// The events of a watch are held back until there are this many, then come at once.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_bursts(10);
    /// ```
    pub fn watch_bursts(events: usize) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchBursts") })
            .with("events", Argument::size(events))
    }

    /// An event of a watch carries a version from before the watch began.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_goes_backwards();
    /// ```
    pub fn watch_goes_backwards() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchGoesBackwards") })
    }

    /// A watch that asked for bookmarks gets none.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_without_bookmarks();
    /// ```
    pub fn watch_without_bookmarks() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchWithoutBookmarks") })
    }

    /// Bookmarks come this much later, by the server's clock, or not at all if the watch ends before. Events do not wait
    /// for them, and a bookmark that comes after an event carries its version; but what comes after the initial events of
    /// a streaming list waits for the bookmark that ends these, as it would be taken for one of them.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::watch_with_late_bookmarks(Duration::from_secs(30));
    /// ```
    pub fn watch_with_late_bookmarks(late: Duration) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchWithLateBookmarks") })
            .with("late", Argument::Time(late))
    }

    /// The bookmark that ends the initial events does not say so.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_with_plain_bookmarks();
    /// ```
    pub fn watch_with_plain_bookmarks() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "watchWithPlainBookmarks") })
    }
}
