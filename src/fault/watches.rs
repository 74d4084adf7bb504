//! The constructors of the faults of watches.

use std::time::Duration;

use super::catalogue::{Arguments, FaultKind, Parameter, Takes, optional, plain, required};
use super::effect::Effect;
use super::rule::Fault;
use super::watch::{Trouble, WatchFault};

/// The most events a watch holds back.
const MAX_HELD: u64 = 10_000;
const AFTER: Parameter = optional(
    "afterEvents",
    Takes::Number(0, u64::MAX),
    "The trouble begins after this many events.",
);

pub(super) const KINDS: &[FaultKind] = &[
    watch("watchEnds", "A watch ends.", |a| {
        later(Fault::watch_ends(), a)
    }),
    watch(
        "watchExpires",
        "A watch is told that its version has expired: an ERROR event with code 410, and the end.",
        |a| later(Fault::watch_expires(), a),
    ),
    watch(
        "watchStalls",
        "Nothing more comes, and the watch does not end.",
        |a| later(Fault::watch_stalls(), a),
    ),
    watch(
        "watchTruncatesALine",
        "A watch ends in the middle of a line.",
        |a| later(Fault::watch_truncates_a_line(), a),
    ),
    watch(
        "watchMalformsALine",
        "A line of a watch is no JSON; the stream goes on.",
        |a| later(Fault::watch_malforms_a_line(), a),
    ),
    watch("watchDropsAnEvent", "An event is lost.", |a| {
        later(Fault::watch_drops_an_event(), a)
    }),
    watch("watchDoublesAnEvent", "An event comes twice.", |a| {
        later(Fault::watch_doubles_an_event(), a)
    }),
    watch("watchReordersEvents", "Two events change places.", |a| {
        later(Fault::watch_reorders_events(), a)
    }),
    watch(
        "watchGoesBackwards",
        "An event carries a version from before the watch began.",
        |a| later(Fault::watch_goes_backwards(), a),
    ),
    watch(
        "watchWithoutBookmarks",
        "A watch that asked for bookmarks gets none.",
        |a| later(Fault::watch_without_bookmarks(), a),
    ),
    watch(
        "watchWithPlainBookmarks",
        "The bookmark that ends the initial events does not say so.",
        |a| later(Fault::watch_with_plain_bookmarks(), a),
    ),
    FaultKind {
        name: "watchEndsAfter",
        about: "A watch ends after this long.",
        parameters: &[
            required("time", Takes::Time, "How long, by the server's clock."),
            AFTER,
        ],
        make: |a| later(Fault::watch_ends_after(a.time("time")), a),
    },
    FaultKind {
        name: "watchError",
        about: "A watch gets an ERROR event with this code, reason and message, and ends.",
        parameters: &[
            required("code", Takes::Number(100, 599), "The code of the Status."),
            optional("reason", Takes::Text, "The reason of the Status."),
            optional("message", Takes::Text, "The message of the Status."),
            AFTER,
        ],
        make: |a| {
            let code = a.number("code").and_then(|code| u16::try_from(code).ok());
            let text = |name| a.text(name).unwrap_or_default();
            let fault = Fault::watch_error(code.unwrap_or(500), text("reason"), text("message"));
            later(fault, a)
        },
    },
    FaultKind {
        name: "watchBursts",
        about: "The events are held back until there are this many or the watch ends, then come at once.",
        parameters: &[
            required("events", Takes::Number(1, MAX_HELD), "How many."),
            AFTER,
        ],
        make: |a| later(Fault::watch_bursts(a.size("events")), a),
    },
    FaultKind {
        name: "watchWithLateBookmarks",
        about: "Bookmarks come this much later; events wait only for the one that ends the initial events.",
        parameters: &[
            required("late", Takes::Time, "How much, by the server's clock."),
            AFTER,
        ],
        make: |a| later(Fault::watch_with_late_bookmarks(a.time("late")), a),
    },
];

const fn watch(
    name: &'static str,
    about: &'static str,
    make: fn(&Arguments) -> Fault,
) -> FaultKind {
    FaultKind {
        parameters: &[AFTER],
        ..plain(name, about, make)
    }
}

fn later(fault: Fault, a: &Arguments) -> Fault {
    fault.after_events(a.number("afterEvents").unwrap_or_default())
}

impl Fault {
    fn watch(what: Trouble) -> Self {
        Fault::new(Effect::Watch(WatchFault { after: 0, what })).verb("watch")
    }

    /// A fault of a watch begins after this many events of it. Does nothing to other faults.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_ends().after_events(3);
    /// ```
    pub fn after_events(mut self, events: u64) -> Self {
        if let Effect::Watch(fault) = &mut self.effect {
            fault.after = events;
        }
        self
    }

    /// A watch ends.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_ends().after_events(1).first(1);
    /// ```
    pub fn watch_ends() -> Self {
        Fault::watch(Trouble::End)
    }

    /// A watch ends after this long, by the server's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::watch_ends_after(Duration::from_secs(5));
    /// ```
    pub fn watch_ends_after(time: Duration) -> Self {
        Fault::watch(Trouble::EndAfter(time))
    }

    /// A watch is told that its version has expired: an ERROR event with code 410, and the end.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_expires().after_events(2).first(1);
    /// ```
    pub fn watch_expires() -> Self {
        Fault::watch_error(410, "Expired", "too old resource version")
    }

    /// A watch gets an ERROR event with this code, reason and message, and ends.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_error(500, "InternalError", "etcd is away");
    /// ```
    pub fn watch_error(code: u16, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Fault::watch(Trouble::Error {
            code,
            reason: reason.into(),
            message: message.into(),
        })
    }

    /// A watch ends in the middle of a line.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_truncates_a_line().first(1);
    /// ```
    pub fn watch_truncates_a_line() -> Self {
        Fault::watch(Trouble::TruncatedLine)
    }

    /// A line of a watch is no JSON.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_malforms_a_line().first(1);
    /// ```
    pub fn watch_malforms_a_line() -> Self {
        Fault::watch(Trouble::MalformedLine)
    }

    /// A watch stalls: nothing more comes, and it does not end.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_stalls().after_events(1);
    /// ```
    pub fn watch_stalls() -> Self {
        Fault::watch(Trouble::Stall)
    }

    /// An event of a watch is lost.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_drops_an_event().after_events(1);
    /// ```
    pub fn watch_drops_an_event() -> Self {
        Fault::watch(Trouble::Drop)
    }

    /// An event of a watch comes twice.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_doubles_an_event();
    /// ```
    pub fn watch_doubles_an_event() -> Self {
        Fault::watch(Trouble::Double)
    }

    /// Two events of a watch change places.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_reorders_events();
    /// ```
    pub fn watch_reorders_events() -> Self {
        Fault::watch(Trouble::Swap)
    }

    /// The events of a watch are held back until there are this many, then come at once.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_bursts(10);
    /// ```
    pub fn watch_bursts(events: usize) -> Self {
        Fault::watch(Trouble::Hold(events))
    }

    /// An event of a watch carries a version from before the watch began.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_goes_backwards();
    /// ```
    pub fn watch_goes_backwards() -> Self {
        Fault::watch(Trouble::Backwards)
    }

    /// A watch that asked for bookmarks gets none.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_without_bookmarks();
    /// ```
    pub fn watch_without_bookmarks() -> Self {
        Fault::watch(Trouble::NoBookmarks)
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
        Fault::watch(Trouble::LateBookmarks(late))
    }

    /// The bookmark that ends the initial events does not say so.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::watch_with_plain_bookmarks();
    /// ```
    pub fn watch_with_plain_bookmarks() -> Self {
        Fault::watch(Trouble::PlainBookmarks)
    }
}
