//! Calls: which overloads are meant.

use super::{Checker, Reference};
use crate::cel::ast::{Expr, Kind};
use crate::cel::declarations::Declaration;
use crate::cel::operators as op;
use crate::cel::types::Type;
use crate::cel::unify::instantiate;
use crate::cel::value::CelValue;

impl Checker<'_> {
    pub(super) fn call(&mut self, expr: &mut Expr) -> Type {
        let (id, offset) = (expr.id, expr.offset);
        let Kind::Call {
            function,
            target,
            args,
        } = &mut expr.kind
        else {
            return Type::Error;
        };
        if function == op::OPTIONAL_SELECT
            && let [
                operand,
                Expr {
                    kind: Kind::Literal(CelValue::String(field)),
                    ..
                },
            ] = &mut args[..]
        {
            let field = field.clone();
            self.check(operand);
            let ty = self.field(offset, operand, &field, true);
            if let Some(declaration) = self.declaration(op::OPTIONAL_SELECT) {
                let overloads = declaration.overloads.iter().collect();
                self.references[id] = Reference::Function(overloads);
            }
            return self.mapping.substitute(&ty, false);
        }
        for arg in args.iter_mut() {
            self.check(arg);
        }
        if let Some(qualified) = target
            .as_ref()
            .and_then(|target| target.qualified_name())
            .map(|name| format!("{name}.{function}"))
            .filter(|name| self.declaration(name).is_some())
        {
            *function = qualified;
            *target = None;
        }
        if let Some(target) = target.as_deref_mut() {
            self.check(target);
        }
        let Some(declaration) = self.declaration(function) else {
            let name = function.clone();
            return self.undeclared(offset, &name);
        };
        function.clone_from(&declaration.name);
        let types: Vec<Type> = target
            .as_deref()
            .into_iter()
            .chain(args.iter())
            .map(|arg| self.get(arg))
            .collect();
        let places: Vec<usize> = args.iter().map(|arg| arg.offset).collect();
        let member = target.is_some();
        self.resolve((id, offset), declaration, types, &places, member)
    }

    fn declaration(&self, name: &str) -> Option<&'static Declaration> {
        let name = name.strip_prefix('.').unwrap_or(name);
        Declaration::find(name).filter(|d| !d.mutation || self.environment.has_mutation())
    }

    fn resolve(
        &mut self,
        (id, offset): (usize, usize),
        declaration: &'static Declaration,
        types: Vec<Type>,
        places: &[usize],
        member: bool,
    ) -> Type {
        let styled = declaration
            .overloads
            .iter()
            .filter(|overload| overload.member == member);
        let mut result: Option<Type> = None;
        let mut matching = Vec::new();
        for overload in styled {
            if matches!(&*declaration.name, op::LOGICAL_AND | op::LOGICAL_OR) {
                self.references[id] = Reference::Function(vec![overload]);
                return self.logical(&types, places);
            }
            let variables: Vec<Type> = (0..overload.variables)
                .map(|_| self.mapping.fresh())
                .collect();
            let wanted: Vec<Type> = overload
                .args
                .iter()
                .map(|a| instantiate(a, &variables))
                .collect();
            if !self.mapping.assignable_list(&types, &wanted) {
                continue;
            }
            matching.push(overload);
            let ty = instantiate(&overload.result, &variables);
            let ty = self.mapping.substitute(&ty, false);
            result = Some(match result {
                None => ty,
                Some(before) if before.is_dyn() || before == ty => before,
                Some(_) => Type::Dyn,
            });
        }
        match result {
            Some(ty) => {
                self.references[id] = Reference::Function(matching);
                ty
            }
            None => self.no_overload(offset, &declaration.name, &types, member),
        }
    }

    fn logical(&mut self, types: &[Type], places: &[usize]) -> Type {
        let mut result = Type::Bool;
        for (ty, offset) in types.iter().zip(places) {
            if !self.mapping.assignable(ty, &Type::Bool) {
                self.mismatch(*offset, &Type::Bool, ty);
                result = Type::Error;
            }
        }
        result
    }

    fn no_overload(&mut self, offset: usize, name: &str, types: &[Type], member: bool) -> Type {
        let shown: Vec<String> = types
            .iter()
            .map(|ty| self.mapping.substitute(ty, true).to_string())
            .collect();
        let signature = match shown.split_first() {
            Some((target, rest)) if member => format!("{target}.({})", rest.join(", ")),
            _ => format!("({})", shown.join(", ")),
        };
        let message = format!("found no matching overload for '{name}' applied to '{signature}'");
        self.issues.report(offset, message);
        Type::Error
    }
}
