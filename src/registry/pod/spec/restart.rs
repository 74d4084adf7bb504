//! When a container starts again: `validateContainerRestartPolicy`.

use serde_json::Value;

use crate::registry::pod::errors::Errors;
use crate::registry::pod::read::{is_set, list, member, text};
use crate::status::field::FieldError;

const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;

pub(super) fn validate(container: &Value, path: &str, errors: &mut Errors) {
    let rules = list(container, "restartPolicyRules");
    match member(container, "restartPolicy") {
        None if rules.is_empty() => return,
        None => {
            let detail = "must specify restartPolicy when restart rules are used";
            errors.required(format_args!("{path}.restartPolicy"), detail);
            // An init container without a policy is not looked at any further.
            if path.contains(".initContainers[") {
                return;
            }
        }
        policy => errors.one_of(
            format_args!("{path}.restartPolicy"),
            policy,
            &["Always", "Never", "OnFailure"],
        ),
    }
    if rules.len() > MAX_RULES {
        let at = format!("{path}.restartPolicyRules");
        errors.push(FieldError::too_many(at, rules.len(), MAX_RULES));
    }
    for (i, rule) in rules.iter().enumerate() {
        validate_rule(rule, &format!("{path}.restartPolicyRules[{i}]"), errors);
    }
}

fn validate_rule(rule: &Value, path: &str, errors: &mut Errors) {
    let actions = ["Restart", "RestartAllContainers"];
    if !actions.contains(&text(rule, "action")) {
        errors.not_supported(
            format_args!("{path}.action"),
            text(rule, "action"),
            &actions,
        );
    }
    if !is_set(rule, "exitCodes") {
        return errors.required(format_args!("{path}.exitCodes"), "must be specified");
    }
    let codes = &rule["exitCodes"];
    let operators = ["In", "NotIn"];
    if !operators.contains(&text(codes, "operator")) {
        let at = format_args!("{path}.exitCodes.operator");
        errors.not_supported(at, text(codes, "operator"), &operators);
    }
    let values = list(codes, "values").len();
    if values > MAX_EXIT_CODES {
        let at = format!("{path}.exitCodes.values");
        errors.push(FieldError::too_many(at, values, MAX_EXIT_CODES));
    }
}
