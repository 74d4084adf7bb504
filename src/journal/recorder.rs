//! Where the records of one server are: a bounded ring, and counters that forget nothing.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::coverage::operation::Operation;
use super::record::{Outcome, Record};
use crate::cluster::Cluster;
use crate::request::header;
use crate::request::info::RequestInfo;

/// How many entries the journal keeps before it drops the oldest.
pub(crate) const DEFAULT_JOURNAL_LIMIT: usize = 1000;
/// How many different (client, verb, object) have their attempts counted; to those beyond, every attempt is the first.
const COUNTED_ATTEMPTS: usize = 16 * 1024;

/// Takes the records of one server.
pub(crate) struct Recorder {
    /// 0 turns the journal off.
    limit: usize,
    next_index: AtomicU64,
    state: Mutex<State>,
    /// How often each operation was answered with each code.
    coverage: Mutex<BTreeMap<(Operation, u16), u64>>,
}

#[derive(Default)]
struct State {
    /// In order of arrival.
    records: VecDeque<Arc<Record>>,
    dropped: u64,
    /// What came before this was cleared away.
    first_index: u64,
    /// By a hash of who asked for what.
    attempts: BTreeMap<u64, u64>,
}

/// The records at one moment.
pub(crate) struct Records {
    pub(crate) records: Vec<Arc<Record>>,
    pub(crate) dropped: u64,
}

impl Recorder {
    pub(crate) fn new(limit: usize) -> Self {
        Recorder {
            limit,
            next_index: AtomicU64::new(1),
            state: Mutex::new(State::default()),
            coverage: Mutex::new(BTreeMap::new()),
        }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.limit == 0
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn next_index(&self) -> u64 {
        self.next_index.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn add(&self, mut record: Record) {
        if self.is_off() {
            return;
        }
        let client = fingerprint(&record);
        // What falls out is freed after the lock.
        let _old = {
            let mut state = self.state.lock();
            if record.index < state.first_index {
                return;
            }
            record.attempt = state.attempt(client);
            let index = record.index;
            let at = state.position(index);
            state.records.insert(at, Arc::new(record));
            state.trim(self.limit)
        };
    }

    /// Puts the finished record in the place of the one shown before.
    pub(crate) fn replace(&self, mut record: Record) {
        let mut state = self.state.lock();
        let at = state.position(record.index);
        let Some(shown) = state.records.get_mut(at) else {
            return;
        };
        if shown.index == record.index {
            record.attempt = shown.attempt;
            let verified = shown.verified.load(Ordering::Acquire);
            *record.verified.get_mut() = verified;
            *shown = Arc::new(record);
        }
    }

    /// Bytes that no request could be read from, and what they were told.
    pub(crate) fn unparsed(&self, cluster: &Cluster, code: Option<u16>, complaint: String) {
        let revision = cluster.storage.revision();
        self.add(Record {
            index: self.next_index(),
            time: cluster.clock.now(),
            outcome: Outcome::Unparsed,
            code,
            complaint,
            before: revision,
            after: revision,
            ..Record::default()
        });
    }

    /// Counts an answer to an operation.
    pub(crate) fn count(&self, info: &RequestInfo, code: u16) {
        if let Some(operation) = Operation::of(info) {
            *self.coverage.lock().entry((operation, code)).or_default() += 1;
        }
    }

    pub(crate) fn records(&self) -> Records {
        let state = self.state.lock();
        Records {
            records: state.records.iter().cloned().collect(),
            dropped: state.dropped,
        }
    }

    pub(crate) fn clear(&self) {
        let _old = {
            let mut state = self.state.lock();
            let first_index = self.next_index.load(Ordering::Relaxed);
            std::mem::replace(
                &mut *state,
                State {
                    first_index,
                    ..State::default()
                },
            )
        };
    }

    pub(crate) fn coverage(&self) -> BTreeMap<(Operation, u16), u64> {
        self.coverage.lock().clone()
    }
}

impl State {
    /// Where a record of this index belongs; most often at the end.
    fn position(&self, index: u64) -> usize {
        match self.records.back() {
            Some(last) if last.index >= index => self.records.partition_point(|r| r.index < index),
            _ => self.records.len(),
        }
    }

    fn attempt(&mut self, client: Option<u64>) -> u64 {
        let Some(client) = client else { return 1 };
        if self.attempts.len() >= COUNTED_ATTEMPTS && !self.attempts.contains_key(&client) {
            return 1;
        }
        let attempts = self.attempts.entry(client).or_default();
        *attempts += 1;
        *attempts
    }

    fn trim(&mut self, limit: usize) -> Option<Arc<Record>> {
        if self.records.len() <= limit {
            return None;
        }
        self.dropped += 1;
        self.records.pop_front()
    }
}

/// The same for the same client asking for the same thing.
fn fingerprint(record: &Record) -> Option<u64> {
    if record.outcome == Outcome::Unparsed {
        return None;
    }
    let (info, mut hasher) = (&record.info, DefaultHasher::new());
    (&record.user, header(&record.headers, "user-agent")).hash(&mut hasher);
    if info.is_resource {
        (
            info.verb,
            &info.api_group,
            &info.api_version,
            &info.resource,
        )
            .hash(&mut hasher);
        (&info.subresource, &info.namespace, &info.name).hash(&mut hasher);
    } else {
        (record.method.as_str(), &record.path).hash(&mut hasher);
    }
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(index: u64, path: &str) -> Record {
        Record {
            index,
            path: path.to_owned(),
            outcome: Outcome::Answered,
            ..Record::default()
        }
    }

    fn indexes(recorder: &Recorder) -> Vec<u64> {
        recorder.records().records.iter().map(|r| r.index).collect()
    }

    #[test]
    fn records_stand_in_order_of_arrival_whenever_they_were_answered() {
        let recorder = Recorder::new(10);
        for index in [1, 3, 2] {
            recorder.add(record(index, "/"));
        }
        assert_eq!(indexes(&recorder), [1, 2, 3]);
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let recorder = Recorder::new(2);
        for index in 1..=5 {
            recorder.add(record(index, "/"));
        }
        assert_eq!(indexes(&recorder), [4, 5]);
        assert_eq!(recorder.records().dropped, 3);
    }

    #[test]
    fn attempts_are_counted_for_each_thing_asked_for_past_what_is_dropped() {
        let recorder = Recorder::new(1);
        let mut attempts = Vec::new();
        for (index, path) in (1..).zip(["/a", "/b", "/a", "/a"]) {
            recorder.add(record(index, path));
            attempts.push(recorder.records().records[0].attempt);
        }
        assert_eq!(attempts, [1, 1, 2, 3]);
    }

    #[test]
    fn a_finished_record_takes_the_place_of_the_one_shown() {
        let recorder = Recorder::new(10);
        recorder.add(record(1, "/a"));
        recorder.add(record(2, "/b"));
        recorder.records().records[0]
            .verified
            .store(true, Ordering::Release);
        recorder.replace(record(1, "/a"));
        let records = recorder.records().records;
        assert_eq!((records.len(), records[0].attempt), (2, 1));
        assert!(records[0].verified.load(Ordering::Acquire));
    }

    #[test]
    fn what_was_under_way_when_the_journal_was_cleared_stays_away() {
        let recorder = Recorder::new(10);
        let under_way = recorder.next_index();
        recorder.clear();
        recorder.add(record(under_way, "/"));
        recorder.replace(record(under_way, "/"));
        recorder.add(record(recorder.next_index(), "/"));
        assert_eq!(indexes(&recorder), [2]);
    }
}
