//! Every kind of Kubernetes 1.36, as kube-rs and the types of k8s-openapi meet it.

mod support;

use std::collections::BTreeSet;

use fake_apiserver::FakeApiServer;
use k8s_openapi::api::{
    admissionregistration::v1 as admission_v1, apps::v1 as apps_v1,
    autoscaling::v1 as autoscaling_v1, autoscaling::v2 as autoscaling_v2, batch::v1 as batch_v1,
    certificates::v1 as certificates_v1, coordination::v1 as coordination_v1, core::v1 as core_v1,
    discovery::v1 as discovery_v1, events::v1 as events_v1, flowcontrol::v1 as flowcontrol_v1,
    networking::v1 as networking_v1, node::v1 as node_v1, policy::v1 as policy_v1,
    rbac::v1 as rbac_v1, resource::v1 as resource_v1, scheduling::v1 as scheduling_v1,
    storage::v1 as storage_v1,
};
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration_v1;
use kube::api::{DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use kube::core::discovery::verbs;
use kube::discovery::{ApiCapabilities, ApiResource, Discovery, Scope};
use kube::{Api, Client, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use support::kube::client;

const MANIFESTS: &str = include_str!("manifests/every-kind.yaml");
const NAMESPACE: &str = "every-kind";
/// What defines the custom kinds is no kind among others.
const APART: &str = "CustomResourceDefinition";

/// One document of the manifests, and where it belongs.
struct Manifest {
    text: &'static str,
    kind: GroupVersionKind,
    resource: ApiResource,
    capabilities: ApiCapabilities,
}

impl Manifest {
    fn api(&self, client: &Client) -> Api<DynamicObject> {
        match self.capabilities.scope {
            Scope::Cluster => Api::all_with(client.clone(), &self.resource),
            Scope::Namespaced => Api::namespaced_with(client.clone(), NAMESPACE, &self.resource),
        }
    }

    /// Posts the document as it stands.
    async fn create(&self, client: &Client) -> Value {
        let request = http::Request::post(self.api(client).resource_url())
            .header("content-type", "application/yaml")
            .body(self.text.as_bytes().to_vec())
            .unwrap();
        let created = client.request(request).await;
        created.unwrap_or_else(|error| panic!("{:?}: {error}", self.kind))
    }

    fn has_status(&self) -> bool {
        let subresources = &self.capabilities.subresources;
        subresources
            .iter()
            .any(|(part, _)| part.plural.ends_with("/status") || part.plural == "status")
    }
}

/// The documents with their kinds, as discovery tells of them.
async fn manifests(client: &Client) -> Vec<Manifest> {
    let discovery = Discovery::new(client.clone()).run().await.unwrap();
    let documents = MANIFESTS.split("\n---\n");
    let manifests = documents.map(|text| {
        let kind = kind_of(text);
        let (resource, capabilities) = discovery
            .resolve_gvk(&kind)
            .unwrap_or_else(|| panic!("{kind:?} is not served"));
        Manifest {
            text,
            kind,
            resource,
            capabilities,
        }
    });
    manifests.collect()
}

fn kind_of(document: &str) -> GroupVersionKind {
    let text = |field: &str| {
        let mut lines = document.lines();
        lines.find_map(|line| line.strip_prefix(field)).unwrap()
    };
    let api_version = text("apiVersion: ");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    GroupVersionKind::gvk(group, version, text("kind: "))
}

#[tokio::test]
async fn no_stored_kind_is_left_out() {
    let server = FakeApiServer::start().await;
    let client = client(&server).await;
    let seen: BTreeSet<_> = manifests(&client)
        .await
        .into_iter()
        .map(|m| named(&m.kind))
        .collect();
    let discovery = Discovery::new(client).run().await.unwrap();
    let mut stored = BTreeSet::new();
    for group in discovery.groups() {
        for version in group.versions() {
            for (resource, capabilities) in group.versioned_resources(version) {
                let is_stored = capabilities.supports_operation(verbs::CREATE)
                    && capabilities.supports_operation(verbs::LIST);
                if is_stored && resource.kind != APART {
                    stored.insert(named(&GroupVersionKind::gvk(
                        &resource.group,
                        &resource.version,
                        &resource.kind,
                    )));
                }
            }
        }
    }
    assert_eq!(stored, seen);
}

fn named(kind: &GroupVersionKind) -> String {
    format!("{}/{}", kind.api_version(), kind.kind)
}

#[tokio::test]
async fn every_kind_is_created_read_patched_listed_and_deleted() {
    let server = FakeApiServer::builder().controllers(false).start().await;
    let client = client(&server).await;
    let manifests = manifests(&client).await;
    let mut names = Vec::new();
    for manifest in &manifests {
        let created = manifest.create(&client).await;
        let name = created["metadata"]["name"].as_str().unwrap().to_owned();
        let api = manifest.api(&client);
        let got = serde_json::to_value(api.get(&name).await.unwrap()).unwrap();
        assert_eq!(
            as_sent(got),
            as_sent(created.clone()),
            "{:?}",
            manifest.kind
        );
        check_types(&manifest.kind, &created);
        names.push(name);
    }
    for (manifest, name) in manifests.iter().zip(&names) {
        let api = manifest.api(&client);
        let label = Patch::Merge(json!({"metadata": {"labels": {"touched": "yes"}}}));
        let touched = api
            .patch(name, &PatchParams::default(), &label)
            .await
            .unwrap();
        assert_eq!(touched.labels()["touched"], "yes", "{:?}", manifest.kind);
        if manifest.has_status() {
            let same = Patch::Merge(json!({"metadata": {"annotations": {"seen": "yes"}}}));
            api.patch_status(name, &PatchParams::default(), &same)
                .await
                .unwrap();
        }
        let by_label = ListParams::default().labels("touched=yes");
        let listed: Vec<_> = api
            .list(&by_label)
            .await
            .unwrap()
            .items
            .iter()
            .map(|object| object.name_any())
            .collect();
        assert!(listed.contains(name), "{:?}: {listed:?}", manifest.kind);
    }
    for (manifest, name) in manifests.iter().zip(&names).rev() {
        let deleted = manifest
            .api(&client)
            .delete(name, &DeleteParams::default())
            .await;
        deleted.unwrap_or_else(|error| panic!("{:?}: {error}", manifest.kind));
    }
}

/// An object without what the server itself goes on with.
fn as_sent(mut object: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    members.remove("status");
    let metadata = members["metadata"].as_object_mut().unwrap();
    metadata.retain(|name, _| name != "managedFields" && name != "resourceVersion");
    object
}

/// Reads an object as its type, which has to find all that is in it.
fn check<K: DeserializeOwned + serde::Serialize>(object: &Value) {
    let typed: K = serde_json::from_value(object.clone()).unwrap();
    let again = serde_json::to_value(&typed).unwrap();
    assert_eq!(without_nulls(again), without_nulls(object.clone()));
}

/// What is null, and what is empty, is not there to a client.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, value)| (name, without_nulls(value)));
            let is_there =
                |value: &Value| !value.is_null() && *value != json!({}) && *value != json!([]);
            Value::Object(members.filter(|(_, value)| is_there(value)).collect())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The types of k8s-openapi, by group, version and kind.
fn check_types(kind: &GroupVersionKind, object: &Value) {
    macro_rules! types {
        ($($version:literal $module:ident: $($kind:ident)*;)*) => {
            match (&*kind.api_version(), &*kind.kind) {
                $($(($version, stringify!($kind)) => check::<$module::$kind>(object),)*)*
                other => panic!("no type for {other:?}"),
            }
        };
    }
    types! {
        "v1" core_v1: Namespace ConfigMap Secret ServiceAccount LimitRange ResourceQuota Node PersistentVolume
            PersistentVolumeClaim Pod PodTemplate ReplicationController Service Endpoints Event;
        "events.k8s.io/v1" events_v1: Event;
        "scheduling.k8s.io/v1" scheduling_v1: PriorityClass;
        "node.k8s.io/v1" node_v1: RuntimeClass;
        "storage.k8s.io/v1" storage_v1: StorageClass CSIDriver CSINode CSIStorageCapacity VolumeAttributesClass
            VolumeAttachment;
        "discovery.k8s.io/v1" discovery_v1: EndpointSlice;
        "coordination.k8s.io/v1" coordination_v1: Lease;
        "apps/v1" apps_v1: Deployment ReplicaSet StatefulSet DaemonSet ControllerRevision;
        "batch/v1" batch_v1: Job CronJob;
        "autoscaling/v1" autoscaling_v1: HorizontalPodAutoscaler;
        "autoscaling/v2" autoscaling_v2: HorizontalPodAutoscaler;
        "policy/v1" policy_v1: PodDisruptionBudget;
        "networking.k8s.io/v1" networking_v1: IngressClass Ingress NetworkPolicy ServiceCIDR IPAddress;
        "rbac.authorization.k8s.io/v1" rbac_v1: Role RoleBinding ClusterRole ClusterRoleBinding;
        "certificates.k8s.io/v1" certificates_v1: CertificateSigningRequest;
        "admissionregistration.k8s.io/v1" admission_v1: ValidatingWebhookConfiguration MutatingWebhookConfiguration
            ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy
            MutatingAdmissionPolicyBinding;
        "flowcontrol.apiserver.k8s.io/v1" flowcontrol_v1: PriorityLevelConfiguration FlowSchema;
        "apiregistration.k8s.io/v1" apiregistration_v1: APIService;
        "resource.k8s.io/v1" resource_v1: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice;
    }
}
