//! What a validation found: `validate.Result`.

use std::collections::BTreeSet;

use crate::status::field::{FieldError, MAX_ERRORS_SIZE};

/// What was found, and how many checks passed: of the alternatives of `anyOf` and `oneOf` the one that passed most is
/// told of.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    findings: Vec<Finding>,
    /// The texts of these, each of which is told once.
    texts: BTreeSet<String>,
    size: usize,
    is_invalid: bool,
    pub(super) passed: usize,
}

/// An error of kube-openapi: the text it goes by, and what becomes of it.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) text: String,
    pub(super) error: FieldError,
}

impl Outcome {
    pub(super) fn is_valid(&self) -> bool {
        !self.is_invalid
    }

    /// One more check passed, or went as far as it could.
    pub(super) fn pass(&mut self) {
        self.passed += 1;
    }

    /// Takes an error that is not there yet. Those that no answer would tell of any more are counted out.
    pub(super) fn add(&mut self, finding: Finding) {
        self.is_invalid = true;
        if self.size > MAX_ERRORS_SIZE || self.texts.contains(&finding.text) {
            return;
        }
        self.size += finding.text.len() + finding.error.field.len();
        self.texts.insert(finding.text.clone());
        self.findings.push(finding);
    }

    pub(super) fn merge(&mut self, other: Outcome) {
        self.passed += other.passed;
        self.is_invalid |= other.is_invalid;
        if self.findings.is_empty() {
            self.findings = other.findings;
            self.texts = other.texts;
            self.size = other.size;
            return;
        }
        other
            .findings
            .into_iter()
            .for_each(|finding| self.add(finding));
    }

    /// The same with nothing against it.
    pub(super) fn forgiven(self) -> Outcome {
        Outcome {
            passed: self.passed,
            ..Outcome::default()
        }
    }

    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.findings
            .into_iter()
            .map(|finding| finding.error)
            .collect()
    }
}

impl From<Finding> for Outcome {
    fn from(finding: Finding) -> Self {
        let mut outcome = Outcome::default();
        outcome.add(finding);
        outcome
    }
}
