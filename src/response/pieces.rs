//! A long list, written as its client reads it: for one who does not read, no more is held than the pieces under way.

use std::sync::Arc;
use std::vec;

use bytes::Bytes;

use super::list::{self, List};
use crate::kinds::Kind;
use crate::object::Object;

/// A longer list is written piece by piece, in bytes.
const LONG: usize = 256 * 1024;
/// How long a piece is made, in bytes.
const PIECE: usize = 32 * 1024;
/// An object of this size is a piece of its own, which nobody copies, in bytes.
const LARGE: usize = 8 * 1024;

/// What is left to write of a list.
pub(crate) struct Pieces {
    /// What comes before the next object.
    before: Vec<u8>,
    items: vec::IntoIter<Arc<Object>>,
    /// An object that is too large to be copied.
    large: Option<Bytes>,
    is_over: bool,
    length: usize,
}

impl Pieces {
    /// The pieces of a list, if it is long.
    pub(crate) fn of(list: &List, kind: &Kind) -> Option<Self> {
        let before = list.head(kind);
        let items = list.items.iter();
        let items: usize = items.map(|item| item.item_json().len()).sum();
        let between = list.items.len().saturating_sub(1) * list::BETWEEN.len();
        let length = before.len() + items + between + list::TAIL.len() + 1;
        (length > LONG).then(|| Pieces {
            before,
            items: list.items.clone().into_iter(),
            large: None,
            is_over: false,
            length,
        })
    }

    /// How long all of it is that is not written yet, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// All of it at once.
    pub(crate) fn whole(self) -> Bytes {
        let mut whole = Vec::with_capacity(self.length);
        self.for_each(|piece| whole.extend_from_slice(&piece));
        whole.into()
    }

    /// The first bytes of a list of which nothing is written yet.
    pub(crate) fn start(&self, length: usize) -> Vec<u8> {
        let mut start = self.before.clone();
        for (i, item) in self.items.as_slice().iter().enumerate() {
            if start.len() >= length {
                break;
            }
            if i > 0 {
                start.extend_from_slice(list::BETWEEN);
            }
            start.extend_from_slice(item.item_json());
        }
        start.truncate(length);
        start
    }

    /// Objects that are copied, up to the next that is not.
    fn copied(&mut self) -> Bytes {
        let mut piece = Vec::with_capacity(PIECE + LARGE);
        while piece.len() < PIECE {
            let Some(item) = self.items.next() else {
                self.is_over = true;
                piece.extend_from_slice(list::TAIL);
                piece.push(b'\n');
                break;
            };
            piece.extend_from_slice(&self.before);
            self.before.clear();
            self.before.extend_from_slice(list::BETWEEN);
            if item.item_json().len() >= LARGE {
                self.large = Some(item.item_bytes());
                break;
            }
            piece.extend_from_slice(item.item_json());
        }
        piece.into()
    }
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let piece = match self.large.take() {
            Some(large) => large,
            None if self.is_over => return None,
            None => self.copied(),
        };
        self.length = self.length.saturating_sub(piece.len());
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::Catalog;
    use crate::storage::Revision;

    /// A list of ConfigMaps with so many bytes of data each.
    fn list(sizes: &[usize]) -> (List, crate::kinds::KindRef) {
        let kind = Catalog::built_in().find("", "v1", "configmaps").unwrap();
        let items = sizes.iter().map(|&size| {
            let data = json!({"a": "x".repeat(size)});
            let value = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": data});
            Arc::new(Object::new(&kind, value, Vec::new()))
        });
        let list = List {
            items: items.collect(),
            revision: Revision(7),
            continue_token: None,
            remaining: None,
        };
        (list, kind)
    }

    #[test]
    fn the_pieces_are_the_list() {
        let sizes = [10, LARGE, 20, 3 * PIECE, LARGE - 200, LARGE - 200];
        for count in [30, 31, 32, 33, 34, 35] {
            let sizes: Vec<usize> = sizes.iter().copied().cycle().take(count).collect();
            let (list, kind) = list(&sizes);
            let mut expected = list.to_json(&kind);
            expected.push(b'\n');
            let pieces = || Pieces::of(&list, &kind).unwrap();
            assert_eq!(pieces().len(), expected.len());
            assert_eq!(pieces().start(40_000), expected[..40_000]);
            assert!(pieces().all(|piece| piece.len() <= 3 * PIECE + 200));
            assert!(pieces().whole() == expected);
        }
    }

    #[test]
    fn a_short_list_is_in_one() {
        let (list, kind) = list(&[LONG / 2]);
        assert!(Pieces::of(&list, &kind).is_none());
    }
}
