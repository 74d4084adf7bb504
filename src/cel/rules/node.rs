//! What a node of a schema says, as the rules need it.

use serde_json::{Map, Value};

/// A node of an OpenAPI schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Value,
}

/// A rule as it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rule {
    pub(crate) rule: String,
    pub(crate) message: String,
    pub(crate) message_expression: String,
    pub(crate) reason: Option<String>,
    pub(crate) field_path: String,
    pub(crate) optional_old_self: Option<bool>,
}

impl Rule {
    fn of(value: &Value) -> Rule {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Rule {
            rule: text("rule"),
            message: text("message"),
            message_expression: text("messageExpression"),
            reason: value["reason"].as_str().map(str::to_owned),
            field_path: text("fieldPath"),
            optional_old_self: value["optionalOldSelf"].as_bool(),
        }
    }

    /// How errors name it: by its message, or by itself.
    pub(crate) fn shown(&self) -> &str {
        if self.message.is_empty() {
            self.rule.trim()
        } else {
            self.message.trim()
        }
    }

    /// What an object that breaks it is told.
    pub(crate) fn message_or_default(&self) -> String {
        if self.message.is_empty() {
            format!("failed rule: {}", self.rule.trim())
        } else {
            self.message.trim().to_owned()
        }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn new(value: &'a Value) -> Self {
        Node { value }
    }

    pub(crate) fn ty(self) -> &'a str {
        self.text("type")
    }

    pub(crate) fn text(self, name: &str) -> &'a str {
        self.value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn flag(self, name: &str) -> bool {
        self.value
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    pub(crate) fn number(self, name: &str) -> Option<i64> {
        self.value.get(name).and_then(Value::as_i64)
    }

    pub(crate) fn is_int_or_string(self) -> bool {
        self.flag("x-kubernetes-int-or-string")
    }

    pub(crate) fn is_embedded(self) -> bool {
        self.flag("x-kubernetes-embedded-resource")
    }

    pub(crate) fn items(self) -> Option<Node<'a>> {
        self.value
            .get("items")
            .filter(|items| items.is_object())
            .map(Node::new)
    }

    /// The schema of additional properties, if it is one.
    pub(crate) fn additional(self) -> Option<Node<'a>> {
        self.value
            .get("additionalProperties")
            .filter(|schema| schema.is_object())
            .map(Node::new)
    }

    pub(crate) fn properties(self) -> Option<&'a Map<String, Value>> {
        self.value
            .get("properties")
            .and_then(Value::as_object)
            .filter(|properties| !properties.is_empty())
    }

    pub(crate) fn property(self, name: &str) -> Option<Node<'a>> {
        self.properties()?.get(name).map(Node::new)
    }

    /// The properties by their names.
    pub(crate) fn sorted_properties(self) -> Vec<(&'a String, Node<'a>)> {
        let mut all: Vec<_> = self
            .properties()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name, Node::new(value)))
            .collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }

    pub(crate) fn list(self, name: &str) -> &'a [Value] {
        self.value
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn texts(self, name: &str) -> Vec<&'a str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }

    pub(crate) fn rules(self) -> Vec<Rule> {
        self.list("x-kubernetes-validations")
            .iter()
            .map(Rule::of)
            .collect()
    }

    /// Whether an item of the list, or a member of the map, is known again in the old one.
    pub(crate) fn is_map_correlatable(self) -> bool {
        matches!(
            self.text("x-kubernetes-map-type"),
            "" | "granular" | "atomic"
        )
    }
}
