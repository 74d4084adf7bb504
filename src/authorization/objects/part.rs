//! Reading an object strictly: a member that nobody knows, or that is of another type, is refused with the way to it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::codec::script::hint;

/// A part of an object, and the way to it.
pub(super) struct Part<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Part<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Part {
            value,
            path: String::new(),
        }
    }

    /// Refuses a member with another name.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), String> {
        for name in self.members()?.keys() {
            if !known.contains(&name.as_str()) {
                let hint = hint(name, known.iter().copied());
                return Err(self.says(format!("unknown field `{name}`{hint}")));
            }
        }
        Ok(())
    }

    /// The member of this name. As in Go, null is as good as nothing.
    pub(super) fn get(&self, name: &str) -> Option<Part<'a>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        let dot = if self.path.is_empty() { "" } else { "." };
        Some(Part {
            value,
            path: format!("{}{dot}{name}", self.path),
        })
    }

    pub(super) fn require(&self, name: &str) -> Result<Part<'a>, String> {
        self.get(name)
            .ok_or_else(|| self.says(format!("{name} is required")))
    }

    /// A text, empty if it is not there.
    pub(super) fn text(&self, name: &str) -> Result<String, String> {
        self.get(name)
            .map_or(Ok(String::new()), |part| part.as_text())
    }

    /// A list of texts, empty if it is not there.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        self.items(name, |part| part.as_text())
    }

    /// A map of texts, empty if it is not there.
    pub(super) fn map(&self, name: &str) -> Result<BTreeMap<String, String>, String> {
        let Some(part) = self.get(name) else {
            return Ok(BTreeMap::new());
        };
        let names = part.members()?.keys();
        names
            .map(|name| Ok((name.clone(), part.text(name)?)))
            .collect()
    }

    /// A list of whatever `read` makes of its items, empty if it is not there.
    pub(super) fn items<T>(
        &self,
        name: &str,
        read: fn(&Part<'_>) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let Some(list) = self.get(name) else {
            return Ok(Vec::new());
        };
        let Value::Array(items) = list.value else {
            return Err(list.says("must be a list"));
        };
        let item = |(i, value)| Part {
            value,
            path: format!("{}[{i}]", list.path),
        };
        items.iter().enumerate().map(|at| read(&item(at))).collect()
    }

    fn as_text(&self) -> Result<String, String> {
        let text = self.value.as_str().map(str::to_owned);
        text.ok_or_else(|| self.says("must be a text"))
    }

    fn members(&self) -> Result<&'a Map<String, Value>, String> {
        self.value
            .as_object()
            .ok_or_else(|| self.says("must be a map"))
    }

    /// What is wrong with it.
    pub(super) fn says(&self, problem: impl AsRef<str>) -> String {
        let colon = if self.path.is_empty() { "" } else { ": " };
        format!("{}{colon}{}", self.path, problem.as_ref())
    }
}
