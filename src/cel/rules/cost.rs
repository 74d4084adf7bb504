//! What the rules of a definition cost together.

use crate::status::field::FieldError;

/// What one expression may cost.
pub(super) const EXPRESSION_LIMIT: u64 = 10_000_000;
/// What all expressions of a schema may cost.
const SCHEMA_LIMIT: u64 = 100_000_000;
/// How many of the most expensive rules are told of.
const TOLD: usize = 4;

/// The cost so far.
#[derive(Debug, Default)]
pub(super) struct TotalCost {
    total: u64,
    most_expensive: Vec<(String, u64)>,
}

impl TotalCost {
    pub(super) fn add(&mut self, path: &str, cost: u64) {
        self.total = self.total.saturating_add(cost);
        if cost < SCHEMA_LIMIT / 100 {
            return;
        }
        self.most_expensive.push((path.to_owned(), cost));
        self.most_expensive.sort_by(|(_, a), (_, b)| b.cmp(a));
        self.most_expensive.truncate(TOLD);
    }

    /// What is wrong with the whole, if it costs too much.
    pub(super) fn errors(&self, path: &str) -> Vec<FieldError> {
        if self.total <= SCHEMA_LIMIT {
            return Vec::new();
        }
        let contributed = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        let whole =
            "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        self.most_expensive
            .iter()
            .map(|(path, _)| FieldError::forbidden(path.as_str(), contributed))
            .chain([FieldError::forbidden(
                path,
                message(whole, self.total, SCHEMA_LIMIT),
            )])
            .collect()
    }
}

/// That something costs too much, and by how much.
#[expect(
    clippy::cast_precision_loss,
    reason = "upstream divides in floating point"
)]
pub(super) fn message(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}
