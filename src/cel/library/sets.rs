//! `sets.contains`, `sets.equivalent`, `sets.intersects`.

use super::equality::contains;
use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "sets.contains" => |args| test(args, |a, b| all_within(b, a)),
        "sets.equivalent" => |args| test(args, |a, b| all_within(b, a) && all_within(a, b)),
        "sets.intersects" => |args| test(args, |a, b| a.iter().any(|item| within(item, b))),
        _ => return None,
    })
}

fn test(args: &[CelValue], test: fn(&[CelValue], &[CelValue]) -> bool) -> Answer {
    match args {
        [CelValue::List(a), CelValue::List(b)] => {
            // Each item of one is compared with each of the other.
            super::arithmetic::bounded(a.items.len().saturating_mul(b.items.len()))?;
            Ok(CelValue::Bool(test(&a.items, &b.items)))
        }
        _ => Err(Failure::NoOverload),
    }
}

fn within(item: &CelValue, items: &[CelValue]) -> bool {
    matches!(contains(items, item), Ok(true))
}

fn all_within(items: &[CelValue], others: &[CelValue]) -> bool {
    items.iter().all(|item| within(item, others))
}
