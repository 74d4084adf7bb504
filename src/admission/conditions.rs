//! `matchConditions`: expressions that decide whether somebody is asked.

use serde_json::Value;

#[cfg(feature = "cel")]
use super::inputs::{self, Inputs};
#[cfg(feature = "cel")]
use crate::cel::{Budget, CelValue, EvaluationError, Program};
#[cfg(feature = "cel")]
use crate::registry::admissionregistration::expressions::Gives;
use crate::registry::admissionregistration::expressions::{Compiler, Names};
#[cfg(feature = "cel")]
use crate::registry::validation::read::text_at;

/// What the conditions of one webhook or policy may cost.
#[cfg(feature = "cel")]
const BUDGET: i64 = crate::cel::RUNTIME_COST_BUDGET / 4;

/// The conditions of a webhook or a policy.
#[derive(Debug)]
pub(super) struct Conditions {
    #[cfg(feature = "cel")]
    all: Vec<(String, Result<Program, String>)>,
    #[cfg(feature = "cel")]
    fails_open: bool,
    count: usize,
}

/// What became of conditions.
#[cfg_attr(
    not(feature = "cel"),
    expect(dead_code, reason = "no expression can be evaluated")
)]
pub(super) enum Matched {
    Yes,
    No,
    Error(String),
}

impl Conditions {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(not(feature = "cel"))]
impl Conditions {
    /// None can be stored.
    pub(super) fn new(
        _compiler: &Compiler,
        _names: Names,
        conditions: &[Value],
        _fails_open: bool,
    ) -> Self {
        Conditions {
            count: conditions.len(),
        }
    }
}

#[cfg(feature = "cel")]
impl Conditions {
    pub(super) fn new(
        compiler: &Compiler,
        names: Names,
        conditions: &[Value],
        fails_open: bool,
    ) -> Self {
        let compiled = |condition: &Value| {
            let text = text_at(condition, "expression").trim();
            let program = compiler.compile(text, names, Gives::Bool);
            (text.to_owned(), program)
        };
        Conditions {
            all: conditions.iter().map(compiled).collect(),
            fails_open,
            count: conditions.len(),
        }
    }

    /// `Matcher.Match`.
    pub(super) fn evaluate(&self, inputs: &Inputs<'_>) -> Matched {
        if self.is_empty() {
            return Matched::Yes;
        }
        let activation = inputs.activation();
        let mut budget = Budget::new(BUDGET);
        let mut results = Vec::new();
        for (text, program) in &self.all {
            let result = inputs::evaluate(text, program, &activation, &mut budget);
            match result {
                Err((EvaluationError::OutOfBudget, why)) => return self.failed(why),
                result => results.push(result.map_err(|(_, why)| why)),
            }
        }
        let mut errors = Vec::new();
        for result in results {
            match result {
                Ok(CelValue::Bool(false)) => return Matched::No,
                Ok(_) => {}
                Err(why) => errors.push(why),
            }
        }
        match errors.as_slice() {
            [] => Matched::Yes,
            [one] => self.failed(one.clone()),
            several => self.failed(format!("[{}]", several.join(", "))),
        }
    }

    fn failed(&self, why: String) -> Matched {
        match self.fails_open {
            true => Matched::No,
            false => Matched::Error(why),
        }
    }
}
