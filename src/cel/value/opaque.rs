//! The values of the libraries' own types.

use std::net::IpAddr;
use std::sync::Arc;

use super::CelValue;
use super::authorization::{
    Authority, Decision, GroupCheck, PathCheck, ResourceAttributes, ResourceCheck,
};
use super::cidr::Cidr;
use super::format::Format;
use super::semver::Semver;
use super::url::Url;
use crate::cel::types::Type;
use crate::codec::quantity::Quantity;

/// A value of a library's type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Opaque {
    Url(Arc<Url>),
    Ip(IpAddr),
    Cidr(Cidr),
    Quantity(Arc<Quantity>),
    Semver(Arc<Semver>),
    Format(&'static Format),
    Authorizer(Arc<Authority>),
    PathCheck(Arc<PathCheck>),
    GroupCheck(Arc<GroupCheck>),
    ResourceCheck(Arc<ResourceCheck>),
    Decision(Arc<Decision>),
}

impl Opaque {
    pub(crate) fn type_of(&self) -> Type {
        let name = match self {
            Opaque::Ip(_) => return Type::opaque("net.IP"),
            Opaque::Cidr(_) => return Type::opaque("net.CIDR"),
            Opaque::Url(_) => "kubernetes.URL",
            Opaque::Quantity(_) => "kubernetes.Quantity",
            Opaque::Semver(_) => "kubernetes.Semver",
            Opaque::Format(_) => "kubernetes.NamedFormat",
            Opaque::Authorizer(_) => "kubernetes.authorization.Authorizer",
            Opaque::PathCheck(_) => "kubernetes.authorization.PathCheck",
            Opaque::GroupCheck(_) => "kubernetes.authorization.GroupCheck",
            Opaque::ResourceCheck(_) => "kubernetes.authorization.ResourceCheck",
            Opaque::Decision(_) => "kubernetes.authorization.Decision",
        };
        Type::hidden(name)
    }

    /// The size that costs are reckoned by.
    pub(crate) fn cost_size(&self) -> u64 {
        match self {
            Opaque::Ip(IpAddr::V4(_)) => 4,
            Opaque::Ip(IpAddr::V6(_)) => 16,
            Opaque::Cidr(cidr) => u64::from(cidr.bits.div_ceil(8)),
            _ => 1,
        }
    }
}

impl CelValue {
    /// The value of the variable `authorizer`.
    pub(crate) fn authorizer() -> CelValue {
        CelValue::Opaque(Opaque::Authorizer(Arc::default()))
    }

    /// The value of `authorizer.requestResource`.
    pub(crate) fn resource_check(attributes: ResourceAttributes) -> CelValue {
        CelValue::Opaque(Opaque::ResourceCheck(Arc::new(ResourceCheck {
            authority: Authority::default(),
            attributes,
        })))
    }
}
