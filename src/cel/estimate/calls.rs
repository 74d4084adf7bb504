//! What calls may cost.

use super::{EntrySize, Estimator, Node, Range, STEP};
use crate::cel::ast::{Expr, Kind};
use crate::cel::value::CelValue;

/// What a character read costs.
pub(super) const STRING: f64 = 0.1;
/// What a character of a regular expression costs.
pub(super) const REGEX: f64 = 0.25;

/// A call's cost, and the size of what it gives.
pub(super) struct Estimate {
    cost: Range,
    size: Option<Range>,
}

/// A call that costs this.
pub(super) fn costs(cost: Range) -> Option<Estimate> {
    Some(Estimate { cost, size: None })
}

/// A call that costs this and gives something of that size.
pub(super) fn sized(cost: Range, size: Range) -> Option<Estimate> {
    Some(Estimate {
        cost,
        size: Some(size),
    })
}

impl<'a> Estimator<'a> {
    pub(super) fn call(&mut self, expr: &'a Expr) -> Range {
        let Kind::Call {
            function,
            target,
            args,
        } = &expr.kind
        else {
            return Range::fixed(0);
        };
        if let ("dyn", [arg]) = (function.as_str(), args.as_slice()) {
            let cost = self.cost(arg);
            self.copy_sizes(expr, arg);
            return cost.add(STEP);
        }
        let (mut nodes, mut arg_costs) = (Vec::new(), Vec::new());
        for arg in args {
            arg_costs.push(self.cost(arg));
            nodes.push(self.node(arg));
        }
        let overloads: Vec<&'static str> = self
            .checked
            .overloads(expr)
            .iter()
            .map(|o| o.id.as_str())
            .collect();
        if overloads.is_empty() {
            return Range::fixed(0);
        }
        let mut sum = Range::fixed(0);
        let mut target_node = None;
        if let Some(target) = target.as_deref() {
            sum = self.cost(target);
            target_node = Some(self.node(target));
        }
        let mut cost = Range {
            min: u64::MAX,
            max: 0,
        };
        let mut size: Option<Range> = None;
        for overload in overloads {
            let estimate = self.function(
                expr,
                function,
                overload,
                target_node.as_ref(),
                &nodes,
                &arg_costs,
            );
            cost = cost.union(estimate.cost);
            if let Some(new) = estimate.size {
                size = Some(size.map_or(new, |size| size.union(new)));
            }
            let step = match overload {
                "index_list" => Some("@items"),
                "index_map" => Some("@values"),
                _ => None,
            };
            if let (Some(step), Some(operand)) = (step, args.first()) {
                size = self.entry(operand).map(|entry| entry.value);
                let mut path = self.path(operand);
                path.push(step.to_owned());
                self.paths.insert(expr.id, path);
            }
            size = size.or_else(|| self.size(expr));
        }
        if let Some(size) = size {
            self.computed.insert(expr.id, size);
        }
        sum.add(cost)
    }

    fn function(
        &mut self,
        expr: &'a Expr,
        function: &str,
        overload: &str,
        target: Option<&Node<'a>>,
        args: &[Node<'a>],
        arg_costs: &[Range],
    ) -> Estimate {
        let sum = arg_costs.iter().copied().fold(Range::fixed(0), Range::add);
        let known = self
            .of_lists(overload, target, args)
            .or_else(|| self.of_kubernetes(function, overload, target, args))
            .or_else(|| self.of_strings(overload, target, args));
        if let Some(estimate) = known {
            return Estimate {
                cost: estimate.cost.add(sum),
                size: estimate.size,
            };
        }
        self.of_operators(expr, overload, args, arg_costs)
            .unwrap_or(Estimate {
                cost: STEP.add(sum),
                size: None,
            })
    }

    /// The size of an argument, as the libraries of Kubernetes take it.
    pub(super) fn of(&self, node: &Node<'_>) -> Range {
        node.size
            .or_else(|| self.sizes.size(node.path.as_ref()?))
            .unwrap_or(Range::UNKNOWN)
    }

    pub(super) fn element(&self, list: &Node<'_>) -> Option<Node<'a>> {
        let ty = (*list.ty.parameters().first()?).clone();
        let path = list.path.as_ref().map(|path| {
            let mut path = path.clone();
            path.push("@items".to_owned());
            path
        });
        Some(Node {
            path,
            ty,
            expr: None,
            size: None,
        })
    }

    fn of_lists(
        &self,
        overload: &str,
        target: Option<&Node<'_>>,
        args: &[Node<'_>],
    ) -> Option<Estimate> {
        let allocating =
            |factor: f64, size: Range| sized(size.factor(factor).add(Range::fixed(11)), size);
        let literal = |node: Option<&Node<'_>>, default: u64| match node
            .and_then(|node| node.expr)
            .map(|expr| &expr.kind)
        {
            Some(Kind::Literal(CelValue::Int(i))) => u64::try_from(*i).unwrap_or(0),
            _ => default,
        };
        let square = |size: Range| size.multiply(size);
        match overload {
            "list_slice" => {
                let size = self.of(target?);
                let (start, end) = (literal(args.first(), 0), literal(args.get(1), size.max));
                allocating(1.0, Range::fixed(end.wrapping_sub(start)))
            }
            "lists_range" => allocating(1.0, Range::fixed(literal(args.first(), u64::MAX))),
            "list_reverse" => allocating(1.0, self.of(target?)),
            "list_flatten" => allocating(1.0, self.of(target?)),
            "list_flatten_int" => {
                let depth = literal(args.first(), u64::MAX);
                let size = self.of(target?);
                let cost = Range {
                    min: size.min.saturating_mul(depth),
                    max: size.max.saturating_mul(depth),
                };
                sized(cost.add(Range::fixed(11)), size)
            }
            "list_sets_contains_list"
            | "list_sets_intersects_list"
            | "list_sets_equivalent_list" => {
                let [a, b] = args else { return None };
                let times = if overload == "list_sets_equivalent_list" {
                    2.0
                } else {
                    1.0
                };
                costs(self.of(a).multiply(self.of(b)).factor(times).add(STEP))
            }
            "list_distinct" => allocating(2.0, square(self.of(target?))),
            id => {
                let by_keys = id.ends_with("_sortByAssociatedKeys");
                if !by_keys && !id.ends_with("_sort") {
                    return None;
                }
                let texts = id.starts_with("list_string") || id.starts_with("list_bytes");
                let node = if by_keys { args.first()? } else { target? };
                let factor = if texts { 2.0 + STRING } else { 2.0 };
                allocating(factor, square(self.of(node)))
            }
        }
    }

    fn of_strings(
        &self,
        overload: &str,
        target: Option<&Node<'_>>,
        args: &[Node<'_>],
    ) -> Option<Estimate> {
        let own = |node: &Node<'_>| node.size.unwrap_or(Range::UNKNOWN);
        match overload {
            "string_format" => costs(own(target?).factor(STRING)),
            "string_to_bytes" => {
                let size = own(args.first()?);
                let bytes = Range {
                    min: size.min,
                    max: size.max.wrapping_mul(4),
                };
                sized(size.factor(STRING), bytes)
            }
            "bytes_to_string" => {
                let size = own(args.first()?);
                let text = Range {
                    min: size.min / 4,
                    max: size.max,
                };
                sized(size.factor(STRING), text)
            }
            "strings_quote" => {
                let size = own(args.first()?);
                let quoted = Range {
                    min: size.min.wrapping_add(2),
                    max: size.max.wrapping_mul(2).wrapping_add(2),
                };
                sized(size.factor(STRING), quoted)
            }
            "starts_with_string" | "ends_with_string" => costs(own(args.first()?).factor(STRING)),
            "in_list" => costs(own(args.get(1)?).factor(1.0)),
            "matches_string" => {
                let text = own(target?).add(STEP).factor(STRING);
                costs(text.multiply(own(args.first()?).factor(REGEX)))
            }
            "contains_string" => {
                let text = own(target?).factor(STRING);
                costs(text.multiply(own(args.first()?).factor(STRING)))
            }
            _ => None,
        }
    }

    fn of_operators(
        &mut self,
        expr: &'a Expr,
        overload: &str,
        args: &[Node<'a>],
        arg_costs: &[Range],
    ) -> Option<Estimate> {
        let own = |node: Option<&Node<'_>>| node.and_then(|n| n.size).unwrap_or(Range::UNKNOWN);
        let sum = arg_costs.iter().copied().fold(Range::fixed(0), Range::add);
        match overload {
            "logical_and" | "logical_or" => {
                let [left, right] = arg_costs else {
                    return None;
                };
                costs(Range {
                    min: left.min,
                    max: left.add(*right).max,
                })
            }
            "conditional" => {
                let [condition, yes, no] = arg_costs else {
                    return None;
                };
                let size = own(args.get(1)).union(own(args.get(2)));
                self.union_entries(expr, args.get(1)?, args.get(2)?);
                sized(condition.add(yes.union(*no)), size)
            }
            "add_string" | "add_bytes" | "add_list" => {
                let size = own(args.first()).add(own(args.get(1)));
                self.union_entries(expr, args.first()?, args.get(1)?);
                let cost = if overload == "add_list" {
                    STEP
                } else {
                    size.factor(STRING)
                };
                sized(cost.add(sum), size)
            }
            "less_string"
            | "greater_string"
            | "less_equals_string"
            | "greater_equals_string"
            | "less_bytes"
            | "greater_bytes"
            | "less_equals_bytes"
            | "greater_equals_bytes"
            | "equals"
            | "not_equals" => {
                let max = own(args.first()).max.min(own(args.get(1)).max);
                let range = Range {
                    min: u64::from(max > 0),
                    max,
                };
                costs(range.factor(STRING).add(sum))
            }
            _ => None,
        }
    }

    fn union_entries(&mut self, expr: &Expr, a: &Node<'_>, b: &Node<'_>) {
        let (Some(a), Some(b)) = (a.expr, b.expr) else {
            return;
        };
        if let Some(entry) = EntrySize::union(self.entry(a), self.entry(b)) {
            self.entries.insert(expr.id, entry);
        }
    }
}
