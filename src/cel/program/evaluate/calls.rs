//! Calls of operators and functions.

use super::{Evaluator, Outcome, Stop, cost, is_accumulator};
use crate::cel::ast::{Expr, Kind};
use crate::cel::library::{self, Failure};
use crate::cel::operators as op;
use crate::cel::value::CelValue;

impl<'a> Evaluator<'a, '_> {
    pub(super) fn call(&mut self, expr: &'a Expr) -> Outcome {
        let Kind::Call {
            function,
            target,
            args,
        } = &expr.kind
        else {
            return Err(Stop::error("no such overload"));
        };
        match (function.as_str(), args.as_slice()) {
            (op::LOGICAL_AND, _) => self.logical(args, false),
            (op::LOGICAL_OR, _) => self.logical(args, true),
            (op::NOT_STRICTLY_FALSE, [arg]) => self.not_strictly_false(arg),
            (op::EQUALS | op::NOT_EQUALS, [left, right]) => self.equality(function, left, right),
            (op::ADD, [so_far, item])
                if is_accumulator(so_far) && matches!(item.kind, Kind::List(_)) =>
            {
                self.append(item)
                    .unwrap_or_else(|| Err(Stop::error("no such overload")))
            }
            ("@in", [item, list]) => self.membership(expr, item, list),
            ("or" | "orValue", [other]) if target.is_some() => {
                self.alternative(function == "orValue", target.as_deref(), other)
            }
            _ => self.function(expr, function, target.as_deref(), args),
        }
    }

    fn logical(&mut self, terms: &'a [Expr], decisive: bool) -> Outcome {
        let mut error = None;
        for term in terms {
            match self.eval(term) {
                Ok(CelValue::Bool(b)) if b == decisive => return Ok(CelValue::Bool(b)),
                Ok(CelValue::Bool(_)) => {}
                Err(Stop::Limit) => return Err(Stop::Limit),
                Err(stop) => error = error.or(Some(stop)),
                Ok(_) => error = error.or_else(|| Some(Stop::error("no such overload"))),
            }
        }
        match error {
            Some(stop) => Err(stop),
            None => Ok(CelValue::Bool(!decisive)),
        }
    }

    fn not_strictly_false(&mut self, arg: &'a Expr) -> Outcome {
        let value = self.eval(arg);
        self.charge(1)?;
        match value {
            Err(Stop::Limit) => Err(Stop::Limit),
            Ok(CelValue::Bool(false)) => Ok(CelValue::Bool(false)),
            _ => Ok(CelValue::Bool(true)),
        }
    }

    fn equality(&mut self, function: &str, left: &'a Expr, right: &'a Expr) -> Outcome {
        let (left, right) = (self.eval(left), self.eval(right));
        if matches!(right, Err(Stop::Limit)) {
            return right;
        }
        if left.is_err() || right.is_err() {
            self.charge(1)?;
        }
        let args = [left?, right?];
        let equal = library::equality::equal(&args[0], &args[1]);
        self.charge(cost::of(function, Some("equals"), &args, &CelValue::Null))?;
        match (function == op::EQUALS, equal) {
            (true, Ok(equal)) => Ok(CelValue::Bool(equal)),
            (true, Err(failure)) => Err(stop(failure, function)),
            (false, equal) => Ok(CelValue::Bool(!matches!(equal, Ok(true)))),
        }
    }

    /// `in`: what is asked of a constant list of simple values costs nothing.
    fn membership(&mut self, expr: &'a Expr, item: &'a Expr, list: &'a Expr) -> Outcome {
        let single = self.checked.overloads(expr);
        let of_list = matches!(single, [overload] if overload.id == "in_list");
        match self.constant(list) {
            Some(CelValue::List(constant)) if of_list && constant.items.iter().all(is_simple) => {
                let item = self.eval(item)?;
                let found = constant
                    .items
                    .iter()
                    .any(|known| matches!(library::equality::equal(known, &item), Ok(true)));
                Ok(CelValue::Bool(found))
            }
            _ => {
                let Kind::Call { function, args, .. } = &expr.kind else {
                    return Err(Stop::error("no such overload"));
                };
                self.function(expr, function, None, args)
            }
        }
    }

    /// `x.or(y)` and `x.orValue(y)`: the other is evaluated only if it is needed, and it costs nothing.
    fn alternative(&mut self, unwraps: bool, target: Option<&'a Expr>, other: &'a Expr) -> Outcome {
        let Some(target) = target else {
            return Err(Stop::error("no such overload"));
        };
        match self.eval(target)? {
            CelValue::Optional(None) => self.eval(other),
            CelValue::Optional(Some(value)) if unwraps => Ok((*value).clone()),
            value => Ok(value),
        }
    }

    fn function(
        &mut self,
        expr: &'a Expr,
        function: &str,
        target: Option<&'a Expr>,
        args: &'a [Expr],
    ) -> Outcome {
        let count = args.len() + usize::from(target.is_some());
        let mut values = Vec::with_capacity(count);
        let mut failed = None;
        for arg in target.into_iter().chain(args) {
            match self.eval(arg) {
                Ok(value) => values.push(value),
                Err(Stop::Limit) => return Err(Stop::Limit),
                Err(stop) if count <= 2 => failed = failed.or(Some(stop)),
                Err(stop) => return Err(stop),
            }
        }
        if let Some(stop) = failed {
            self.charge(1)?;
            return Err(stop);
        }
        let result = match (
            self.plan.patterns.get(&expr.id),
            self.plan.functions.get(expr.id),
        ) {
            _ if function == "check" => {
                library::authz::check(self.activation.authorizer_of(), &values)
            }
            (Some(pattern), _) => library::regexes::apply(function, pattern, &values),
            (None, Some(Some(implementation))) => implementation(&values),
            _ => Err(Failure::NoOverload),
        };
        let overload = match self.checked.overloads(expr) {
            [overload] => Some(overload.id.as_str()),
            _ => None,
        };
        let result = result.map(|value| match (function, overload) {
            ("sum", Some(id)) if values.first().and_then(CelValue::size) == Some(0) => {
                library::lists::zero(id)
            }
            _ => value,
        });
        let shown = result.as_ref().ok().cloned().unwrap_or(CelValue::Null);
        self.charge(cost::of(function, overload, &values, &shown))?;
        result.map_err(|failure| stop(failure, function))
    }
}

fn stop(failure: Failure, function: &str) -> Stop {
    match failure {
        Failure::Limit => Stop::Limit,
        failure => Stop::Error(failure.message(function)),
    }
}

fn is_simple(value: &CelValue) -> bool {
    matches!(
        value,
        CelValue::Bool(_)
            | CelValue::Int(_)
            | CelValue::Uint(_)
            | CelValue::Double(_)
            | CelValue::String(_)
            | CelValue::Null
    )
}
