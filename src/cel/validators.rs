//! What is wrong with literals, beyond their types.

use super::ast::{Expr, Kind};
use super::check::Checked;
use super::library::{self, formatting, regexes};
use super::source::Issues;
use super::types::Type;
use super::value::CelValue;

/// Checks literal durations, times and regular expressions, and that aggregates are of one type.
pub(super) fn validate(checked: &Checked, issues: &mut Issues) {
    walk(checked, &checked.root, false, issues);
}

fn walk(checked: &Checked, expr: &Expr, exempt: bool, issues: &mut Issues) {
    let mut exempt = exempt;
    match &expr.kind {
        Kind::Call {
            function,
            target,
            args,
        } => {
            exempt = exempt || function == "format";
            literal(function, args, issues);
            if let (Some(target), "format") = (target, function.as_str()) {
                format(checked, expr, target, args, issues);
            }
        }
        Kind::List(elements) if !exempt => {
            let types = elements
                .iter()
                .map(|e| (&e.value, element_type(checked, &e.value, e.optional)));
            same_types(types, issues);
        }
        Kind::Map(entries) if !exempt => {
            let keys = entries
                .iter()
                .map(|e| (&e.key, checked.type_of(&e.key).clone()));
            same_types(keys, issues);
            let values = entries
                .iter()
                .map(|e| (&e.value, element_type(checked, &e.value, e.optional)));
            same_types(values, issues);
        }
        _ => {}
    }
    for child in expr.children() {
        walk(checked, child, exempt, issues);
    }
}

fn element_type(checked: &Checked, value: &Expr, optional: bool) -> Type {
    let ty = checked.type_of(value);
    match ty.optional_inner() {
        Some(inner) if optional => inner.clone(),
        _ => ty.clone(),
    }
}

fn literal(function: &str, args: &[Expr], issues: &mut Issues) {
    let Some(first) = args.first() else { return };
    let Kind::Literal(value) = &first.kind else {
        return;
    };
    let fine = match (function, value) {
        ("duration" | "timestamp", value) => library::find(function)
            .is_none_or(|convert| convert(std::slice::from_ref(value)).is_ok()),
        ("matches", CelValue::String(pattern)) => regexes::compile(pattern).is_ok(),
        _ => true,
    };
    if !fine {
        issues.report(first.offset, format!("invalid {function} argument"));
    }
}

/// A literal format with literal arguments.
fn format(checked: &Checked, call: &Expr, target: &Expr, args: &[Expr], issues: &mut Issues) {
    let (
        Kind::Literal(CelValue::String(text)),
        [
            Expr {
                kind: Kind::List(values),
                ..
            },
        ],
    ) = (&target.kind, args)
    else {
        return;
    };
    let types: Vec<Type> = values
        .iter()
        .map(|v| checked.type_of(&v.value).clone())
        .collect();
    if let Err((index, why)) = formatting::check(text, &types) {
        let wrong = index.and_then(|index| values.get(index));
        issues.report(wrong.map_or(call.offset, |wrong| wrong.value.offset), why);
    }
}

fn same_types<'a>(types: impl Iterator<Item = (&'a Expr, Type)>, issues: &mut Issues) {
    let mut wanted: Option<Type> = None;
    for (expr, ty) in types {
        match &wanted {
            None => wanted = Some(ty),
            Some(wanted) if equivalent(wanted, &ty) => {}
            Some(wanted) => {
                let message = format!("expected type '{wanted}' but found '{ty}'");
                issues.report(expr.offset, message);
                return;
            }
        }
    }
}

fn equivalent(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Type(_), Type::Type(_)) => true,
        (Type::List(_), Type::List(_))
        | (Type::Map(..), Type::Map(..))
        | (Type::Opaque(..), Type::Opaque(..)) => {
            let (a, b) = (a.parameters(), b.parameters());
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equivalent(a, b))
        }
        _ => a == b,
    }
}
