//! A `metav1.LabelSelector`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{items, map_of_texts, text, texts};
use crate::codec::quote::quote;

/// What labels must be like.
#[derive(Clone, Debug)]
pub(crate) struct LabelSelector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Debug)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl LabelSelector {
    /// What a canonical selector says.
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        let requirements = items(value, "matchExpressions").enumerate();
        let requirement = |(i, value)| {
            Requirement::of(value).map_err(|why| format!("matchExpressions[{i}]: {why}"))
        };
        Ok(LabelSelector {
            match_labels: map_of_texts(value, "matchLabels"),
            match_expressions: requirements.map(requirement).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let mut wanted = self.match_labels.iter();
        wanted.all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    fn of(value: &Value) -> Result<Self, String> {
        let operator = match value["operator"].as_str().unwrap_or_default() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => {
                let other = quote(other);
                return Err(format!(
                    "operator must be In, NotIn, Exists or DoesNotExist, not {other}"
                ));
            }
        };
        let key = text(value, "key");
        if key.is_empty() {
            return Err("key is required".to_owned());
        }
        Ok(Requirement {
            key,
            operator,
            values: texts(value, "values"),
        })
    }

    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => listed,
            Operator::NotIn => !listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}
