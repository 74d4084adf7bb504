//! What upstream declares and does not check, or tells of elsewhere.

/// Why, and what. A rule is that of all kinds, unless one is named before it.
pub(super) const UNCHECKED: &[(&str, &[&str])] = &[
    (
        "nothing in it is a value like any other",
        &[
            "required ControllerRevision.revision",
            "required Counter.value",
            "required DeviceCapacity.value",
            "required ForZone.name",
            "required HTTPHeader.value",
            "required ISCSIPersistentVolumeSource.lun",
            "required ISCSIVolumeSource.lun",
            "required ResourcePool.generation",
            "required SleepAction.seconds",
            "required Sysctl.value",
            "required TokenRequest.audience",
        ],
    ),
    (
        "all that is in it may be left out",
        &[
            "required CSIDriver.spec",
            "required CSINode.spec",
            "required CSINodeSpec.drivers",
            "required LimitRangeSpec.limits",
            "required PodFailurePolicy.rules",
            "required ResourceClaim.spec",
            "required ResourceClaimTemplate.spec",
            "required ResourceClaimTemplateSpec.spec",
        ],
    ),
    (
        "nobody looks at it",
        &[
            "HorizontalPodAutoscaler: required LabelSelectorRequirement.key",
            "HorizontalPodAutoscaler: required LabelSelectorRequirement.operator",
            "enum ModifyVolumeStatus.status",
            "enum PersistentVolumeClaimStatus.phase",
            "required ModifyVolumeStatus.status",
            "required PersistentVolumeClaimCondition.status",
            "required PersistentVolumeClaimCondition.type",
            "required ScaleIOPersistentVolumeSource.secretRef",
            "required ScaleIOVolumeSource.secretRef",
        ],
    ),
    (
        "it belongs to a feature that is off, and is dropped",
        &[
            "enum Lifecycle.stopSignal",
            "required ClusterTrustBundleProjection.path",
            "required ConfigMapNodeConfigSource.kubeletConfigKey",
            "required ConfigMapNodeConfigSource.name",
            "required ConfigMapNodeConfigSource.namespace",
            "required PodCertificateProjection.keyType",
            "required PodCertificateProjection.signerName",
        ],
    ),
    (
        "a source that is neither a claim nor a snapshot is dropped",
        &[
            "PersistentVolumeClaim: required TypedLocalObjectReference.kind",
            "PersistentVolumeClaim: required TypedLocalObjectReference.name",
        ],
    ),
    (
        "whatever it says, it may not be there",
        &[
            "CronJob: required LabelSelectorRequirement.key",
            "CronJob: required LabelSelectorRequirement.operator",
            "VolumeAttachment: enum NodeSelectorRequirement.operator",
            "VolumeAttachment: enum PersistentVolumeSpec.persistentVolumeReclaimPolicy",
            "VolumeAttachment: enum PersistentVolumeSpec.volumeMode",
            "VolumeAttachment: required NodeSelector.nodeSelectorTerms",
            "VolumeAttachment: required NodeSelectorRequirement.key",
            "VolumeAttachment: required NodeSelectorRequirement.operator",
        ],
    ),
    (
        "it is told of at a path that is not quite that of the field",
        &[
            "enum Taint.effect",
            "required DownwardAPIVolumeFile.path",
            "required GCEPersistentDiskVolumeSource.pdName",
            "required ServiceAccountTokenProjection.path",
            "required Taint.effect",
            "required Taint.key",
        ],
    ),
    (
        "upstream takes the name for the namespace and the other way round",
        &[
            "required ServiceReference.name",
            "required ServiceReference.namespace",
        ],
    ),
    (
        "what does not fit it then is told of instead",
        &["required DaemonSetSpec.selector", "required Event.metadata"],
    ),
];
