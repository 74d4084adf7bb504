//! Paths through data: `a.b[c].?d`, and conditions that choose between paths.

use super::{Evaluator, Outcome, Stop, chosen};
use crate::cel::ast::{Expr, Kind};
use crate::cel::escape::reserved;
use crate::cel::operators as op;
use crate::cel::program::is_path_operator;
use crate::cel::value::convert::show;
use crate::cel::value::{CelValue, Map, MapKey};

/// Where a path led.
enum Step {
    Value(CelValue),
    /// Something, after an optional step.
    Present(CelValue),
    /// Nothing, after an optional step.
    Absent,
}

impl<'a> Evaluator<'a, '_> {
    /// The value at the end of a path; the path as a whole costs one, each step one more.
    pub(super) fn path(&mut self, expr: &'a Expr) -> Outcome {
        let step = self.resolve(expr);
        if !is_condition(expr) && !is_test(expr) {
            self.charge(1)?;
        }
        Ok(match step? {
            Step::Value(CelValue::Invalid(message)) => return Err(Stop::error(&*message)),
            Step::Value(value) => value,
            Step::Present(value) => CelValue::some(value),
            Step::Absent => CelValue::none(),
        })
    }

    fn resolve(&mut self, expr: &'a Expr) -> Result<Step, Stop> {
        match &expr.kind {
            Kind::Ident(name) => self.variable(name).map(Step::Value),
            Kind::Select {
                operand,
                field,
                test,
            } => {
                let base = self.base(operand)?;
                let key = CelValue::string(field.as_str());
                if *test {
                    self.present(base, &key)
                } else {
                    self.step(base, &key, false)
                }
            }
            Kind::Call { function, args, .. } => match (function.as_str(), args.as_slice()) {
                (op::CONDITIONAL, [condition, ..]) => {
                    let condition = self.eval(condition);
                    let branch = chosen(condition, args)?;
                    self.branch(branch)
                }
                (op::INDEX, [operand, index]) => {
                    let base = self.base(operand)?;
                    let key = self.key(index)?;
                    self.step(base, &key, false)
                }
                (_, [operand, index]) => {
                    let base = self.base(operand)?;
                    let key = self.key(index)?;
                    self.step(base, &key, true)
                }
                _ => Err(Stop::error(format!("no such overload: {function}"))),
            },
            _ => self.eval(expr).map(Step::Value),
        }
    }

    /// A branch of a condition: a path costs its steps only.
    fn branch(&mut self, expr: &'a Expr) -> Result<Step, Stop> {
        if self.constant(expr).is_none() && is_path(expr) {
            self.resolve(expr)
        } else {
            self.eval(expr).map(Step::Value)
        }
    }

    /// What the steps start from; an optional is unwrapped.
    fn base(&mut self, operand: &'a Expr) -> Result<Step, Stop> {
        Ok(match self.branch(operand)? {
            Step::Value(CelValue::Optional(Some(inner))) => Step::Present((*inner).clone()),
            Step::Value(CelValue::Optional(None)) => Step::Absent,
            Step::Value(CelValue::Invalid(message)) => return Err(Stop::error(&*message)),
            other => other,
        })
    }

    /// An index: a path costs its steps only.
    fn key(&mut self, index: &'a Expr) -> Outcome {
        let value = match self.branch(index)? {
            Step::Value(value) => value,
            Step::Present(value) => CelValue::some(value),
            Step::Absent => CelValue::none(),
        };
        Ok(value)
    }

    fn step(&mut self, base: Step, key: &CelValue, optional: bool) -> Result<Step, Stop> {
        let (value, optional) = match base {
            Step::Value(value) => (value, optional),
            Step::Present(value) => (value, true),
            Step::Absent => return Ok(Step::Absent),
        };
        let found = self.qualify(&value, key)?;
        match found {
            Some(inner) => {
                self.charge(1)?;
                if let CelValue::Invalid(message) = &inner {
                    return Err(Stop::error(&**message));
                }
                Ok(if optional {
                    Step::Present(inner)
                } else {
                    Step::Value(inner)
                })
            }
            None if optional => Ok(Step::Absent),
            None => {
                self.charge(1)?;
                Err(Stop::error(missing(&value, key)))
            }
        }
    }

    /// `has(a.b)`.
    fn present(&mut self, base: Step, key: &CelValue) -> Result<Step, Stop> {
        let value = match base {
            Step::Value(value) | Step::Present(value) => value,
            Step::Absent => return Ok(Step::Value(CelValue::Bool(false))),
        };
        self.charge(1)?;
        match self.qualify(&value, key)? {
            Some(CelValue::Invalid(message)) => Err(Stop::error(&*message)),
            found => Ok(Step::Value(CelValue::Bool(found.is_some()))),
        }
    }

    /// What is under the key, if anything.
    fn qualify(&self, value: &CelValue, key: &CelValue) -> Result<Option<CelValue>, Stop> {
        match value {
            CelValue::Map(map) => {
                if map.typed && !matches!(key, CelValue::String(_)) {
                    return Err(Stop::error("no such overload"));
                }
                let found = whole(key)
                    .and_then(|key| map.entries.get(&key).or_else(|| spelled_out(map, &key)));
                Ok(found.cloned())
            }
            CelValue::List(list) => {
                let index = list_index(key)?;
                Ok(usize::try_from(index)
                    .ok()
                    .and_then(|i| list.items.get(i))
                    .cloned())
            }
            CelValue::Object(object) => match key {
                CelValue::String(name) => Ok(object.fields.get(&**name).cloned()),
                _ => Ok(None),
            },
            CelValue::Variables => match key {
                CelValue::String(name) => self
                    .activation
                    .variable(name)
                    .transpose()
                    .map_err(Stop::Error),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }
}

/// The field that a reserved word names in data with a schema.
fn spelled_out<'a>(map: &'a Map, key: &MapKey) -> Option<&'a CelValue> {
    match key {
        MapKey::String(name) if map.unknown.is_some() => {
            map.entries.get(&MapKey::text(&reserved(name)?))
        }
        _ => None,
    }
}

fn missing(value: &CelValue, key: &CelValue) -> String {
    match value {
        CelValue::List(_) => format!("index out of bounds: {}", show(key)),
        _ => format!("no such key: {}", show(key)),
    }
}

/// The key of a map; a whole double is an integer.
fn whole(key: &CelValue) -> Option<MapKey> {
    match key {
        CelValue::Double(d) if d.fract() == 0.0 => {
            MapKey::of(&crate::cel::value::numbers::to_int(*d)?)
        }
        key => MapKey::of(key),
    }
}

fn list_index(key: &CelValue) -> Result<i64, Stop> {
    match key {
        CelValue::Int(i) => Ok(*i),
        CelValue::Uint(u) => Ok(i64::try_from(*u).unwrap_or(i64::MAX)),
        CelValue::Double(d) => match crate::cel::value::numbers::to_int(*d) {
            Some(CelValue::Int(i)) if d.fract() == 0.0 => Ok(i),
            _ => Err(Stop::error(format!(
                "unsupported index value {} in list",
                show(key)
            ))),
        },
        other => Err(Stop::error(format!(
            "unsupported index type '{}' in list",
            other.type_of().name()
        ))),
    }
}

fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Ident(_) | Kind::Select { .. } => true,
        Kind::Call { function, .. } => is_path_operator(function),
        _ => false,
    }
}

/// Whether the path starts at a condition: that costs nothing itself.
fn is_condition(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Select { operand, .. } => is_condition(operand),
        Kind::Call { function, .. } if function == op::CONDITIONAL => true,
        Kind::Call { function, args, .. } if is_path_operator(function) => {
            args.first().is_some_and(is_condition)
        }
        _ => false,
    }
}

fn is_test(expr: &Expr) -> bool {
    matches!(&expr.kind, Kind::Select { test: true, .. })
}
