//! Kinds that a test brings along: what a CustomResourceDefinition declares, as kinds like any other.
//!
//! All versions of one definition are a [`Family`]: an object is kept in one of them and shown in each.

mod structure;

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::family::{Compile, Custom, Family, Scale, Version};
use super::kind::{
    About, Cell, Column, Gvk, Kind, KindRef, NameFormat, Policy, Service, Stored, Subresource, Wire,
};
use super::structural::Structural;
use super::types::StructRef;
use super::verb::Verb;
use super::{compare_versions, storage_hash};
use crate::codec::jsonpath::JsonPath;

/// In the order in which discovery lists those of custom objects.
const VERBS: [Verb; 8] = [
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Create,
    Verb::Update,
    Verb::Watch,
];

impl Family {
    /// Reads what a definition declares.
    fn of(definition: &Value, key: String, compile: &Compile) -> Option<Family> {
        let spec = &definition["spec"];
        let declared = spec["versions"].as_array()?;
        let version = |version: &Value| {
            let document = version["schema"]["openAPIV3Schema"].clone();
            Version {
                name: text(&version["name"]),
                schema: Structural::of(&document),
                rules: compile(&document),
                document,
            }
        };
        Some(Family {
            name: text(&definition["metadata"]["name"]),
            key,
            stored: declared.iter().position(|v| v["storage"] == true)?,
            versions: declared.iter().map(version).collect(),
            conversion: spec["conversion"].clone(),
        })
    }
}

/// The kinds of a definition whose names were accepted: its served versions, and the one that is kept.
pub(crate) fn kinds(definition: &Value, key: String, compile: &Compile) -> Vec<KindRef> {
    let Some(family) = Family::of(definition, key, compile).map(Arc::new) else {
        return Vec::new();
    };
    let declared = definition["spec"]["versions"].as_array();
    let declared = declared.map_or(&[][..], Vec::as_slice);
    let met = declared.iter().enumerate();
    let met = met.filter(|(_, version)| version["served"] == true || version["storage"] == true);
    let kind = |(at, version): (usize, &Value)| {
        Arc::new(kind(
            definition,
            version,
            Custom {
                family: family.clone(),
                version: at,
                scale: scale(&version["subresources"]["scale"]),
                is_terminating: definition["metadata"].get("deletionTimestamp").is_some(),
            },
        ))
    };
    met.map(kind).collect()
}

/// One version of a definition as a kind.
fn kind(definition: &Value, version: &Value, custom: Custom) -> Kind {
    let (spec, names) = (&definition["spec"], &definition["status"]["acceptedNames"]);
    let (group, name) = (text(&spec["group"]), text(&version["name"]));
    let kind = text(&names["kind"]);
    let stored = custom.stored().name.clone();
    let has_status = version["subresources"]
        .get("status")
        .is_some_and(|s| !s.is_null());
    let schema = structure::of(&custom.version().document, &kind, &group, &name);
    Kind {
        list_kind: text(&names["listKind"]),
        plural: text(&names["plural"]),
        singular: text(&names["singular"]),
        namespaced: spec["scope"] == "Namespaced",
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        verbs: VERBS.to_vec(),
        subresources: subresources(version, has_status),
        resets: has_status
            .then(|| vec!["status".to_owned()])
            .into_iter()
            .collect(),
        columns: columns(&version["additionalPrinterColumns"]),
        selectable: selectable(version, spec["scope"] == "Namespaced"),
        unselectable: "field label not supported".to_owned(),
        stored: Stored {
            prefix: format!("{group}/{}", text(&names["plural"])),
            hash: storage_hash(&group, &stored, &kind),
            group: group.clone(),
            version: stored,
        },
        wire: Wire::Unstructured,
        service: match version["served"] == true {
            true => Service::Stored,
            false => Service::Part,
        },
        policy: Policy::default(),
        name_format: NameFormat::DnsSubdomain,
        accepts: Vec::new(),
        deprecation: deprecation(spec, version, &kind),
        schema: StructRef::from(schema),
        has_rules: OnceLock::from(false),
        has_fills: OnceLock::from(false),
        custom: Some(Arc::new(custom)),
        group,
        version: name,
        kind,
    }
}

fn subresources(version: &Value, has_status: bool) -> Vec<Subresource> {
    let of_name = |name: &str, resets: &[&str], of: Option<Gvk>| Subresource {
        name: name.to_owned(),
        verbs: vec![Verb::Get, Verb::Patch, Verb::Update],
        resets: resets
            .iter()
            .map(|field| vec![(*field).to_owned()])
            .collect(),
        of,
    };
    let status = has_status.then(|| of_name("status", &["metadata", "spec"], None));
    let scale = scale(&version["subresources"]["scale"]).map(|_| {
        let of = Gvk {
            group: "autoscaling".to_owned(),
            version: "v1".to_owned(),
            kind: "Scale".to_owned(),
        };
        of_name("scale", &[], Some(of))
    });
    status.into_iter().chain(scale).collect()
}

fn scale(declared: &Value) -> Option<Scale> {
    Some(Scale {
        replicas: declared["specReplicasPath"].as_str()?.to_owned(),
        status_replicas: text(&declared["statusReplicasPath"]),
        selector: text(&declared["labelSelectorPath"]),
    })
}

/// The columns of the Table: Name, then those that are declared; without any, Age.
fn columns(declared: &Value) -> Vec<Column> {
    let metadata = |field: &str| vec!["metadata".to_owned(), field.to_owned()];
    let mut all = vec![Column {
        name: "Name".to_owned(),
        ty: "string".to_owned(),
        format: "name".to_owned(),
        about: About::Field(metadata("name")),
        priority: 0,
        cell: Cell::Path(metadata("name")),
        undeclared: false,
    }];
    let declared = declared.as_array().map_or(&[][..], Vec::as_slice);
    let column = |column: &Value| {
        let path = JsonPath::parse(&format!("{{{}}}", text(&column["jsonPath"]))).ok()?;
        Some(Column {
            name: text(&column["name"]),
            ty: text(&column["type"]),
            format: text(&column["format"]),
            about: About::Text(match text(&column["description"]) {
                none if none.is_empty() => format!(
                    "Custom resource definition column (in JSONPath format): {}",
                    text(&column["jsonPath"])
                ),
                said => said,
            }),
            priority: column["priority"]
                .as_u64()
                .and_then(|p| p.try_into().ok())
                .unwrap_or_default(),
            cell: Cell::JsonPath(path),
            undeclared: false,
        })
    };
    // Upstream has no columns from the first on that it cannot read.
    all.extend(declared.iter().map_while(column));
    if declared.is_empty()
        && let Ok(created) = JsonPath::parse("{.metadata.creationTimestamp}")
    {
        all.push(Column {
            name: "Age".to_owned(),
            ty: "date".to_owned(),
            format: String::new(),
            about: About::Field(metadata("creationTimestamp")),
            priority: 0,
            cell: Cell::JsonPath(created),
            undeclared: false,
        });
    }
    all
}

/// All field labels.
fn selectable(version: &Value, namespaced: bool) -> Vec<String> {
    let fields = version["selectableFields"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut labels = vec!["metadata.name".to_owned()];
    labels.extend(namespaced.then(|| "metadata.namespace".to_owned()));
    let paths = fields.iter().map(|field| text(&field["jsonPath"]));
    labels.extend(paths.map(|path| path.trim_start_matches('.').to_owned()));
    labels
}

/// The warning on every request for a deprecated version: its own, or upstream's `defaultDeprecationWarning`.
fn deprecation(spec: &Value, version: &Value, kind: &str) -> Option<(u32, Arc<str>)> {
    if version["deprecated"] != true {
        return None;
    }
    if let Some(own) = version["deprecationWarning"].as_str() {
        return Some((0, own.into()));
    }
    let (group, name) = (text(&spec["group"]), text(&version["name"]));
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let fresh = versions
        .iter()
        .filter(|v| v["served"] == true && v["deprecated"] != true);
    let fresh = fresh.filter_map(|v| v["name"].as_str());
    let better = fresh.filter(|other| compare_versions(other, &name).is_lt());
    let mut text = format!("{group}/{name} {kind} is deprecated");
    if let Some(best) = better.min_by(|a, b| compare_versions(a, b)) {
        text.push_str(&format!("; use {group}/{best} {kind}"));
    }
    Some((0, text.into()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}
