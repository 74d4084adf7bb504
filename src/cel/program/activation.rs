//! The values of variables.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::Program;
use crate::cel::budget::{Budget, EvaluationError};
use crate::cel::value::CelValue;
use crate::cel::value::authorization::Authorizer;

/// A variable of a policy: `variables.NAME`.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// How it is evaluated, or why it cannot be.
    pub(crate) program: Result<Program, String>,
}

/// What the variables of an expression stand for.
#[derive(Default)]
pub(crate) struct Activation<'a> {
    values: BTreeMap<String, CelValue>,
    authorizer: Option<&'a dyn Authorizer>,
    variables: &'a [Variable],
    evaluated: RefCell<BTreeMap<String, Result<CelValue, String>>>,
    /// What the variables evaluated so far cost, as far as no budget was charged for it.
    cost: Cell<u64>,
}

impl<'a> Activation<'a> {
    /// No variables.
    pub(crate) fn new() -> Self {
        Activation::default()
    }

    /// With this value too.
    pub(crate) fn bind(mut self, name: &str, value: CelValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Who answers `authorizer.….check(…)`.
    pub(crate) fn authorizer(mut self, authorizer: &'a dyn Authorizer) -> Self {
        self.authorizer = Some(authorizer);
        self
    }

    /// With the variables of a policy, as `variables.NAME`; each may use those before it.
    pub(crate) fn variables(mut self, variables: &'a [Variable]) -> Self {
        self.variables = variables;
        self.values
            .insert("variables".to_owned(), CelValue::Variables);
        self
    }

    pub(super) fn get(&self, name: &str) -> Option<&CelValue> {
        self.values.get(name.strip_prefix('.').unwrap_or(name))
    }

    pub(super) fn authorizer_of(&self) -> Option<&'a dyn Authorizer> {
        self.authorizer
    }

    /// What was spent on variables since this was last asked.
    pub(super) fn take_cost(&self) -> u64 {
        self.cost.take()
    }

    /// The value of `variables.NAME`, if there is such a variable.
    pub(super) fn variable(&self, name: &str) -> Option<Result<CelValue, String>> {
        if let Some(known) = self.evaluated.borrow().get(name) {
            return Some(known.clone());
        }
        let variable = self
            .variables
            .iter()
            .find(|variable| variable.name == name)?;
        let value = match &variable.program {
            Err(message) => Err(format!(
                "composited variable {name:?} fails to compile: {message}"
            )),
            Ok(program) => self.evaluate(name, program),
        };
        self.evaluated
            .borrow_mut()
            .insert(name.to_owned(), value.clone());
        Some(value)
    }

    fn evaluate(&self, name: &str, program: &Program) -> Result<CelValue, String> {
        let mut everything = Budget::new(i64::MAX);
        let result = program.evaluate(self, &mut everything);
        let cost = u64::try_from(i64::MAX - everything.remaining()).unwrap_or(u64::MAX);
        self.cost.set(self.cost.get().saturating_add(cost));
        result.map_err(|error: EvaluationError| {
            format!("composited variable {name:?} fails to evaluate: {error}")
        })
    }
}
