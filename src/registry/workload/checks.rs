//! Checks of numbers that many kinds have.

use serde_json::Value;

use super::selection::show;
use crate::status::field::FieldError;

/// What is wrong with the members of one struct, as it is found.
pub(crate) struct Checks<'a> {
    members: &'a Value,
    path: &'a str,
    pub(crate) errors: Vec<FieldError>,
}

impl<'a> Checks<'a> {
    pub(crate) fn of(members: &'a Value, path: &'a str) -> Self {
        Checks {
            members,
            path,
            errors: Vec::new(),
        }
    }

    pub(crate) fn path(&self, field: &str) -> String {
        match self.path {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }

    /// The number in a field, if there is one.
    pub(crate) fn number(&self, field: &str) -> Option<i64> {
        self.members[field].as_i64()
    }

    /// `ValidateNonnegativeField`, of what is there.
    pub(crate) fn nonnegative(&mut self, fields: &[&str]) {
        for field in fields {
            if let Some(number) = self.number(field).filter(|number| *number < 0) {
                self.invalid(field, number, "must be greater than or equal to 0");
            }
        }
    }

    /// A field is not to be larger than another.
    pub(crate) fn at_most(&mut self, field: &str, limit: &str, reason: &str) {
        let number = self.number(field).unwrap_or_default();
        if number > self.number(limit).unwrap_or_default() {
            self.invalid(field, number, reason);
        }
    }

    /// A count can only grow, and stays once it is there.
    pub(crate) fn not_decremented(&mut self, field: &str, old: &Value) {
        let (now, before) = (self.number(field), old[field].as_i64());
        if before.is_some() && now < before {
            self.invalid(field, now.unwrap_or_default(), "cannot be decremented");
        }
    }

    pub(crate) fn required(&mut self, field: &str, detail: impl Into<String>) {
        let error = FieldError::required(self.path(field), detail);
        self.errors.push(error);
    }

    pub(crate) fn invalid(
        &mut self,
        field: &str,
        shown: impl Into<Value>,
        reason: impl Into<String>,
    ) {
        let error = FieldError::invalid(self.path(field), &shown.into(), reason);
        self.errors.push(error);
    }
}

/// `ValidateImmutableField`.
pub(crate) fn unchanged(new: &Value, old: &Value, path: &str) -> Option<FieldError> {
    (new != old).then(|| FieldError::invalid(path, new, "field is immutable"))
}

/// The same of a selector of labels.
pub(crate) fn selector_unchanged(new: &Value, old: &Value, path: &str) -> Option<FieldError> {
    (new != old).then(|| FieldError::invalid_shown(path, show(new), "field is immutable"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_count_that_was_there_neither_goes_nor_shrinks() {
        let told = |now: Value, before: Value| {
            let mut checks = Checks::of(&now, "status");
            checks.not_decremented("n", &before);
            checks.errors.len()
        };
        assert_eq!(told(json!({"n": 1}), json!({"n": 2})), 1);
        assert_eq!(told(json!({}), json!({"n": 0})), 1);
        assert_eq!(told(json!({"n": 2}), json!({"n": 2})), 0);
        assert_eq!(told(json!({"n": -1}), json!({})), 0);
    }
}
