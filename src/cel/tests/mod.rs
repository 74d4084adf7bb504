//! Expressions held against what cel-go makes of them.

mod compile;
mod functions;
mod policies;
mod rules;

use serde_json::{Value, json};

use super::budget::PER_CALL_LIMIT;
use super::environment::Environment;
use super::{Activation, Budget, CelValue, Program, Type, authorizer_type};

const ENOUGH: i64 = 1 << 40;

/// What the tests' expressions may name.
fn environment() -> Environment {
    Environment::new()
        .variable("self", Type::Dyn)
        .variable("n", Type::Int)
        .variable("s", Type::String)
        .variable("l", Type::list(Type::String))
        .variable("authorizer", authorizer_type())
        .mutation()
}

fn activation() -> Activation<'static> {
    let data = json!({"a": {"b": 1}, "l": [1, 2, 3], "t": "x"});
    Activation::new()
        .bind("self", CelValue::from(&data))
        .bind("n", CelValue::Int(5))
        .bind("s", CelValue::string("abc"))
        .bind(
            "l",
            CelValue::list(vec![CelValue::string("b"), CelValue::string("a")]),
        )
        .bind("authorizer", CelValue::authorizer())
}

/// What an expression gives, as JSON or as an error, and what it costs.
fn evaluated(text: &str) -> (Result<Value, String>, i64) {
    let program = match Program::compile(text, &environment()) {
        Ok(program) => program,
        Err(error) => return (Err(error.detail()), 0),
    };
    let mut budget = Budget::new(ENOUGH);
    let value = program.evaluate(&activation(), &mut budget);
    let value = value.map_err(|error| error.to_string());
    (
        value.and_then(|value| value.to_json()),
        ENOUGH - budget.remaining(),
    )
}

/// Each expression, the JSON it gives, and its cost.
fn give(table: &[(&str, &str, i64)]) {
    for (text, wanted, cost) in table {
        let wanted: Value = serde_json::from_str(wanted).unwrap();
        assert_eq!(evaluated(text), (Ok(wanted), *cost), "{text}");
    }
}

/// Each expression, and the error of evaluating it.
fn fail(table: &[(&str, &str)]) {
    for (text, wanted) in table {
        assert_eq!(evaluated(text).0, Err((*wanted).to_owned()), "{text}");
    }
}

#[test]
fn an_evaluation_costs_no_more_than_it_may() {
    let rounds = "lists.range(1000).all(a, lists.range(1000).all(b, a + b >= 0))";
    let (value, cost) = evaluated(rounds);
    assert_eq!(
        value,
        Err("operation cancelled: actual cost limit exceeded".to_owned())
    );
    assert!(
        cost >= i64::try_from(PER_CALL_LIMIT).unwrap() && cost < 1_100_000,
        "{cost}"
    );
    let huge = "lists.range(1000000000).size() == 0 || 'a'.replace('', 'b').size() == 0";
    assert!(evaluated(huge).0.is_err());
}

#[test]
fn a_spent_budget_is_an_error() {
    let program = Program::compile("self.a.b == 1", &environment()).unwrap();
    let mut budget = Budget::new(3);
    let error = program.evaluate(&activation(), &mut budget).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("validation failed due to running out of cost budget")
    );
    assert!(budget.remaining() < 0);
}
