//! The rules of policies.

use serde_json::Value;

use super::expressions::{Compiler, Gives, Names};
use super::matching::{self, FAILURE_POLICIES, validate_word};
use crate::names::{EXPRESSION_WORDS, is_dns1035_label, is_dns1123_subdomain, is_qualified_name};
use crate::object::meta_str;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::status::field::FieldError;

const REASONS: [&str; 3] = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const PATCH_TYPES: [&str; 2] = ["ApplyConfiguration", "JSONPatch"];
const REINVOCATION_POLICIES: [&str; 2] = ["IfNeeded", "Never"];
/// Nothing is left to be changed of what is deleted.
const MUTATED_OPERATIONS: [&str; 4] = ["*", "CONNECT", "CREATE", "UPDATE"];
const ANNOTATIONS_MAX: usize = 20;
const ANNOTATION_EXPRESSION_MAX: usize = 5 << 10;

/// The spec of a policy of either kind; only one that mutates may be invoked again.
pub(super) fn validate(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = &object["spec"];
    let mutates = text_at(object, "kind") == "MutatingAdmissionPolicy";
    let mut errors = Vec::new();
    errors.extend(validate_word(
        spec,
        "failurePolicy",
        &FAILURE_POLICIES,
        "spec",
    ));
    errors.extend(validate_param_kind(&spec["paramKind"], "spec.paramKind"));
    errors.extend(validate_constraints(spec, mutates));
    let same = |old: &Value| {
        let old = &old["spec"];
        spec["paramKind"] == old["paramKind"]
            && list_at(spec, "matchConditions") == list_at(old, "matchConditions")
    };
    if !old.is_some_and(same) {
        let conditions = list_at(spec, "matchConditions");
        errors.extend(matching::validate_conditions(
            conditions,
            !spec["paramKind"].is_null(),
            "spec.matchConditions",
        ));
    }
    let variables = list_at(spec, "variables");
    let mut policy = Expressions {
        compiler: match variables.is_empty() {
            true => Compiler::default(),
            false => Compiler::with_variables(),
        },
        names: Names {
            params: !spec["paramKind"].is_null(),
            authorizer: true,
            patches: false,
        },
    };
    for (i, variable) in variables.iter().enumerate() {
        let path = format!("spec.variables[{i}]");
        errors.extend(validate_variable(&mut policy, variable, &path));
    }
    errors.extend(match mutates {
        true => validate_mutations(&policy, spec),
        false => validate_validations(&policy, object, spec),
    });
    errors
}

/// What the expressions of a policy are compiled with.
struct Expressions {
    compiler: Compiler,
    names: Names,
}

impl Expressions {
    /// What is wrong with an expression, shown as it was written.
    fn check(&self, text: &str, names: Names, gives: Gives, path: String) -> Option<FieldError> {
        let why = self.compiler.check(text, names, gives)?;
        Some(FieldError::invalid_str(path, text, why))
    }
}

fn validate_constraints(spec: &Value, mutates: bool) -> Vec<FieldError> {
    let (constraints, path) = (&spec["matchConstraints"], "spec.matchConstraints");
    if constraints.is_null() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = matching::validate_resources(constraints, path);
    let rules = list_at(constraints, "resourceRules");
    if rules.is_empty() {
        errors.push(FieldError::required(format!("{path}.resourceRules"), ""));
    }
    let operations = rules.iter().flat_map(|rule| texts_at(rule, "operations"));
    for operation in operations.filter(|o| mutates && !MUTATED_OPERATIONS.contains(o)) {
        errors.push(FieldError::not_supported(
            format!("{path}.resourceRules.operations"),
            &operation.into(),
            &MUTATED_OPERATIONS,
        ));
    }
    errors
}

/// `validateParamKind`, of one that is there.
fn validate_param_kind(kind: &Value, path: &str) -> Vec<FieldError> {
    if kind.is_null() {
        return Vec::new();
    }
    let version = text_at(kind, "apiVersion");
    let mut errors = validate_api_version(version, &format!("{path}.apiVersion"));
    let (name, path) = (text_at(kind, "kind"), format!("{path}.kind"));
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
        return errors;
    }
    let reasons = is_dns1035_label(&name.to_lowercase());
    if !reasons.is_empty() {
        let reason = format!(
            "may have mixed case, but should otherwise match: {}",
            reasons.join(",")
        );
        errors.push(FieldError::invalid_str(path, name, reason));
    }
    errors
}

fn validate_api_version(text: &str, path: &str) -> Vec<FieldError> {
    let (group, version) = match text.matches('/').count() {
        _ if text.is_empty() => return vec![FieldError::required(path, "")],
        _ if text == "/" => ("", ""),
        0 => ("", text),
        1 => text.split_once('/').unwrap_or_default(),
        _ => {
            let reason = format!("unexpected GroupVersion string: {text}");
            return vec![FieldError::invalid_str(path, text, reason)];
        }
    };
    let mut errors = Vec::new();
    let mut joined = |value: &str, reasons: Vec<String>| {
        if !reasons.is_empty() {
            errors.push(FieldError::invalid_str(path, value, reasons.join(",")));
        }
    };
    if !group.is_empty() {
        joined(group, is_dns1123_subdomain(group));
    }
    match version {
        "" => joined(text, vec!["version must be specified".to_owned()]),
        version => joined(version, is_dns1035_label(version)),
    }
    errors
}

fn validate_variable(policy: &mut Expressions, variable: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = text_at(variable, "name");
    if name.trim().is_empty() {
        let detail = "name is not specified";
        errors.push(FieldError::required(format!("{path}.name"), detail));
    } else if !is_identifier(name) {
        let reason = "must be a valid CEL identifier";
        let path = format!("{path}.name");
        errors.push(FieldError::invalid_str(path, name, reason));
    }
    let missing = validate_expression(variable, "expression", path);
    if missing.is_none() {
        let text = text_at(variable, "expression");
        let why = policy.compiler.check_variable(name, text, policy.names);
        let path = format!("{path}.expression");
        errors.extend(why.map(|why| FieldError::invalid_str(path, text, why)));
    }
    errors.extend(missing);
    errors
}

fn validate_expression(holder: &Value, field: &str, path: &str) -> Option<FieldError> {
    let is_missing = text_at(holder, field).trim().is_empty();
    let detail = format!("{field} is not specified");
    is_missing.then(|| FieldError::required(format!("{path}.{field}"), detail))
}

fn is_identifier(name: &str) -> bool {
    let is_inner = |c: char| c == '_' || c.is_ascii_alphanumeric();
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(is_inner)
        && !EXPRESSION_WORDS.contains(&name)
}

fn validate_validations(policy: &Expressions, object: &Value, spec: &Value) -> Vec<FieldError> {
    let validations = list_at(spec, "validations");
    let annotations = list_at(spec, "auditAnnotations");
    if validations.is_empty() && annotations.is_empty() {
        let detail = "validations or auditAnnotations must contain at least one item";
        return ["spec.validations", "spec.auditAnnotations"]
            .map(|path| FieldError::required(path, detail))
            .into();
    }
    let mut errors = Vec::new();
    for (i, validation) in validations.iter().enumerate() {
        let path = format!("spec.validations[{i}]");
        errors.extend(validate_validation(policy, validation, &path));
    }
    if annotations.len() > ANNOTATIONS_MAX {
        let reason = format!("must not have more than {ANNOTATIONS_MAX} auditAnnotations");
        errors.push(FieldError::invalid_shown(
            "spec.auditAnnotations",
            shown_annotations(annotations),
            reason,
        ));
    }
    let name = meta_str(object, "name");
    for (i, annotation) in annotations.iter().enumerate() {
        let path = format!("spec.auditAnnotations[{i}]");
        errors.extend(validate_annotation(policy, annotation, name, &path));
        let key = text_at(annotation, "key");
        let same = |other: &Value| text_at(other, "key") == key;
        if annotations[..i].iter().any(same) {
            let path = format!("{path}.key");
            errors.push(FieldError::duplicate(path, &key.into()));
        }
    }
    errors
}

/// As Go's JSON shows the internal type.
fn shown_annotations(annotations: &[Value]) -> String {
    let shown = annotations.iter().map(|annotation| {
        let key = Value::from(text_at(annotation, "key"));
        let expression = Value::from(text_at(annotation, "valueExpression"));
        format!("{{\"Key\":{key},\"ValueExpression\":{expression}}}")
    });
    format!("[{}]", shown.collect::<Vec<_>>().join(","))
}

fn validate_validation(policy: &Expressions, validation: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let missing = validate_expression(validation, "expression", path);
    if missing.is_none() {
        let text = text_at(validation, "expression");
        let path = format!("{path}.expression");
        errors.extend(policy.check(text, policy.names, Gives::Bool, path));
    }
    errors.extend(missing);
    let blank = |field: &str| {
        let text = text_at(validation, field);
        let is_blank = !text.is_empty() && text.trim().is_empty();
        let reason = "must be non-empty if specified";
        is_blank.then(|| FieldError::invalid_str(format!("{path}.{field}"), text, reason))
    };
    errors.extend(blank("messageExpression"));
    let text = text_at(validation, "messageExpression");
    if !text.trim().is_empty() {
        let names = Names {
            authorizer: false,
            ..policy.names
        };
        let path = format!("{path}.messageExpression");
        errors.extend(policy.check(text, names, Gives::Text, path));
    }
    let message = text_at(validation, "message");
    errors.extend(blank("message"));
    if message.trim().contains(['\n', '\r']) {
        let path = format!("{path}.message");
        let reason = "must not contain line breaks";
        errors.push(FieldError::invalid_str(path, message, reason));
    }
    errors.extend(validate_word(validation, "reason", &REASONS, path));
    errors
}

fn validate_annotation(
    policy: &Expressions,
    annotation: &Value,
    name: &str,
    path: &str,
) -> Vec<FieldError> {
    let key = text_at(annotation, "key");
    let mut errors = match name {
        "" => vec![FieldError::invalid_str(
            format!("{path}.key"),
            key,
            "requires metadata.name be non-empty",
        )],
        name => {
            let key = format!("{name}/{key}");
            let reasons = is_qualified_name(&key);
            invalid_each(format_args!("{path}.key"), &key, reasons)
        }
    };
    let expression = text_at(annotation, "valueExpression").trim();
    errors.extend(validate_expression(annotation, "valueExpression", path));
    let path = format!("{path}.valueExpression");
    if expression.len() > ANNOTATION_EXPRESSION_MAX {
        let detail = format!("must not exceed {ANNOTATION_EXPRESSION_MAX} bytes in length");
        errors.push(FieldError::required(path, detail));
    } else if !expression.is_empty() {
        let (compiler, names) = (&policy.compiler, policy.names);
        let why = compiler.check(expression, names, Gives::TextOrNull);
        let shown = text_at(annotation, "valueExpression");
        errors.extend(why.map(|why| FieldError::invalid_str(path, shown, why)));
    }
    errors
}

fn validate_mutations(policy: &Expressions, spec: &Value) -> Vec<FieldError> {
    let mutations = list_at(spec, "mutations");
    let mut errors = Vec::new();
    if mutations.is_empty() {
        let detail = "mutations must contain at least one item";
        errors.push(FieldError::required("spec.mutations", detail));
    }
    for (i, mutation) in mutations.iter().enumerate() {
        errors.extend(validate_mutation(
            policy,
            mutation,
            &format!("spec.mutations[{i}]"),
        ));
    }
    let policy = text_at(spec, "reinvocationPolicy");
    match policy {
        "" => errors.push(FieldError::required("spec.reinvocationPolicy", "")),
        _ => errors.extend(validate_word(
            spec,
            "reinvocationPolicy",
            &REINVOCATION_POLICIES,
            "spec",
        )),
    }
    errors
}

fn validate_mutation(policy: &Expressions, mutation: &Value, path: &str) -> Vec<FieldError> {
    let kind = text_at(mutation, "patchType");
    let (own, other, gives) = match kind {
        "" => return vec![FieldError::required(format!("{path}.patchType"), "")],
        "JSONPatch" => ("jsonPatch", "applyConfiguration", Gives::Patches),
        "ApplyConfiguration" => ("applyConfiguration", "jsonPatch", Gives::Configuration),
        _ => {
            let path = format!("{path}.patchType");
            let error = FieldError::not_supported(path, &kind.into(), &PATCH_TYPES);
            return vec![error];
        }
    };
    let mut errors = Vec::new();
    if mutation[own].is_null() {
        let detail = format!("must be specified when patchType is {kind}");
        errors.push(FieldError::required(format!("{path}.{own}"), detail));
    } else if text_at(&mutation[own], "expression").trim().is_empty() {
        let path = format!("{path}.{own}.expression");
        errors.push(FieldError::required(path, ""));
    } else {
        let text = text_at(&mutation[own], "expression").trim();
        let names = Names {
            patches: true,
            ..policy.names
        };
        let path = format!("{path}.{own}.expression");
        errors.extend(policy.check(text, names, gives, path));
    }
    if !mutation[other].is_null() {
        let reason = format!("must not be specified when patchType is {kind}");
        errors.push(FieldError::invalid_str(
            format!("{path}.{other}"),
            &format!("{{{other}}}"),
            reason,
        ));
    }
    errors
}
