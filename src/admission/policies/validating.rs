//! ValidatingAdmissionPolicy: what must be true of an object.

use serde_json::Value;

use super::{Compiled, Invocation, Misfit, Policy, invocations, is_excluded, namespace_of};
use crate::admission::conditions::Matched;
use crate::admission::inputs::{Inputs, evaluate};
use crate::admission::{Asked, Attributes};
use crate::cel::{Budget, CelValue, EvaluationError, RUNTIME_COST_BUDGET};
use crate::registry::admissionregistration::expressions::{Compiler, Gives, Names};
use crate::registry::validation::read::text_at;
use crate::response::Warnings;
use crate::status::{Cause, Status};

/// How long a message that an expression makes may be, in bytes.
const MAX_MESSAGE: usize = 5 * 1024;

/// One thing that must be true.
#[derive(Debug)]
pub(super) struct Validation {
    rule: Compiled,
    message: String,
    reason: String,
    message_expression: Option<Compiled>,
}

impl Validation {
    pub(super) fn new(compiler: &Compiler, names: Names, validation: &Value) -> Self {
        let text = |field| text_at(validation, field);
        let message = text("messageExpression");
        let message_names = Names {
            authorizer: false,
            ..names
        };
        Validation {
            rule: Compiled::new(compiler, text("expression"), names, Gives::Bool),
            message: text("message").trim().to_owned(),
            reason: text("reason").to_owned(),
            message_expression: (!message.is_empty())
                .then(|| Compiled::new(compiler, message, message_names, Gives::Text)),
        }
    }
}

/// Why a write is denied.
struct Denial {
    /// Empty for the usual one.
    reason: String,
    message: String,
}

/// Asks every policy that a write concerns; the first to deny it is heard.
pub(crate) fn validate(
    asked: &Asked<'_>,
    write: &Attributes<'_>,
    object: Option<&Value>,
    told: &mut Warnings,
) -> Result<(), Status> {
    let policies = &asked.acting.validating_policies;
    if policies.is_empty() || is_excluded(write) {
        return Ok(());
    }
    let mut first: Option<Status> = None;
    let mut deny = |policy: &Policy, binding: Option<&str>, denial: &Denial| {
        if first.is_none() {
            first = Some(denied(write, object, policy, binding, denial));
        }
    };
    for invocation in invocations(policies, write, object) {
        let invocation = match invocation {
            Ok(invocation) => invocation,
            Err(misfit) => {
                if !misfit.policy.fails_open {
                    let Misfit {
                        policy, binding, ..
                    } = misfit;
                    let denial = Denial {
                        reason: String::new(),
                        message: misfit.message(),
                    };
                    deny(policy, binding.map(|binding| &*binding.name), &denial);
                }
                continue;
            }
        };
        let namespace = namespace_of(write)?;
        let (policy, binding) = (invocation.policy, invocation.binding);
        let (denials, always) = decide(&invocation, write, object, namespace.as_deref());
        for denial in &denials {
            let Denial { message, .. } = denial;
            let (by, with) = (&policy.name, &binding.name);
            for action in &binding.actions {
                match action.as_str() {
                    "Deny" => deny(policy, Some(&binding.name), denial),
                    "Warn" => told.extend([format!(
                        "Validation failed for ValidatingAdmissionPolicy '{by}' with binding '{with}': {message}"
                    )]),
                    _ => tracing::info!(
                        "audit: ValidatingAdmissionPolicy '{by}' with binding '{with}': {message}"
                    ),
                }
            }
        }
        for denial in &always {
            deny(policy, Some(&binding.name), denial);
        }
    }
    first.map_or(Ok(()), Err)
}

/// The refusal of a policy.
fn denied(
    write: &Attributes<'_>,
    object: Option<&Value>,
    policy: &Policy,
    binding: Option<&str>,
    denial: &Denial,
) -> Status {
    let (name, message) = (&policy.name, &denial.message);
    let message = match binding {
        Some(binding) => format!(
            "ValidatingAdmissionPolicy '{name}' with binding '{binding}' denied request: {message}"
        ),
        None => format!("ValidatingAdmissionPolicy '{name}' denied request: {message}"),
    };
    let mut status = write.forbidden(object, &message);
    let reason = match denial.reason.as_str() {
        "" => "Invalid",
        reason => reason,
    };
    status.code = match reason {
        "Forbidden" => 403,
        "Unauthorized" => 401,
        "RequestEntityTooLarge" => 413,
        _ => 422,
    };
    status.reason = reason.to_owned().into();
    status.details.get_or_insert_default().causes.push(Cause {
        reason: String::new(),
        message,
        field: String::new(),
    });
    status
}

/// What one policy finds: what its bindings have a say in, and what is denied whatever they say.
fn decide(
    invocation: &Invocation<'_>,
    write: &Attributes<'_>,
    object: Option<&Value>,
    namespace: Option<&Value>,
) -> (Vec<Denial>, Vec<Denial>) {
    let policy = invocation.policy;
    let failed = |message: String| match policy.fails_open {
        true => Vec::new(),
        false => vec![Denial {
            reason: String::new(),
            message,
        }],
    };
    let inputs = Inputs::new(write, &invocation.view, object);
    let inputs = inputs.of_policy(invocation.param.as_deref(), namespace, &policy.variables);
    match policy.conditions.evaluate(&inputs) {
        Matched::Yes => {}
        Matched::No => return (Vec::new(), Vec::new()),
        Matched::Error(why) => return (failed(why), Vec::new()),
    }
    match validations(policy, &inputs) {
        Err(why) => (failed(why), Vec::new()),
        Ok(denials) => match annotate(policy, &inputs) {
            Err(why) => (failed(why), Vec::new()),
            Ok(always) => (denials, always),
        },
    }
}

/// The error is about all of them.
fn validations(policy: &Policy, inputs: &Inputs<'_>) -> Result<Vec<Denial>, String> {
    let mut budget = Budget::new(RUNTIME_COST_BUDGET);
    let activation = inputs.activation();
    let mut results = Vec::new();
    for validation in &policy.validations {
        let rule = &validation.rule;
        match evaluate(&rule.text, &rule.program, &activation, &mut budget) {
            Err((EvaluationError::OutOfBudget, why)) => return Err(why),
            result => results.push((validation, result.map_err(|(_, why)| why))),
        }
    }
    let activation = inputs.activation();
    let mut spent = None;
    let mut messages = Vec::new();
    for validation in &policy.validations {
        let message = validation.message_expression.as_ref();
        let message = message.filter(|_| spent.is_none());
        let message = message.map(|expression| {
            evaluate(
                &expression.text,
                &expression.program,
                &activation,
                &mut budget,
            )
        });
        if let Some(Err((EvaluationError::OutOfBudget, why))) = &message {
            spent = Some(why.clone());
        }
        messages.push(message.and_then(Result::ok));
    }
    let mut denials = Vec::new();
    for ((validation, result), message) in results.into_iter().zip(messages) {
        let failure = match (&result, &spent) {
            (Err(why), _) => Some(why.clone()),
            (Ok(_), Some(why)) => Some(format!("failed messageExpression: {why}")),
            _ => None,
        };
        match (failure, result) {
            (Some(_), _) if policy.fails_open => {}
            (Some(message), _) => denials.push(Denial {
                reason: String::new(),
                message,
            }),
            (None, Ok(CelValue::Bool(true))) => {}
            (None, _) => denials.push(Denial {
                reason: validation.reason.clone(),
                message: validation.told(message.as_ref()),
            }),
        }
    }
    Ok(denials)
}

impl Validation {
    /// What is said of an object of which it is not true.
    fn told(&self, made: Option<&CelValue>) -> String {
        let made = match made {
            Some(CelValue::String(text)) => text.trim(),
            _ => "",
        };
        if !made.is_empty() && made.len() <= MAX_MESSAGE && !made.contains('\n') {
            return made.to_owned();
        }
        if !self.message.is_empty() {
            return self.message.clone();
        }
        format!("failed expression: {}", self.rule.text.trim())
    }
}

/// What goes to the audit log, of which there is none here; what cannot be made up for it is denied.
fn annotate(policy: &Policy, inputs: &Inputs<'_>) -> Result<Vec<Denial>, String> {
    let mut budget = Budget::new(RUNTIME_COST_BUDGET);
    let activation = inputs.activation();
    let mut always = Vec::new();
    for (key, expression) in &policy.annotations {
        let text = &expression.text;
        let message = match evaluate(text, &expression.program, &activation, &mut budget) {
            Err((EvaluationError::OutOfBudget, why)) => return Err(why),
            Err(_) if policy.fails_open => continue,
            Err((_, why)) => why,
            Ok(CelValue::Null) => continue,
            Ok(CelValue::String(value)) => {
                tracing::info!("audit: {}/{key}: {}", policy.name, value.trim());
                continue;
            }
            Ok(other) => format!(
                "valueExpression '{text}' resulted in unsupported return type: {}. Return type must be either string \
                 or null.",
                other.type_of().name()
            ),
        };
        always.push(Denial {
            reason: String::new(),
            message,
        });
    }
    Ok(always)
}
