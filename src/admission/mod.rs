//! What has to agree to a write before it happens: upstream's admission plugins, those that every cluster has.
//!
//! A plugin is a file. Both phases go through all of them, in upstream's order: first each may change the object, then
//! each may only refuse. Nothing holds a lock meanwhile, so a plugin may wait for somebody: those that ask webhooks do.

mod acting;
mod certificates;
mod claim_resize;
mod conditions;
mod default_ingress_class;
mod default_storage_class;
mod default_toleration_seconds;
#[cfg(feature = "cel")]
mod inputs;
mod limit_ranger;
mod matching;
mod namespace_lifecycle;
mod patching;
mod pod_resize;
mod pod_resources;
mod pod_security;
mod pod_topology_labels;
#[cfg(feature = "cel")]
mod policies;
mod priority;
mod reinvocation;
mod resource_quota;
mod runtime_class;
pub(crate) mod selection;
mod service_account;
mod storage_object_in_use;
mod taint_nodes_by_condition;
mod view;
mod webhooks;

pub(crate) use acting::Known;
pub(crate) use pod_topology_labels::of_node;

use std::sync::Arc;

use serde_json::Value;

use self::acting::Acting;
use self::reinvocation::Reinvocation;
use crate::kinds::{Catalog, KindRef};
use crate::object::{Object, meta_str};
use crate::outbound::Client;
use crate::registry::{Access, Chance, Lister};
use crate::request::options::Given;
use crate::request::user::UserInfo;
use crate::response::Warnings;
use crate::status::Status;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
    Connect,
}

impl Operation {
    /// As rules and reviews call it.
    fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }

    /// The kind of the options it goes with.
    fn options_kind(self) -> &'static str {
        match self {
            Operation::Create | Operation::Connect => "CreateOptions",
            Operation::Update => "UpdateOptions",
            Operation::Delete => "DeleteOptions",
        }
    }
}

/// What a write tells those who are asked from outside, and the plugins need not know.
pub(crate) struct Asked<'a> {
    /// None of a connection.
    pub(crate) options: Option<Given<'a>>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) acting: Arc<Acting>,
    pub(crate) client: &'a Client,
}

/// A write that is to be admitted.
pub(crate) struct Attributes<'a> {
    pub(crate) operation: Operation,
    pub(crate) kind: &'a KindRef,
    /// Empty for none.
    pub(crate) namespace: &'a str,
    /// Empty for one that is yet to be made up.
    pub(crate) name: &'a str,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    /// The kind of what is sent, where it is not that of the resource.
    pub(crate) sent: Option<&'a KindRef>,
    /// Who asks; none for the server itself.
    pub(crate) user: Option<&'a UserInfo>,
    /// What the user may do; none for the server itself.
    pub(crate) access: Option<&'a dyn Access>,
    /// What is there, of an update.
    pub(crate) old: Option<&'a Value>,
    pub(crate) dry_run: bool,
    pub(crate) lister: &'a dyn Lister,
    pub(crate) chance: &'a dyn Chance,
    pub(crate) ledger: &'a dyn Ledger,
    /// What those are told who are asked from outside; none where nobody is asked.
    pub(crate) asked: Option<&'a Asked<'a>>,
}

impl<'a> Attributes<'a> {
    /// The kind of what is sent to a resource in this version: that of a subresource, where it has one.
    fn shape(&self, resource: &KindRef) -> KindRef {
        if let Some(sent) = self.sent {
            return sent.clone();
        }
        let subresource = resource.subresource(self.subresource);
        let own = subresource.and_then(|part| self.asked?.catalog.body_of(part));
        own.unwrap_or_else(|| resource.clone())
    }

    /// Whether what is sent is of another kind than the resource.
    fn is_other_shape(&self) -> bool {
        !Arc::ptr_eq(&self.shape(self.kind), self.kind)
    }

    /// The name that is asked for, be it only in the object.
    fn name_of<'b>(&self, object: Option<&'b Value>) -> &'b str
    where
        'a: 'b,
    {
        match self.name {
            "" => object.map_or("", |object| meta_str(object, "name")),
            name => name,
        }
    }

    /// The namespace that is asked about; that of a namespace is itself.
    fn namespace_of<'b>(&self, object: Option<&'b Value>) -> &'b str
    where
        'a: 'b,
    {
        match self.is_about("", "Namespace") {
            true => self.name_of(object),
            false => self.namespace,
        }
    }
}

impl Attributes<'_> {
    /// Whether an object of this kind is written, or a part of it.
    fn is_about(&self, group: &str, kind: &str) -> bool {
        (&*self.kind.group, &*self.kind.kind) == (group, kind)
    }

    /// Whether the object itself of this kind is written.
    fn is_of(&self, group: &str, kind: &str) -> bool {
        self.subresource.is_empty() && (&*self.kind.group, &*self.kind.kind) == (group, kind)
    }

    /// Whether the object itself of this kind is written, and in this way.
    fn is(&self, operation: Operation, group: &str, kind: &str) -> bool {
        self.operation == operation && self.is_of(group, kind)
    }

    /// The newest of the objects of a kind that these are, of several the first by name.
    fn newest(&self, group: &str, kind: &str, is_one: fn(&Value) -> bool) -> Option<String> {
        let all = self.lister.list(group, kind, "");
        let marked = all.iter().filter(|object| is_one(&object.value()));
        let newest = marked.max_by(|a, b| {
            let created =
                |object: &Object| meta_str(&object.value(), "creationTimestamp").to_owned();
            created(a)
                .cmp(&created(b))
                .then_with(|| b.name().cmp(a.name()))
        });
        newest.map(|object| object.name().to_owned())
    }

    /// The refusal of a plugin, which names the object or what its name is to begin with.
    fn forbidden(&self, object: Option<&Value>, why: &str) -> Status {
        let text = |field| object.map_or("", |object| meta_str(object, field));
        let name = match (self.name, text("name"), text("generateName")) {
            ("", "", "") => "Unknown",
            ("", "", generate) => generate,
            ("", name, _) | (name, ..) => name,
        };
        Status::forbidden(&self.kind.plural, &self.kind.group, name, why)
    }
}

/// The cluster's own side: what plugins there are, and the accounts of quotas.
pub(crate) trait Ledger: Sync {
    /// Writes down what is used of a quota, unless somebody has written to it meanwhile.
    fn charge(&self, quota: &Object, used: &Value) -> Result<(), Status>;

    /// Whether a plugin takes part in this cluster.
    fn has_plugin(&self, name: &str) -> bool;
}

/// One rule of a cluster about what may be written.
trait Plugin: Sync {
    /// Refuses the write, or changes the object; a deletion has none.
    fn admit(&self, _write: &Attributes<'_>, _object: Option<&mut Value>) -> Result<(), Status> {
        Ok(())
    }

    /// Refuses the write, of which nothing changes any more.
    fn validate(&self, _write: &Attributes<'_>, _object: Option<&Value>) -> Result<(), Status> {
        Ok(())
    }

    /// What is odd about a write that nobody refused.
    fn warnings(&self, _write: &Attributes<'_>, _object: &Value) -> Vec<String> {
        Vec::new()
    }
}

/// In the order of upstream's `AllOrderedPlugins`, up to those that are asked from outside.
static PLUGINS: &[(&str, &dyn Plugin)] = &[
    (
        "NamespaceLifecycle",
        &namespace_lifecycle::NamespaceLifecycle,
    ),
    ("LimitRanger", &limit_ranger::LimitRanger),
    ("ServiceAccount", &service_account::ServiceAccount),
    (
        "TaintNodesByCondition",
        &taint_nodes_by_condition::TaintNodesByCondition,
    ),
    ("PodSecurity", &pod_security::PodSecurity),
    ("Priority", &priority::Priority),
    (
        "DefaultTolerationSeconds",
        &default_toleration_seconds::DefaultTolerationSeconds,
    ),
    (
        "DefaultStorageClass",
        &default_storage_class::DefaultStorageClass,
    ),
    (
        "StorageObjectInUseProtection",
        &storage_object_in_use::StorageObjectInUseProtection,
    ),
    (
        "PersistentVolumeClaimResize",
        &claim_resize::PersistentVolumeClaimResize,
    ),
    ("RuntimeClass", &runtime_class::RuntimeClass),
    ("CertificateApproval", &certificates::CertificateApproval),
    ("CertificateSigning", &certificates::CertificateSigning),
    (
        "CertificateSubjectRestriction",
        &certificates::CertificateSubjectRestriction,
    ),
    (
        "DefaultIngressClass",
        &default_ingress_class::DefaultIngressClass,
    ),
    ("PodTopologyLabels", &pod_topology_labels::PodTopologyLabels),
    ("PodResizeValidator", &pod_resize::PodResizeValidator),
];

/// The one after those, which charges for what all others have agreed to.
static LAST: (&str, &dyn Plugin) = ("ResourceQuota", &resource_quota::ResourceQuota);

/// The phase in which the object may change.
pub(crate) async fn mutate(
    write: &Attributes<'_>,
    mut object: Option<&mut Value>,
    told: &mut Warnings,
) -> Result<(), Status> {
    admit(write, object.as_deref_mut())?;
    let Some(asked) = acting(write) else {
        return Ok(());
    };
    let mut state = Reinvocation::default();
    change(asked, write, object.as_deref_mut(), &mut state, told).await?;
    if !state.is_needed {
        return Ok(());
    }
    state.is_again = true;
    admit(write, object.as_deref_mut())?;
    change(asked, write, object, &mut state, told).await
}

/// One round of those from outside, who may change the object.
async fn change(
    asked: &Asked<'_>,
    write: &Attributes<'_>,
    object: Option<&mut Value>,
    state: &mut Reinvocation,
    told: &mut Warnings,
) -> Result<(), Status> {
    #[cfg(feature = "cel")]
    let mut object = object;
    #[cfg(feature = "cel")]
    if write.ledger.has_plugin("MutatingAdmissionPolicy") {
        policies::mutate(asked, write, object.as_deref_mut(), state)?;
    }
    match write.ledger.has_plugin("MutatingAdmissionWebhook") {
        true => webhooks::mutate(asked, write, object, state, told).await,
        false => Ok(()),
    }
}

fn admit(write: &Attributes<'_>, mut object: Option<&mut Value>) -> Result<(), Status> {
    let mut plugins = plugins(write).chain(last(write));
    plugins.try_for_each(|plugin| plugin.admit(write, object.as_deref_mut()))
}

/// What acts on a write, if anything could.
fn acting<'a>(write: &Attributes<'a>) -> Option<&'a Asked<'a>> {
    let asked = write.asked.filter(|asked| !asked.acting.is_empty())?;
    (!matching::is_exempt(write)).then_some(asked)
}

/// The phase in which the object no longer changes, once it was found valid.
pub(crate) async fn validate(
    write: &Attributes<'_>,
    object: Option<&Value>,
    told: &mut Warnings,
) -> Result<(), Status> {
    for plugin in plugins(write) {
        plugin.validate(write, object)?;
    }
    outside(write, object, told).await?;
    last(write).map_or(Ok(()), |last| last.validate(write, object))
}

/// Those from outside alone, of the same phase: for what goes past the others.
pub(crate) async fn outside(
    write: &Attributes<'_>,
    object: Option<&Value>,
    told: &mut Warnings,
) -> Result<(), Status> {
    match acting(write) {
        Some(asked) => {
            #[cfg(feature = "cel")]
            if write.ledger.has_plugin("ValidatingAdmissionPolicy") {
                policies::validate(asked, write, object, told)?;
            }
            match write.ledger.has_plugin("ValidatingAdmissionWebhook") {
                true => webhooks::validate(asked, write, object, told).await,
                false => Ok(()),
            }
        }
        None => Ok(()),
    }
}

/// Those from outside alone, of both phases: for what is answered and not kept.
pub(crate) async fn ask(
    write: &Attributes<'_>,
    mut object: Option<&mut Value>,
    told: &mut Warnings,
) -> Result<(), Status> {
    if let Some(asked) = acting(write) {
        let mut state = Reinvocation::default();
        change(asked, write, object.as_deref_mut(), &mut state, told).await?;
        if state.is_needed {
            state.is_again = true;
            change(asked, write, object.as_deref_mut(), &mut state, told).await?;
        }
    }
    outside(write, object.as_deref(), told).await
}

/// What the plugins tell of a write that none of them refused.
pub(crate) fn warnings(write: &Attributes<'_>, object: &Value) -> Vec<String> {
    let told = plugins(write).flat_map(|plugin| plugin.warnings(write, object));
    told.collect()
}

/// The last of all, if it takes part.
fn last(write: &Attributes<'_>) -> Option<&'static dyn Plugin> {
    let (name, plugin) = LAST;
    write.ledger.has_plugin(name).then_some(plugin)
}

/// Those that take part.
fn plugins(write: &Attributes<'_>) -> impl Iterator<Item = &'static dyn Plugin> {
    let all = PLUGINS
        .iter()
        .filter(|(name, _)| write.ledger.has_plugin(name));
    all.map(|(_, plugin)| *plugin)
}
