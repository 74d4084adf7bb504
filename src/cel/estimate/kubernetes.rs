//! What calls of the libraries of Kubernetes may cost.

use super::calls::{Estimate, REGEX, STRING, costs, sized};
use super::range::{factored, quotient};
use super::{Estimator, Node, Range, STEP};
use crate::cel::ast::Kind;
use crate::cel::declarations::is_nominal;
use crate::cel::types::Type;
use crate::cel::value::CelValue;

const CHECK: Range = Range::fixed(350_000);
/// How long the regular expression of a named format may be.
const FORMAT_REGEX: f64 = 128.0;
/// How large a named format may be.
const FORMAT_SIZE: u64 = 64;

impl<'a> Estimator<'a> {
    pub(super) fn of_kubernetes(
        &self,
        function: &str,
        overload: &str,
        target: Option<&Node<'_>>,
        args: &[Node<'_>],
    ) -> Option<Estimate> {
        match function {
            "check" => costs(CHECK),
            "fieldSelector" | "labelSelector" => costs(selector(self.of(args.first()?))),
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
                self.traversal(target?)
            }
            "url" | "jsonpatch.escapeKey" => {
                let size = self.of(args.first()?);
                sized(size.factor(STRING), size)
            }
            "lowerAscii" | "upperAscii" | "substring" | "trim" => {
                let size = self.of(target?);
                sized(size.factor(STRING), size)
            }
            "replace" => self.replace(target?, args),
            "split" => {
                let size = self.of(target?);
                let limit = match args.get(1).and_then(|node| node.expr).map(|e| &e.kind) {
                    Some(Kind::Literal(CelValue::Int(limit))) => limit.cast_unsigned(),
                    _ => size.max,
                };
                sized(size.factor(2.0 * STRING), Range { min: 0, max: limit })
            }
            "join" => self.join(target?, args),
            "find" | "findAll" => {
                let size = self.of(target?);
                let text = size.add(STEP).factor(STRING);
                let pattern = self.of(args.first()?).factor(REGEX);
                sized(
                    text.multiply(pattern),
                    Range {
                        min: 0,
                        max: size.max,
                    },
                )
            }
            "ip" if overload == "cidr_ip" => costs(STEP),
            "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver"
            | "isSemver" => costs(self.of(args.first()?).factor(STRING)),
            "ip.isCanonical" => costs(self.of(args.first()?).factor(2.0 * STRING)),
            "containsIP" | "containsCIDR" => {
                costs(self.contains(function, overload, args.first()?))
            }
            "validate" => {
                let text = self.of(args.first()?).factor(STRING);
                costs(text.factor(FORMAT_REGEX * REGEX))
            }
            "_==_" => equality(args),
            name => is_nominal(name).then(|| costs(STEP)).flatten(),
        }
    }

    fn traversal(&self, target: &Node<'_>) -> Option<Estimate> {
        let Some(element) = self.element(target) else {
            return costs(self.of(target).factor(STRING));
        };
        let mut each = STEP;
        if matches!(element.ty, Type::String | Type::Bytes) {
            each = each.add(self.of(&element).factor(STRING));
        }
        costs(self.of(target).multiply(each))
    }

    fn replace(&self, target: &Node<'_>, args: &[Node<'_>]) -> Option<Estimate> {
        let [old, new, ..] = args else { return None };
        let (size, old, new) = (self.of(target), self.of(old), self.of(new));
        let (mut count, mut kept) = (Range::fixed(0), Range::fixed(0));
        if old.min == 0 {
            count.max = size.max.saturating_add(1);
            kept.max = size.max;
        } else if new.max <= old.min {
            kept.max = size.max;
        } else {
            count.max = quotient(size.max, old.min);
        }
        if old.max == 0 {
            count.min = size.min.saturating_add(1);
            kept.min = size.min;
        } else if old.max <= new.min {
            kept.min = size.min;
        } else {
            count.min = quotient(size.min, old.max);
        }
        sized(size.factor(2.0 * STRING), count.multiply(new).add(kept))
    }

    fn join(&self, target: &Node<'_>, args: &[Node<'_>]) -> Option<Estimate> {
        let list = self.of(target);
        let mut size = match self.element(target) {
            Some(element) => list.multiply(self.of(&element)),
            None => Range::fixed(0),
        };
        if let Some(separator) = args.first() {
            let between = Range {
                min: list.min.saturating_sub(1),
                max: list.max.saturating_sub(1),
            };
            size = size.add(self.of(separator).multiply(between));
        }
        sized(size.factor(STRING), size)
    }

    fn contains(&self, function: &str, overload: &str, other: &Node<'_>) -> Range {
        let address = Range { min: 4, max: 16 };
        let mut cost = address.add(address).factor(STRING);
        if function == "containsCIDR" {
            cost = cost.add(address.factor(STRING)).add(STEP);
        }
        if overload.ends_with("_string") {
            cost = cost.add(self.of(other).factor(STRING));
        }
        cost
    }
}

fn equality(args: &[Node<'_>]) -> Option<Estimate> {
    let [left, right] = args else { return None };
    if left.ty != right.ty {
        return None;
    }
    let name = match &left.ty {
        Type::Opaque(name, _) => &**name,
        Type::Object(object) => &*object.name,
        _ => return None,
    };
    match name {
        "net.IP"
        | "net.CIDR"
        | "kubernetes.Quantity"
        | "kubernetes.Semver"
        | "kubernetes.authorization.Authorizer"
        | "kubernetes.authorization.PathCheck"
        | "kubernetes.authorization.GroupCheck"
        | "kubernetes.authorization.ResourceCheck"
        | "kubernetes.authorization.Decision" => costs(STEP),
        "kubernetes.NamedFormat" => {
            let size = Range {
                min: 1,
                max: FORMAT_SIZE,
            };
            costs(size.factor(STRING))
        }
        "kubernetes.URL" => {
            let max = right.size.map_or(1, |size| size.max);
            costs(Range { min: 1, max }.factor(STRING))
        }
        _ => None,
    }
}

fn selector(length: Range) -> Range {
    let requirements = length.factor(0.5);
    Range::fixed(10).add(length.factor(STRING)).add(Range {
        min: factored(requirements.min, 50.0),
        max: factored(requirements.max, 50.0),
    })
}
