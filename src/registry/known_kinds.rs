//! The kinds the real server has types for. A body of one of them in the wrong place is told that it cannot be converted,
//! any other kind that it is not registered.

/// Whether the real server's type registry has this kind.
pub(crate) fn contains(api_version: &str, kind: &str) -> bool {
    KNOWN
        .iter()
        .any(|(version, kinds)| *version == api_version && kinds.contains(&kind))
}

/// Whether two different versions both have this kind, and can be converted to each other.
pub(crate) fn is_one_kind(kind: &str, version: &str, other: &str) -> bool {
    version != other
        && CONVERTIBLE.iter().any(|(convertible, versions)| {
            *convertible == kind && versions.contains(&version) && versions.contains(&other)
        })
}

const CONVERTIBLE: &[(&str, [&str; 2])] = &[
    ("Event", ["events.k8s.io/v1", "v1"]),
    (
        "HorizontalPodAutoscaler",
        ["autoscaling/v1", "autoscaling/v2"],
    ),
];

/// The kinds of each group and version served by default.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "admissionregistration.k8s.io/v1",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicyBindingList",
            "MutatingAdmissionPolicyList",
            "MutatingWebhookConfiguration",
            "MutatingWebhookConfigurationList",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingAdmissionPolicyBindingList",
            "ValidatingAdmissionPolicyList",
            "ValidatingWebhookConfiguration",
            "ValidatingWebhookConfigurationList",
        ],
    ),
    (
        "apps/v1",
        &[
            "ControllerRevision",
            "ControllerRevisionList",
            "DaemonSet",
            "DaemonSetList",
            "Deployment",
            "DeploymentList",
            "ReplicaSet",
            "ReplicaSetList",
            "StatefulSet",
            "StatefulSetList",
        ],
    ),
    (
        "authentication.k8s.io/v1",
        &["SelfSubjectReview", "TokenRequest", "TokenReview"],
    ),
    (
        "authorization.k8s.io/v1",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
    ),
    (
        "autoscaling/v1",
        &[
            "HorizontalPodAutoscaler",
            "HorizontalPodAutoscalerList",
            "Scale",
        ],
    ),
    (
        "autoscaling/v2",
        &["HorizontalPodAutoscaler", "HorizontalPodAutoscalerList"],
    ),
    ("batch/v1", &["CronJob", "CronJobList", "Job", "JobList"]),
    (
        "certificates.k8s.io/v1",
        &["CertificateSigningRequest", "CertificateSigningRequestList"],
    ),
    ("coordination.k8s.io/v1", &["Lease", "LeaseList"]),
    (
        "discovery.k8s.io/v1",
        &["EndpointSlice", "EndpointSliceList"],
    ),
    ("events.k8s.io/v1", &["Event", "EventList"]),
    (
        "flowcontrol.apiserver.k8s.io/v1",
        &[
            "FlowSchema",
            "FlowSchemaList",
            "PriorityLevelConfiguration",
            "PriorityLevelConfigurationList",
        ],
    ),
    (
        "networking.k8s.io/v1",
        &[
            "IPAddress",
            "IPAddressList",
            "Ingress",
            "IngressClass",
            "IngressClassList",
            "IngressList",
            "NetworkPolicy",
            "NetworkPolicyList",
            "ServiceCIDR",
            "ServiceCIDRList",
        ],
    ),
    ("node.k8s.io/v1", &["RuntimeClass", "RuntimeClassList"]),
    (
        "policy/v1",
        &["Eviction", "PodDisruptionBudget", "PodDisruptionBudgetList"],
    ),
    (
        "rbac.authorization.k8s.io/v1",
        &[
            "ClusterRole",
            "ClusterRoleBinding",
            "ClusterRoleBindingList",
            "ClusterRoleList",
            "Role",
            "RoleBinding",
            "RoleBindingList",
            "RoleList",
        ],
    ),
    (
        "resource.k8s.io/v1",
        &[
            "DeviceClass",
            "DeviceClassList",
            "ResourceClaim",
            "ResourceClaimList",
            "ResourceClaimTemplate",
            "ResourceClaimTemplateList",
            "ResourceSlice",
            "ResourceSliceList",
        ],
    ),
    (
        "scheduling.k8s.io/v1",
        &["PriorityClass", "PriorityClassList"],
    ),
    (
        "storage.k8s.io/v1",
        &[
            "CSIDriver",
            "CSIDriverList",
            "CSINode",
            "CSINodeList",
            "CSIStorageCapacity",
            "CSIStorageCapacityList",
            "StorageClass",
            "StorageClassList",
            "VolumeAttachment",
            "VolumeAttachmentList",
            "VolumeAttributesClass",
            "VolumeAttributesClassList",
        ],
    ),
    (
        "v1",
        &[
            "APIGroup",
            "APIGroupList",
            "APIResourceList",
            "APIVersions",
            "Binding",
            "ComponentStatus",
            "ComponentStatusList",
            "ConfigMap",
            "ConfigMapList",
            "CreateOptions",
            "DeleteOptions",
            "Endpoints",
            "EndpointsList",
            "Event",
            "EventList",
            "GetOptions",
            "LimitRange",
            "LimitRangeList",
            "List",
            "ListOptions",
            "Namespace",
            "NamespaceList",
            "Node",
            "NodeList",
            "NodeProxyOptions",
            "PatchOptions",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "PersistentVolumeClaimList",
            "PersistentVolumeList",
            "Pod",
            "PodAttachOptions",
            "PodExecOptions",
            "PodList",
            "PodLogOptions",
            "PodPortForwardOptions",
            "PodProxyOptions",
            "PodStatusResult",
            "PodTemplate",
            "PodTemplateList",
            "RangeAllocation",
            "ReplicationController",
            "ReplicationControllerList",
            "ResourceQuota",
            "ResourceQuotaList",
            "Secret",
            "SecretList",
            "Service",
            "ServiceAccount",
            "ServiceAccountList",
            "ServiceList",
            "ServiceProxyOptions",
            "Status",
            "UpdateOptions",
            "WatchEvent",
        ],
    ),
];
