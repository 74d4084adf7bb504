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
use crate::registry::{self, Lister as _};
use crate::schema;

/// Stores objects in a cluster.
pub(crate) struct Seeder<'a> {
    cluster: &'a Cluster,
    /// Where the next object comes from.
    place: String,
    /// What was given so far, and where.
    given: BTreeMap<String, String>,
}

impl<'a> Seeder<'a> {
    pub(crate) fn new(cluster: &'a Cluster) -> Self {
        Seeder {
            cluster,
            place: String::new(),
            given: BTreeMap::new(),
        }
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
        let catalog = &self.cluster.catalog();
        if kind == "List"
            || kind.ends_with("List") && catalog.find_kind(&api_version, &kind).is_none()
        {
            return self.items(value, &api_version, kind.trim_end_matches("List"));
        }
        let found = catalog.find_kind(&api_version, &kind);
        let found = found.ok_or_else(|| unknown(catalog, &api_version, &kind))?;
        if is_access_rule(&api_version) {
            check_access_rule(&value, found.namespaced)?;
        }
        let node = Node::from_value(&value);
        let decoded = schema::read(node, &found)?;
        if !decoded.strict.is_empty() {
            return Err(decoded.strict.join(", "));
        }
        let mut object = decoded.value;
        body::set_type(&mut object, &found);
        registry::set_defaults(&found, &mut object);
        if found.namespaced {
            default_namespace(&mut object);
        }
        let (namespace, name) = (meta_str(&object, "namespace"), meta_str(&object, "name"));
        let key = key(&found, namespace, name);
        if !name.is_empty() {
            self.only_once(key, &kind, &object)?;
        }
        let placed = place::place(self.cluster, &found, &object).map_err(|s| s.message)?;
        if placed.kind.policy.defines_kinds {
            self.check_established(&placed)?;
        }
        Ok(Some(placed))
    }

    /// Refuses a definition whose kinds are not there.
    fn check_established(&self, definition: &Object) -> Result<(), String> {
        let (group, kind) = (&definition.kind.group, &definition.kind.kind);
        let now = self.cluster.get(group, kind, "", definition.name());
        let now = now.map(|now| now.value());
        let conditions = now
            .as_ref()
            .and_then(|now| now["status"]["conditions"].as_array());
        let conditions = conditions.map_or(&[][..], Vec::as_slice);
        let is = |ty: &str| conditions.iter().find(|condition| condition["type"] == ty);
        if is("Established").is_some_and(|established| established["status"] == "True") {
            return Ok(());
        }
        let why = is("NamesAccepted").and_then(|accepted| accepted["message"].as_str());
        let why = why.unwrap_or("it is not established");
        Err(format!(
            "the kinds of {} are not served: {why}",
            definition.name()
        ))
    }

    /// Stores these, definitions first: the others may be of the kinds they define.
    pub(crate) fn all(&mut self, mut given: Vec<Given>) -> Result<(), Error> {
        given.sort_by_key(|given| !given.is_definition());
        given.into_iter().try_for_each(|given| {
            let stored = self.at(&given.place).object(given.value);
            stored.map(drop).map_err(|e| Error::invalid(given.about, e))
        })
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

    /// Stores the objects of a file, or of every YAML and JSON file of a directory, in the order of their names, but
    /// definitions first.
    pub(crate) fn files(&mut self, path: &Path) -> Result<(), Error> {
        self.all(read_files(path)?)
    }

    /// Stores the objects of a text with one or many documents, definitions first; they are returned. Errors say that
    /// they come from `place`.
    pub(crate) fn text(&mut self, place: &str, bytes: &[u8]) -> Result<Vec<Value>, Error> {
        let values = read_text(place, bytes)?;
        let read = values.iter().map(|given| given.value.clone()).collect();
        self.all(values)?;
        Ok(read)
    }
}

/// An object that was given to begin with.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) value: Value,
    /// Where it comes from.
    pub(crate) place: String,
    /// What errors call it.
    pub(crate) about: String,
}

impl Given {
    /// Whether it defines kinds, or is a list that begins with what does.
    pub(crate) fn is_definition(&self) -> bool {
        defines_kinds(self.value["items"].get(0).unwrap_or(&self.value))
    }
}

/// Whether an object defines kinds.
pub(crate) fn defines_kinds(value: &Value) -> bool {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let kind = Catalog::built_in().find_kind(text("apiVersion"), text("kind"));
    kind.is_some_and(|kind| kind.policy.defines_kinds)
}

/// The objects of a file, or of every YAML and JSON file of a directory, in the order of their names; each with its place.
pub(crate) fn read_files(path: &Path) -> Result<Vec<Given>, Error> {
    let nothing = |what: &str| Err(Error::invalid(path.display().to_string(), what));
    if !path.is_dir() {
        let values = read_file(path)?;
        return match values.is_empty() {
            true => nothing("there is no object in this file"),
            false => Ok(values),
        };
    }
    let paths = manifests(path)?;
    if paths.is_empty() {
        return nothing("there is no .yaml, .yml or .json file in this directory");
    }
    let files = paths.iter().map(|path| read_file(path));
    Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
}

fn read_file(path: &Path) -> Result<Vec<Given>, Error> {
    let bytes = std::fs::read(path).map_err(|e| Error::file(path, e))?;
    read_text(&path.display().to_string(), &bytes)
}

/// The objects of a text with one or many documents, each with its place.
fn read_text(place: &str, bytes: &[u8]) -> Result<Vec<Given>, Error> {
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
        values.push(Given {
            value,
            place: place_of(),
            about: place_of(),
        });
    }
    Ok(values)
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

/// Roles and bindings are read more strictly than by the server itself, so that one that could never grant what its
/// author meant is not found out by a puzzling denial.
fn check_access_rule(value: &Value, namespaced: bool) -> Result<(), String> {
    let mut value = value.clone();
    if namespaced {
        default_namespace(&mut value);
    }
    rbac_objects::read(&value).map(drop)
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
