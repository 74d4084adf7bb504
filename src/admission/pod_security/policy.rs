//! What the labels of a namespace ask for.

use std::fmt;

use serde_json::Value;

const PREFIX: &str = "pod-security.kubernetes.io/";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    #[default]
    Privileged,
    Baseline,
    Restricted,
}

/// A level as it was in a version; none is the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standard {
    pub(super) level: Level,
    pub(super) version: Option<u32>,
}

/// What is refused, and what is warned of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    pub(super) enforce: Standard,
    pub(super) warn: Standard,
}

impl Policy {
    pub(super) fn of(labels: &Value) -> Self {
        let label = |name: &str| {
            labels
                .get(format!("{PREFIX}{name}"))
                .and_then(Value::as_str)
        };
        let level = |name: &str| label(name).map(read_level);
        let version = |name: &str| label(name).map(read_version);
        let enforce = Standard {
            level: level("enforce").unwrap_or_default(),
            version: version("enforce-version").flatten(),
        };
        let warn = match level("warn") {
            Some(level) => Standard {
                level,
                version: version("warn-version").flatten(),
            },
            // Who is refused is warned of templates of the same.
            None => Standard {
                level: enforce.level,
                version: version("warn-version").unwrap_or(enforce.version),
            },
        };
        Policy { enforce, warn }
    }
}

/// What cannot be read is as strict as it gets.
fn read_level(text: &str) -> Level {
    match text {
        "privileged" => Level::Privileged,
        "baseline" => Level::Baseline,
        _ => Level::Restricted,
    }
}

fn read_version(text: &str) -> Option<u32> {
    text.strip_prefix("v1.")?.parse().ok()
}

impl Standard {
    /// The minor version whose checks are made.
    pub(super) fn minor(self) -> u32 {
        self.version.unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        match self.version {
            Some(minor) => write!(f, "{level}:v1.{minor}"),
            None => write!(f, "{level}:latest"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_is_refused_is_warned_of_templates() {
        let policy = Policy::of(&json!({
            "pod-security.kubernetes.io/enforce": "baseline",
            "pod-security.kubernetes.io/enforce-version": "v1.30",
        }));
        assert_eq!(policy.warn.to_string(), "baseline:v1.30");
        let policy = Policy::of(&json!({"pod-security.kubernetes.io/warn": "restricted"}));
        assert_eq!(policy.enforce.level, Level::Privileged);
        assert_eq!(policy.warn.to_string(), "restricted:latest");
    }
}
