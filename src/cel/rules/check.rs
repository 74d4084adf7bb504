//! What is wrong with the rules of a schema: whether they compile, and what they may cost.

use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::{Value, json};

use super::compile::{Compiled, compile};
use super::cost::{EXPRESSION_LIMIT, TotalCost, message};
use super::decl::Decl;
use super::node::{Node, Rule};
use crate::cel::escape::escape;
use crate::codec::json::compact;
use crate::status::field::FieldError;

const RULES: &str = "x-kubernetes-validations";

/// Checks the rules of a schema without other errors.
///
/// With `keeps_costs`, no single rule is refused for what it costs: an older definition had costly ones.
pub(crate) fn check(schema: &Value, path: &str, keeps_costs: bool) -> Vec<FieldError> {
    let mut checker = Checker {
        keeps_costs,
        total: TotalCost::default(),
        errors: Vec::new(),
    };
    let root = Place {
        node: Node::new(schema),
        parent: None,
        step: Step::Root,
        cardinality: Some(1),
        in_rules: false,
        uncorrelatable: None,
        decl: OnceCell::new(),
    };
    checker.node(&root, path);
    let total = checker.total.errors(path);
    checker.errors.extend(total);
    checker.errors
}

/// How a node is reached from the one above.
#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Property(&'a str),
    Additional,
    Items,
}

/// The declared type of a node, or why there is none. There may be none to compile against, too.
type Declared = Result<Option<Arc<Decl>>, String>;

struct Place<'a> {
    node: Node<'a>,
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
    /// How often such data may occur, if that is bounded.
    cardinality: Option<u64>,
    /// Whether this node or one above has rules.
    in_rules: bool,
    /// Where old and new values stop to be known for each other.
    uncorrelatable: Option<&'a str>,
    decl: OnceCell<Declared>,
}

impl<'a> Place<'a> {
    fn below(
        &'a self,
        node: Node<'a>,
        step: Step<'a>,
        uncorrelatable: Option<&'a str>,
    ) -> Place<'a> {
        let factor = max_elements(self.node);
        Place {
            node,
            parent: Some(self),
            step,
            cardinality: self
                .cardinality
                .zip(factor)
                .map(|(cardinality, factor)| cardinality.saturating_mul(factor)),
            in_rules: self.has_rules(),
            uncorrelatable: uncorrelatable.or(self.uncorrelatable),
            decl: OnceCell::new(),
        }
    }

    fn has_rules(&self) -> bool {
        self.in_rules || !self.node.list(RULES).is_empty()
    }

    fn decl(&self) -> Declared {
        self.decl.get_or_init(|| self.find_decl()).clone()
    }

    fn find_decl(&self) -> Declared {
        if let Some(parent) = self.parent.filter(|parent| parent.has_rules())
            && let Some(parent) = parent.decl()?
        {
            match self.step {
                Step::Property(name) => {
                    let field = escape(name).and_then(|name| parent.field(&name).cloned());
                    if field.is_some() {
                        return Ok(field);
                    }
                }
                Step::Items | Step::Additional => return Ok(parent.element().cloned()),
                Step::Root => {}
            }
        }
        let is_root = self.parent.is_none() || self.node.is_embedded();
        match Decl::of(self.node, is_root) {
            Some(decl) => Ok(Some(decl)),
            None => Err("unable to convert structural schema to CEL declarations".to_owned()),
        }
    }
}

/// By how much a schema multiplies what is inside, if that is bounded.
fn max_elements(node: Node<'_>) -> Option<u64> {
    let bounded = |name: &str| node.number(name).map(|max| u64::try_from(max).unwrap_or(0));
    match node.ty() {
        "object" if node.value.get("additionalProperties").is_some() => bounded("maxProperties"),
        "array" => bounded("maxItems"),
        _ => Some(1),
    }
}

struct Checker {
    keeps_costs: bool,
    total: TotalCost,
    errors: Vec<FieldError>,
}

impl Checker {
    fn node(&mut self, place: &Place<'_>, path: &str) {
        if let Some(additional) = place.node.additional() {
            let inner = place.below(additional, Step::Additional, None);
            self.node(&inner, &format!("{path}.additionalProperties"));
        }
        let map = (!place.node.is_map_correlatable()).then_some(path);
        for (name, property) in place.node.sorted_properties() {
            let inner = place.below(property, Step::Property(name), map);
            self.node(&inner, &format!("{path}.properties[{name}]"));
        }
        if let Some(items) = place.node.items() {
            let list = (place.node.text("x-kubernetes-list-type") != "map").then_some(path);
            let inner = place.below(items, Step::Items, list);
            self.node(&inner, &format!("{path}.items"));
        }
        let rules = place.node.rules();
        if !rules.is_empty() {
            self.rules(place, rules, &format!("{path}.{RULES}"));
        }
    }

    fn rules(&mut self, place: &Place<'_>, rules: Vec<Rule>, path: &str) {
        let decl = match place.decl() {
            Ok(Some(decl)) => decl,
            Ok(None) => {
                let why = "failed to convert to declType for CEL validation rules";
                self.errors.push(FieldError::internal(path, why));
                return;
            }
            Err(why) => {
                let why = format!(
                    "internal error: failed to construct type information for x-kubernetes-validations rules: {why}"
                );
                self.errors.push(FieldError::internal(path, why));
                return;
            }
        };
        let cardinality = place.cardinality.unwrap_or_else(|| decl.max_cardinality());
        for (i, rule) in compile(rules, place.node, &decl).into_iter().enumerate() {
            self.rule(
                &rule,
                cardinality,
                place.uncorrelatable,
                &format!("{path}[{i}]"),
            );
        }
    }

    fn rule(
        &mut self,
        rule: &Compiled,
        cardinality: u64,
        uncorrelatable: Option<&str>,
        path: &str,
    ) {
        let at = |field: &str| format!("{path}.{field}");
        let cost = rule.max_cost.saturating_mul(cardinality);
        self.cost(&at("rule"), "estimated rule cost", cost);
        if let Some(Err(why)) = &rule.program {
            self.errors.push(FieldError::invalid_shown(
                at("rule"),
                shown(&rule.rule),
                why,
            ));
        }
        match &rule.message {
            Some(Err(why)) => {
                let path = at("messageExpression");
                self.errors
                    .push(FieldError::invalid_shown(path, shown(&rule.rule), why));
            }
            Some(Ok(_)) => {
                let path = at("messageExpression");
                self.cost(
                    &path,
                    "estimated messageExpression cost",
                    rule.message_max_cost,
                );
            }
            None => {}
        }
        if rule.uses_old_self {
            if let Some(within) = uncorrelatable {
                let why = format!(
                    "oldSelf cannot be used on the uncorrelatable portion of the schema within {within}"
                );
                self.errors
                    .push(FieldError::invalid_str(at("rule"), &rule.rule.rule, why));
            }
        } else if let Some(optional) = rule.rule.optional_old_self {
            let why = "may not be set if oldSelf is not used in rule";
            self.errors.push(FieldError::invalid(
                at("optionalOldSelf"),
                &json!(optional),
                why,
            ));
        }
    }

    fn cost(&mut self, path: &str, what: &str, cost: u64) {
        if !self.keeps_costs && cost > EXPRESSION_LIMIT {
            let why = message(what, cost, EXPRESSION_LIMIT);
            self.errors.push(FieldError::forbidden(path, why));
        }
        self.total.add(path, cost);
    }
}

/// A rule as upstream's error shows it: its own struct as JSON.
fn shown(rule: &Rule) -> String {
    let members = [
        ("Rule", json!(rule.rule)),
        ("Message", json!(rule.message)),
        ("MessageExpression", json!(rule.message_expression)),
        ("Reason", json!(rule.reason)),
        ("FieldPath", json!(rule.field_path)),
        ("OptionalOldSelf", json!(rule.optional_old_self)),
    ];
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{}:{}", compact(&json!(name)), compact(value)))
        .collect();
    format!("{{{}}}", members.join(","))
}
