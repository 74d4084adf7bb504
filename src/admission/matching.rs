//! What a webhook or a policy is asked about: rules of resources and operations, and selectors of namespaces and labels.

use serde_json::Value;

use super::{Attributes, Operation};
use crate::kinds::{Kind, KindRef, compare_versions, group_order};
use crate::object::labels;
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::registry::workload::selection::Selection;
use crate::status::Status;

/// The group about whose own kinds nobody is asked.
pub(super) const GROUP: &str = "admissionregistration.k8s.io";

/// What decides whether somebody is asked.
#[derive(Debug)]
pub(super) struct Criteria {
    rules: Vec<Rule>,
    excluded: Vec<Rule>,
    namespaces: Selection,
    objects: Selection,
    /// A rule about one version of a resource is about all of them.
    is_equivalent: bool,
}

/// A `RuleWithOperations`, perhaps with names.
#[derive(Debug)]
struct Rule {
    operations: Vec<String>,
    groups: Vec<String>,
    versions: Vec<String>,
    /// Each a resource and a subresource, which is empty for the object itself.
    resources: Vec<(String, String)>,
    /// Empty for all.
    names: Vec<String>,
    scope: String,
}

/// Whether a write is about what configures admission, of which nobody is asked.
pub(super) fn is_exempt(write: &Attributes<'_>) -> bool {
    let kind = &write.kind.kind;
    let suffixes = [
        "WebhookConfiguration",
        "AdmissionPolicy",
        "AdmissionPolicyBinding",
    ];
    write.kind.group == GROUP && suffixes.iter().any(|suffix| kind.ends_with(suffix))
}

impl Criteria {
    /// Those of a webhook, which has them among its other fields.
    pub(super) fn of_webhook(hook: &Value) -> Self {
        Criteria::new(hook, list_at(hook, "rules"), &[])
    }

    /// Those of `matchConstraints` and `matchResources`.
    #[cfg_attr(
        not(feature = "cel"),
        expect(dead_code, reason = "only policies ask for it")
    )]
    pub(super) fn of_policy(resources: &Value) -> Self {
        let rules = list_at(resources, "resourceRules");
        Criteria::new(resources, rules, list_at(resources, "excludeResourceRules"))
    }

    fn new(object: &Value, rules: &[Value], excluded: &[Value]) -> Self {
        let selection = |field: &str| match &object[field] {
            Value::Null => Selection::All(Vec::new()),
            // Validation lets no other pass.
            selector => Selection::of(selector).unwrap_or(Selection::Nothing),
        };
        Criteria {
            rules: rules.iter().map(Rule::of).collect(),
            excluded: excluded.iter().map(Rule::of).collect(),
            namespaces: selection("namespaceSelector"),
            objects: selection("objectSelector"),
            is_equivalent: text_at(object, "matchPolicy") != "Exact",
        }
    }

    /// As which version of its kind a write is one of those that somebody is asked about, if it is.
    pub(super) fn find(
        &self,
        write: &Attributes<'_>,
        object: Option<&Value>,
    ) -> Result<Option<KindRef>, Status> {
        self.chosen(write, object, || self.matching(&self.rules, write, object))
    }

    /// The same where what is excluded counts, and no rules mean all.
    #[cfg_attr(
        not(feature = "cel"),
        expect(dead_code, reason = "only policies ask for it")
    )]
    pub(super) fn find_for_policy(
        &self,
        write: &Attributes<'_>,
        object: Option<&Value>,
    ) -> Result<Option<KindRef>, Status> {
        self.chosen(write, object, || {
            if self.matching(&self.excluded, write, object).is_some() {
                return None;
            }
            match self.rules.is_empty() {
                true => Some(write.kind.clone()),
                false => self.matching(&self.rules, write, object),
            }
        })
    }

    /// What is found where the selectors choose the write. A namespace that is not there is only missed by what would have
    /// been asked.
    fn chosen(
        &self,
        write: &Attributes<'_>,
        object: Option<&Value>,
        find: impl FnOnce() -> Option<KindRef>,
    ) -> Result<Option<KindRef>, Status> {
        let selects = self.selects_namespace(write, object);
        if selects == Ok(false) || !self.selects_object(write, object) {
            return Ok(None);
        }
        let found = find();
        if found.is_some() {
            selects?;
        }
        Ok(found)
    }

    fn selects_namespace(
        &self,
        write: &Attributes<'_>,
        object: Option<&Value>,
    ) -> Result<bool, Status> {
        if self.namespaces.is_empty() {
            return Ok(true);
        }
        let is_namespace = write.is_about("", "Namespace");
        if !is_namespace && write.namespace.is_empty() {
            return Ok(true);
        }
        let is_written = is_namespace
            && write.subresource.is_empty()
            && matches!(write.operation, Operation::Create | Operation::Update);
        if is_written {
            return Ok(object.is_some_and(|object| selects(&self.namespaces, object)));
        }
        let name = write.namespace_of(object);
        let found = write.lister.get("", "Namespace", "", name);
        let found = found.ok_or_else(|| Status::not_found("namespaces", "", name))?;
        Ok(selects(&self.namespaces, &found.value()))
    }

    fn selects_object(&self, write: &Attributes<'_>, object: Option<&Value>) -> bool {
        let mut both = object.into_iter().chain(write.old);
        self.objects.is_empty() || both.any(|object| selects(&self.objects, object))
    }

    fn matching(
        &self,
        rules: &[Rule],
        write: &Attributes<'_>,
        object: Option<&Value>,
    ) -> Option<KindRef> {
        if rules
            .iter()
            .any(|rule| rule.matches(write, write.kind, object))
        {
            return Some(write.kind.clone());
        }
        if !self.is_equivalent || rules.is_empty() {
            return None;
        }
        let others = equivalents(write);
        rules.iter().find_map(|rule| {
            let mut others = others.iter();
            others
                .find(|other| rule.matches(write, other, object))
                .cloned()
        })
    }
}

/// The other versions of the kind of a write.
fn equivalents(write: &Attributes<'_>) -> Vec<KindRef> {
    let Some(asked) = write.asked else {
        return Vec::new();
    };
    let is_other = |kind: &&KindRef| {
        let own = write.kind;
        kind.stored == own.stored
            && kind.plural == own.plural
            && (&kind.group, &kind.version) != (&own.group, &own.version)
            && (write.subresource.is_empty() || kind.subresource(write.subresource).is_some())
    };
    let kinds = asked.catalog.kinds();
    let mut others: Vec<KindRef> = kinds.filter(is_other).cloned().collect();
    others.sort_by(|a, b| {
        let groups = group_order(&a.group).cmp(&group_order(&b.group));
        groups.then_with(|| compare_versions(&a.version, &b.version))
    });
    others
}

fn selects(selection: &Selection, object: &Value) -> bool {
    let labels = labels(object).cloned().map(Value::Object);
    selection.matches(&labels.unwrap_or_default())
}

impl Rule {
    fn of(rule: &Value) -> Self {
        let texts = |field| {
            let texts = texts_at(rule, field).into_iter();
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        let resources = texts("resources").into_iter().map(|resource| {
            let (resource, part) = resource.split_once('/').unwrap_or((&resource, ""));
            (resource.to_owned(), part.to_owned())
        });
        Rule {
            operations: texts("operations"),
            groups: texts("apiGroups"),
            versions: texts("apiVersions"),
            resources: resources.collect(),
            names: texts("resourceNames"),
            scope: text_at(rule, "scope").to_owned(),
        }
    }

    /// Whether it is about a write, were it in this version.
    fn matches(&self, write: &Attributes<'_>, kind: &Kind, object: Option<&Value>) -> bool {
        let is_one = |items: &[String], asked: &str| items.iter().any(|i| i == "*" || i == asked);
        let is_namespaced = !write.namespace.is_empty() && !write.is_about("", "Namespace");
        let is_within = match self.scope.as_str() {
            "Namespaced" => is_namespaced,
            "Cluster" => !is_namespaced,
            _ => true,
        };
        let mut resources = self.resources.iter();
        is_within
            && is_one(&self.operations, write.operation.as_str())
            && is_one(&self.groups, &kind.group)
            && is_one(&self.versions, &kind.version)
            && resources.any(|(resource, part)| {
                (resource == "*" || *resource == kind.plural)
                    && (part == "*" || part == write.subresource)
            })
            && (self.names.is_empty()
                || self.names.iter().any(|name| name == write.name_of(object)))
    }
}
