//! The types of `meta.k8s.io/v1`.

use super::{
    API_VERSION, KIND, List, ListKind, PatchStrategy, Struct, Type, atomic_list, opt, ptr, req,
};

/// The Go package of these types.
pub(crate) const PACKAGE: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

static FINALIZERS: List = List {
    item: Type::String,
    kind: ListKind::Set,
    patch: PatchStrategy::MergePrimitives,
};
static OWNER_REFERENCES: List = List {
    item: Type::Struct(&OWNER_REFERENCE),
    kind: ListKind::Map(&["uid"]),
    patch: PatchStrategy::MergeBy("uid"),
};
static MANAGED_FIELDS: List = atomic_list(Type::Struct(&MANAGED_FIELDS_ENTRY));
static STRINGS: List = atomic_list(Type::String);

/// The description of `creationTimestamp`, which is also that of every Age column.
pub(crate) const CREATION_TIMESTAMP_DOC: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// The description of `name`, which is also that of every Name column.
pub(crate) const NAME_DOC: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

pub(crate) static OBJECT_META: Struct = Struct::new(
    "ObjectMeta",
    "The metadata every stored object has.",
    &[
        opt("name", Type::String, NAME_DOC),
        opt("generateName", Type::String, "A prefix for a unique name that the server makes up when name is empty."),
        opt("namespace", Type::String, "The namespace the object lives in; empty for cluster-scoped kinds."),
        opt("selfLink", Type::String, "No longer set by the server."),
        opt("uid", Type::Named("types.UID"), "Set by the server; unique in time and space."),
        opt(
            "resourceVersion",
            Type::String,
            "An opaque version of the object: for optimistic concurrency and for watches. Set by the server.",
        ),
        opt("generation", Type::Int64, "A number that grows with every change of the desired state."),
        opt("creationTimestamp", Type::Time, CREATION_TIMESTAMP_DOC),
        ptr("deletionTimestamp", Type::Time, "When deletion was asked for; the object goes once its finalizers are gone."),
        ptr("deletionGracePeriodSeconds", Type::Int64, "Seconds allowed for a graceful end before removal."),
        opt("labels", Type::Map(&Type::String), "Keys and values to select objects by."),
        opt("annotations", Type::Map(&Type::String), "Keys and values that tools attach; they cannot be selected by."),
        opt("ownerReferences", Type::List(&OWNER_REFERENCES), "The objects this one depends on."),
        opt("finalizers", Type::List(&FINALIZERS), "Must be empty before the object is removed."),
        opt("managedFields", Type::List(&MANAGED_FIELDS), "Which manager owns which fields."),
    ],
)
.of(PACKAGE);

pub(crate) static OWNER_REFERENCE: Struct = Struct::new(
    "OwnerReference",
    "Enough to identify an owning object.",
    &[
        req("apiVersion", Type::String, "The API version of the owner."),
        req("kind", Type::String, "The kind of the owner."),
        req("name", Type::String, "The name of the owner."),
        req("uid", Type::Named("types.UID"), "The uid of the owner."),
        ptr(
            "controller",
            Type::Bool,
            "Whether this owner is the managing controller.",
        ),
        ptr(
            "blockOwnerDeletion",
            Type::Bool,
            "Whether a foreground deletion of the owner waits for this object.",
        ),
    ],
)
.of(PACKAGE)
.atomic();

pub(crate) static MANAGED_FIELDS_ENTRY: Struct = Struct::new(
    "ManagedFieldsEntry",
    "The fields one manager owns, in one version.",
    &[
        opt("manager", Type::String, "Who manages these fields."),
        opt(
            "operation",
            Type::Named("v1.ManagedFieldsOperationType"),
            "Apply or Update.",
        ),
        opt(
            "apiVersion",
            Type::String,
            "The version the fields are named in.",
        ),
        ptr("time", Type::Time, "When the set last changed."),
        opt("fieldsType", Type::String, "Always FieldsV1."),
        ptr("fieldsV1", Type::FieldsV1, "The set of fields."),
        opt(
            "subresource",
            Type::String,
            "The subresource the change came through.",
        ),
    ],
)
.of(PACKAGE);

pub(crate) static CONDITION: Struct = Struct::new(
    "Condition",
    "One aspect of the state of an object.",
    &[
        req("type", Type::String, "The aspect."),
        req(
            "status",
            Type::Named("v1.ConditionStatus"),
            "True, False or Unknown.",
        ),
        opt(
            "observedGeneration",
            Type::Int64,
            "The generation of the object this was said of.",
        ),
        req(
            "lastTransitionTime",
            Type::Time,
            "When the status last changed.",
        ),
        req("reason", Type::String, "Why, for programs."),
        req("message", Type::String, "Why, for people."),
    ],
)
.of(PACKAGE);

static PRECONDITIONS: Struct = Struct::new(
    "Preconditions",
    "What must hold before an object is deleted.",
    &[
        ptr("uid", Type::Named("types.UID"), "The expected uid."),
        ptr(
            "resourceVersion",
            Type::String,
            "The expected resourceVersion.",
        ),
    ],
)
.of(PACKAGE);

pub(crate) static DELETE_OPTIONS: Struct = Struct::new(
    "DeleteOptions",
    "Options of a deletion.",
    &[
        KIND,
        API_VERSION,
        ptr(
            "gracePeriodSeconds",
            Type::Int64,
            "Seconds before the object is removed.",
        ),
        ptr(
            "preconditions",
            Type::Struct(&PRECONDITIONS),
            "What must hold first.",
        ),
        ptr(
            "orphanDependents",
            Type::Bool,
            "Deprecated: use propagationPolicy.",
        ),
        ptr(
            "propagationPolicy",
            Type::Named("v1.DeletionPropagation"),
            "Orphan, Background or Foreground.",
        ),
        opt(
            "dryRun",
            Type::List(&STRINGS),
            "All: do everything but the deletion.",
        ),
        ptr(
            "ignoreStoreReadErrorWithClusterBreakingPotential",
            Type::Bool,
            "Not supported.",
        ),
    ],
)
.of(PACKAGE);
