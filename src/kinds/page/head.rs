//! The head of a page: the kind without the structs of its objects.

use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use super::line::Line;
use super::{Mistake, Page};
use crate::codec::base64;
use crate::kinds::internal_package;
use crate::kinds::kind::{
    About, Cell, Column, Kind, KindRef, NameFormat, Policy, Stored, Subresource, Wire,
};
use crate::kinds::types::StructRef;
use crate::kinds::verb::Verb;

/// What a page says of a kind beside its types.
pub(super) const DIRECTIVES: [&str; 13] = [
    "kind",
    "short",
    "categories",
    "stored",
    "verbs",
    "resets",
    "subresource",
    "select",
    "column",
    "policy",
    "names",
    "wire",
    "deprecated",
];

/// The Go package that the types of a group and version are in, if the page does not say.
pub(super) fn default_package(page: &Page) -> String {
    let [group, version, _] = page.names();
    format!("io.k8s.api.{}.{version}", internal_package(group))
}

/// Reads the head of a page.
pub(super) fn read(page: &'static Page) -> Result<KindRef, Mistake> {
    let mut lines = page.lines().filter(|line| !line.is_indented);
    let Some(mut first) = lines.next() else {
        return Err(Mistake {
            page: page.path,
            line: 1,
            what: "there is nothing here".to_owned(),
        });
    };
    let mut kind = blank(page, &mut first)?;
    for mut line in lines {
        let directive = line.word("a directive")?;
        say(&mut kind, directive, &mut line)?;
    }
    kind.stored.hash = storage_version_hash(&kind.stored, &kind.kind);
    Ok(Arc::new(kind))
}

/// The kind of the first line, with what is usual of everything else.
fn blank(page: &'static Page, line: &mut Line<'static>) -> Result<Kind, Mistake> {
    let [group, version, plural] = page.names().map(str::to_owned);
    if line.word("a directive")? != "kind" {
        return Err(line.mistake("the first line must name the kind"));
    }
    let kind = line.word("the name of the kind")?.to_owned();
    let namespaced = match line.word("`namespaced` or `cluster`")? {
        "namespaced" => true,
        "cluster" => false,
        other => {
            return Err(line.mistake(format!("`{other}` is neither `namespaced` nor `cluster`")));
        }
    };
    let schema = page.find_struct(page.index()?, &kind).cloned();
    let schema: StructRef =
        schema.ok_or_else(|| line.mistake(format!("there is no struct {kind}")))?;
    Ok(Kind {
        list_kind: format!("{kind}List"),
        singular: kind.to_lowercase(),
        kind,
        namespaced,
        short_names: Vec::new(),
        categories: Vec::new(),
        verbs: Vec::new(),
        subresources: Vec::new(),
        resets: Vec::new(),
        columns: Vec::new(),
        selectable: Vec::new(),
        stored: Stored {
            prefix: plural.clone(),
            group: group.clone(),
            version: version.clone(),
            hash: String::new(),
        },
        group,
        version,
        plural,
        wire: Wire::GoStruct,
        policy: Policy {
            create_on_update: false,
            unconditional_update: true,
            returns_deleted: false,
        },
        name_format: NameFormat::DnsSubdomain,
        deprecation: None,
        schema,
        has_rules: OnceLock::new(),
    })
}

fn say(kind: &mut Kind, directive: &str, line: &mut Line<'static>) -> Result<(), Mistake> {
    let words = |line: &mut Line<'static>| Ok(line.words()?.map(str::to_owned).collect());
    match directive {
        "kind" => return Err(line.mistake("the kind is named twice")),
        "short" => kind.short_names = words(line)?,
        "categories" => kind.categories = words(line)?,
        "select" => kind.selectable = words(line)?,
        "resets" => kind.resets = paths(line.words()?),
        "wire" => {
            kind.wire = match line.word("how objects are written")? {
                "go-struct" => Wire::GoStruct,
                "unstructured" => Wire::Unstructured,
                other => return Err(line.mistake(format!("`{other}` is no way to write objects"))),
            };
        }
        "names" => {
            kind.name_format = match line.word("the format of names")? {
                "dns-subdomain" => NameFormat::DnsSubdomain,
                "dns-label" => NameFormat::DnsLabel,
                "path-segment" => NameFormat::PathSegment,
                other => return Err(line.mistake(format!("`{other}` is no format of names"))),
            };
        }
        "policy" => policy(&mut kind.policy, line)?,
        "deprecated" => {
            let since = line.word("the minor version")?;
            let since = since
                .parse()
                .map_err(|_| line.mistake(format!("`{since}` is no minor version")))?;
            let warning = line.description().unwrap_or_default();
            kind.deprecation = Some((since, warning.into()));
        }
        "stored" => {
            kind.stored.prefix = line.word("the prefix")?.to_owned();
            if let Some(version) = line.next_word()? {
                let (group, version) = version.split_once('/').unwrap_or(("", version));
                (kind.stored.group, kind.stored.version) = (group.to_owned(), version.to_owned());
            }
        }
        "verbs" => kind.verbs = verbs(line)?.0,
        "subresource" => {
            let name = line.word("the name of the subresource")?.to_owned();
            let (verbs, resets) = verbs(line)?;
            kind.subresources.push(Subresource {
                name,
                verbs,
                resets,
            });
            kind.subresources
                .sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
        "column" => kind.columns.push(column(line)?),
        // What declares types is read elsewhere.
        _ => {}
    }
    Ok(())
}

/// Verbs in the order of their names, and what follows the word `resets`.
fn verbs(line: &mut Line<'static>) -> Result<(Vec<Verb>, Vec<Vec<String>>), Mistake> {
    let mut verbs = Vec::new();
    let mut words = line.words()?;
    for word in words.by_ref().take_while(|word| *word != "resets") {
        match Verb::parse(word) {
            Some(verb) => verbs.push(verb),
            None if word == "all" => verbs.extend(Verb::ALL),
            None => return Err(line.mistake(format!("there is no verb `{word}`"))),
        }
    }
    verbs.sort_unstable();
    Ok((verbs, paths(words)))
}

/// `status`, `metadata.labels`
fn paths<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let path = |word: &str| word.split('.').map(str::to_owned).collect();
    words.map(path).collect()
}

fn policy(policy: &mut Policy, line: &mut Line<'static>) -> Result<(), Mistake> {
    for word in line.words()? {
        match word {
            "create-on-update" => policy.create_on_update = true,
            "conditional-update" => policy.unconditional_update = false,
            "returns-deleted" => policy.returns_deleted = true,
            _ => return Err(line.mistake(format!("there is no policy `{word}`"))),
        }
    }
    Ok(())
}

fn column(line: &mut Line<'static>) -> Result<Column, Mistake> {
    let name = line.word("the name of the column")?.to_owned();
    let cell = line.word("what is in the column")?;
    let metadata = |field: &str| vec!["metadata".to_owned(), field.to_owned()];
    let (cell, about, format) = match cell {
        "name" => (Cell::Path(metadata("name")), metadata("name"), "name"),
        "age" => {
            let created = metadata("creationTimestamp");
            (Cell::Age(created.clone()), created, "")
        }
        "rust" => (Cell::Programmed, Vec::new(), ""),
        path => {
            let path = self::path(path, line)?;
            (Cell::Path(path.clone()), path, "")
        }
    };
    let mut column = Column {
        name,
        ty: "string".to_owned(),
        format: format.to_owned(),
        about: About::Field(about),
        priority: 0,
        cell,
    };
    while let Some(word) = line.next_word()? {
        match word.split_once('=').unwrap_or((word, "")) {
            ("wide", _) => column.priority = 1,
            ("format", format) => column.format = format.to_owned(),
            ("doc", path) => column.about = About::Field(self::path(path, line)?),
            ("integer" | "number" | "boolean" | "date", _) => column.ty = word.to_owned(),
            _ => return Err(line.mistake(format!("`{word}` means nothing here"))),
        }
    }
    if let Some(text) = line.description() {
        column.about = About::Text(text);
    }
    match &column.about {
        About::Field(path) if path.is_empty() => {
            Err(line.mistake(format!("the column {} is not described", column.name)))
        }
        _ => Ok(column),
    }
}

/// `.spec.type`
fn path(text: &str, line: &Line<'_>) -> Result<Vec<String>, Mistake> {
    match text.strip_prefix('.') {
        Some(path) => Ok(path.split('.').map(str::to_owned).collect()),
        None => Err(line.mistake(format!("`{text}` is no path: one begins with a dot"))),
    }
}

/// What discovery shows instead of the stored version.
pub(super) fn storage_version_hash(stored: &Stored, kind: &str) -> String {
    let digest = Sha256::digest(format!("{}/{}/{kind}", stored.group, stored.version));
    base64::encode(&digest[..8])
}

/// Whether what the head says of fields is true.
#[cfg(test)]
pub(super) fn check(kind: &Kind, page: &'static Page) -> Result<(), Mistake> {
    let lines = page.lines().filter(|line| line.begins_with("column "));
    for (column, line) in kind.columns.iter().zip(lines) {
        if matches!(column.about, About::Field(_)) && kind.describe(column).is_empty() {
            return Err(line.mistake("there is no such field, or nothing is said of it"));
        }
    }
    Ok(())
}
