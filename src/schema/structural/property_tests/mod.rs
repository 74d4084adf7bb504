//! What holds of any structural schema and any object.

mod checker;
mod schemas;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use self::schemas::{Parts, schema, value};
use super::{default, prune, prune_nulls, validate, validate_list_types};
use crate::kinds::samples::choices::{config, rows};
use crate::kinds::structural::Structural;

const CASES: u32 = 4000;

const ALL: Parts = Parts {
    defaults: true,
    wholes: true,
};

#[track_caller]
fn check(parts: Parts, check: impl Fn(&Value, Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(config(CASES));
    let tried = runner.run(&rows::<2>(), |[schema_row, value_row]| {
        let schema = schema(&schema_row, parts);
        let object = value(&schema, &value_row);
        let shown = format!("schema {schema}\nobject {object}");
        check(&schema, object).map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

/// Checks the same question to two answers, and that both answers are given often enough to say something.
#[track_caller]
fn check_same(
    parts: Parts,
    ask: impl Fn(&Structural, &Value) -> bool,
    expect: impl Fn(&Value, &Value) -> bool,
) {
    let accepted = Cell::new(0);
    check(parts, |schema, object| {
        let is_fine = ask(&Structural::of(schema), &object);
        prop_assert_eq!(is_fine, expect(schema, &object));
        accepted.set(accepted.get() + u32::from(is_fine));
        Ok(())
    });
    let share = 100 * accepted.get() / CASES;
    assert!((5..=95).contains(&share), "{share} % are accepted");
}

#[test]
fn what_is_valid_is_what_the_rules_of_schemas_say() {
    let is_valid =
        |schema: &Structural, object: &Value| validate(object, None, schema, "").is_empty();
    check_same(ALL, is_valid, checker::accepts);
}

#[test]
fn lists_are_as_unique_as_their_types_say() {
    let is_unique =
        |schema: &Structural, object: &Value| validate_list_types(object, schema).is_empty();
    check_same(ALL, is_unique, checker::has_no_item_twice);
}

#[test]
fn pruning_twice_is_pruning_once() {
    check(ALL, |schema, object| {
        let schema = Structural::of(schema);
        for is_root in [false, true] {
            let mut once = object.clone();
            prune(&mut once, &schema, is_root);
            let mut twice = once.clone();
            prop_assert_eq!(prune(&mut twice, &schema, is_root), [""; 0]);
            prop_assert_eq!(twice, once);
        }
        Ok(())
    });
}

#[test]
fn defaulting_twice_is_defaulting_once() {
    check(ALL, |schema, object| {
        let schema = Structural::of(schema);
        let mut once = object;
        prune_nulls(&mut once, &schema);
        default(&mut once, &schema);
        let mut twice = once.clone();
        prune_nulls(&mut twice, &schema);
        prop_assert_eq!(&twice, &once);
        default(&mut twice, &schema);
        prop_assert_eq!(twice, once);
        Ok(())
    });
}

#[test]
fn defaults_make_nothing_invalid() {
    let parts = Parts {
        defaults: true,
        wholes: false,
    };
    let (valid, defaulted) = (Cell::new(0), Cell::new(0));
    check(parts, |schema, object| {
        let structural = Structural::of(schema);
        if !validate(&object, None, &structural, "").is_empty() {
            return Ok(());
        }
        let mut after = object.clone();
        default(&mut after, &structural);
        let errors = validate(&after, None, &structural, "");
        prop_assert!(errors.is_empty(), "{errors:?} {after}");
        valid.set(valid.get() + 1);
        defaulted.set(defaulted.get() + u32::from(after != object));
        Ok(())
    });
    assert!(
        valid.get() > CASES / 10 && defaulted.get() > CASES / 30,
        "{valid:?} {defaulted:?}"
    );
}

#[test]
fn an_update_finds_nothing_that_a_creation_would_not_find() {
    let mut runner = TestRunner::new(config(CASES));
    let tried = runner.run(&rows::<3>(), |[schema_row, new_row, old_row]| {
        let schema = schema(&schema_row, ALL);
        let (new, old) = (value(&schema, &new_row), value(&schema, &old_row));
        let structural = Structural::of(&schema);
        let all = validate(&new, None, &structural, "");
        let left = validate(&new, Some(&old), &structural, "");
        prop_assert!(
            left.iter().all(|error| all.contains(error)),
            "{schema}\n{new}\n{old}"
        );
        let same = validate(&new, Some(&new), &structural, "");
        prop_assert!(
            same.iter().all(|error| all.contains(error)),
            "{schema}\n{new}"
        );
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}
