//! Namespace.

use super::super::{
    API_VERSION, KIND, List, ListKind, METADATA, PatchStrategy, Struct, Type, atomic_list, opt,
    req, shown,
};

static NAMESPACE_FINALIZERS: List = atomic_list(Type::Named("v1.FinalizerName"));
static NAMESPACE_CONDITIONS: List = List {
    item: Type::Struct(&NAMESPACE_CONDITION),
    kind: ListKind::Map(&["type"]),
    patch: PatchStrategy::MergeBy("type"),
};

pub(crate) static NAMESPACE: Struct = Struct::new(
    "Namespace",
    "A scope for names.",
    &[
        KIND,
        API_VERSION,
        METADATA,
        shown(
            "spec",
            Type::Struct(&NAMESPACE_SPEC),
            "The wanted state of the namespace.",
        ),
        shown(
            "status",
            Type::Struct(&NAMESPACE_STATUS),
            "The state of the namespace.",
        ),
    ],
);

static NAMESPACE_SPEC: Struct = Struct::new(
    "NamespaceSpec",
    "What holds a namespace.",
    &[opt(
        "finalizers",
        Type::List(&NAMESPACE_FINALIZERS),
        "Must be empty before the namespace is removed.",
    )],
);

static NAMESPACE_STATUS: Struct = Struct::new(
    "NamespaceStatus",
    "Where a namespace is in its life.",
    &[
        opt(
            "phase",
            Type::Named("v1.NamespacePhase"),
            "Active or Terminating.",
        ),
        opt(
            "conditions",
            Type::List(&NAMESPACE_CONDITIONS),
            "How the deletion is going.",
        ),
    ],
);

static NAMESPACE_CONDITION: Struct = Struct::new(
    "NamespaceCondition",
    "One aspect of the state of a namespace.",
    &[
        req(
            "type",
            Type::Named("v1.NamespaceConditionType"),
            "The aspect.",
        ),
        req(
            "status",
            Type::Named("v1.ConditionStatus"),
            "True, False or Unknown.",
        ),
        shown(
            "lastTransitionTime",
            Type::Time,
            "When the status last changed.",
        ),
        opt("reason", Type::String, "Why, for programs."),
        opt("message", Type::String, "Why, for people."),
    ],
);
