//! What evaluations may cost.

use std::fmt;

/// What one evaluation may cost.
pub(crate) const PER_CALL_LIMIT: u64 = 1_000_000;

/// What the evaluations about one object may cost together.
pub(crate) const RUNTIME_COST_BUDGET: i64 = 10_000_000;

/// What is left for further evaluations; negative when it is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    remaining: i64,
}

impl Budget {
    /// So much to spend.
    pub(crate) fn new(cost: i64) -> Self {
        Budget { remaining: cost }
    }

    /// What is left.
    pub(crate) fn remaining(&self) -> i64 {
        self.remaining
    }

    /// Nothing more is evaluated.
    pub(crate) fn exhaust(&mut self) {
        self.remaining = -1;
    }

    /// Takes the cost, if there is so much left.
    pub(crate) fn charge(&mut self, cost: u64) -> Result<(), EvaluationError> {
        match i64::try_from(cost) {
            Ok(cost) if cost <= self.remaining => {
                self.remaining -= cost;
                Ok(())
            }
            _ => {
                self.exhaust();
                Err(EvaluationError::OutOfBudget)
            }
        }
    }
}

/// Why an evaluation gave no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EvaluationError {
    /// The expression failed: `no such key: x`.
    Failed(String),
    /// It cost more than one evaluation may.
    CostLimit,
    /// It cost more than was left.
    OutOfBudget,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvaluationError::Failed(message) => f.write_str(message),
            EvaluationError::CostLimit => {
                f.write_str("operation cancelled: actual cost limit exceeded")
            }
            EvaluationError::OutOfBudget => f.write_str(
                "validation failed due to running out of cost budget, no further validation rules will be run",
            ),
        }
    }
}

impl std::error::Error for EvaluationError {}
