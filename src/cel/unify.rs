//! Whether one type may stand where another is wanted, and what type variables stand for.

use std::sync::Arc;

use super::types::Type;

/// What type variables stand for so far.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    bound: Vec<Option<Type>>,
    /// What was changed since the current attempt began: the variable, and what it stood for before.
    changes: Vec<(usize, Option<Type>)>,
}

impl Mapping {
    /// A type variable that stands for nothing yet.
    pub(crate) fn fresh(&mut self) -> Type {
        self.bound.push(None);
        Type::Param(u32::try_from(self.bound.len() - 1).unwrap_or(u32::MAX))
    }

    fn find(&self, ty: &Type) -> Option<&Type> {
        self.bound.get(index(ty)?)?.as_ref()
    }

    fn bind(&mut self, variable: &Type, ty: Type) {
        let Some(slot) = index(variable) else { return };
        if let Some(place) = self.bound.get_mut(slot) {
            let before = place.replace(ty);
            self.changes.push((slot, before));
        }
    }

    /// Whether the types agree one by one; what variables stand for is kept only if all do.
    pub(crate) fn assignable_list(&mut self, from: &[Type], to: &[Type]) -> bool {
        self.changes.clear();
        let fits =
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| self.fits(from, to));
        if !fits {
            while let Some((slot, before)) = self.changes.pop() {
                self.bound[slot] = before;
            }
        }
        fits
    }

    /// Whether a value of the one type may stand where the other is wanted.
    pub(crate) fn assignable(&mut self, from: &Type, to: &Type) -> bool {
        self.assignable_list(std::slice::from_ref(from), std::slice::from_ref(to))
    }

    fn fits(&mut self, t1: &Type, t2: &Type) -> bool {
        if matches!(t2, Type::Param(_)) {
            let (valid, bound) = self.substitutes(t1, t2);
            if valid || bound {
                return valid;
            }
        }
        if matches!(t1, Type::Param(_)) {
            return self.substitutes(t2, t1).0;
        }
        if t1.is_dyn_or_error() || t2.is_dyn_or_error() {
            return true;
        }
        if matches!(t1, Type::Null) {
            return nullable(t2);
        }
        if matches!(t2, Type::Null) {
            return nullable(t1);
        }
        match (t1, t2) {
            (Type::Type(_), Type::Type(_)) => true,
            (Type::List(a), Type::List(b)) => self.fits(a, b),
            (Type::Map(ak, av), Type::Map(bk, bv)) => self.fits(ak, bk) && self.fits(av, bv),
            (Type::Opaque(a, inner), Type::Opaque(b, others)) => {
                a == b
                    && inner.len() == others.len()
                    && inner
                        .iter()
                        .zip(others.iter())
                        .all(|(a, b)| self.fits(a, b))
            }
            _ => t1 == t2,
        }
    }

    /// Whether the variable `t2` may stand for `t1`, and whether it stood for something before.
    fn substitutes(&mut self, t1: &Type, t2: &Type) -> (bool, bool) {
        if t1 == t2 {
            return (true, true);
        }
        if let Some(current) = self.find(t2).cloned() {
            if *t1 == current {
                return (true, true);
            }
            if !self.fits(t1, &current) {
                return (false, true);
            }
            let general = most_general(t1, &current).clone();
            if self.not_within(t2, &general) {
                self.bind(t2, general);
            }
            return (true, true);
        }
        if self.not_within(t2, t1) {
            self.bind(t2, t1.clone());
            return (true, false);
        }
        (false, false)
    }

    fn not_within(&self, variable: &Type, ty: &Type) -> bool {
        if variable == ty {
            return false;
        }
        match ty {
            Type::Param(_) => self
                .find(ty)
                .is_none_or(|bound| self.not_within(variable, bound)),
            other => other
                .parameters()
                .into_iter()
                .all(|parameter| self.not_within(variable, parameter)),
        }
    }

    /// The type with its variables replaced; those that stand for nothing by `dyn`, if wanted.
    pub(crate) fn substitute(&self, ty: &Type, to_dyn: bool) -> Type {
        if let Some(bound) = self.find(ty) {
            return self.substitute(bound, to_dyn);
        }
        map_parameters(ty, &|parameter| self.substitute(parameter, to_dyn), to_dyn)
    }
}

/// The type with each parameter changed.
fn map_parameters(ty: &Type, change: &dyn Fn(&Type) -> Type, to_dyn: bool) -> Type {
    match ty {
        Type::Param(_) if to_dyn => Type::Dyn,
        Type::List(item) => Type::list(change(item)),
        Type::Map(key, value) => Type::map(change(key), change(value)),
        Type::Opaque(name, inner) => Type::Opaque(name.clone(), inner.iter().map(change).collect()),
        Type::Type(Some(inner)) => Type::Type(Some(Arc::new(change(inner)))),
        other => other.clone(),
    }
}

/// The type of a declaration, with these in place of its variables.
pub(crate) fn instantiate(ty: &Type, variables: &[Type]) -> Type {
    match index(ty) {
        Some(slot) => variables.get(slot).cloned().unwrap_or(Type::Dyn),
        None => map_parameters(ty, &|parameter| instantiate(parameter, variables), false),
    }
}

fn index(ty: &Type) -> Option<usize> {
    match ty {
        Type::Param(id) => usize::try_from(*id).ok(),
        _ => None,
    }
}

fn nullable(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Null | Type::Opaque(..) | Type::Object(_) | Type::Duration | Type::Timestamp
    )
}

/// The more general of two types that agree.
pub(crate) fn most_general<'a>(t1: &'a Type, t2: &'a Type) -> &'a Type {
    if equal_or_less_specific(t1, t2) {
        t1
    } else {
        t2
    }
}

fn equal_or_less_specific(t1: &Type, t2: &Type) -> bool {
    if matches!(t1, Type::Dyn | Type::Param(_)) {
        return true;
    }
    if matches!(t2, Type::Dyn | Type::Param(_)) {
        return false;
    }
    match (t1, t2) {
        (Type::Type(_), Type::Type(_)) => true,
        (Type::Opaque(a, inner), Type::Opaque(b, others)) => {
            a == b
                && inner.len() == others.len()
                && inner
                    .iter()
                    .zip(others.iter())
                    .all(|(a, b)| equal_or_less_specific(a, b))
        }
        (Type::List(a), Type::List(b)) => equal_or_less_specific(a, b),
        (Type::Map(ak, av), Type::Map(bk, bv)) => {
            equal_or_less_specific(ak, bk) && equal_or_less_specific(av, bv)
        }
        _ => t1 == t2,
    }
}
