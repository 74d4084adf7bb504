//! The evaluator: values, errors and costs as cel-go's interpreter has them.

mod calls;
mod cost;
mod paths;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::activation::Activation;
use super::{Plan, is_path_operator};
use crate::cel::ast::{Comprehension, Element, Entry, Expr, Field, Kind};
use crate::cel::check::Checked;
use crate::cel::operators as op;
use crate::cel::types::Type;
use crate::cel::value::{CelValue, Map, MapKey, Object};

/// What making a list, a map, an object costs.
const LIST_COST: u64 = 10;
const MAP_COST: u64 = 30;
const OBJECT_COST: u64 = 40;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stop {
    /// An error, which `&&` and `||` may absorb.
    Error(String),
    /// It costs too much; nothing more is evaluated.
    Limit,
}

impl Stop {
    pub(super) fn error(message: impl Into<String>) -> Stop {
        Stop::Error(message.into())
    }
}

pub(super) type Outcome = Result<CelValue, Stop>;

/// A variable of a loop.
struct Scope<'a> {
    name: &'a str,
    value: Slot<'a>,
}

enum Slot<'a> {
    Known(Outcome),
    /// Evaluated when it is first asked for.
    Lazy(&'a Expr),
}

/// Evaluates one expression once.
pub(super) struct Evaluator<'a, 'b> {
    checked: &'a Checked,
    plan: &'a Plan,
    activation: &'a Activation<'b>,
    scopes: Vec<Scope<'a>>,
    cost: u64,
    limit: u64,
}

impl<'a, 'b> Evaluator<'a, 'b> {
    pub(super) fn new(
        checked: &'a Checked,
        plan: &'a Plan,
        activation: &'a Activation<'b>,
        limit: u64,
    ) -> Self {
        Evaluator {
            checked,
            plan,
            activation,
            scopes: Vec::new(),
            cost: 0,
            limit,
        }
    }

    /// The value of the whole.
    pub(super) fn root(&mut self) -> Outcome {
        self.eval(&self.checked.root)
    }

    /// What was spent so far.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    fn charge(&mut self, cost: u64) -> Result<(), Stop> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > self.limit {
            Err(Stop::Limit)
        } else {
            Ok(())
        }
    }

    fn constant(&self, expr: &Expr) -> Option<&'a CelValue> {
        self.plan.constants.get(expr.id)?.as_ref()
    }

    fn eval(&mut self, expr: &'a Expr) -> Outcome {
        if let Some(constant) = self.constant(expr) {
            return Ok(constant.clone());
        }
        match &expr.kind {
            Kind::Literal(value) => Ok(value.clone()),
            Kind::Ident(_) | Kind::Select { .. } => self.path(expr),
            Kind::Call { function, .. } if is_path_operator(function) => self.path(expr),
            Kind::Call { .. } => self.call(expr),
            Kind::List(elements) => self.list(elements),
            Kind::Map(entries) => self.map(entries),
            Kind::Struct { fields, .. } => self.object(expr, fields),
            Kind::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn list(&mut self, elements: &'a [Element]) -> Outcome {
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            let value = self.eval(&element.value)?;
            match (element.optional, value) {
                (false, value) => items.push(value),
                (true, CelValue::Optional(inner)) => items.extend(inner.map(|v| (*v).clone())),
                (true, value) => {
                    return Err(Stop::error(format!(
                        "cannot initialize optional list element from non-optional value {}",
                        crate::cel::value::convert::show(&value)
                    )));
                }
            }
        }
        self.charge(LIST_COST)?;
        Ok(CelValue::list(items))
    }

    fn map(&mut self, entries: &'a [Entry]) -> Outcome {
        let mut pairs = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = self.eval(&entry.key)?;
            let value = self.eval(&entry.value)?;
            let shown = || crate::cel::value::convert::show(&key);
            if let Some(value) = unwrap_entry(entry.optional, value, shown)? {
                pairs.push((key, value));
            }
        }
        self.charge(MAP_COST)?;
        make_map(pairs.into_iter())
    }

    fn object(&mut self, expr: &'a Expr, fields: &'a [Field]) -> Outcome {
        let mut values = BTreeMap::new();
        for field in fields {
            let value = self.eval(&field.value)?;
            if let Some(value) = unwrap_entry(field.optional, value, || field.name.clone())? {
                values.insert(field.name.clone(), value);
            }
        }
        self.charge(OBJECT_COST)?;
        let name = match self.checked.type_of(expr) {
            Type::Object(object) => object.name.clone(),
            other => other.name().into(),
        };
        Ok(CelValue::Object(Arc::new(Object {
            name,
            fields: values,
        })))
    }

    fn comprehension(&mut self, c: &'a Comprehension) -> Outcome {
        let range = self.eval(&c.range)?;
        let rounds = rounds(&range, c.variable2.is_some())?;
        let depth = self.scopes.len();
        self.scopes.push(Scope {
            name: &c.accumulator,
            value: Slot::Lazy(&c.init),
        });
        let done = self.rounds(c, rounds);
        let result = match done {
            Ok(()) => {
                self.scopes.truncate(depth + 1);
                self.eval(&c.result)
            }
            Err(stop) => Err(stop),
        };
        self.scopes.truncate(depth);
        result
    }

    fn rounds(&mut self, c: &'a Comprehension, rounds: Vec<Vec<CelValue>>) -> Result<(), Stop> {
        let depth = self.scopes.len();
        for round in rounds {
            let names = [Some(&c.variable), c.variable2.as_ref()];
            for (name, value) in names.into_iter().flatten().zip(round) {
                self.scopes.push(Scope {
                    name,
                    value: Slot::Known(Ok(value)),
                });
            }
            match self.eval(&c.condition) {
                Ok(CelValue::Bool(false)) => break,
                Err(Stop::Limit) => return Err(Stop::Limit),
                _ => {}
            }
            let step = self.eval(&c.step);
            if matches!(step, Err(Stop::Limit)) {
                return Err(Stop::Limit);
            }
            self.scopes.truncate(depth);
            if let Some(accumulator) = self.scopes.last_mut() {
                accumulator.value = Slot::Known(step);
            }
        }
        Ok(())
    }

    /// The value of a variable.
    fn variable(&mut self, name: &str) -> Outcome {
        let Some(index) = self.scopes.iter().rposition(|scope| scope.name == name) else {
            return match self.activation.get(name) {
                Some(CelValue::Invalid(message)) => Err(Stop::error(&**message)),
                Some(value) => Ok(value.clone()),
                None => Err(Stop::error(format!("no such attribute(s): {name}"))),
            };
        };
        let init = match &self.scopes[index].value {
            Slot::Known(value) => return value.clone(),
            Slot::Lazy(init) => *init,
        };
        let inner = self.scopes.split_off(index);
        let value = self.eval(init);
        self.scopes.extend(inner);
        self.scopes[index].value = Slot::Known(value.clone());
        value
    }

    /// Adds to the list that a loop makes, without copying it.
    fn append(&mut self, item: &'a Expr) -> Option<Outcome> {
        let index = self
            .scopes
            .iter()
            .rposition(|scope| scope.name == op::ACCUMULATOR)?;
        let item = self.eval(item);
        if let Err(stop) = self.charge(1 + 1) {
            return Some(Err(stop));
        }
        let so_far = self.variable(op::ACCUMULATOR);
        self.scopes[index].value = Slot::Known(Ok(CelValue::Null));
        Some(match (so_far, item) {
            (Err(stop), _) | (_, Err(stop)) => Err(stop),
            (Ok(CelValue::List(mut list)), Ok(CelValue::List(more))) => {
                Arc::make_mut(&mut list)
                    .items
                    .extend(more.items.iter().cloned());
                Ok(CelValue::List(list))
            }
            _ => Err(Stop::error("no such overload")),
        })
    }
}

/// Whether it is the list that a loop makes.
fn is_accumulator(expr: &Expr) -> bool {
    matches!(&expr.kind, Kind::Ident(name) if name == op::ACCUMULATOR)
}

fn unwrap_entry(
    optional: bool,
    value: CelValue,
    name: impl Fn() -> String,
) -> Result<Option<CelValue>, Stop> {
    match (optional, value) {
        (false, value) => Ok(Some(value)),
        (true, CelValue::Optional(inner)) => Ok(inner.map(|value| (*value).clone())),
        (true, value) => Err(Stop::error(format!(
            "cannot initialize optional entry '{}' from non-optional value {}",
            name(),
            crate::cel::value::convert::show(&value)
        ))),
    }
}

/// A map of these; a key twice is an error.
pub(super) fn make_map(pairs: impl Iterator<Item = (CelValue, CelValue)>) -> Outcome {
    let mut entries = BTreeMap::new();
    for (key, value) in pairs {
        let Some(key) = MapKey::of(&key) else {
            return Err(Stop::error(format!(
                "unsupported key type: {}",
                key.type_of().name()
            )));
        };
        entries.insert(key, value);
    }
    Ok(CelValue::Map(Arc::new(Map {
        entries,
        ..Map::default()
    })))
}

/// The values of the variables in each round of a loop.
fn rounds(range: &CelValue, pairs: bool) -> Result<Vec<Vec<CelValue>>, Stop> {
    Ok(match (range, pairs) {
        (CelValue::List(list), false) => list.items.iter().map(|item| vec![item.clone()]).collect(),
        (CelValue::List(list), true) => list
            .items
            .iter()
            .zip(0..)
            .map(|(item, i)| vec![CelValue::Int(i), item.clone()])
            .collect(),
        (CelValue::Map(map), false) => map.entries.keys().map(|key| vec![key.to_value()]).collect(),
        (CelValue::Map(map), true) => map
            .entries
            .iter()
            .map(|(key, value)| vec![key.to_value(), value.clone()])
            .collect(),
        (other, _) => {
            return Err(Stop::error(format!(
                "got '{}', expected iterable type",
                other.type_of().name()
            )));
        }
    })
}

/// A condition's branches: which one, or the error of what is no condition.
fn chosen(condition: Outcome, args: &[Expr]) -> Result<&Expr, Stop> {
    let index = match condition? {
        CelValue::Bool(true) => 1,
        CelValue::Bool(false) => 2,
        _ => return Err(Stop::error("no such overload")),
    };
    args.get(index)
        .ok_or_else(|| Stop::error(format!("no such overload: {}", op::CONDITIONAL)))
}
