//! Expressions compiled, ready to be evaluated.

mod activation;
mod evaluate;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use regex::Regex;

pub(crate) use activation::{Activation, Variable};

use super::ast::{Expr, Kind};
use super::budget::{Budget, EvaluationError, PER_CALL_LIMIT};
use super::check::{Checked, Reference, check};
use super::environment::Environment;
use super::library::{self, Function, regexes};
use super::operators as op;
use super::parse::parse;
use super::source::{CompileError as SourceError, Issues};
use super::types::Type;
use super::validators;
use super::value::CelValue;
use evaluate::{Evaluator, Stop};

/// Why an expression cannot be compiled; displays as cel-go says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CompileError {
    /// It cannot be read, or its types do not fit.
    Source(SourceError),
    /// A part of it that is always the same fails.
    Instantiation(String),
}

impl CompileError {
    /// What apiserver says of it: `compilation failed: …`.
    pub(crate) fn detail(&self) -> String {
        match self {
            CompileError::Source(_) => format!("compilation failed: {self}"),
            CompileError::Instantiation(_) => format!("program instantiation failed: {self}"),
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Source(error) => error.fmt(f),
            CompileError::Instantiation(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for CompileError {}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    checked: Checked,
    plan: Plan,
}

/// What is known of each part before it is evaluated, by its id.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The values of parts that are always the same.
    pub(super) constants: Vec<Option<CelValue>>,
    pub(super) functions: Vec<Option<Function>>,
    /// The patterns that calls have as constants.
    pub(super) patterns: BTreeMap<usize, Regex>,
}

impl Program {
    /// Compiles an expression against what it may name.
    pub(crate) fn compile(text: &str, environment: &Environment) -> Result<Program, CompileError> {
        let tree = parse(text).map_err(CompileError::Source)?;
        let (checked, mut issues) = check(tree, environment, Issues::new(text));
        if issues.is_empty() {
            validators::validate(&checked, &mut issues);
        }
        issues.or(()).map_err(CompileError::Source)?;
        let mut plan = Plan {
            constants: vec![None; checked.types.len()],
            functions: vec![None; checked.types.len()],
            patterns: BTreeMap::new(),
        };
        plan.expr(&checked, &checked.root)
            .map_err(CompileError::Instantiation)?;
        Ok(Program {
            inner: Arc::new(Inner { checked, plan }),
        })
    }

    /// The type of what it gives.
    pub(crate) fn output_type(&self) -> &Type {
        self.checked().type_of(&self.checked().root)
    }

    /// Evaluates it, and charges what that and the variables it asked for cost.
    pub(crate) fn evaluate(
        &self,
        activation: &Activation<'_>,
        budget: &mut Budget,
    ) -> Result<CelValue, EvaluationError> {
        let mut evaluator = Evaluator::new(
            &self.inner.checked,
            &self.inner.plan,
            activation,
            PER_CALL_LIMIT,
        );
        let result = evaluator.root();
        budget.charge(activation.take_cost())?;
        budget.charge(evaluator.cost())?;
        result.map_err(|stop| match stop {
            Stop::Error(message) => EvaluationError::Failed(message),
            Stop::Limit => EvaluationError::CostLimit,
        })
    }

    /// Whether it names this variable.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        names(&self.checked().root, variable)
    }

    pub(super) fn checked(&self) -> &Checked {
        &self.inner.checked
    }
}

fn names(expr: &Expr, variable: &str) -> bool {
    matches!(&expr.kind, Kind::Ident(name) if name == variable)
        || expr
            .children()
            .into_iter()
            .any(|child| names(child, variable))
}

impl Plan {
    fn expr(&mut self, checked: &Checked, expr: &Expr) -> Result<(), String> {
        for child in expr.children() {
            self.expr(checked, child)?;
        }
        if let Kind::Call {
            function,
            target,
            args,
        } = &expr.kind
        {
            self.functions[expr.id] = library::find(function);
            let pattern = args.get(usize::from(target.is_none()));
            self.pattern(expr, function, pattern)?;
        }
        self.constants[expr.id] = self.constant(checked, expr)?;
        Ok(())
    }

    fn pattern(&mut self, call: &Expr, function: &str, arg: Option<&Expr>) -> Result<(), String> {
        if !regexes::takes_pattern(function) {
            return Ok(());
        }
        if let Some(CelValue::String(pattern)) = arg.and_then(|arg| self.known(arg)) {
            self.patterns.insert(call.id, regexes::compile(&pattern)?);
        }
        Ok(())
    }

    fn known(&self, expr: &Expr) -> Option<CelValue> {
        self.constants[expr.id].clone()
    }

    fn constant(&self, checked: &Checked, expr: &Expr) -> Result<Option<CelValue>, String> {
        let all_known = expr
            .children()
            .iter()
            .all(|child| self.constants[child.id].is_some());
        Ok(match &expr.kind {
            Kind::Literal(value) => Some(value.clone()),
            Kind::Ident(_) => match &checked.references[expr.id] {
                Reference::Constant(ty) => Some(CelValue::Type(ty.clone())),
                _ => None,
            },
            Kind::List(elements) if all_known && !elements.iter().any(|e| e.optional) => {
                let items = elements.iter().filter_map(|e| self.known(&e.value));
                Some(CelValue::list(items.collect()))
            }
            Kind::Map(entries) if all_known && !entries.iter().any(|e| e.optional) => {
                let pairs = entries
                    .iter()
                    .filter_map(|e| Some((self.known(&e.key)?, self.known(&e.value)?)));
                evaluate::make_map(pairs).ok()
            }
            Kind::Call {
                function,
                target: None,
                args,
            } if all_known && is_conversion(function) && args.len() == 1 => {
                match (self.functions[expr.id], self.known(&args[0])) {
                    (Some(implementation), Some(arg)) => {
                        Some(implementation(&[arg]).map_err(|failure| failure.message(function))?)
                    }
                    _ => None,
                }
            }
            Kind::Call { function, args, .. } if function == "@in" => {
                self.in_nothing(checked, expr, args)
            }
            _ => None,
        })
    }

    /// Nothing is in an empty list.
    fn in_nothing(&self, checked: &Checked, expr: &Expr, args: &[Expr]) -> Option<CelValue> {
        let [overload] = checked.overloads(expr) else {
            return None;
        };
        match self.known(args.get(1)?)? {
            CelValue::List(list) if overload.id == "in_list" && list.items.is_empty() => {
                Some(CelValue::Bool(false))
            }
            _ => None,
        }
    }
}

fn is_conversion(function: &str) -> bool {
    matches!(
        function,
        "bool"
            | "bytes"
            | "double"
            | "duration"
            | "dyn"
            | "int"
            | "string"
            | "timestamp"
            | "type"
            | "uint"
    )
}

/// Whether the operator is resolved as a path through data: its cost is that of its steps.
pub(super) fn is_path_operator(function: &str) -> bool {
    matches!(
        function,
        op::INDEX | op::OPTIONAL_INDEX | op::OPTIONAL_SELECT | op::CONDITIONAL
    )
}
