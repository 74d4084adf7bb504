//! All the trouble there is, a row each.

use std::time::Duration;

use super::seen::Seen;
use super::trouble::{Group, Setting, Then, Trouble};
use crate::Fault;

/// How long an answer, an event or a bookmark is late, or a request hangs.
const LATE: Duration = Duration::from_secs(1);
/// More events than are ever held back.
const HELD: usize = 10_000;

/// What is valid with nothing but a name.
const BARE: [&str; 8] = [
    "configmaps",
    "secrets",
    "serviceaccounts",
    "namespaces",
    "endpoints",
    "leases.coordination.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
];

/// The trouble of this id.
pub(crate) fn find(id: &str) -> Option<&'static Trouble> {
    TROUBLES.iter().find(|trouble| trouble.id == id)
}

/// Those that a word chooses: a group, an id, or `all`.
pub(crate) fn chosen(word: &str) -> Result<Vec<&'static Trouble>, String> {
    let is_meant = |trouble: &&'static Trouble| {
        word == "all" || trouble.id == word || trouble.group.as_str() == word
    };
    let chosen: Vec<_> = TROUBLES.iter().filter(is_meant).collect();
    match chosen.is_empty() {
        false => Ok(chosen),
        true => {
            let groups = Group::ALL.map(Group::as_str).join(", ");
            let ids: Vec<&str> = TROUBLES.iter().map(|trouble| trouble.id).collect();
            let ids = ids.join(", ");
            Err(format!(
                "unknown fault {word:?}; there are all, {groups}, and each by itself: {ids}"
            ))
        }
    }
}

const fn once(
    id: &'static str,
    group: Group,
    rank: u8,
    about: &'static str,
    fits: fn(&Seen) -> bool,
    faults: fn(&Setting) -> Vec<Fault>,
) -> Trouble {
    Trouble {
        id,
        group,
        about,
        rank,
        fits,
        faults,
        then: Then::Once,
    }
}

const fn then(trouble: Trouble, then: Then) -> Trouble {
    Trouble { then, ..trouble }
}

/// A request, but not one that opens a watch.
fn call(seen: &Seen) -> bool {
    !is_watch(seen)
}

fn write(seen: &Seen) -> bool {
    seen.asked.identity.writes()
}

fn is_watch(seen: &Seen) -> bool {
    seen.asked.identity.verb == "watch"
}

/// A watch that had at least one event to break at, or none and still can end.
fn eventful(seen: &Seen) -> bool {
    is_watch(seen) && seen.events > 0
}

fn any(_: &Seen) -> bool {
    true
}

/// A write of an object that is there: what is created is answered with 201.
fn update(seen: &Seen) -> bool {
    let verb = seen.asked.identity.verb.as_str();
    matches!(verb, "update" | "patch" | "delete") && seen.code == Some(200)
}

/// A create of what another writer can have made with a name and nothing else.
fn create(seen: &Seen) -> bool {
    let identity = &seen.asked.identity;
    let named = !identity.name.is_empty() && !identity.name.ends_with('*');
    identity.verb == "create" && named && BARE.contains(&identity.resource.as_str())
}

/// A read after a write, of which a replica that lags knows nothing.
fn read_after_write(seen: &Seen) -> bool {
    matches!(seen.asked.identity.verb.as_str(), "get" | "list")
        && seen.after_a_write
        && seen.is_of_a_resource()
}

/// All there are, by what they are about.
pub(crate) const TROUBLES: &[Trouble] = &[
    once(
        "429",
        Group::Transient,
        4,
        "is refused once with 429 and Retry-After: 1",
        any,
        |_| vec![Fault::too_many_requests().retry_after(1)],
    ),
    once(
        "500",
        Group::Transient,
        2,
        "is refused once with 500",
        any,
        |_| vec![Fault::internal_error()],
    ),
    once(
        "503",
        Group::Transient,
        5,
        "is refused once with 503",
        any,
        |_| vec![Fault::service_unavailable()],
    ),
    once(
        "504",
        Group::Transient,
        6,
        "is refused once with 504",
        any,
        |_| vec![Fault::gateway_timeout()],
    ),
    once(
        "reset",
        Group::Transient,
        4,
        "meets a connection that is reset, and is not handled",
        any,
        |_| vec![Fault::reset()],
    ),
    then(
        once(
            "timeout",
            Group::Transient,
            7,
            "is not handled; after a second the connection is closed",
            call,
            |_| vec![Fault::delay(LATE), Fault::empty_reply()],
        ),
        Then::Later,
    ),
    once(
        "applied-then-reset",
        Group::Ambiguous,
        0,
        "is applied, and its answer is lost in a reset",
        write,
        |_| vec![Fault::applied_then_reset()],
    ),
    once(
        "applied-then-504",
        Group::Ambiguous,
        3,
        "is applied, and answered with 504",
        write,
        |_| vec![Fault::applied_then_timeout()],
    ),
    once(
        "conflict",
        Group::Conflict,
        2,
        "loses a race against another writer",
        update,
        |_| vec![Fault::lost_race()],
    ),
    once(
        "created-first",
        Group::Conflict,
        5,
        "finds the object created by another writer",
        create,
        |_| vec![Fault::created_first()],
    ),
    then(
        once(
            "always-500",
            Group::Permanent,
            3,
            "is refused with 500 from now on",
            call,
            |_| vec![Fault::internal_error()],
        ),
        Then::Lasting,
    ),
    then(
        once(
            "always-403",
            Group::Permanent,
            5,
            "is refused with 403 from now on",
            call,
            |_| vec![Fault::forbidden()],
        ),
        Then::Lasting,
    ),
    then(
        once(
            "always-429",
            Group::Permanent,
            3,
            "is refused with 429 and Retry-After: 1 from now on",
            any,
            |_| vec![Fault::too_many_requests().retry_after(1)],
        ),
        Then::Lasting,
    ),
    once(
        "watch-ended",
        Group::Watch,
        3,
        "ends after event {}",
        is_watch,
        |setting| vec![Fault::watch_ends().after_events(setting.events)],
    ),
    once(
        "watch-410",
        Group::Watch,
        2,
        "is told 410 in the stream after event {}",
        is_watch,
        |setting| vec![Fault::watch_expires().after_events(setting.events)],
    ),
    once(
        "watch-refused",
        Group::Watch,
        3,
        "is refused with the status 410",
        is_watch,
        |_| vec![Fault::gone()],
    ),
    once(
        "watch-dropped",
        Group::Watch,
        2,
        "loses event {}, and then expires",
        eventful,
        |setting| {
            let (lost, then) = (setting.events.saturating_sub(1), setting.events);
            vec![
                Fault::watch_drops_an_event().after_events(lost),
                Fault::watch_expires().after_events(then),
            ]
        },
    ),
    then(
        once(
            "watch-delayed",
            Group::Watch,
            5,
            "gets event {} and what follows a second late",
            eventful,
            |setting| {
                let from = setting.events.saturating_sub(1);
                vec![
                    Fault::watch_bursts(HELD).after_events(from),
                    Fault::watch_ends_after(LATE),
                ]
            },
        ),
        Then::Later,
    ),
    then(
        once(
            "late-bookmark",
            Group::Watch,
            6,
            "gets its bookmarks a second late",
            |seen| is_watch(seen) && seen.asked.bookmarks,
            |_| vec![Fault::watch_with_late_bookmarks(LATE)],
        ),
        Then::Later,
    ),
    once(
        "stale",
        Group::Stale,
        1,
        "is answered from before the run began",
        read_after_write,
        |setting| vec![Fault::frozen_at(setting.start)],
    ),
    once(
        "lagging",
        Group::Stale,
        3,
        "is answered without the last write",
        read_after_write,
        |_| vec![Fault::lagging(1)],
    ),
    then(
        once(
            "restart",
            Group::Restart,
            1,
            "is applied, and the client is killed and started again",
            any,
            |_| vec![Fault::applied_then_silence()],
        ),
        Then::Restart,
    ),
    then(
        once(
            "recreated",
            Group::Unobserved,
            2,
            "breaks after event {}, and its object is deleted and made anew before the client looks again",
            eventful,
            |setting| vec![Fault::watch_ends().after_events(setting.events)],
        ),
        Then::Recreate,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_of_their_own() {
        for trouble in TROUBLES {
            let same = TROUBLES.iter().filter(|other| other.id == trouble.id);
            assert_eq!(same.count(), 1, "{}", trouble.id);
            assert!(
                Group::ALL
                    .iter()
                    .all(|group| group.as_str() != trouble.id || group == &trouble.group)
            );
        }
    }

    #[test]
    fn a_word_chooses_a_group_or_one_trouble() {
        let ids = |word| {
            chosen(word)
                .unwrap()
                .iter()
                .map(|trouble| trouble.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids("ambiguous"), ["applied-then-reset", "applied-then-504"]);
        assert_eq!(ids("429"), ["429"]);
        assert_eq!(ids("all").len(), TROUBLES.len());
        assert!(
            chosen("nonsense")
                .err()
                .unwrap()
                .contains("unknown fault \"nonsense\"")
        );
    }

    #[test]
    fn every_fault_is_one_a_server_takes() {
        let server = crate::FakeApiServer::start_blocking();
        let setting = Setting {
            events: 1,
            start: 1,
        };
        for trouble in TROUBLES {
            for fault in (trouble.faults)(&setting) {
                server.fault(fault.optional()).remove();
            }
        }
    }
}
