//! The labels of an object, as selectors ask for them: of most objects nothing else is ever read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// After each key and each value. No label has such a character.
const END: char = '\0';

/// From so many labels on they are looked up rather than gone through.
const MANY: usize = 16;

#[derive(Debug)]
pub(super) enum Labels {
    /// Keys and values in turn, in one piece of memory: most objects have a few.
    Few(Box<str>),
    Many(BTreeMap<Box<str>, Box<str>>),
}

impl Labels {
    pub(super) fn of(labels: Option<&Map<String, Value>>) -> Self {
        if let Some(many) = labels.filter(|labels| labels.len() >= MANY) {
            let pair = |(key, value): (&String, &Value)| {
                let value = value.as_str().unwrap_or_default();
                (key.as_str().into(), value.into())
            };
            return Labels::Many(many.iter().map(pair).collect());
        }
        let mut text = String::new();
        for (key, value) in labels.into_iter().flatten() {
            for part in [key, value.as_str().unwrap_or_default()] {
                text.push_str(part);
                text.push(END);
            }
        }
        Labels::Few(text.into())
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let few = match self {
            Labels::Few(few) => few,
            Labels::Many(many) => return many.get(key).map(|value| &**value),
        };
        let mut parts = few.split(END);
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            if name == key {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Labels::Few(few) => few.len(),
            Labels::Many(many) => many
                .iter()
                .map(|(key, value)| key.len() + value.len())
                .sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_label_is_found_by_the_whole_of_its_key() {
        let labels = json!({"a": "1", "b/c": "", "app": "a"});
        let labels = Labels::of(labels.as_object());
        for (key, value) in [
            ("a", Some("1")),
            ("b/c", Some("")),
            ("app", Some("a")),
            ("1", None),
            ("ap", None),
            ("", None),
        ] {
            assert_eq!(labels.get(key), value, "{key}");
        }
        assert_eq!(Labels::of(None).get(""), None);
    }

    #[test]
    fn of_many_labels_each_is_found_too() {
        let all: Map<String, Value> = (0..MANY)
            .map(|i| (format!("k{i}"), format!("v{i}").into()))
            .collect();
        let labels = Labels::of(Some(&all));
        assert!(matches!(labels, Labels::Many(_)));
        assert_eq!(
            (labels.get("k0"), labels.get("k15"), labels.get("k16")),
            (Some("v0"), Some("v15"), None)
        );
    }
}
