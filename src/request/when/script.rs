//! Conditions as scripts write them.

use serde_json::{Map, Value, json};

use super::check;
use super::{Patch, When};
use crate::codec::json::{self, Node};
use crate::codec::script::{Cursor, Error, hint};
use crate::kinds::Catalog;
use crate::kinds::verb::Verb;

/// The keys of `when`, and how each is read.
pub(crate) const WHEN: [&str; 13] = [
    "verb",
    "resource",
    "subresource",
    "namespace",
    "name",
    "labels",
    "patch",
    "fieldManager",
    "user",
    "userAgent",
    "headers",
    "query",
    "dryRun",
];
impl When {
    pub(crate) fn to_value(&self) -> Map<String, Value> {
        let patches: Vec<String> = self.patches.iter().map(|p| p.name().to_owned()).collect();
        let verbs: Vec<String> = self.verbs.iter().map(Verb::to_string).collect();
        let lists = [
            ("verb", &verbs),
            ("resource", &self.resources),
            ("subresource", &self.subresources),
            ("namespace", &self.namespaces),
            ("name", &self.names),
            ("patch", &patches),
            ("fieldManager", &self.field_managers),
            ("user", &self.users),
            ("userAgent", &self.user_agents),
        ];
        let pairs = [
            ("labels", &self.labels),
            ("headers", &self.headers),
            ("query", &self.query),
        ];
        let lists = lists
            .into_iter()
            .filter_map(|(key, values)| match values.as_slice() {
                [] => None,
                [one] => Some((key.to_owned(), json!(one))),
                many => Some((key.to_owned(), json!(many))),
            });
        let pairs = pairs.into_iter().filter(|(_, pairs)| !pairs.is_empty());
        let pairs = pairs.map(|(key, pairs)| {
            let members = pairs
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)));
            (key.to_owned(), json::object(members).into())
        });
        let dry_run = self
            .dry_run
            .map(|dry_run| ("dryRun".to_owned(), dry_run.into()));
        json::object(lists.chain(pairs).chain(dry_run))
    }

    /// Reads conditions.
    pub(crate) fn read(at: &Cursor<'_>, catalog: &Catalog) -> Result<When, Error> {
        let mut when = When::default();
        at.only(&WHEN)?;
        for (key, at) in at.members()? {
            match key {
                "verb" => each(&at, &mut when.verbs, |name| {
                    name.parse::<Verb>().map_err(|error| error.to_string())
                })?,
                "resource" => each(&at, &mut when.resources, |name| {
                    check::resource(name, catalog)
                })?,
                "subresource" => each(&at, &mut when.subresources, any_text)?,
                "namespace" => each(&at, &mut when.namespaces, any_text)?,
                "name" => each(&at, &mut when.names, any_text)?,
                "fieldManager" => each(&at, &mut when.field_managers, any_text)?,
                "user" => each(&at, &mut when.users, any_text)?,
                "userAgent" => each(&at, &mut when.user_agents, any_text)?,
                "labels" => when.labels = texts(&at)?,
                "headers" => when.headers = texts(&at)?,
                "query" => when.query = texts(&at)?,
                "dryRun" => when.dry_run = Some(at.boolean()?),
                _ => {
                    for at in one_or_many(&at)? {
                        when.patches.push(one_of(&at, &Patch::ALL, Patch::name)?);
                    }
                }
            }
        }
        Ok(when)
    }
}

impl Patch {
    pub(crate) const ALL: [Patch; 4] = [
        Patch::Json,
        Patch::Merge,
        Patch::StrategicMerge,
        Patch::Apply,
    ];

    /// What scripts call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Patch::Json => "json",
            Patch::Merge => "merge",
            Patch::StrategicMerge => "strategicMerge",
            Patch::Apply => "apply",
        }
    }
}

fn any_text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// A text or a list of them.
fn each<T: PartialEq>(
    at: &Cursor<'_>,
    into: &mut Vec<T>,
    check: impl Fn(&str) -> Result<T, String>,
) -> Result<(), Error> {
    for at in one_or_many(at)? {
        let text = check(at.text()?).map_err(|problem| at.fail(problem))?;
        if !into.contains(&text) {
            into.push(text);
        }
    }
    Ok(())
}

fn one_or_many<'a>(at: &Cursor<'a>) -> Result<Vec<Cursor<'a>>, Error> {
    match at.node {
        Node::Array(_) => at.items(),
        _ => Ok(vec![at.clone()]),
    }
}

/// The value of this name.
pub(crate) fn one_of<T: Copy>(
    at: &Cursor<'_>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Error> {
    let text = at.text()?;
    let found = all.iter().find(|value| name(**value) == text);
    found.copied().ok_or_else(|| {
        let hint = hint(text, all.iter().map(|value| name(*value)));
        at.fail(format!("unknown value `{text}`{hint}"))
    })
}

/// A map of texts.
pub(crate) fn texts(at: &Cursor<'_>) -> Result<Vec<(String, String)>, Error> {
    let text = |(name, at): (&str, Cursor<'_>)| Ok((name.to_owned(), at.text()?.to_owned()));
    at.members()?.into_iter().map(text).collect()
}
