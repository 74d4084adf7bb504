//! What the server knows of each resource: its description ([`Resource`]) and its rules ([`Strategy`]).
//!
//! One resource, one file. The order in which rules are applied is the same for all and stands in [`generic`], named
//! after upstream's `rest.BeforeCreate`, `BeforeUpdate` and `BeforeDelete`. Everything here is pure: objects in, objects
//! or errors out; time and made-up names come in as arguments, and the store is somebody else's.

pub(crate) mod admissionregistration;
mod apiservices;
mod certificatesigningrequests;
mod componentstatuses;
mod configmaps;
mod context;
mod controllerrevisions;
mod cronjobs;
mod custom_resources;
pub(crate) mod customresourcedefinitions;
mod daemonsets;
pub(crate) mod declared;
pub(crate) mod deletion;
mod deployments;
mod devices;
mod endpoint_slices;
mod endpoints;
mod events;
mod flowcontrol;
pub(crate) mod generic;
mod horizontalpodautoscalers;
mod jobs;
mod limit_ranges;
mod namespaces;
mod networking;
mod nodes;
pub(crate) mod pod;
mod poddisruptionbudgets;
mod priorityclasses;
#[cfg(test)]
mod property_tests;
pub(crate) mod rbac;
mod replicasets;
mod replicationcontrollers;
mod resource_quotas;
mod runtime_classes;
#[cfg(test)]
mod sample;
mod secrets;
mod serviceaccounts;
mod services;
mod statefulsets;
mod storage;
pub(crate) mod strategy;
pub(crate) mod validation;
mod volumes;
pub(crate) mod workload;

pub(crate) use apiservices::is_served_elsewhere;
pub(crate) use context::Chance;
pub(crate) use strategy::{Access, Ask, Lister, ScalePaths, Strategy, WriteContext};

use serde_json::{Value, json};

use crate::kinds::{Catalog, Kind};
use crate::schema;

/// The namespaces a cluster has from the start.
pub(crate) const INITIAL_NAMESPACES: [&str; 4] =
    ["default", "kube-node-lease", "kube-public", "kube-system"];

/// What a cluster has from the start beside its namespaces, each object with its kind and version.
pub(crate) fn initial_objects() -> Vec<Value> {
    vec![kubernetes_service()]
}

/// The service that leads to the apiserver.
fn kubernetes_service() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": "10.0.0.1",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
    })
}

/// The kinds of which something is programmed: group, kind, rules.
static PROGRAMMED: &[(&str, &str, &dyn Strategy)] = &[
    ("", "ComponentStatus", &componentstatuses::ComponentStatuses),
    ("", "ConfigMap", &configmaps::ConfigMaps),
    ("", "Endpoints", &endpoints::Endpoints),
    ("", "Event", &events::Events),
    ("", "LimitRange", &limit_ranges::LimitRanges),
    ("", "Namespace", &namespaces::Namespaces),
    ("", "Node", &nodes::Nodes),
    (
        "",
        "PersistentVolume",
        &volumes::persistent_volumes::PersistentVolumes,
    ),
    (
        "",
        "PersistentVolumeClaim",
        &volumes::claims::PersistentVolumeClaims,
    ),
    ("", "Pod", &pod::Pods),
    ("", "PodTemplate", &pod::PodTemplates),
    (
        "",
        "ReplicationController",
        &replicationcontrollers::ReplicationControllers,
    ),
    ("", "ResourceQuota", &resource_quotas::ResourceQuotas),
    ("", "Secret", &secrets::Secrets),
    ("", "Service", &services::Services),
    ("", "ServiceAccount", &serviceaccounts::ServiceAccounts),
    (
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicy",
        &admissionregistration::Policies,
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding",
        &admissionregistration::Bindings,
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        &admissionregistration::WebhookConfigurations,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        &admissionregistration::Policies,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        &admissionregistration::Bindings,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        &admissionregistration::WebhookConfigurations,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &customresourcedefinitions::CustomResourceDefinitions,
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        &apiservices::ApiServices,
    ),
    (
        "apps",
        "ControllerRevision",
        &controllerrevisions::ControllerRevisions,
    ),
    ("apps", "DaemonSet", &daemonsets::DaemonSets),
    ("apps", "Deployment", &deployments::Deployments),
    ("apps", "ReplicaSet", &replicasets::ReplicaSets),
    ("apps", "StatefulSet", &statefulsets::StatefulSets),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        &horizontalpodautoscalers::HorizontalPodAutoscalers,
    ),
    ("batch", "CronJob", &cronjobs::CronJobs),
    ("batch", "Job", &jobs::Jobs),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        &certificatesigningrequests::CertificateSigningRequests,
    ),
    (
        "discovery.k8s.io",
        "EndpointSlice",
        &endpoint_slices::EndpointSlices,
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "FlowSchema",
        &flowcontrol::FlowSchemas,
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration",
        &flowcontrol::PriorityLevelConfigurations,
    ),
    (
        "networking.k8s.io",
        "IPAddress",
        &networking::ip_addresses::IpAddresses,
    ),
    (
        "networking.k8s.io",
        "Ingress",
        &networking::ingresses::Ingresses,
    ),
    (
        "networking.k8s.io",
        "IngressClass",
        &networking::ingress_classes::IngressClasses,
    ),
    (
        "networking.k8s.io",
        "NetworkPolicy",
        &networking::network_policies::NetworkPolicies,
    ),
    (
        "networking.k8s.io",
        "ServiceCIDR",
        &networking::service_cidrs::ServiceCidrs,
    ),
    (
        "node.k8s.io",
        "RuntimeClass",
        &runtime_classes::RuntimeClasses,
    ),
    (
        "policy",
        "PodDisruptionBudget",
        &poddisruptionbudgets::PodDisruptionBudgets,
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRole",
        &rbac::roles::Roles,
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        &rbac::bindings::Bindings,
    ),
    ("rbac.authorization.k8s.io", "Role", &rbac::roles::Roles),
    (
        "rbac.authorization.k8s.io",
        "RoleBinding",
        &rbac::bindings::Bindings,
    ),
    (
        "resource.k8s.io",
        "DeviceClass",
        &devices::classes::DeviceClasses,
    ),
    (
        "resource.k8s.io",
        "ResourceClaim",
        &devices::claims::ResourceClaims,
    ),
    (
        "resource.k8s.io",
        "ResourceClaimTemplate",
        &devices::claim_templates::ResourceClaimTemplates,
    ),
    (
        "resource.k8s.io",
        "ResourceSlice",
        &devices::slices::ResourceSlices,
    ),
    (
        "scheduling.k8s.io",
        "PriorityClass",
        &priorityclasses::PriorityClasses,
    ),
    (
        "storage.k8s.io",
        "CSIDriver",
        &storage::csi_drivers::CsiDrivers,
    ),
    ("storage.k8s.io", "CSINode", &storage::csi_nodes::CsiNodes),
    (
        "storage.k8s.io",
        "CSIStorageCapacity",
        &storage::csi_storage_capacities::CsiStorageCapacities,
    ),
    (
        "storage.k8s.io",
        "StorageClass",
        &storage::storage_classes::StorageClasses,
    ),
    (
        "storage.k8s.io",
        "VolumeAttachment",
        &storage::volume_attachments::VolumeAttachments,
    ),
    (
        "storage.k8s.io",
        "VolumeAttributesClass",
        &storage::volume_attributes_classes::VolumeAttributesClasses,
    ),
];

/// Fills in what a client left out: what the page of the kind says, then what is programmed.
pub(crate) fn set_defaults(kind: &Kind, object: &mut Value) {
    if let Some(custom) = &kind.custom {
        return schema::custom::fill(object, kind, custom);
    }
    schema::defaults::fill(object, kind);
    strategy(kind).set_defaults(object);
    if !kind.is_stored()
        && let Some(stored) = Catalog::built_in().find_stored(&kind.stored.group, &kind.kind)
    {
        schema::convert::settle(object, kind, &stored);
        // The conversion does not say of which version it is.
        object["apiVersion"] = kind.api_version().into();
    }
}

/// Whether there are rules of its own for a kind.
#[cfg(test)]
pub(crate) fn is_programmed(kind: &Kind) -> bool {
    find(kind).is_some()
}

/// The rules of a kind, which all its versions share.
pub(crate) fn strategy(kind: &Kind) -> &'static dyn Strategy {
    let custom = || custom_resources::strategy(kind);
    find(kind).or_else(custom).unwrap_or(&strategy::Plain)
}

fn find(kind: &Kind) -> Option<&'static dyn Strategy> {
    let programmed = PROGRAMMED
        .iter()
        .find(|(group, name, _)| *group == kind.stored.group && *name == kind.kind);
    programmed.map(|(_, _, strategy)| *strategy)
}
