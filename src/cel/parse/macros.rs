//! The macros: calls that stand for loops and tests.

use super::Reader;
use crate::cel::ast::{Comprehension, Element, Expr, Kind};
use crate::cel::operators::{self as op, ACCUMULATOR};
use crate::cel::value::CelValue;

const OLD_ACCUMULATOR: &str = "__result__";
const SORT_INPUT: &str = "@__sortBy_input__";
const UNUSED: &str = "#unused";

/// The call itself, or what it stands for.
pub(super) fn expand(
    reader: &mut Reader<'_>,
    offset: usize,
    function: &str,
    target: Option<Expr>,
    args: Vec<Expr>,
) -> Expr {
    let mut maker = Maker { reader, offset };
    match target {
        None if function == "has" && args.len() == 1 => maker.has(args),
        None => maker.call(function, args),
        Some(target) => maker.member(function, target, args),
    }
}

struct Maker<'a, 'b> {
    reader: &'a mut Reader<'b>,
    offset: usize,
}

/// What one step of a loop does.
#[derive(Clone, Copy)]
enum Loop {
    All,
    Exists,
    ExistsOne,
    List,
    Map,
    MapEntry,
}

impl Maker<'_, '_> {
    fn make(&mut self, kind: Kind) -> Expr {
        self.reader.make(self.offset, kind)
    }

    fn call(&mut self, function: &str, args: Vec<Expr>) -> Expr {
        self.make(Kind::Call {
            function: function.to_owned(),
            target: None,
            args,
        })
    }

    fn member_call(&mut self, function: &str, target: Expr, args: Vec<Expr>) -> Expr {
        self.make(Kind::Call {
            function: function.to_owned(),
            target: Some(Box::new(target)),
            args,
        })
    }

    fn literal(&mut self, value: CelValue) -> Expr {
        self.make(Kind::Literal(value))
    }

    fn ident(&mut self, name: &str) -> Expr {
        self.make(Kind::Ident(name.to_owned()))
    }

    fn accumulator(&mut self) -> Expr {
        self.ident(ACCUMULATOR)
    }

    fn list(&mut self, items: Vec<Expr>) -> Expr {
        let elements = items.into_iter().map(|value| Element {
            value,
            optional: false,
        });
        let elements = elements.collect();
        self.make(Kind::List(elements))
    }

    fn refuse(&mut self, offset: usize, message: &str) -> Expr {
        self.reader.issues.report(offset, message);
        self.literal(CelValue::Null)
    }

    fn has(&mut self, mut args: Vec<Expr>) -> Expr {
        let Some(arg) = args.pop() else {
            return self.literal(CelValue::Null);
        };
        match arg.kind {
            Kind::Select {
                operand,
                field,
                test: false,
            } => self.make(Kind::Select {
                operand,
                field,
                test: true,
            }),
            _ => self.refuse(arg.offset, "invalid argument to has() macro"),
        }
    }

    fn member(&mut self, function: &str, target: Expr, args: Vec<Expr>) -> Expr {
        match (function, args.len()) {
            ("all", 2) => self.fold(Loop::All, 1, target, args),
            ("exists", 2) => self.fold(Loop::Exists, 1, target, args),
            ("exists_one" | "existsOne", 2) => self.fold(Loop::ExistsOne, 1, target, args),
            ("map", 2 | 3) => self.fold(Loop::List, 1, target, args),
            ("filter", 2) => self.filter(target, args),
            ("all", 3) => self.fold(Loop::All, 2, target, args),
            ("exists", 3) => self.fold(Loop::Exists, 2, target, args),
            ("exists_one" | "existsOne", 3) => self.fold(Loop::ExistsOne, 2, target, args),
            ("transformList", 3 | 4) => self.fold(Loop::List, 2, target, args),
            ("transformMap", 3 | 4) => self.fold(Loop::Map, 2, target, args),
            ("transformMapEntry", 3 | 4) => self.fold(Loop::MapEntry, 2, target, args),
            ("optMap", 2) => self.optional_map(target, args, false),
            ("optFlatMap", 2) => self.optional_map(target, args, true),
            ("sortBy", 2) => self.sort_by(target, args),
            _ => self.member_call(function, target, args),
        }
    }

    /// The names of the loop's variables, or the error of what is none.
    fn variables(&mut self, args: &[Expr]) -> Result<Vec<String>, Expr> {
        let mut names: Vec<String> = Vec::new();
        for arg in args {
            let Kind::Ident(name) = &arg.kind else {
                return Err(self.refuse(arg.offset, "argument must be a simple name"));
            };
            if names.contains(name) {
                let message = format!("duplicate variable name: {name}");
                return Err(self.refuse(arg.offset, &message));
            }
            names.push(name.clone());
        }
        for (name, arg) in names.iter().zip(args) {
            if name == ACCUMULATOR || name == OLD_ACCUMULATOR {
                let message = "iteration variable overwrites accumulator variable";
                return Err(self.refuse(arg.offset, message));
            }
        }
        Ok(names)
    }

    fn fold(&mut self, kind: Loop, count: usize, target: Expr, mut args: Vec<Expr>) -> Expr {
        let body = args.split_off(count);
        let names = match self.variables(&args) {
            Ok(names) => names,
            Err(refused) => return refused,
        };
        let mut body = body.into_iter();
        let (Some(first), second) = (body.next(), body.next()) else {
            return self.literal(CelValue::Null);
        };
        let (filter, transform) = match second {
            Some(second) => (Some(first), second),
            None => (None, first),
        };
        let init = self.init(kind);
        let condition = self.condition(kind);
        let mut step = self.step(kind, &names, transform);
        if let Some(filter) = filter {
            let same = self.accumulator();
            step = self.call(op::CONDITIONAL, vec![filter, step, same]);
        }
        let result = self.accumulator();
        let result = if matches!(kind, Loop::ExistsOne) {
            let one = self.literal(CelValue::Int(1));
            self.call(op::EQUALS, vec![result, one])
        } else {
            result
        };
        self.comprehension(target, names, [init, condition, step, result])
    }

    fn comprehension(&mut self, range: Expr, names: Vec<String>, parts: [Expr; 4]) -> Expr {
        let [init, condition, step, result] = parts;
        let mut names = names.into_iter();
        self.make(Kind::Comprehension(Box::new(Comprehension {
            range,
            variable: names.next().unwrap_or_default(),
            variable2: names.next(),
            accumulator: ACCUMULATOR.to_owned(),
            init,
            condition,
            step,
            result,
        })))
    }

    fn init(&mut self, kind: Loop) -> Expr {
        match kind {
            Loop::All => self.literal(CelValue::Bool(true)),
            Loop::Exists => self.literal(CelValue::Bool(false)),
            Loop::ExistsOne => self.literal(CelValue::Int(0)),
            Loop::List => self.list(Vec::new()),
            Loop::Map | Loop::MapEntry => self.make(Kind::Map(Vec::new())),
        }
    }

    fn condition(&mut self, kind: Loop) -> Expr {
        match kind {
            Loop::All => {
                let so_far = self.accumulator();
                self.call(op::NOT_STRICTLY_FALSE, vec![so_far])
            }
            Loop::Exists => {
                let so_far = self.accumulator();
                let negated = self.call(op::LOGICAL_NOT, vec![so_far]);
                self.call(op::NOT_STRICTLY_FALSE, vec![negated])
            }
            _ => self.literal(CelValue::Bool(true)),
        }
    }

    fn step(&mut self, kind: Loop, names: &[String], body: Expr) -> Expr {
        let so_far = self.accumulator();
        match kind {
            Loop::All => self.call(op::LOGICAL_AND, vec![so_far, body]),
            Loop::Exists => self.call(op::LOGICAL_OR, vec![so_far, body]),
            Loop::ExistsOne => {
                let one = self.literal(CelValue::Int(1));
                let more = self.call(op::ADD, vec![so_far, one]);
                let same = self.accumulator();
                self.call(op::CONDITIONAL, vec![body, more, same])
            }
            Loop::List => {
                let item = self.list(vec![body]);
                self.call(op::ADD, vec![so_far, item])
            }
            Loop::Map => {
                let key = self.ident(names.first().map_or("", String::as_str));
                self.call(op::MAP_INSERT, vec![so_far, key, body])
            }
            Loop::MapEntry => self.call(op::MAP_INSERT, vec![so_far, body]),
        }
    }

    fn filter(&mut self, target: Expr, mut args: Vec<Expr>) -> Expr {
        let names = match self.variables(&args[..1]) {
            Ok(names) => names,
            Err(refused) => return refused,
        };
        let (Some(test), Some(variable)) = (args.pop(), args.pop()) else {
            return self.literal(CelValue::Null);
        };
        let init = self.list(Vec::new());
        let condition = self.literal(CelValue::Bool(true));
        let so_far = self.accumulator();
        let item = self.list(vec![variable]);
        let more = self.call(op::ADD, vec![so_far, item]);
        let same = self.accumulator();
        let step = self.call(op::CONDITIONAL, vec![test, more, same]);
        let result = self.accumulator();
        self.comprehension(target, names, [init, condition, step, result])
    }

    /// A loop that never runs, for the variable it binds.
    fn bind(&mut self, name: &str, value: Expr, result: Expr) -> Expr {
        let range = self.list(Vec::new());
        let condition = self.literal(CelValue::Bool(false));
        let step = self.ident(name);
        self.make(Kind::Comprehension(Box::new(Comprehension {
            range,
            variable: UNUSED.to_owned(),
            variable2: None,
            accumulator: name.to_owned(),
            init: value,
            condition,
            step,
            result,
        })))
    }

    fn optional_map(&mut self, target: Expr, mut args: Vec<Expr>, flat: bool) -> Expr {
        let name = if flat { "optFlatMap" } else { "optMap" };
        let (Some(body), Some(variable)) = (args.pop(), args.pop()) else {
            return self.literal(CelValue::Null);
        };
        let Kind::Ident(variable) = variable.kind else {
            let message = format!("{name}() variable name must be a simple identifier");
            return self.refuse(variable.offset, &message);
        };
        let again = self.reader.copy(&target);
        let test = self.member_call("hasValue", target, Vec::new());
        let value = self.member_call("value", again, Vec::new());
        let mut mapped = self.bind(&variable, value, body);
        if !flat {
            mapped = self.call("optional.of", vec![mapped]);
        }
        let none = self.call("optional.none", Vec::new());
        self.call(op::CONDITIONAL, vec![test, mapped, none])
    }

    fn sort_by(&mut self, target: Expr, args: Vec<Expr>) -> Expr {
        if matches!(
            target.kind,
            Kind::Literal(_) | Kind::Map(_) | Kind::Struct { .. }
        ) {
            let message = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
            return self.refuse(target.offset, message);
        }
        let input = self.ident(SORT_INPUT);
        let keys = self.fold(Loop::List, 1, input, args);
        let input = self.ident(SORT_INPUT);
        let sorted = self.member_call("@sortByAssociatedKeys", input, vec![keys]);
        self.bind(SORT_INPUT, target, sorted)
    }
}
