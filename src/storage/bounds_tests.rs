//! How much a store keeps, and how far it goes for an answer.

use proptest::prelude::*;

use super::sample::{delete, put, storage};
use super::*;

/// An object of so many bytes.
struct Sized(usize);

impl Indexed for Sized {
    fn uid(&self) -> &str {
        ""
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    fn claims(&self) -> &[Box<str>] {
        &[]
    }

    fn size(&self) -> usize {
        self.0
    }
}

fn write(storage: &Storage<Sized>, key: &str, size: usize, op: Op) {
    let live = storage.view().get(key).cloned();
    let commit = Commit {
        key,
        expected: live.as_ref(),
        op,
        within: None,
    };
    storage.commit(&commit, |_| Sized(size)).unwrap();
}

/// How many events there are to read.
fn events<T: Indexed>(storage: &Storage<T>) -> usize {
    let view = storage.view();
    view.events_after(storage.oldest(), usize::MAX)
        .unwrap()
        .len()
}

fn bounded(size: usize) -> Storage<Sized> {
    Storage::new(History {
        size,
        ..History::default()
    })
}

#[test]
fn states_that_were_replaced_are_compacted_when_they_take_too_much() {
    let storage = bounded(10_000);
    write(&storage, "/a", 4_000, Op::Put);
    write(&storage, "/a", 4_000, Op::Put);
    write(&storage, "/a", 4_000, Op::Put);
    assert_eq!(events(&storage), 3);
    write(&storage, "/a", 4_000, Op::Put);
    assert_eq!(events(&storage), 2);
    assert_eq!(storage.view().get("/a").unwrap().0, 4_000);
}

#[test]
fn what_is_still_there_is_no_history() {
    let storage = bounded(10_000);
    for key in ["/a", "/b", "/c", "/d"] {
        write(&storage, key, 1_000_000, Op::Put);
    }
    assert_eq!(events(&storage), 4);
    write(&storage, "/a", 1_000_000, Op::Delete);
    assert_eq!(events(&storage), 1);
}

#[test]
fn the_newest_event_is_kept_whatever_its_size() {
    let storage = bounded(0);
    write(&storage, "/a", 1_000_000, Op::Put);
    write(&storage, "/a", 1_000_000, Op::Put);
    assert_eq!(events(&storage), 1);
}

#[test]
fn a_store_starts_at_the_revision_it_is_told_and_again_after_a_wipe() {
    let storage: Storage<u64> = Storage::new(History {
        first: Revision(1 << 31),
        ..History::default()
    });
    assert_eq!(put(&storage, "/a"), (1 << 31) + 1);
    storage.wipe();
    assert_eq!(put(&storage, "/a"), (1 << 31) + 1);
}

#[test]
fn the_last_revision_there_can_be_is_after_all_events() {
    let storage = storage(100);
    put(&storage, "/a");
    let view = storage.view();
    assert_eq!(
        view.events_after(Revision(u64::MAX), usize::MAX)
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn many_keys_are_counted_in_stretches_of_some_hundred() {
    let storage = storage(usize::MAX);
    for i in 0..20_000 {
        put(&storage, &format!("/e/{i:05}"));
    }
    let last = storage.revision();
    assert_eq!(storage.view().count("/e/"), 20_000);
    assert_eq!(storage.view().count_after("/e/", "/e/00499", last), 19_500);
    let stretches = storage.state.read().ranks.len();
    assert!(
        (20_000 / 512..=20_000 / 128).contains(&stretches),
        "{stretches}"
    );
    for i in 0..19_999 {
        delete(&storage, &format!("/e/{i:05}"));
    }
    assert_eq!(storage.view().count("/e/"), 1);
    assert!(storage.state.read().ranks.len() <= 2);
    assert_eq!(storage.view().count_after("/e/", "/e/00499", last), 19_500);
}

proptest! {
    #[test]
    fn what_is_left_after_a_key_is_counted_as_it_was_at_each_moment(
        steps in prop::collection::vec((0..40u8, any::<bool>()), 1..60),
        (at, last) in (0..60usize, 0..40u8),
    ) {
        let storage = storage(usize::MAX);
        let mut moments = vec![storage.revision()];
        for (key, deletes) in steps {
            let key = format!("/e/{key:02}");
            match deletes && storage.view().get(&key).is_some() {
                true => delete(&storage, &key),
                false => put(&storage, &key),
            };
            moments.push(storage.revision());
        }
        let at = moments[at % moments.len()];
        let last = format!("/e/{last:02}");
        let view = storage.view();
        let listed = view.range("/e/", "", at).filter(|(key, _)| ***key > *last).count();
        prop_assert_eq!(view.count_after("/e/", &last, at), listed);
    }
}
