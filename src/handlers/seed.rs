//! Objects that are there before any client: given by a test, or read from files.
//!
//! They go through the same decoding, defaulting and validation as a client's, but keep what they say about themselves
//! (uid, times, status), and a namespace that is missing is made. One that is there already is replaced, as by an update;
//! but of what is given together no two may be the same, which would be a slip.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::authorization::objects as rbac_objects;
use crate::codec::json::{Node, compact};
use crate::codec::yaml;
use crate::error::Error;
use crate::handlers::body;
use crate::handlers::cluster::{Cluster, key};
use crate::handlers::write::place;
use crate::kinds::Catalog;
use crate::object::{Object, meta_str, metadata_mut};
use crate::registry;
use crate::schema;

/// Stores objects in a cluster, and puts access rules aside for an authorizer.
pub(crate) struct Seeder<'a> {
    cluster: &'a Cluster,
    rules: Option<&'a mut Vec<Value>>,
    /// Where the next object comes from.
    place: String,
    /// What was given so far, and where.
    given: BTreeMap<String, String>,
}

impl<'a> Seeder<'a> {
    /// Refuses access rules, as nobody would ever look at them.
    pub(crate) fn new(cluster: &'a Cluster) -> Self {
        Seeder {
            cluster,
            rules: None,
            place: String::new(),
            given: BTreeMap::new(),
        }
    }

    /// Collects access rules, where there is an authorizer to take them.
    pub(crate) fn with_rules(self, rules: Option<&'a mut Vec<Value>>) -> Self {
        Seeder { rules, ..self }
    }

    /// Says where the next object comes from.
    pub(crate) fn at(&mut self, place: impl ToString) -> &mut Self {
        self.place = place.to_string();
        self
    }

    /// Stores one object, or the items of a list; the last one stored is returned.
    pub(crate) fn object(&mut self, value: Value) -> Result<Option<Arc<Object>>, String> {
        let text = |field: &str| {
            value
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let catalog = &self.cluster.catalog;
        if kind == "List"
            || kind.ends_with("List") && catalog.find_kind(&api_version, &kind).is_none()
        {
            return self.items(value, &api_version, kind.trim_end_matches("List"));
        }
        if is_access_rule(&api_version) {
            return self.access_rule(value).map(|()| None);
        }
        let found = catalog.find_kind(&api_version, &kind);
        let found = found.ok_or_else(|| unknown(catalog, &api_version, &kind))?;
        let node = Node::from_value(&value);
        let decoded = schema::decode(node, &found.schema)?;
        if !decoded.strict.is_empty() {
            return Err(decoded.strict.join(", "));
        }
        let mut object = decoded.value;
        body::set_type(&mut object, found);
        registry::strategy(found).set_defaults(&mut object);
        if found.namespaced {
            default_namespace(&mut object);
        }
        let (namespace, name) = (meta_str(&object, "namespace"), meta_str(&object, "name"));
        let key = key(found, namespace, name);
        if !name.is_empty() {
            self.only_once(key, &kind, &object)?;
        }
        place::place(self.cluster, found, &object)
            .map(Some)
            .map_err(|status| status.message)
    }

    /// Refuses an object that was given before.
    fn only_once(&mut self, key: String, kind: &str, object: &Value) -> Result<(), String> {
        let Some(first) = self.given.insert(key, self.place.clone()) else {
            return Ok(());
        };
        let (namespace, name) = (meta_str(object, "namespace"), meta_str(object, "name"));
        let slash = if namespace.is_empty() { "" } else { "/" };
        Err(format!(
            "{kind} \"{namespace}{slash}{name}\" was given before, at {first}"
        ))
    }

    /// The items of a typed list carry no kind of their own.
    fn items(
        &mut self,
        mut list: Value,
        api_version: &str,
        kind: &str,
    ) -> Result<Option<Arc<Object>>, String> {
        let mut last = None;
        let whole = std::mem::take(&mut self.place);
        let items = list.get_mut("items").map(Value::take);
        for (i, mut item) in items
            .as_ref()
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .enumerate()
        {
            if let (Some(map), false) = (item.as_object_mut(), kind.is_empty()) {
                map.entry("kind").or_insert_with(|| kind.into());
                map.entry("apiVersion")
                    .or_insert_with(|| api_version.into());
            }
            let separator = if whole.is_empty() { "" } else { ", " };
            self.place = format!("{whole}{separator}items[{i}]");
            last = self
                .object(item)
                .map_err(|e| format!("items[{i}]: {e}"))?
                .or(last);
        }
        Ok(last)
    }

    fn access_rule(&mut self, mut value: Value) -> Result<(), String> {
        let kind = value["kind"].as_str().unwrap_or_default().to_owned();
        let Some(rules) = &mut self.rules else {
            return Err(format!(
                "a {kind} does nothing here: access rules are read only when a server starts, and only if it \
                 authorizes by RBAC (Auth::rbac, or --authorization-mode RBAC)"
            ));
        };
        let namespaced = matches!(&*kind, "Role" | "RoleBinding");
        if namespaced {
            default_namespace(&mut value);
        }
        // Read now, while it is known where the object comes from.
        rbac_objects::read(&value)?;
        rules.push(value.clone());
        let (namespace, name) = (meta_str(&value, "namespace"), meta_str(&value, "name"));
        self.only_once(format!("{kind}/{namespace}/{name}"), &kind, &value)
    }

    /// Stores the objects of a file, or of every YAML and JSON file of a directory, in the order of their names.
    pub(crate) fn files(&mut self, path: &Path) -> Result<(), Error> {
        let nothing = |what: &str| Err(Error::invalid(path.display().to_string(), what));
        if !path.is_dir() {
            return match self.file(path)? {
                0 => nothing("there is no object in this file"),
                _ => Ok(()),
            };
        }
        let paths = manifests(path)?;
        if paths.is_empty() {
            return nothing("there is no .yaml, .yml or .json file in this directory");
        }
        paths
            .iter()
            .try_for_each(|path| self.file(path).map(|_documents| ()))
    }

    /// Stores the objects of one file; how many documents it has is returned.
    fn file(&mut self, path: &Path) -> Result<usize, Error> {
        let bytes = std::fs::read(path).map_err(|e| Error::file(path, e))?;
        let place = path.display().to_string();
        Ok(self.text(&place, &bytes)?.len())
    }

    /// Stores the objects of a text with one or many documents, which are returned. Errors say that they come from
    /// `place`.
    pub(crate) fn text(&mut self, place: &str, bytes: &[u8]) -> Result<Vec<Value>, Error> {
        let mut documents = Vec::new();
        for (lines, part) in parts(bytes) {
            // Blank lines stand for those before it, so that every line has its number.
            let part = [&b"\n".repeat(lines), part].concat();
            documents.extend(yaml::parse_all(&part).map_err(|e| located(place, &e))?);
        }
        let mut values = Vec::new();
        for (line, document) in documents {
            let place_of = || format!("{place}:{line}");
            if let Some(duplicate) = document.duplicates.first() {
                return Err(located(place, duplicate));
            }
            let value = document.node.to_value();
            if !value.is_object() {
                let problem = format!("this is no object: {}", compact(&value));
                return Err(Error::invalid(place_of(), problem));
            }
            values.push(value.clone());
            self.at(place_of())
                .object(value)
                .map_err(|e| Error::invalid(place_of(), e))?;
        }
        Ok(values)
    }
}

/// The YAML and JSON files of a directory, in the order of their names.
fn manifests(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths = std::fs::read_dir(directory)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<std::io::Result<Vec<_>>>()
        })
        .map_err(|e| Error::file(directory, e))?;
    paths.retain(|path| !is_hidden(path));
    paths.retain(|path| {
        path.extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| matches!(e, "yaml" | "yml" | "json"))
    });
    paths.sort_unstable();
    Ok(paths)
}

/// As what editors leave beside a file they have open.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// JSON objects one after the other, as `jq` prints them and kubectl takes them, each with the number of lines before it;
/// or else all of the text.
fn parts(text: &[u8]) -> Vec<(usize, &[u8])> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let mut parts = Vec::new();
    let (mut lines, mut start) = (0, 0);
    while let Some(value) = values.next() {
        if value.is_err() {
            return vec![(0, text)];
        }
        let part = &text[start..values.byte_offset()];
        parts.push((lines, part));
        lines += part.iter().filter(|byte| **byte == b'\n').count();
        start += part.len();
    }
    parts
}

/// `file:3: what is wrong`, from `yaml: line 3: what is wrong`.
fn located(file: &str, problem: &str) -> Error {
    let problem = problem.strip_prefix("yaml: ").unwrap_or(problem);
    let line = problem
        .strip_prefix("line ")
        .and_then(|rest| rest.split_once(": "))
        .filter(|(line, _)| line.parse::<usize>().is_ok());
    match line {
        Some((line, problem)) => Error::invalid(format!("{file}:{line}"), problem),
        None => Error::invalid(file, problem),
    }
}

fn is_access_rule(api_version: &str) -> bool {
    api_version
        .strip_prefix(rbac_objects::GROUP)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn unknown(catalog: &Catalog, api_version: &str, kind: &str) -> String {
    if kind.is_empty() || api_version.is_empty() {
        return "an object needs an apiVersion and a kind".to_owned();
    }
    let served: Vec<String> = catalog
        .kinds()
        .map(|k| format!("{} {}", k.api_version(), k.kind))
        .collect();
    format!(
        "{api_version} {kind} is not a kind this server has; it has {}",
        served.join(", ")
    )
}

fn default_namespace(object: &mut Value) {
    if meta_str(object, "namespace").is_empty() {
        metadata_mut(object).insert("namespace".to_owned(), "default".into());
    }
}
