//! Where two end states differ, path by path.

use std::fmt;

use serde_json::Value;

use super::state::State;

/// How many differences of a point are kept.
const MAX_DIFFERENCES: usize = 100;
/// How much of a value is shown.
const SHOWN: usize = 200;

/// One place where a run ended differently from the reference.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// `ConfigMap shop/settings`
    pub(crate) object: String,
    /// `data.colour`; the object as a whole has none.
    pub(crate) path: String,
    pub(crate) reference: Option<Value>,
    pub(crate) here: Option<Value>,
}

/// A path that does not count: `[KIND[.GROUP][ [NAMESPACE/]NAME]:][PATH]`, stars for any part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ignore {
    object: String,
    path: Vec<String>,
}

impl Ignore {
    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (object, path) = match text.rsplit_once(':') {
            Some((object, path)) => (object.trim(), path),
            None => ("", text),
        };
        let path: Vec<String> = path
            .split('.')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        match object.is_empty() && path.is_empty() {
            true => Err(
                "it has to name a path (status.lastSeen), or a kind before a colon (Lease:)"
                    .to_owned(),
            ),
            false => Ok(Ignore {
                object: object.to_owned(),
                path,
            }),
        }
    }

    /// That of a place where two references differ.
    pub(crate) fn of(difference: &Difference) -> Self {
        let path = difference.path.split('.').filter(|part| !part.is_empty());
        Ignore {
            object: difference.object.clone(),
            path: path.map(str::to_owned).collect(),
        }
    }

    fn covers(&self, object: &str, path: &str) -> bool {
        let (kind, name) = object.split_once(' ').unwrap_or((object, ""));
        let is_meant = match self.object.split_once(' ') {
            Some(_) => object == self.object,
            None => {
                let wanted = self.object.as_str();
                wanted.is_empty()
                    || wanted == kind
                    || kind.split('.').next() == Some(wanted)
                    || name == wanted
            }
        };
        let mut parts = path.split('.').filter(|part| !part.is_empty());
        is_meant
            && self.path.iter().all(|wanted| {
                parts
                    .next()
                    .is_some_and(|part| wanted == "*" || wanted == part)
            })
    }
}

impl fmt::Display for Ignore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object.as_str() {
            "" => f.write_str(&self.path.join(".")),
            object => write!(f, "{object}:{}", self.path.join(".")),
        }
    }
}

/// All the places that count where a run differs from the reference.
pub(crate) fn differences(reference: &State, here: &State, ignored: &[Ignore]) -> Vec<Difference> {
    let mut found = Vec::new();
    let titles: std::collections::BTreeSet<&String> = reference
        .objects
        .keys()
        .chain(here.objects.keys())
        .collect();
    for title in titles {
        let (old, new) = (reference.find(title), here.find(title));
        let mut walk = Walk {
            object: title,
            ignored,
            found: &mut found,
        };
        walk.values(String::new(), (old.as_ref(), new.as_ref()));
    }
    found
}

struct Walk<'a> {
    object: &'a str,
    ignored: &'a [Ignore],
    found: &'a mut Vec<Difference>,
}

impl Walk<'_> {
    fn values(&mut self, path: String, (reference, here): (Option<&Value>, Option<&Value>)) {
        if reference == here
            || self
                .ignored
                .iter()
                .any(|rule| rule.covers(self.object, &path))
        {
            return;
        }
        match (reference, here) {
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                let keys: std::collections::BTreeSet<&String> =
                    old.keys().chain(new.keys()).collect();
                for key in keys {
                    self.values(step(&path, key), (old.get(key), new.get(key)));
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
                for (index, pair) in old.iter().zip(new).enumerate() {
                    self.values(
                        step(&path, &index.to_string()),
                        (Some(pair.0), Some(pair.1)),
                    );
                }
            }
            _ if self.found.len() < MAX_DIFFERENCES => self.found.push(Difference {
                object: self.object.to_owned(),
                path,
                reference: reference.cloned(),
                here: here.cloned(),
            }),
            _ => {}
        }
    }
}

fn step(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

/// `ConfigMap shop/a: data.b: "1" in the reference, "2" here`
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            object,
            path,
            reference,
            here,
        } = self;
        if path.is_empty() {
            return match (reference, here) {
                (Some(Value::Null), _) => {
                    write!(f, "{object}: still there, the reference has deleted it")
                }
                (_, Some(Value::Null)) => write!(f, "{object}: deleted, the reference has kept it"),
                (None, _) => write!(f, "{object}: left over, the reference has none"),
                _ => write!(f, "{object}: missing"),
            };
        }
        let (old, new) = (shown(reference.as_ref()), shown(here.as_ref()));
        write!(f, "{object}: {path}: {old} in the reference, {new} here")
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(objects: Value) -> State {
        let objects = objects.as_object().unwrap().clone();
        State {
            objects: objects.into_iter().collect(),
            ..State::default()
        }
    }

    #[test]
    fn each_place_is_told_on_its_own() {
        let reference =
            state(json!({"ConfigMap a/b": {"data": {"x": "1", "y": "2"}}, "Secret a/c": {}}));
        let here = state(json!({"ConfigMap a/b": {"data": {"x": "2"}}, "Secret a/d": {}}));
        let found = differences(&reference, &here, &[]);
        let told: Vec<String> = found.iter().map(Difference::to_string).collect();
        assert_eq!(
            told,
            [
                "ConfigMap a/b: data.x: \"1\" in the reference, \"2\" here",
                "ConfigMap a/b: data.y: \"2\" in the reference, nothing here",
                "Secret a/c: missing",
                "Secret a/d: left over, the reference has none",
            ]
        );
    }

    #[test]
    fn what_is_ignored_is_a_path_of_all_or_of_some() {
        let reference =
            state(json!({"Lease.coordination.k8s.io a/b": {"spec": {"holder": "x", "at": "1"}}}));
        let here =
            state(json!({"Lease.coordination.k8s.io a/b": {"spec": {"holder": "y", "at": "1"}}}));
        for (rule, left) in [
            ("spec.holder", 0),
            ("spec.*", 0),
            ("spec", 0),
            ("Lease:spec.holder", 0),
            ("Lease:", 0),
            ("Lease.coordination.k8s.io:spec", 0),
            ("Lease.coordination.k8s.io a/b:spec", 0),
            ("a/b:spec", 0),
            ("Pod:spec", 1),
            ("spec.at", 1),
        ] {
            let rule = [Ignore::parse(rule).unwrap()];
            assert_eq!(
                differences(&reference, &here, &rule).len(),
                left,
                "{rule:?}"
            );
        }
        assert!(Ignore::parse("").is_err());
    }
}
