//! The type checker.

mod calls;

use super::ast::{Comprehension, Expr, Field, Kind};
use super::declarations::Overload;
use super::environment::Environment;
use super::parse::Tree;
use super::source::Issues;
use super::types::Type;
use super::unify::{Mapping, most_general};

/// What an expression refers to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Reference {
    #[default]
    None,
    /// A variable.
    Variable,
    /// A type by its name.
    Constant(Type),
    /// A function, and the overloads that may be meant.
    Function(Vec<&'static Overload>),
}

/// An expression and what is known of each part of it, by its id.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) root: Expr,
    pub(crate) types: Vec<Type>,
    pub(crate) references: Vec<Reference>,
}

impl Checked {
    pub(crate) fn type_of(&self, expr: &Expr) -> &Type {
        self.types.get(expr.id).unwrap_or(&Type::Dyn)
    }

    pub(crate) fn overloads(&self, expr: &Expr) -> &[&'static Overload] {
        match self.references.get(expr.id) {
            Some(Reference::Function(overloads)) => overloads,
            _ => &[],
        }
    }
}

/// Checks an expression; names in it become qualified ones.
pub(crate) fn check(tree: Tree, environment: &Environment, issues: Issues) -> (Checked, Issues) {
    let mut root = tree.root;
    let mut checker = Checker {
        environment,
        issues,
        mapping: Mapping::default(),
        scopes: Vec::new(),
        types: vec![Type::Dyn; tree.ids],
        references: vec![Reference::None; tree.ids],
    };
    checker.check(&mut root);
    let mapping = checker.mapping;
    let types = checker
        .types
        .iter()
        .map(|ty| mapping.substitute(ty, true))
        .collect();
    let checked = Checked {
        root,
        types,
        references: checker.references,
    };
    (checked, checker.issues)
}

struct Checker<'a> {
    environment: &'a Environment,
    issues: Issues,
    mapping: Mapping,
    scopes: Vec<(String, Type)>,
    types: Vec<Type>,
    references: Vec<Reference>,
}

impl Checker<'_> {
    fn check(&mut self, expr: &mut Expr) {
        let (id, offset) = (expr.id, expr.offset);
        let ty = match &mut expr.kind {
            Kind::Literal(value) => value.type_of(),
            Kind::Ident(_) | Kind::Select { .. } => self.name_or_select(expr),
            Kind::Call { .. } => self.call(expr),
            Kind::List(elements) => {
                let mut item = None;
                for element in elements {
                    self.check(&mut element.value);
                    let ty = self.entry_type(&element.value, element.optional);
                    item = Some(self.join(item, ty));
                }
                Type::list(item.unwrap_or_else(|| self.mapping.fresh()))
            }
            Kind::Map(entries) => {
                let (mut key, mut value) = (None, None);
                for entry in entries {
                    self.check(&mut entry.key);
                    let ty = self.get(&entry.key);
                    key = Some(self.join(key, ty));
                    self.check(&mut entry.value);
                    let ty = self.entry_type(&entry.value, entry.optional);
                    value = Some(self.join(value, ty));
                }
                let key = key.unwrap_or_else(|| self.mapping.fresh());
                Type::map(key, value.unwrap_or_else(|| self.mapping.fresh()))
            }
            Kind::Struct { name, fields } => self.object(id, offset, name, fields),
            Kind::Comprehension(comprehension) => self.comprehension(comprehension),
        };
        self.types[id] = ty;
    }

    fn get(&self, expr: &Expr) -> Type {
        self.types[expr.id].clone()
    }

    /// The type of an element or an entry's value, unwrapped if it is optional.
    fn entry_type(&mut self, value: &Expr, optional: bool) -> Type {
        let ty = self.get(value);
        if !optional {
            return ty;
        }
        if let Some(inner) = ty.optional_inner() {
            return inner.clone();
        }
        if !ty.is_dyn() {
            self.mismatch(value.offset, &Type::optional(ty.clone()), &ty);
        }
        ty
    }

    fn mismatch(&mut self, offset: usize, expected: &Type, actual: &Type) {
        let message = format!("expected type '{expected}' but found '{actual}'");
        self.issues.report(offset, message);
    }

    fn join(&mut self, previous: Option<Type>, current: Type) -> Type {
        let Some(previous) = previous else {
            return current;
        };
        if self.mapping.assignable(&previous, &current) {
            return most_general(&previous, &current).clone();
        }
        // That aggregates are of one type is asked for afterwards.
        Type::Dyn
    }

    fn lookup(&self, name: &str) -> Option<(Type, Reference)> {
        let local = self.scopes.iter().rev().find(|(local, _)| local == name);
        if let Some((_, ty)) = local {
            return Some((ty.clone(), Reference::Variable));
        }
        let ty = self.environment.lookup(name)?;
        let reference = match &ty {
            Type::Type(Some(inner)) => Reference::Constant((**inner).clone()),
            _ => Reference::Variable,
        };
        Some((ty, reference))
    }

    fn undeclared(&mut self, offset: usize, name: &str) -> Type {
        let message = format!("undeclared reference to '{name}' (in container '')");
        self.issues.report(offset, message);
        Type::Error
    }

    fn name_or_select(&mut self, expr: &mut Expr) -> Type {
        if let Some(name) = expr.qualified_name()
            && let Some((ty, reference)) = self.lookup(&name)
        {
            self.references[expr.id] = reference;
            expr.kind = Kind::Ident(name);
            return ty;
        }
        match &mut expr.kind {
            Kind::Select {
                operand,
                field,
                test,
            } => {
                self.check(operand);
                let ty = self.field(expr.offset, operand, field, false);
                if *test {
                    Type::Bool
                } else {
                    self.mapping.substitute(&ty, false)
                }
            }
            Kind::Ident(name) => self.undeclared(expr.offset, name),
            _ => Type::Error,
        }
    }

    fn field(&mut self, offset: usize, operand: &Expr, field: &str, optional: bool) -> Type {
        let operand = self.mapping.substitute(&self.get(operand), false);
        let inner = operand.optional_inner();
        let target = inner.unwrap_or(&operand);
        let result = match target {
            Type::Map(_, value) => (**value).clone(),
            Type::Object(object) => self.declared_field(offset, object, field),
            Type::Param(_) => {
                self.mapping.assignable(&Type::Dyn, target);
                Type::Dyn
            }
            other => {
                if !other.is_dyn_or_error() {
                    let message = format!("type '{other}' does not support field selection");
                    self.issues.report(offset, message);
                }
                Type::Dyn
            }
        };
        if inner.is_some() || optional {
            Type::optional(result)
        } else {
            result
        }
    }

    fn declared_field(
        &mut self,
        offset: usize,
        object: &super::types::ObjectType,
        field: &str,
    ) -> Type {
        let message = match self.environment.field(object, field) {
            Ok(Some(ty)) => return ty,
            Ok(None) => format!("undefined field '{field}'"),
            Err(()) => format!("unexpected failed resolution of '{}'", object.name),
        };
        self.issues.report(offset, message);
        Type::Error
    }

    fn object(
        &mut self,
        id: usize,
        offset: usize,
        name: &mut String,
        fields: &mut [Field],
    ) -> Type {
        let Some((ty, _)) = self.lookup(name) else {
            let name = name.clone();
            return self.undeclared(offset, &name);
        };
        let result = match &ty {
            Type::Type(Some(inner)) if matches!(**inner, Type::Object(_)) => (**inner).clone(),
            Type::Type(inner) => {
                let shown = inner.as_ref().map_or("type", |inner| inner.name());
                let message = format!("'{shown}' is not a message type");
                self.issues.report(offset, message);
                Type::Error
            }
            other => {
                let message = format!("'{}' is not a type", other.name());
                self.issues.report(offset, message);
                Type::Error
            }
        };
        self.references[id] = Reference::Variable;
        for field in fields {
            self.check(&mut field.value);
            let wanted = match &result {
                Type::Object(object) => self.declared_field(field.offset, object, &field.name),
                _ => {
                    let message = format!("unexpected failed resolution of '{name}'");
                    self.issues.report(field.offset, message);
                    Type::Error
                }
            };
            let actual = self.entry_type(&field.value, field.optional);
            if !self.mapping.assignable(&wanted, &actual) {
                let message = format!(
                    "expected type of field '{}' is '{wanted}' but provided type is '{actual}'",
                    field.name
                );
                self.issues.report(field.offset, message);
            }
        }
        result
    }

    fn comprehension(&mut self, c: &mut Comprehension) -> Type {
        self.check(&mut c.range);
        self.check(&mut c.init);
        let range = self.mapping.substitute(&self.get(&c.range), false);
        let accumulator = self.get(&c.init);
        let depth = self.scopes.len();
        self.scopes
            .push((c.accumulator.clone(), accumulator.clone()));
        let (first, second) = self.iterated(&range, c.range.offset);
        match &c.variable2 {
            None => {
                let single = if matches!(range, Type::List(_)) {
                    second
                } else {
                    first
                };
                self.scopes.push((c.variable.clone(), single));
            }
            Some(variable2) => {
                self.scopes.push((c.variable.clone(), first));
                self.scopes.push((variable2.clone(), second));
            }
        }
        self.check(&mut c.condition);
        self.assert(&c.condition, &Type::Bool);
        self.check(&mut c.step);
        self.assert(&c.step, &accumulator);
        self.scopes.truncate(depth + 1);
        self.check(&mut c.result);
        self.scopes.truncate(depth);
        self.mapping.substitute(&self.get(&c.result), false)
    }

    /// The types of index or key, and of item or value.
    fn iterated(&mut self, range: &Type, offset: usize) -> (Type, Type) {
        match range {
            Type::List(item) => (Type::Int, (**item).clone()),
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.mapping.assignable(&Type::Dyn, range);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.issues.report(offset, message);
                (Type::Error, Type::Error)
            }
        }
    }

    fn assert(&mut self, expr: &Expr, wanted: &Type) {
        let actual = self.get(expr);
        if !self.mapping.assignable(wanted, &actual) {
            self.mismatch(expr.offset, wanted, &actual);
        }
    }
}
