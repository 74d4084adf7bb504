//! A list of objects.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::codec::json::write_string;
use crate::kinds::{Kind, KindRef};
use crate::object::Object;
use crate::storage::{Moment, Revision};

/// What stands between two objects, with the brace of the second.
pub(super) const BETWEEN: &[u8] = b",{";
pub(super) const TAIL: &[u8] = b"]}";

/// The last list that was written in full, for those who ask for it again before anything changes.
#[derive(Default)]
pub(crate) struct LastList(Mutex<Option<Latest>>);

struct Latest {
    kind: KindRef,
    prefix: String,
    moment: Moment,
    body: Bytes,
}

impl LastList {
    /// A longer one is not kept, in bytes.
    pub(crate) const MAX_SIZE: usize = 8 * 1024 * 1024;

    /// The body of a list of everything below a prefix, if it was written at this moment.
    pub(crate) fn get(&self, kind: &KindRef, prefix: &str, moment: Moment) -> Option<Bytes> {
        let last = self.0.lock();
        last.as_ref()
            .filter(|last| Arc::ptr_eq(&last.kind, kind))
            .filter(|last| last.prefix == prefix && last.moment == moment)
            .map(|last| last.body.clone())
    }

    pub(crate) fn set(&self, kind: &KindRef, prefix: &str, moment: Moment, body: &Bytes) {
        if body.len() > Self::MAX_SIZE {
            return;
        }
        *self.0.lock() = Some(Latest {
            kind: kind.clone(),
            prefix: prefix.to_owned(),
            moment,
            body: body.clone(),
        });
    }
}

/// One page of a list, or all of it.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) items: Vec<Arc<Object>>,
    pub(crate) revision: Revision,
    /// Where the next page starts.
    pub(crate) continue_token: Option<String>,
    pub(crate) remaining: Option<usize>,
}

impl List {
    /// The list's metadata as JSON.
    pub(crate) fn meta_json(&self) -> Vec<u8> {
        if self.revision == Revision::default() {
            // Made up on the spot, of no version.
            return b"{}".to_vec();
        }
        let mut out = format!("{{\"resourceVersion\":\"{}\"", self.revision).into_bytes();
        if let Some(token) = &self.continue_token {
            out.extend_from_slice(b",\"continue\":");
            write_string(&mut out, token);
        }
        if let Some(remaining) = self.remaining {
            out.extend_from_slice(format!(",\"remainingItemCount\":{remaining}").as_bytes());
        }
        out.push(b'}');
        out
    }

    /// The list as the kind itself; its items carry no kind of their own.
    pub(crate) fn to_json(&self, kind: &Kind) -> Vec<u8> {
        let head = self.head(kind);
        // About as long as if all were like the first: to ask each for its size would mean to fetch it twice.
        let item = self.items.first().map_or(0, |item| item.json().len());
        let mut out = Vec::with_capacity(self.items.len() * (item + 16) + head.len() + 16);
        out.extend_from_slice(&head);
        for (i, item) in self.items.iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(BETWEEN);
            }
            out.extend_from_slice(item.item_json());
        }
        out.extend_from_slice(TAIL);
        out
    }

    /// What comes before the first object, with its brace.
    pub(super) fn head(&self, kind: &Kind) -> Vec<u8> {
        let (name, version) = (&kind.list_kind, kind.api_version());
        let mut out = format!("{{\"kind\":\"{name}\",\"apiVersion\":\"{version}\",\"metadata\":");
        out.push_str(&String::from_utf8_lossy(&self.meta_json()));
        out.push_str(",\"items\":[");
        if !self.items.is_empty() {
            out.push('{');
        }
        out.into_bytes()
    }
}
