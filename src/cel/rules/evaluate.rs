//! The rules of one node, evaluated for one value.

use serde_json::Value;

use super::compile::Compiled;
use super::correlate::Ratcheting;
use super::data;
use super::node::Node;
use crate::cel::budget::{Budget, EvaluationError};
use crate::cel::program::{Activation, Program};
use crate::cel::value::CelValue;
use crate::codec::quote::quote;
use crate::status::field::FieldError;

/// The longest message that an expression may give, in bytes.
const MAX_MESSAGE: usize = 5 * 1024;

const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// What rules said so far.
#[derive(Debug, Default)]
pub(crate) struct Validation {
    pub(crate) errors: Vec<FieldError>,
    /// What is wrong with values that did not change.
    pub(crate) warnings: Vec<FieldError>,
}

/// A value and what goes with it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) value: &'a Value,
    pub(super) old: Option<&'a Value>,
    pub(super) node: Node<'a>,
    pub(super) is_root: bool,
    pub(super) ratcheting: Ratcheting<'a>,
}

impl Subject<'_> {
    fn activations(&self, with_old: bool) -> (Activation<'static>, Activation<'static>) {
        let see = |value: &Value| data::value(value, self.node, self.is_root);
        let new = see(self.value);
        let bind = || Activation::new().bind("self", new.clone());
        if !with_old {
            return (bind(), bind());
        }
        match self.old.map(see) {
            Some(old) => (
                bind().bind("oldSelf", old.clone()),
                bind().bind("oldSelf", CelValue::some(old)),
            ),
            None => (bind(), bind().bind("oldSelf", CelValue::none())),
        }
    }

    fn shown_type(&self) -> String {
        quote(self.node.ty())
    }
}

/// Evaluates the rules; nothing more is when the budget is spent.
pub(super) fn evaluate(
    rules: &[Compiled],
    subject: Subject<'_>,
    path: &str,
    budget: &mut Budget,
    validation: &mut Validation,
) {
    if rules.is_empty() {
        return;
    }
    let shown = subject.shown_type();
    if budget.remaining() <= 0 {
        budget.exhaust();
        let error = FieldError::invalid_shown(place(path, ""), shown.as_str(), OUT_OF_BUDGET);
        validation.errors.push(error);
        return;
    }
    let with_old = rules.iter().any(|rule| rule.uses_old_self);
    let (plain, optional) = subject.activations(with_old);
    for rule in rules {
        let is_optional = rule.rule.optional_old_self == Some(true);
        if rule.uses_old_self && subject.old.is_none() && !is_optional {
            continue;
        }
        let activation = if is_optional { &optional } else { &plain };
        match holds(rule, activation, budget) {
            Ok(true) => {}
            Ok(false) => {
                let spent = broken(rule, subject, &plain, path, budget, validation);
                if spent {
                    return;
                }
            }
            Err((why, is_last)) => {
                let error = FieldError::invalid_shown(place(path, ""), shown.as_str(), why);
                validation.errors.push(error);
                if is_last {
                    budget.exhaust();
                    return;
                }
            }
        }
    }
}

/// Whether the rule holds, or why that cannot be told and whether nothing more is to be evaluated.
fn holds(
    rule: &Compiled,
    activation: &Activation<'_>,
    budget: &mut Budget,
) -> Result<bool, (String, bool)> {
    let program = match &rule.program {
        None => return Ok(true),
        Some(Err(why)) => return Err((format!("rule compile error: {why}"), false)),
        Some(Ok(program)) => program,
    };
    let shown = rule.rule.shown();
    match program.evaluate(activation, budget) {
        Ok(CelValue::Bool(true)) => Ok(true),
        Ok(_) => Ok(false),
        Err(EvaluationError::OutOfBudget) => Err((OUT_OF_BUDGET.to_owned(), true)),
        Err(error @ EvaluationError::CostLimit) => Err((
            format!(
                "'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
            ),
            true,
        )),
        Err(EvaluationError::Failed(why)) if why.starts_with("no such overload") => Err((
            format!(
                "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
            ),
            false,
        )),
        Err(EvaluationError::Failed(why)) => {
            Err((format!("{why} evaluating rule: {shown}"), false))
        }
    }
}

/// Tells of a rule that does not hold, and whether the budget is spent.
fn broken(
    rule: &Compiled,
    subject: Subject<'_>,
    activation: &Activation<'_>,
    path: &str,
    budget: &mut Budget,
    validation: &mut Validation,
) -> bool {
    let place = place(path, &rule.field_path);
    let forgiven = !rule.uses_old_self && subject.ratcheting.forgives();
    let mut tell = |error: FieldError| {
        if forgiven {
            validation.warnings.push(error);
        } else {
            validation.errors.push(error);
        }
    };
    let mut detail = rule.rule.message_or_default();
    if let Some(Ok(message)) = &rule.message {
        match evaluate_message(message, &rule.rule.message_expression, activation, budget) {
            Ok(Some(text)) => detail = text,
            Ok(None) => {}
            Err(why) => {
                tell(FieldError::invalid_shown(place, subject.shown_type(), why));
                budget.exhaust();
                return true;
            }
        }
    }
    let is_scalar = !matches!(subject.node.ty(), "object" | "array");
    let value = if is_scalar {
        crate::status::field::show(subject.value)
    } else {
        String::new()
    };
    tell(match rule.rule.reason.as_deref() {
        Some("FieldValueForbidden") => FieldError::forbidden(place, detail),
        Some("FieldValueRequired") => FieldError::required(place, detail),
        Some("FieldValueDuplicate") => FieldError::duplicate_shown(place, value),
        _ => FieldError::invalid_shown(place, value, detail),
    });
    false
}

/// The message, nothing if the expression gives none, or that the budget is spent.
fn evaluate_message(
    message: &Program,
    text: &str,
    activation: &Activation<'_>,
    budget: &mut Budget,
) -> Result<Option<String>, String> {
    match message.evaluate(activation, budget) {
        Ok(CelValue::String(message)) => {
            let message = message.trim();
            let fine =
                !message.is_empty() && message.len() <= MAX_MESSAGE && !message.contains('\n');
            Ok(fine.then(|| message.to_owned()))
        }
        Ok(_) | Err(EvaluationError::Failed(_)) => Ok(None),
        Err(EvaluationError::OutOfBudget) => Err(
            "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run"
                .to_owned(),
        ),
        Err(EvaluationError::CostLimit) => Err(format!(
            "no further validation rules will be run due to call cost exceeds limit for messageExpression: {}",
            quote(text)
        )),
    }
}

/// The path of a value, and of a field below it.
fn place(path: &str, field: &str) -> String {
    match (path.is_empty(), field.is_empty()) {
        (true, true) => "<nil>".to_owned(),
        (true, false) => field.to_owned(),
        (false, true) => path.to_owned(),
        (false, false) => format!("{path}.{field}"),
    }
}
