//! What an object must be before it is stored, as pure functions from objects to [`FieldError`]s.
//!
//! The layers are upstream's, because an update runs several of them over the same metadata and every error counts
//! as a cause each time it is found (the message says it once):
//!
//! | here | upstream | called by |
//! |---|---|---|
//! | [`meta::validate_create_generic`] | `rest.BeforeCreate`, its last check | the generic registry, if the strategy found nothing |
//! | [`meta::validate_update_generic`] | `rest.validateCommonFields` | the generic registry, before the strategy |
//! | [`meta::validate_object_meta`] | `api/validation.ValidateObjectMetaAccessor` | both, and the next |
//! | [`meta::validate_object_meta_update`] | `api/validation.ValidateObjectMetaAccessorUpdate` | the same |
//! | [`core::validate_object_meta`], [`core::validate_object_meta_update`] | their namesakes in `pkg/apis/core/validation` | the kinds |
//! | [`pod_security`] | the PodSecurity admission plugin | the strategy of namespaces, if it found nothing |
//! | [`configmap`], [`endpoints`], [`event`], [`namespace`], [`secret`], [`service`] | `pkg/apis/core/validation` as the strategies call it | the strategies |
//!
//! So a bad label on update is found four times, a changed immutable field twice, an unqualified finalizer twice.
//!
//! [`FieldError`]: crate::status::field::FieldError

pub(crate) mod conditions;
pub(crate) mod configmap;
pub(crate) mod core;
pub(crate) mod drivers;
pub(crate) mod endpoints;
pub(crate) mod event;
pub(crate) mod go_types;
pub(crate) mod internal;
pub(crate) mod ip;
pub(crate) mod meta;
pub(crate) mod namespace;
pub(crate) mod node_selector;
pub(crate) mod owner;
pub(crate) mod pod_security;
pub(crate) mod quantity;
pub(crate) mod read;
pub(crate) mod resource_names;
pub(crate) mod secret;
pub(crate) mod selector;
pub(crate) mod service;
