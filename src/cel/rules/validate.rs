//! Objects, validated by the rules of their schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::compile::{Compiled, compile};
use super::correlate::{Correlated, Ratcheting, old_item};
use super::decl::Decl;
pub(crate) use super::evaluate::Validation;
use super::evaluate::{Subject, evaluate};
use super::node::Node;
use crate::cel::budget::{Budget, RUNTIME_COST_BUDGET};
use crate::cel::escape::escape;
use crate::codec::quote::quote;
use crate::status::field::FieldError;

const RULES: &str = "x-kubernetes-validations";

/// The compiled rules of a schema.
#[derive(Debug)]
pub(crate) struct Validator {
    schema: Value,
    root: Rules,
}

/// The rules of a node and of what is in it.
#[derive(Debug, Default)]
struct Rules {
    own: Vec<Compiled>,
    /// Why the rules could not be compiled.
    failure: Option<String>,
    is_root: bool,
    all_of: Vec<Rules>,
    items: Option<Box<Rules>>,
    additional: Option<Box<Rules>>,
    properties: BTreeMap<String, Rules>,
}

impl Validator {
    /// Compiles the rules of the schema of a resource; nothing if there are none.
    pub(crate) fn new(schema: &Value) -> Option<Validator> {
        let root = Node::new(schema);
        if !has_rules(root) {
            return None;
        }
        let decl = Decl::of(root, true);
        let rules = Rules::of(root, root, true, decl.as_ref())?;
        Some(Validator {
            schema: schema.clone(),
            root: rules,
        })
    }

    /// What of the rules an object breaks. `old` is what an update replaces.
    pub(crate) fn validate(&self, object: &Value, old: Option<&Value>) -> Validation {
        self.costed(object, old).0
    }

    /// The same, and what it cost.
    fn costed(&self, object: &Value, old: Option<&Value>) -> (Validation, i64) {
        let node = Node::new(&self.schema);
        let subject = Subject {
            value: object,
            old,
            node,
            is_root: self.root.is_root,
            ratcheting: Ratcheting {
                current: old.map(|old| Correlated::new(object, old, node)),
                parent: None,
            },
        };
        let mut walk = Walk {
            budget: Budget::new(RUNTIME_COST_BUDGET),
            validation: Validation::default(),
        };
        walk.value(&self.root, subject, "");
        (
            walk.validation,
            RUNTIME_COST_BUDGET - walk.budget.remaining(),
        )
    }
}

impl crate::kinds::family::Rules for Validator {
    fn check(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        self.validate(object, old).errors
    }

    fn warnings(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        self.validate(object, Some(old)).warnings
    }
}

fn has_rules(node: Node<'_>) -> bool {
    !node.list(RULES).is_empty()
        || node.items().is_some_and(has_rules)
        || node.additional().is_some_and(has_rules)
        || node
            .sorted_properties()
            .into_iter()
            .any(|(_, property)| has_rules(property))
}

impl Rules {
    /// The rules that `says` has for data of the type of `node`.
    fn of(
        says: Node<'_>,
        node: Node<'_>,
        is_root: bool,
        decl: Option<&Arc<Decl>>,
    ) -> Option<Rules> {
        let mut rules = Rules {
            is_root,
            ..Rules::default()
        };
        let own = says.rules();
        match decl {
            _ if own.is_empty() => {}
            Some(decl) => rules.own = compile(own, node, decl),
            None => {
                let why = "failed to convert to declType for CEL validation rules";
                rules.failure = Some(why.to_owned());
            }
        }
        let element = decl.and_then(|decl| decl.element());
        if let (Some(says), Some(node)) = (says.items(), node.items()) {
            rules.items = Rules::of(says, node, node.is_embedded(), element).map(Box::new);
        }
        for (name, says) in says.sorted_properties() {
            if let Some(inner) = Rules::of_property(name, says, node, decl) {
                rules.properties.insert(name.clone(), inner);
            }
        }
        if let (Some(says), Some(node)) = (says.additional(), node.additional()) {
            rules.additional = Rules::of(says, node, node.is_embedded(), element).map(Box::new);
        }
        for says in says.list("allOf") {
            rules
                .all_of
                .extend(Rules::of(Node::new(says), node, is_root, decl));
        }
        (!rules.is_empty()).then_some(rules)
    }

    fn of_property(
        name: &str,
        says: Node<'_>,
        node: Node<'_>,
        decl: Option<&Arc<Decl>>,
    ) -> Option<Rules> {
        let node = node.property(name)?;
        let field = match escape(name) {
            Some(escaped) => decl?.field(&escaped)?.clone(),
            None => Decl::of(node, node.is_embedded())?,
        };
        Rules::of(says, node, node.is_embedded(), Some(&field))
    }

    fn is_empty(&self) -> bool {
        self.own.is_empty()
            && self.failure.is_none()
            && self.all_of.is_empty()
            && self.items.is_none()
            && self.additional.is_none()
            && self.properties.is_empty()
    }
}

/// One walk through an object.
struct Walk {
    budget: Budget,
    validation: Validation,
}

impl Walk {
    fn is_over(&self) -> bool {
        self.budget.remaining() < 0
    }

    fn value(&mut self, rules: &Rules, subject: Subject<'_>, path: &str) {
        if subject.value.is_null() || self.is_over() {
            return;
        }
        let subject = Subject {
            is_root: rules.is_root,
            old: subject.old.filter(|old| !old.is_null()),
            ..subject
        };
        if let Some(why) = &rules.failure {
            let shown = quote(subject.node.ty());
            let why = format!("rule compiler initialization error: {why}");
            let place = if path.is_empty() { "<nil>" } else { path };
            let error = FieldError::invalid_shown(place, shown, why);
            self.validation.errors.push(error);
        }
        evaluate(
            &rules.own,
            subject,
            path,
            &mut self.budget,
            &mut self.validation,
        );
        for all_of in &rules.all_of {
            let ratcheting = Ratcheting {
                current: None,
                parent: subject.ratcheting.parent,
            };
            self.value(
                all_of,
                Subject {
                    ratcheting,
                    ..subject
                },
                path,
            );
        }
        match subject.value {
            Value::Array(items) => self.array(rules, items, subject, path),
            Value::Object(_) => self.object(rules, subject, path),
            _ => {}
        }
    }

    fn array(&mut self, rules: &Rules, items: &[Value], subject: Subject<'_>, path: &str) {
        let (Some(inner), Some(node)) = (&rules.items, subject.node.items()) else {
            return;
        };
        let old = subject
            .old
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        for (i, item) in items.iter().enumerate() {
            let item = Subject {
                value: item,
                old: old_item(subject.node, old, item),
                node,
                is_root: false,
                ratcheting: subject.ratcheting.item(i),
            };
            self.value(inner, item, &format!("{path}[{i}]"));
        }
    }

    fn object(&mut self, rules: &Rules, subject: Subject<'_>, path: &str) {
        let Value::Object(members) = subject.value else {
            return;
        };
        let mut names: Vec<&String> = members.keys().collect();
        names.sort();
        let old = subject.old.filter(|_| subject.node.is_map_correlatable());
        let member = |name: &str, node| Subject {
            value: &members[name],
            old: old.and_then(|old| old.get(name)),
            node,
            is_root: false,
            ratcheting: subject.ratcheting.member(name),
        };
        if let (Some(inner), Some(node)) = (&rules.additional, subject.node.additional()) {
            for name in &names {
                self.value(inner, member(name, node), &format!("{path}[{name}]"));
            }
        }
        for name in names {
            let (Some(inner), Some(node)) =
                (rules.properties.get(name), subject.node.property(name))
            else {
                continue;
            };
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            self.value(inner, member(name, node), &path);
        }
    }
}
