//! Temporary: the catalog made of the statics.

use std::sync::{Arc, LazyLock};

use super::{Cell, Column, Kind, KindRef, Policy, Stored, Subresource, Wire};
use crate::kinds::verb::Verb;
use crate::registry::Resource;

pub(crate) struct Catalog(Vec<KindRef>);

static BUILT_IN: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let kinds = crate::registry::resources()
        .into_iter()
        .map(|r| Arc::new(of(r)));
    Arc::new(Catalog(kinds.collect()))
});

impl Catalog {
    pub(crate) fn built_in() -> Arc<Catalog> {
        BUILT_IN.clone()
    }

    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<KindRef> {
        let found = self
            .0
            .iter()
            .find(|k| k.group == group && k.version == version && k.plural == plural);
        found.cloned()
    }

    pub(crate) fn find_kind(&self, api_version: &str, kind: &str) -> Option<KindRef> {
        let found = self
            .0
            .iter()
            .find(|k| k.kind == kind && k.api_version() == api_version);
        found.cloned()
    }

    pub(crate) fn find_group_kind(&self, group: &str, kind: &str) -> Option<KindRef> {
        let found = self.0.iter().find(|k| k.kind == kind && k.group == group);
        found.cloned()
    }

    pub(crate) fn find_name(&self, name: &str) -> Option<KindRef> {
        let (name, group) = name.split_once('.').unwrap_or((name, ""));
        let found = self.0.iter().find(|k| {
            let names = [&k.plural, &k.singular, &k.kind]
                .into_iter()
                .chain(&k.short_names);
            k.group == group && names.into_iter().any(|n| n.eq_ignore_ascii_case(name))
        });
        found.cloned()
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        !group.is_empty() && self.0.iter().any(|k| k.group == group)
    }

    pub(crate) fn has_version(&self, group: &str, version: &str) -> bool {
        self.0
            .iter()
            .any(|k| k.group == group && k.version == version)
    }

    pub(crate) fn kinds(&self) -> &[KindRef] {
        &self.0
    }
}

fn of(r: &'static Resource) -> Kind {
    let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let verbs = |all: &[&str]| {
        all.iter()
            .filter_map(|v| Verb::parse(v))
            .collect::<Vec<_>>()
    };
    let path = |text: &str| vec![text.split('.').map(str::to_owned).collect::<Vec<_>>()];
    let subresources = r.subresources.iter().map(|s| Subresource {
        name: s.name.to_owned(),
        verbs: verbs(s.verbs),
        resets: if s.name == "finalize" {
            path("status")
        } else {
            path("spec")
        },
    });
    let columns = r.columns.iter().map(|c| Column {
        name: c.name.to_owned(),
        ty: c.ty.to_owned(),
        format: c.format.to_owned(),
        description: c.description.to_owned(),
        priority: c.priority,
        cell: match c.name {
            "Name" => Cell::Path(path("metadata.name").remove(0)),
            "Age" => Cell::Age(path("metadata.creationTimestamp").remove(0)),
            "Type" | "Reason" if r.plural != "services" => {
                Cell::Path(path(&c.name.to_lowercase()).remove(0))
            }
            "Status" => Cell::Path(path("status.phase").remove(0)),
            "Subobject" => Cell::Path(path("involvedObject.fieldPath").remove(0)),
            "Type" => Cell::Path(path("spec.type").remove(0)),
            _ => Cell::Programmed,
        },
    });
    let selectable: &[&str] = match r.plural {
        "namespaces" => &["metadata.name", "status.phase"],
        "services" => &[
            "metadata.namespace",
            "metadata.name",
            "spec.clusterIP",
            "spec.type",
        ],
        "secrets" => &["metadata.name", "metadata.namespace", "type"],
        "events" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
            "metadata.namespace",
            "metadata.name",
        ],
        _ => &[],
    };
    Kind {
        group: r.group.to_owned(),
        version: r.version.to_owned(),
        kind: r.kind.to_owned(),
        list_kind: r.list_kind.to_owned(),
        plural: r.plural.to_owned(),
        singular: r.singular.to_owned(),
        namespaced: r.namespaced,
        short_names: texts(r.short_names),
        categories: texts(r.categories),
        verbs: verbs(r.verbs),
        subresources: subresources.collect(),
        columns: columns.collect(),
        resets: if matches!(r.plural, "namespaces" | "services") {
            path("status")
        } else {
            Vec::new()
        },
        selectable: texts(selectable),
        stored: Arc::new(Stored {
            prefix: r.storage_prefix.to_owned(),
            group: r.group.to_owned(),
            version: r.version.to_owned(),
        }),
        wire: Wire::GoStruct,
        policy: Policy {
            create_on_update: matches!(r.plural, "endpoints" | "events" | "services"),
            unconditional_update: true,
            returns_deleted: matches!(r.plural, "namespaces" | "services"),
        },
        deprecation: (r.plural == "endpoints").then(|| {
            (
                33,
                "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
                    .into(),
            )
        }),
        schema: r.schema,
    }
}
