//! CEL, the expression language of Kubernetes, as cel-go and apiserver's libraries of 1.36 have it.
//!
//! An expression is compiled once against the declared types of its variables, and evaluated as often as wanted:
//!
//! ```ignore
//! let environment = Environment::new()
//!     .variable("object", Type::Dyn)
//!     .variable("request", Type::object("kubernetes.AdmissionRequest", [("name".to_owned(), Type::String)]))
//!     .variable("authorizer", authorizer_type());
//! let program = Program::compile("object.spec.replicas <= 5", &environment)?; // the error displays as cel-go's
//! assert_eq!(*program.output_type(), Type::Bool);
//!
//! let mut budget = Budget::new(RUNTIME_COST_BUDGET);
//! let activation = Activation::new().bind("object", CelValue::from(&json)).authorizer(&authorizer);
//! let value = program.evaluate(&activation, &mut budget)?; // "no such key: spec"
//! let json = value.to_json()?;
//! ```
//!
//! The variables of a policy are programs of their own: `activation.variables(&compiled)` evaluates each when
//! `variables.x` is first asked for, once, and charges its cost to the same budget.
//!
//! The parser is the crate `cel`; the checker, the evaluator, the costs and the libraries are here.

mod ast;
mod budget;
mod check;
mod declarations;
mod environment;
mod escape;
mod estimate;
mod library;
mod operators;
mod overloads;
mod parse;
mod program;
pub(crate) mod rules;
mod source;
#[cfg(test)]
mod tests;
mod types;
mod unify;
mod validators;
mod value;

pub(crate) use budget::{Budget, EvaluationError, RUNTIME_COST_BUDGET};
pub(crate) use environment::{Environment, authorizer_type, resource_check_type};
pub(crate) use escape::escape;
pub(crate) use program::{Activation, Program, Variable};
pub(crate) use types::Type;
pub(crate) use value::CelValue;
pub(crate) use value::authorization::{Attributes, Authorizer, Decision, ResourceAttributes};
