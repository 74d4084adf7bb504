//! The journal at one moment.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::entry::Entry;
use super::recorder::Recorder;
use super::requests::Requests;
use crate::authentication::mask::Masks;
use crate::error::Error;
use crate::kinds::Catalog;
use crate::object::Object;
use crate::storage::Storage;

#[doc = include_str!("../docs/journal.md")]
#[derive(Clone)]
pub struct Journal {
    entries: Vec<Entry>,
    dropped: u64,
    pub(super) seed: u64,
    /// The kinds of the server.
    pub(super) catalog: Arc<Catalog>,
}

impl Journal {
    /// The seed is that of the server.
    pub(crate) fn new(
        recorder: &Recorder,
        objects: &Arc<Storage<Object>>,
        catalog: &Arc<Catalog>,
        seed: u64,
    ) -> Self {
        let records = recorder.records();
        let there = records.records.into_iter();
        let entries = there.map(|record| Entry::new(record, objects.clone(), catalog.clone()));
        Journal {
            entries: entries.collect(),
            dropped: records.dropped,
            seed,
            catalog: catalog.clone(),
        }
    }

    /// What came after the request of this index, and whether any of that was dropped.
    pub(crate) fn after(mut self, index: u64) -> Journal {
        let oldest = self.entries.first().map(Entry::index);
        if oldest.is_some_and(|oldest| oldest <= index + 1) {
            self.dropped = 0;
        }
        self.entries.retain(|entry| entry.index() > index);
        self
    }

    /// The entries in order of arrival.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.journal().iter().count(), 0);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// How many entries there are.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.journal().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// assert!(fake_apiserver::FakeApiServer::start_blocking().journal().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many older entries had to make room.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().journal(10)).start_blocking();
    /// assert_eq!(server.journal().dropped(), 0);
    /// ```
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The entries that match.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests, Verb};
    /// let server = FakeApiServer::start_blocking();
    /// assert!(server.journal().filter(&Requests::new().verb(Verb::Update).code(409)).is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If no request can match: an unknown resource, a verb the resource does not have. For words that are not the
    /// test's own there is [`try_filter`](Self::try_filter).
    #[must_use]
    #[track_caller]
    pub fn filter(&self, requests: &Requests) -> Journal {
        match self.try_filter(requests) {
            Ok(journal) => journal,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same without a panic.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests};
    /// let journal = FakeApiServer::start_blocking().journal();
    /// let error = journal.try_filter(&Requests::new().resource("endpoint-s")).unwrap_err();
    /// assert!(error.to_string().ends_with("unknown resource `endpoint-s`; did you mean `endpoints`?"));
    /// ```
    ///
    /// # Errors
    ///
    /// If no request can match.
    pub fn try_filter(&self, requests: &Requests) -> Result<Journal, Error> {
        let checked = requests.clone().checked(&self.catalog).map_err(|problem| {
            Error::invalid(format!("no request can match ({requests})"), problem)
        })?;
        Ok(self.matching(&checked))
    }

    /// The entries that match what was checked.
    pub(crate) fn matching(&self, requests: &Requests) -> Journal {
        let matching = self.iter().filter(|entry| requests.matches(entry));
        Journal {
            entries: matching.cloned().collect(),
            catalog: self.catalog.clone(),
            ..*self
        }
    }

    /// Everything, as JSON: the same bytes for the same seed, script and requests if the clock stands still. Values of
    /// Secrets, tokens and private keys are masked, the same value with the same mask.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.journal().to_json()["entries"], serde_json::json!([]));
    /// ```
    pub fn to_json(&self) -> Value {
        let mut masks = Masks::default();
        let entries = self.iter().map(|entry| entry.json(&mut masks));
        let entries: Vec<Value> = entries.collect();
        json!({"seed": self.seed, "dropped": self.dropped, "entries": entries})
    }
}

impl<'a> IntoIterator for &'a Journal {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A line an entry, bodies shortened.
impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dropped > 0 {
            writeln!(f, "({} older entries were dropped)", self.dropped)?;
        }
        if self.is_empty() {
            writeln!(f, "(no request)")?;
        }
        let mut masks = Masks::default();
        self.iter()
            .try_for_each(|entry| writeln!(f, "{}", entry.line(&mut masks)))
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
