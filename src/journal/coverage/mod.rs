//! Which answers a client has met: operation by status code.

mod documented;
mod files;
pub(crate) mod operation;
mod require;
mod table;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::operation::Operation;

/// Which answers the clients of a server have met: operation by status code, of all that are documented.
///
/// An operation is called by verb and resource: `get endpoints`, `update endpoints`, `list endpoints`, `list all
/// endpoints` (in all namespaces), `update namespaces/finalize`. A verb alone means any resource: `update` is covered
/// where it was met for one of them.
///
/// Documented are the operations of every kind, with the successes of the OpenAPI document and the errors the real server
/// gives. Those of Endpoints and Namespaces are missing until they are met; what else was met is counted too, but only
/// missing where it is [required](Coverage::require_documented). Printed, it is a table for the terminal.
///
/// ```
/// let server = fake_apiserver::FakeApiServer::start_blocking();
/// let coverage = server.coverage();
/// assert_eq!(coverage.count("update endpoints", 409), 0);
/// println!("{coverage}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How often each operation was answered with each code.
    met: BTreeMap<(String, u16), u64>,
}

impl Coverage {
    pub(crate) fn new(met: impl IntoIterator<Item = (Operation, u16, u64)>) -> Self {
        let mut coverage = Coverage::default();
        for (operation, code, count) in met {
            coverage.add((operation.to_string(), code), count);
        }
        coverage
    }

    fn add(&mut self, pair: (String, u16), count: u64) {
        let own = self.met.entry(pair).or_default();
        *own = own.saturating_add(count);
    }

    /// How often this operation was answered with this code.
    ///
    /// ```
    /// let coverage = fake_apiserver::Coverage::default();
    /// assert_eq!(coverage.count("create endpoints", 201), 0);
    /// ```
    pub fn count(&self, operation: &str, code: u16) -> u64 {
        let means = |(name, met): &(String, u16)| *met == code && is_meant(operation, name);
        let counts = self.met.iter().filter(|(pair, _)| means(pair));
        counts.map(|(_, count)| count).sum()
    }

    /// The documented pairs that were not met, by operation.
    ///
    /// ```
    /// let missing = fake_apiserver::Coverage::default().missing();
    /// assert!(missing.contains(&("update endpoints".to_owned(), 409)));
    /// ```
    pub fn missing(&self) -> Vec<(String, u16)> {
        let mut pairs = documented();
        pairs.retain(|pair| !self.met.contains_key(pair));
        pairs
    }

    /// Adds what another server's clients have met.
    ///
    /// ```
    /// let mut all = fake_apiserver::FakeApiServer::start_blocking().coverage();
    /// all.merge(&fake_apiserver::FakeApiServer::start_blocking().coverage());
    /// ```
    pub fn merge(&mut self, other: &Coverage) {
        for (pair, count) in &other.met {
            self.add(pair.clone(), *count);
        }
    }

    /// The counts by operation and code, how much of what is documented that is, and what is missing.
    ///
    /// ```
    /// let json = fake_apiserver::Coverage::default().to_json();
    /// assert_eq!(json["met"], 0);
    /// ```
    pub fn to_json(&self) -> Value {
        let mut operations = json!({});
        for ((operation, code), count) in &self.met {
            operations[operation][code.to_string()] = json!(count);
        }
        let (missing, documented) = (self.missing(), documented().len());
        json!({
            "documented": documented,
            "met": documented - missing.len(),
            "operations": operations,
            "missing": missing,
        })
    }

    fn is_empty(&self) -> bool {
        self.met.is_empty()
    }

    /// The operations of a table: what is documented, then what else was met.
    fn rows(&self) -> Vec<String> {
        let mut rows: Vec<String> = documented::operations()
            .iter()
            .map(Operation::to_string)
            .collect();
        for (operation, _) in self.met.keys() {
            if !rows.contains(operation) {
                rows.push(operation.clone());
            }
        }
        rows
    }

    /// The codes of a table.
    fn columns(&self) -> Vec<u16> {
        let met = self.met.keys().map(|(_, code)| *code);
        let mut columns: Vec<u16> = documented::codes().chain(met).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Every cell of a row.
    fn cells(&self, operation: &str, documented: &[(String, u16)]) -> Vec<Cell> {
        let cell = |code| {
            let pair = (operation.to_owned(), code);
            match (self.met.get(&pair), documented.contains(&pair)) {
                (Some(count), true) => Cell::Met(*count),
                (Some(count), false) => Cell::Extra(*count),
                (None, true) => Cell::Missing,
                (None, false) => Cell::Blank,
            }
        };
        self.columns().into_iter().map(cell).collect()
    }
}

/// What there is to say of one operation and one code.
#[derive(Clone, Copy)]
enum Cell {
    Met(u64),
    /// Met, though not documented.
    Extra(u64),
    Missing,
    Blank,
}

/// Every pair that is to be met, by operation.
fn documented() -> Vec<(String, u16)> {
    pairs(documented::operations())
}

/// The documented pairs of these operations.
fn pairs(operations: Vec<Operation>) -> Vec<(String, u16)> {
    let mut pairs = Vec::new();
    for operation in operations {
        let given = documented::codes().filter(|code| documented::gives(&operation, *code));
        pairs.extend(given.map(|code| (operation.to_string(), code)));
    }
    pairs
}

/// Whether somebody who says `asked` means the operation of this name: by its name, or by its verb alone.
fn is_meant(asked: &str, name: &str) -> bool {
    asked == name || name.rsplit_once(' ').is_some_and(|(verb, _)| verb == asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn met(pairs: &[(&str, u16, u64)]) -> Coverage {
        let met = pairs
            .iter()
            .map(|(operation, code, count)| (((*operation).to_owned(), *code), *count));
        Coverage { met: met.collect() }
    }

    #[test]
    fn a_verb_alone_means_any_resource() {
        let coverage = met(&[
            ("update endpoints", 409, 2),
            ("update namespaces", 409, 1),
            ("list all endpoints", 200, 1),
        ]);
        assert_eq!(coverage.count("update", 409), 3);
        assert_eq!(coverage.count("update endpoints", 409), 2);
        assert_eq!(
            (coverage.count("list all", 200), coverage.count("list", 200)),
            (1, 0)
        );
    }

    #[test]
    fn what_was_met_is_not_missing() {
        let none = Coverage::default().missing();
        let coverage = met(&[("update endpoints", 409, 1), ("get secrets", 200, 1)]);
        let missing = coverage.missing();
        assert_eq!(missing.len() + 1, none.len());
        assert!(!missing.contains(&("update endpoints".to_owned(), 409)));
        assert_eq!(coverage.to_json()["met"], 1);
    }

    #[test]
    fn merging_adds() {
        let mut coverage = met(&[("get endpoints", 200, 1)]);
        coverage.merge(&met(&[
            ("get endpoints", 200, 2),
            ("get endpoints", 404, 1),
        ]));
        assert_eq!(
            coverage,
            met(&[("get endpoints", 200, 3), ("get endpoints", 404, 1)])
        );
    }
}
