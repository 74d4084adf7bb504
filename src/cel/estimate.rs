//! What an expression may cost at most, as cel-go estimates it from the sizes of its variables.

mod calls;
mod kubernetes;
mod range;

use std::collections::BTreeMap;

pub(crate) use range::Range;

use super::ast::{Comprehension, Expr, Kind};
use super::check::Checked;
use super::operators::ACCUMULATOR;
use super::types::Type;
use super::value::CelValue;

const LIST: Range = Range::fixed(10);
const MAP: Range = Range::fixed(30);
const OBJECT: Range = Range::fixed(40);
const STEP: Range = Range::fixed(1);

/// Tells how large data may be.
pub(crate) trait Sizes {
    /// The size of what is at this path, the first element of which is a variable.
    fn size(&self, path: &[String]) -> Option<Range>;
}

/// Estimates the cost of an expression.
pub(crate) fn estimate(checked: &Checked, sizes: &dyn Sizes) -> Range {
    let mut estimator = Estimator {
        checked,
        sizes,
        paths: BTreeMap::new(),
        locals: BTreeMap::new(),
        computed: BTreeMap::new(),
        entries: BTreeMap::new(),
    };
    estimator.cost(&checked.root)
}

/// How large the keys and the values of an aggregate are.
#[derive(Clone, Copy)]
struct EntrySize {
    is_list: bool,
    key: Range,
    value: Range,
}

impl EntrySize {
    fn union(a: Option<EntrySize>, b: Option<EntrySize>) -> Option<EntrySize> {
        let (a, b) = (a?, b?);
        Some(EntrySize {
            is_list: a.is_list,
            key: a.key.union(b.key),
            value: a.value.union(b.value),
        })
    }
}

#[derive(Clone)]
struct Local {
    path: Vec<String>,
    size: Option<Range>,
    entry: Option<EntrySize>,
}

/// An argument of a call, or an element of one.
struct Node<'a> {
    path: Option<Vec<String>>,
    ty: Type,
    expr: Option<&'a Expr>,
    size: Option<Range>,
}

struct Estimator<'a> {
    checked: &'a Checked,
    sizes: &'a dyn Sizes,
    paths: BTreeMap<usize, Vec<String>>,
    locals: BTreeMap<String, Vec<Local>>,
    computed: BTreeMap<usize, Range>,
    entries: BTreeMap<usize, EntrySize>,
}

impl<'a> Estimator<'a> {
    fn cost(&mut self, expr: &'a Expr) -> Range {
        match &expr.kind {
            Kind::Literal(_) => Range::fixed(0),
            Kind::Ident(name) => {
                let path = match self.local(name) {
                    Some(local) => local.path.clone(),
                    None => vec![name.clone()],
                };
                self.paths.insert(expr.id, path);
                STEP
            }
            Kind::Select {
                operand,
                field,
                test,
            } => self.select(expr, operand, field, *test),
            Kind::Call { .. } => self.call(expr),
            Kind::List(elements) => {
                let values: Vec<&Expr> = elements.iter().map(|e| &e.value).collect();
                let (sum, value) = self.each(&values);
                let key = Range::fixed(1);
                self.entries.insert(
                    expr.id,
                    EntrySize {
                        is_list: true,
                        key,
                        value,
                    },
                );
                sum.add(LIST)
            }
            Kind::Map(entries) => {
                let keys: Vec<&Expr> = entries.iter().map(|e| &e.key).collect();
                let values: Vec<&Expr> = entries.iter().map(|e| &e.value).collect();
                let (key_sum, key) = self.each(&keys);
                let (value_sum, value) = self.each(&values);
                self.entries.insert(
                    expr.id,
                    EntrySize {
                        is_list: false,
                        key,
                        value,
                    },
                );
                key_sum.add(value_sum).add(MAP)
            }
            Kind::Struct { fields, .. } => fields
                .iter()
                .map(|field| self.cost(&field.value))
                .fold(Range::fixed(0), Range::add)
                .add(OBJECT),
            Kind::Comprehension(c) if is_bind(c) => self.bind(expr, c),
            Kind::Comprehension(c) => self.comprehension(expr, c),
        }
    }

    /// The costs of some expressions together, and the size that any of them has.
    fn each(&mut self, values: &[&'a Expr]) -> (Range, Range) {
        let mut size = Range {
            min: if values.is_empty() { 0 } else { u64::MAX },
            max: 0,
        };
        let mut sum = Range::fixed(0);
        for value in values {
            sum = sum.add(self.cost(value));
            size = size.union(self.size_or_unknown(value));
        }
        (sum, size)
    }

    fn select(&mut self, expr: &'a Expr, operand: &'a Expr, field: &str, test: bool) -> Range {
        let mut sum = self.cost(operand);
        if test {
            return sum;
        }
        if matches!(
            self.checked.type_of(operand),
            Type::Map(..) | Type::Object(_) | Type::Param(_)
        ) {
            sum = sum.add(STEP);
        }
        let mut path = self.path(operand);
        path.push(field.to_owned());
        self.paths.insert(expr.id, path);
        sum
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.get(name)?.last()
    }

    fn push(&mut self, name: &str, local: Local) {
        self.locals.entry(name.to_owned()).or_default().push(local);
    }

    fn pop(&mut self, name: &str) {
        if let Some(locals) = self.locals.get_mut(name) {
            locals.pop();
        }
    }

    fn path(&self, expr: &Expr) -> Vec<String> {
        if let Kind::Ident(name) = &expr.kind
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&expr.id).cloned().unwrap_or_default()
    }

    fn comprehension(&mut self, expr: &'a Expr, c: &'a Comprehension) -> Range {
        let mut sum = self.cost(&c.range).add(self.cost(&c.init));
        self.push_value(&c.accumulator, &c.init);
        self.push_iterated(c);
        let condition = self.cost(&c.condition);
        let step = self.cost(&c.step);
        self.pop(&c.variable);
        if let Some(variable2) = &c.variable2 {
            self.pop(variable2);
        }
        sum = sum.add(self.cost(&c.result));
        self.pop(&c.accumulator);
        let count = self.size_or_unknown(&c.range);
        sum = sum.add(count.multiply(step.add(condition)));
        match &c.init.kind {
            Kind::Literal(_) => {
                if let Some(size) = self.size(&c.init) {
                    self.computed.insert(expr.id, size);
                }
            }
            Kind::List(_) | Kind::Map(_) => {
                self.computed.insert(expr.id, count);
                if let Some(entry) = self.entry(&c.step) {
                    self.entries.insert(expr.id, entry);
                }
            }
            _ => {}
        }
        sum
    }

    fn push_value(&mut self, name: &str, value: &Expr) {
        let local = Local {
            path: self.path(value),
            size: self.size(value),
            entry: self.entry(value),
        };
        self.push(name, local);
    }

    fn push_iterated(&mut self, c: &Comprehension) {
        let entry = self.entry(&c.range);
        let is_list = match entry {
            Some(entry) => entry.is_list,
            None => matches!(self.checked.type_of(&c.range), Type::List(_)),
        };
        let key = if is_list { "@indices" } else { "@keys" };
        let value = if is_list { "@items" } else { "@values" };
        let (of_key, of_value) = (entry.map(|e| e.key), entry.map(|e| e.value));
        match &c.variable2 {
            Some(variable2) => {
                self.push_element(&c.variable, &c.range, key, of_key);
                self.push_element(variable2, &c.range, value, of_value);
            }
            None if is_list => self.push_element(&c.variable, &c.range, value, of_value),
            None => self.push_element(&c.variable, &c.range, key, of_key),
        }
    }

    fn push_element(&mut self, name: &str, range: &Expr, step: &str, size: Option<Range>) {
        let mut path = self.path(range);
        path.push(step.to_owned());
        self.push(
            name,
            Local {
                path,
                size,
                entry: None,
            },
        );
    }

    fn bind(&mut self, expr: &'a Expr, c: &'a Comprehension) -> Range {
        let sum = self.cost(&c.range).add(self.cost(&c.init));
        self.push_value(&c.accumulator, &c.init);
        let sum = sum.add(self.cost(&c.result));
        self.pop(&c.accumulator);
        self.copy_sizes(expr, &c.result);
        sum
    }

    fn copy_sizes(&mut self, to: &Expr, from: &Expr) {
        if let Some(size) = self.size(from) {
            self.computed.insert(to.id, size);
        }
        if let Some(entry) = self.entry(from) {
            self.entries.insert(to.id, entry);
        }
    }

    fn size_or_unknown(&mut self, expr: &Expr) -> Range {
        self.size(expr).unwrap_or(Range::UNKNOWN)
    }

    fn size(&mut self, expr: &Expr) -> Option<Range> {
        if let Some(size) = self.computed.get(&expr.id) {
            return Some(*size);
        }
        if let Some(size) = written_size(expr) {
            return Some(size);
        }
        if let Some(size) = self.sizes.size(&self.path(expr)) {
            self.computed.insert(expr.id, size);
            return Some(size);
        }
        if is_scalar(self.checked.type_of(expr)) {
            return Some(Range::fixed(1));
        }
        match &expr.kind {
            Kind::Ident(name) => self.local(name)?.size,
            _ => None,
        }
    }

    fn entry(&self, expr: &Expr) -> Option<EntrySize> {
        if let Some(entry) = self.entries.get(&expr.id) {
            return Some(*entry);
        }
        match &expr.kind {
            Kind::Ident(name) => self.local(name)?.entry,
            _ => None,
        }
    }

    fn node(&mut self, expr: &'a Expr) -> Node<'a> {
        let path = self.path(expr);
        let hidden = path.first().is_none_or(|name| name == ACCUMULATOR);
        Node {
            path: (!hidden).then_some(path),
            ty: self.checked.type_of(expr).clone(),
            expr: Some(expr),
            size: self.size(expr),
        }
    }
}

fn is_bind(c: &Comprehension) -> bool {
    let nothing = matches!(&c.range.kind, Kind::List(elements) if elements.is_empty());
    let never = matches!(&c.condition.kind, Kind::Literal(CelValue::Bool(false)));
    nothing && never
}

/// The size of what is written out.
fn written_size(expr: &Expr) -> Option<Range> {
    let size = match &expr.kind {
        Kind::Literal(CelValue::String(text)) => text.chars().count(),
        Kind::Literal(CelValue::Bytes(bytes)) => bytes.len(),
        Kind::Literal(_) => 1,
        Kind::List(elements) => elements.len(),
        Kind::Map(entries) => entries.len(),
        _ => return None,
    };
    Some(Range::fixed(u64::try_from(size).unwrap_or(u64::MAX)))
}

fn is_scalar(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Double | Type::Duration | Type::Int | Type::Timestamp | Type::Uint => {
            true
        }
        other => other.optional_inner().is_some_and(is_scalar),
    }
}
