//! Where the records of one server are: a bounded ring, and counters that forget nothing.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use parking_lot::Mutex;

use super::audit::Audit;
use super::coverage::operation::Operation;
use super::head::Head;
use super::record::{Outcome, Record};
use crate::kinds::Catalog;
use crate::request::Request;
use crate::request::info::RequestInfo;
use crate::storage::Revision;

/// How many entries the journal keeps before it drops the oldest.
pub(crate) const DEFAULT_JOURNAL_LIMIT: usize = 1000;
/// How much memory these may take, in bytes.
pub(crate) const DEFAULT_JOURNAL_SIZE: usize = 16 * 1024 * 1024;
/// How many different (client, verb, object) have their attempts counted; to those beyond, every attempt is the first.
const COUNTED_ATTEMPTS: usize = 16 * 1024;

/// Takes the records of one server.
pub(crate) struct Recorder {
    /// 0 turns the journal off.
    limit: usize,
    /// In bytes.
    max_size: usize,
    next_index: AtomicU64,
    audit: Option<Audit>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In order of arrival.
    records: VecDeque<Arc<Record>>,
    /// Of the records, in bytes.
    size: usize,
    dropped: u64,
    /// What came before this was cleared away.
    first_index: u64,
    /// By a hash of who asked for what.
    attempts: BTreeMap<u64, u64>,
    /// How often each operation was answered with each code, in the order they were first met.
    coverage: Vec<(Operation, u16, u64)>,
    /// Where fingerprints are put together.
    scratch: Vec<u8>,
}

/// The records at one moment.
pub(crate) struct Records {
    pub(crate) records: Vec<Arc<Record>>,
    pub(crate) dropped: u64,
}

impl Recorder {
    pub(crate) fn new(limit: usize, max_size: usize) -> Self {
        Recorder {
            limit,
            max_size,
            next_index: AtomicU64::new(1),
            audit: None,
            state: Mutex::new(State::default()),
        }
    }

    /// With a log beside it.
    pub(crate) fn with_audit(mut self, audit: Option<Audit>) -> Self {
        self.audit = audit;
        self
    }

    /// Whether there is a log that wants to know more.
    pub(crate) fn is_audited(&self) -> bool {
        self.audit.is_some()
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    fn next_index(&self) -> u64 {
        self.next_index.fetch_add(1, Ordering::Relaxed)
    }

    /// The record of a request that comes now.
    pub(crate) fn begin(&self, time: Timestamp, before: Revision) -> Record {
        Record {
            index: self.next_index(),
            time,
            before,
            ..Record::default()
        }
    }

    /// Shows a request that a fault may hold, before it has an answer.
    pub(crate) fn show(&self, record: &mut Record, request: &Request, info: &RequestInfo) {
        record.shown = true;
        let mut pending = Record {
            index: record.index,
            time: record.time,
            method: request.method.clone(),
            head: Head::new(&request.target, &request.headers),
            user: record.user.clone(),
            faults: record.faults.clone(),
            before: record.before,
            after: record.before,
            ..Record::default()
        };
        // What falls out is freed after the lock.
        let _old = {
            let mut state = self.state.lock();
            state.add(&mut pending, info, self.limit);
            state.make_room(self.limit, self.max_size)
        };
    }

    /// Takes what is in the record of a request that is done with, answered or not.
    pub(crate) fn end(
        &self,
        record: &mut Record,
        request: &mut Request,
        info: &RequestInfo,
        catalog: &Catalog,
    ) {
        record.method = std::mem::take(&mut request.method);
        if self.limit > 0 || self.is_audited() {
            record.head = Head::new(&request.target, &request.headers);
        }
        if let Some(audit) = &self.audit {
            audit.tell(record, info, catalog);
        }
        if let Some(code) = record.code {
            self.state.lock().cover(info, code, catalog);
        }
        self.finish(record, info);
    }

    fn finish(&self, record: &mut Record, info: &RequestInfo) {
        let _old = {
            let mut state = self.state.lock();
            let replaced = match record.shown {
                true => state.replace(record),
                false => {
                    state.add(record, info, self.limit);
                    None
                }
            };
            (replaced, state.make_room(self.limit, self.max_size))
        };
    }

    /// Bytes that no request could be read from, and what they were told.
    pub(crate) fn unparsed(
        &self,
        (now, revision): (Timestamp, Revision),
        code: Option<u16>,
        complaint: String,
    ) {
        let mut record = Record {
            outcome: Outcome::Unparsed,
            code,
            complaint,
            after: revision,
            ..self.begin(now, revision)
        };
        self.finish(&mut record, &RequestInfo::default());
    }

    /// The index of the request that came last; 0 before there was any.
    pub(crate) fn newest_index(&self) -> u64 {
        self.next_index.load(Ordering::Relaxed) - 1
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
            let empty = State {
                first_index: self.next_index.load(Ordering::Relaxed),
                coverage: std::mem::take(&mut state.coverage),
                ..State::default()
            };
            std::mem::replace(&mut *state, empty)
        };
    }

    pub(crate) fn coverage(&self) -> Vec<(Operation, u16, u64)> {
        self.state.lock().coverage.clone()
    }
}

impl State {
    fn cover(&mut self, info: &RequestInfo, code: u16, catalog: &Catalog) {
        let mut counts = self.coverage.iter_mut();
        match counts.find(|(met, of, _)| *of == code && met.is(info)) {
            Some((_, _, count)) => *count += 1,
            None => {
                let operation = Operation::of(info, catalog);
                self.coverage.extend(operation.map(|met| (met, code, 1)));
            }
        }
    }

    /// Puts a record in its place.
    fn add(&mut self, record: &mut Record, info: &RequestInfo, limit: usize) {
        if limit == 0 || record.index < self.first_index {
            return;
        }
        record.attempt = match record.outcome {
            Outcome::Unparsed => 1,
            _ => {
                let client = fingerprint(record, info, &mut self.scratch);
                self.attempt(client)
            }
        };
        let at = self.position(record.index);
        self.size += record.size();
        self.records.insert(at, Arc::new(std::mem::take(record)));
    }

    /// Takes out the oldest records that are too many or too much; one stays.
    fn make_room(&mut self, limit: usize, max_size: usize) -> Vec<Arc<Record>> {
        let mut old = Vec::new();
        while self.records.len() > limit || self.size > max_size && self.records.len() > 1 {
            let Some(oldest) = self.records.pop_front() else {
                break;
            };
            self.size -= oldest.size();
            self.dropped += 1;
            old.push(oldest);
        }
        old
    }

    /// Puts the finished record in the place of the one shown before, if that is still there.
    fn replace(&mut self, record: &mut Record) -> Option<Arc<Record>> {
        let at = self.position(record.index);
        let shown = self.records.get_mut(at)?;
        if shown.index != record.index {
            return None;
        }
        record.attempt = shown.attempt;
        *record.verified.get_mut() = shown.verified.load(Ordering::Acquire);
        self.size = self.size + record.size() - shown.size();
        let finished = Arc::new(std::mem::take(record));
        Some(std::mem::replace(shown, finished))
    }

    /// Where a record of this index belongs; most often at the end.
    fn position(&self, index: u64) -> usize {
        match self.records.back() {
            Some(last) if last.index >= index => self.records.partition_point(|r| r.index < index),
            _ => self.records.len(),
        }
    }

    fn attempt(&mut self, client: u64) -> u64 {
        if self.attempts.len() >= COUNTED_ATTEMPTS && !self.attempts.contains_key(&client) {
            return 1;
        }
        let attempts = self.attempts.entry(client).or_default();
        *attempts += 1;
        *attempts
    }
}

/// The same for the same client asking for the same thing. What it is made of is put together first: a hasher takes its
/// time over every piece.
fn fingerprint(record: &Record, info: &RequestInfo, scratch: &mut Vec<u8>) -> u64 {
    let agent = record.head.user_agent();
    let what = match info.is_resource {
        true => [
            info.verb(),
            info.api_group(),
            info.api_version(),
            info.resource(),
            info.subresource(),
            info.namespace(),
            info.name(),
        ],
        false => [
            record.method.as_str(),
            record.head.path(),
            "",
            "",
            "",
            "",
            "",
        ],
    };
    scratch.clear();
    for part in [record.user(), agent].into_iter().chain(what) {
        scratch.extend_from_slice(part.as_bytes());
        // No UTF-8 has this byte.
        scratch.push(0xff);
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(scratch);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(index: u64, path: &str) -> Record {
        Record {
            index,
            head: Head::new(&path.parse().unwrap(), &http::HeaderMap::new()),
            outcome: Outcome::Answered,
            ..Record::default()
        }
    }

    fn finish(recorder: &Recorder, mut record: Record, shown: bool) {
        record.shown = shown;
        recorder.finish(&mut record, &RequestInfo::default());
    }

    fn indexes(recorder: &Recorder) -> Vec<u64> {
        recorder.records().records.iter().map(|r| r.index).collect()
    }

    #[test]
    fn records_stand_in_order_of_arrival_whenever_they_were_answered() {
        let recorder = Recorder::new(10, usize::MAX);
        for index in [1, 3, 2] {
            finish(&recorder, record(index, "/"), false);
        }
        assert_eq!(indexes(&recorder), [1, 2, 3]);
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let recorder = Recorder::new(2, usize::MAX);
        for index in 1..=5 {
            finish(&recorder, record(index, "/"), false);
        }
        assert_eq!(indexes(&recorder), [4, 5]);
        assert_eq!(recorder.records().dropped, 3);
    }

    #[test]
    fn the_oldest_are_dropped_when_all_take_too_much_and_the_newest_stays() {
        let one = record(1, "/a").size();
        let recorder = Recorder::new(10, 2 * one);
        for index in 1..=3 {
            finish(&recorder, record(index, "/a"), false);
        }
        assert_eq!(indexes(&recorder), [2, 3]);
        finish(&recorder, record(4, &"/a".repeat(one)), false);
        assert_eq!(indexes(&recorder), [4]);
        assert_eq!(recorder.records().dropped, 3);
        finish(&recorder, record(5, "/a"), false);
        assert_eq!(indexes(&recorder), [5]);
        assert_eq!(recorder.state.lock().size, one);
    }

    #[test]
    fn attempts_are_counted_for_each_thing_asked_for_past_what_is_dropped() {
        let recorder = Recorder::new(1, usize::MAX);
        let mut attempts = Vec::new();
        for (index, path) in (1..).zip(["/a", "/b", "/a", "/a"]) {
            finish(&recorder, record(index, path), false);
            attempts.push(recorder.records().records[0].attempt);
        }
        assert_eq!(attempts, [1, 1, 2, 3]);
    }

    #[test]
    fn a_finished_record_takes_the_place_of_the_one_shown() {
        let recorder = Recorder::new(10, usize::MAX);
        let mut shown = record(1, "/a");
        let info = RequestInfo::default();
        recorder.state.lock().add(&mut shown, &info, 10);
        finish(&recorder, record(2, "/b"), false);
        recorder.records().records[0]
            .verified
            .store(true, Ordering::Release);
        finish(&recorder, record(1, "/a"), true);
        let records = recorder.records().records;
        assert_eq!((records.len(), records[0].attempt), (2, 1));
        assert!(records[0].verified.load(Ordering::Acquire));
    }

    #[test]
    fn what_was_under_way_when_the_journal_was_cleared_stays_away() {
        let recorder = Recorder::new(10, usize::MAX);
        let under_way = recorder.next_index();
        recorder.clear();
        finish(&recorder, record(under_way, "/"), false);
        finish(&recorder, record(under_way, "/"), true);
        finish(&recorder, record(recorder.next_index(), "/"), false);
        assert_eq!(indexes(&recorder), [2]);
    }
}
