//! Where in a list each of its elements first stands, looked up instead of looked for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::codec::json::compact;

/// Of elements that are told apart by what stands at their merge key, or by themselves.
pub(super) struct Positions<'k> {
    key: Option<&'k str>,
    /// What tells an element apart, which nothing may; two equal values are written alike.
    first: BTreeMap<Option<String>, usize>,
    count: usize,
}

impl<'k> Positions<'k> {
    pub(super) fn of(list: &[Value], key: Option<&'k str>) -> Self {
        let mut positions = Positions {
            key,
            first: BTreeMap::new(),
            count: 0,
        };
        list.iter().for_each(|element| positions.push(element));
        positions
    }

    /// Another element, at the end of the list.
    pub(super) fn push(&mut self, element: &Value) {
        let at = self.count;
        self.count += 1;
        self.first.entry(self.identity(element)).or_insert(at);
    }

    /// Where the first element stands that is this one.
    pub(super) fn of_same(&self, element: &Value) -> Option<usize> {
        self.first.get(&self.identity(element)).copied()
    }

    pub(super) fn has(&self, element: &Value) -> bool {
        self.of_same(element).is_some()
    }

    fn identity(&self, element: &Value) -> Option<String> {
        match self.key {
            None => Some(compact(element)),
            Some(key) => element.get(key).map(compact),
        }
    }
}
