//! The head of a page: the kind without the structs of its objects.

use std::sync::{Arc, OnceLock};

use super::line::Line;
use super::{Mistake, Page};
use crate::kinds::kind::{
    About, Cell, Column, Gvk, Kind, KindRef, NameFormat, Policy, Service, Stored, Subresource, Wire,
};
use crate::kinds::types::StructRef;
use crate::kinds::verb::Verb;
use crate::kinds::{internal_package, storage_hash};

/// What a page says of a kind beside its types.
pub(super) const DIRECTIVES: [&str; 17] = [
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
    "accepts",
    "hashed",
    "virtual",
    "part",
];

/// What most kinds say of a field that nothing can be selected by.
const UNSELECTABLE: &str = "field label not supported";

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
    if kind.stored.hash.is_empty() {
        let stored = &kind.stored;
        kind.stored.hash = storage_hash(&stored.group, &stored.version, &kind.kind);
    }
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
        unselectable: UNSELECTABLE.to_owned(),
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
        service: Service::Stored,
        policy: Policy {
            unconditional_update: true,
            ..Policy::default()
        },
        name_format: NameFormat::DnsSubdomain,
        accepts: Vec::new(),
        deprecation: None,
        schema,
        has_rules: OnceLock::new(),
        has_fills: OnceLock::new(),
        custom: None,
    })
}

fn say(kind: &mut Kind, directive: &str, line: &mut Line<'static>) -> Result<(), Mistake> {
    let words = |line: &mut Line<'static>| Ok(line.words()?.map(str::to_owned).collect());
    match directive {
        "kind" => return Err(line.mistake("the kind is named twice")),
        "short" => kind.short_names = words(line)?,
        "categories" => kind.categories = words(line)?,
        "select" => {
            kind.selectable = words(line)?;
            kind.unselectable = line
                .description()
                .unwrap_or_else(|| UNSELECTABLE.to_owned());
        }
        "accepts" => kind.accepts = words(line)?,
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
        // Its objects could still be those of an older version.
        "hashed" => {
            let version = line.word("the version")?;
            let (group, version) = version.split_once('/').unwrap_or(("", version));
            kind.stored.hash = storage_hash(group, version, &kind.kind);
        }
        "virtual" => kind.service = Service::Virtual,
        "part" => kind.service = Service::Part,
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
        "verbs" => kind.verbs = part(line)?.verbs,
        "subresource" => {
            let name = line.word("the name of the subresource")?.to_owned();
            kind.subresources.push(Subresource {
                name,
                ..part(line)?
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

/// Verbs in the order of their names, the kind of the bodies after `of=`, and the fields that follow the word `resets`.
fn part(line: &mut Line<'static>) -> Result<Subresource, Mistake> {
    let mut part = Subresource {
        name: String::new(),
        verbs: Vec::new(),
        resets: Vec::new(),
        of: None,
    };
    let mut words = line.words()?;
    for word in words.by_ref().take_while(|word| *word != "resets") {
        match (Verb::parse(word), word.strip_prefix("of=")) {
            (Some(verb), _) => part.verbs.push(verb),
            (_, Some(kind)) => part.of = Some(gvk(kind, line)?),
            _ if word == "all" => part.verbs.extend(Verb::ALL),
            _ => return Err(line.mistake(format!("there is no verb `{word}`"))),
        }
    }
    part.verbs.sort_unstable();
    part.resets = paths(words);
    Ok(part)
}

/// `autoscaling/v1/Scale`, `v1/Binding`
fn gvk(text: &str, line: &Line<'_>) -> Result<Gvk, Mistake> {
    let (version, kind) = text
        .rsplit_once('/')
        .ok_or_else(|| line.mistake(format!("`{text}` has no version")))?;
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    Ok(Gvk {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
    })
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
            "generation" => policy.counts_generations = true,
            "names-kind-of-fields" => policy.names_kind_of_fields = true,
            "orphans" => policy.orphans = true,
            "initial" => policy.has_initial = true,
            "settles" => policy.settles = true,
            "follows" => policy.follows = true,
            "defines-kinds" => policy.defines_kinds = true,
            "uncached" => policy.uncached = true,
            "unsupported" => policy.unsupported = true,
            "any-finalizers" => policy.any_finalizers = true,
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
        undeclared: false,
    };
    while let Some(word) = line.next_word()? {
        match word.split_once('=').unwrap_or((word, "")) {
            ("wide", _) => column.priority = 1,
            ("undeclared", _) => column.undeclared = true,
            ("format", format) => column.format = format.to_owned(),
            ("doc", path) => column.about = About::Field(self::path(path, line)?),
            ("integer" | "number" | "boolean" | "date", _) => column.ty = word.to_owned(),
            _ => return Err(line.mistake(format!("`{word}` means nothing here"))),
        }
    }
    if let Some(text) = line.description() {
        column.about = About::Text(text);
    }
    Ok(column)
}

/// `.spec.type`
fn path(text: &str, line: &Line<'_>) -> Result<Vec<String>, Mistake> {
    match text.strip_prefix('.') {
        Some(path) => Ok(path.split('.').map(str::to_owned).collect()),
        None => Err(line.mistake(format!("`{text}` is no path: one begins with a dot"))),
    }
}

/// Whether what the head says of fields is true.
#[cfg(test)]
pub(super) fn check(kind: &Kind, page: &'static Page) -> Result<(), Mistake> {
    let lines = page.lines().filter(|line| line.begins_with("column "));
    for (column, line) in kind.columns.iter().zip(lines) {
        let is_there = |path: &[String]| kind.schema.at(path).is_some();
        let described = match &column.about {
            About::Field(path) => path.is_empty() || is_there(path),
            About::Text(_) => true,
        };
        let has_cell = match &column.cell {
            Cell::Path(path) | Cell::Age(path) => is_there(path),
            Cell::Programmed | Cell::JsonPath(_) => true,
        };
        if !described || !has_cell {
            return Err(line.mistake("there is no such field"));
        }
    }
    Ok(())
}
