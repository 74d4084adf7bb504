//! The rules of one node, compiled.

use std::sync::Arc;

use super::decl::Decl;
use super::field_path::valid_field_path;
use super::node::{Node, Rule};
use crate::cel::environment::Environment;
use crate::cel::estimate::estimate;
use crate::cel::program::Program;
use crate::cel::types::Type;

const SELF: &str = "self";
const OLD_SELF: &str = "oldSelf";
/// How the types of objects in rules are named; upstream adds what the clock says.
const TYPE_NAME: &str = "selfType0";

/// A rule compiled.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) rule: Rule,
    /// Nothing where the rule is empty.
    pub(crate) program: Option<Result<Program, String>>,
    pub(crate) uses_old_self: bool,
    pub(crate) max_cost: u64,
    pub(crate) message: Option<Result<Program, String>>,
    pub(crate) message_max_cost: u64,
    /// Where errors are shown, below the node.
    pub(crate) field_path: String,
}

/// Compiles rules against the type of the node they are about.
pub(crate) fn compile(rules: Vec<Rule>, node: Node<'_>, decl: &Arc<Decl>) -> Vec<Compiled> {
    let ty = decl.ty(TYPE_NAME);
    let environment = |old: Type| {
        Environment::new()
            .variable(SELF, ty.clone())
            .variable(OLD_SELF, old)
    };
    let plain = environment(ty.clone());
    let optional = environment(Type::optional(ty.clone()));
    rules
        .into_iter()
        .map(|rule| {
            let is_optional = rule.optional_old_self == Some(true);
            compile_rule(
                rule,
                node,
                decl,
                if is_optional { &optional } else { &plain },
            )
        })
        .collect()
}

fn compile_rule(rule: Rule, node: Node<'_>, decl: &Decl, environment: &Environment) -> Compiled {
    let mut compiled = Compiled {
        rule,
        program: None,
        uses_old_self: false,
        max_cost: 0,
        message: None,
        message_max_cost: 0,
        field_path: String::new(),
    };
    let rule = &compiled.rule;
    if rule.rule.trim().is_empty() {
        return compiled;
    }
    let program = match Program::compile(&rule.rule, environment) {
        Ok(program) if *program.output_type() != Type::Bool => {
            Err("cel expression must evaluate to a bool".to_owned())
        }
        Ok(program) => Ok(program),
        Err(error) => Err(error.detail()),
    };
    let Ok(program) = program else {
        compiled.program = Some(program);
        return compiled;
    };
    compiled.uses_old_self = program.uses(OLD_SELF);
    compiled.max_cost = estimate(program.checked(), decl).max;
    if !rule.message_expression.is_empty() {
        let message = compile_message(&rule.message_expression, environment);
        if let Ok(message) = &message {
            compiled.message_max_cost = estimate(message.checked(), decl).max;
        }
        compiled.message = Some(message);
    }
    compiled.program = Some(Ok(program));
    if compiled.message.as_ref().is_some_and(Result::is_err) {
        return compiled;
    }
    if let Ok((path, _)) = valid_field_path(&compiled.rule.field_path, node, true) {
        compiled.field_path = path;
    }
    compiled
}

fn compile_message(text: &str, environment: &Environment) -> Result<Program, String> {
    match Program::compile(text, environment) {
        Ok(program) if *program.output_type() == Type::String => Ok(program),
        Ok(_) => Err("messageExpression must evaluate to a string".to_owned()),
        Err(crate::cel::program::CompileError::Instantiation(message)) => {
            Err(format!("messageExpression instantiation failed: {message}"))
        }
        Err(error) => Err(format!("messageExpression {}", error.detail())),
    }
}
