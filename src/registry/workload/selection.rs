//! A `metav1.LabelSelector`, or a plain map of labels, as upstream's `labels.Selector`: what it selects, and how it is
//! written.

use std::fmt;

use serde_json::Value;

use crate::codec::json::compact;
use crate::names::{is_label_value, is_qualified_name};

/// A selector as messages show it: in the order of its fields.
pub(crate) fn show(selector: &Value) -> String {
    fn members(value: &Value, names: &[&str]) -> String {
        let there = names
            .iter()
            .filter_map(|name| Some((name, value.get(*name)?)));
        let shown = there.map(|(name, value)| match value {
            Value::Array(all) if *name == "matchExpressions" => {
                let all = all
                    .iter()
                    .map(|one| members(one, &["key", "operator", "values"]));
                format!("\"{name}\":[{}]", all.collect::<Vec<_>>().join(","))
            }
            _ => format!("\"{name}\":{}", compact(value)),
        });
        format!("{{{}}}", shown.collect::<Vec<_>>().join(","))
    }
    match selector {
        Value::Object(_) => members(selector, &["matchLabels", "matchExpressions"]),
        _ => "null".to_owned(),
    }
}

/// Which labels are selected.
#[derive(Debug)]
pub(crate) enum Selection {
    /// A selector that is not there selects nothing.
    Nothing,
    /// All of these must hold; sorted by key.
    All(Vec<Requirement>),
}

#[derive(Debug)]
pub(crate) struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Equals(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selection {
    /// `LabelSelectorAsSelector`; nothing of a selector that makes no sense.
    pub(crate) fn of(selector: &Value) -> Option<Self> {
        if !selector.is_object() {
            return Some(Selection::Nothing);
        }
        let mut all = equalities(&selector["matchLabels"]);
        for requirement in selector["matchExpressions"]
            .as_array()
            .into_iter()
            .flatten()
        {
            all.push(Requirement::of(requirement)?);
        }
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all.iter()
            .all(Requirement::makes_sense)
            .then_some(Selection::All(all))
    }

    /// `SelectorFromSet`: labels are to be just these, whether or not they can be.
    pub(crate) fn of_labels(labels: &Value) -> Self {
        let mut all = equalities(labels);
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Selection::All(all)
    }

    /// Whether it selects everything.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Selection::All(all) if all.is_empty())
    }

    pub(crate) fn matches(&self, labels: &Value) -> bool {
        match self {
            Selection::Nothing => false,
            Selection::All(all) => all.iter().all(|requirement| requirement.holds(labels)),
        }
    }
}

fn equalities(labels: &Value) -> Vec<Requirement> {
    let labels = labels.as_object().into_iter().flatten();
    let equals = |(key, value): (&String, &Value)| Requirement {
        key: key.clone(),
        test: Test::Equals(value.as_str().unwrap_or_default().to_owned()),
    };
    labels.map(equals).collect()
}

impl Requirement {
    fn of(value: &Value) -> Option<Self> {
        let values = value["values"].as_array().into_iter().flatten();
        let values = values.filter_map(|value| value.as_str().map(str::to_owned));
        let mut values: Vec<String> = values.collect();
        values.sort();
        let test = match value["operator"].as_str().unwrap_or_default() {
            "In" if !values.is_empty() => Test::In(values),
            "NotIn" if !values.is_empty() => Test::NotIn(values),
            "Exists" if values.is_empty() => Test::Exists,
            "DoesNotExist" if values.is_empty() => Test::DoesNotExist,
            _ => return None,
        };
        let key = value["key"].as_str().unwrap_or_default().to_owned();
        Some(Requirement { key, test })
    }

    fn makes_sense(&self) -> bool {
        let values = match &self.test {
            Test::Equals(value) => std::slice::from_ref(value),
            Test::In(values) | Test::NotIn(values) => values,
            Test::Exists | Test::DoesNotExist => &[],
        };
        is_qualified_name(&self.key).is_empty()
            && values.iter().all(|value| is_label_value(value).is_empty())
    }

    fn holds(&self, labels: &Value) -> bool {
        let value = labels.get(&self.key).and_then(Value::as_str);
        let listed =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|v| v == value));
        match &self.test {
            Test::Equals(wanted) => value == Some(wanted),
            Test::In(values) => listed(values),
            Test::NotIn(values) => !listed(values),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Selection::All(all) = self else {
            return Ok(());
        };
        for (i, requirement) in all.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.test {
            Test::Equals(value) => write!(f, "{key}={value}"),
            Test::In(values) => write!(f, "{key} in ({})", values.join(",")),
            Test::NotIn(values) => write!(f, "{key} notin ({})", values.join(",")),
            Test::Exists => f.write_str(key),
            Test::DoesNotExist => write!(f, "!{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_selector_is_written_by_its_keys_and_selects_what_it_says() {
        let selector = json!({"matchLabels": {"b": "1"}, "matchExpressions": [
            {"key": "c", "operator": "NotIn", "values": ["z", "y"]},
            {"key": "a", "operator": "Exists"},
        ]});
        let selection = Selection::of(&selector).unwrap();
        assert_eq!(selection.to_string(), "a,b=1,c notin (y,z)");
        assert!(selection.matches(&json!({"a": "", "b": "1"})));
        assert!(!selection.matches(&json!({"a": "", "b": "1", "c": "y"})));
        assert!(!selection.matches(&Value::Null));
    }

    #[test]
    fn nothing_is_not_everything() {
        let nothing = Selection::of(&Value::Null).unwrap();
        assert_eq!(
            (nothing.is_empty(), nothing.matches(&json!({}))),
            (false, false)
        );
        let everything = Selection::of(&json!({})).unwrap();
        assert_eq!(
            (everything.is_empty(), everything.matches(&Value::Null)),
            (true, true)
        );
        assert!(Selection::of(&json!({"matchLabels": {"a b": "c"}})).is_none());
    }
}
