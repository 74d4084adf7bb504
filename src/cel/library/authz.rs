//! `authorizer.group('apps').resource('deployments').check('get').allowed()`.

use std::sync::Arc;

use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;
use crate::cel::value::authorization::{
    Attributes, Authority, Authorizer, Decision, GroupCheck, PathCheck, ResourceAttributes,
    ResourceCheck,
};
use crate::cel::value::opaque::Opaque;
use crate::names;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "path" => path,
        "group" => group,
        "serviceAccount" => service_account,
        "resource" => resource,
        "subresource" => |args| refined(args, |attributes, text| attributes.subresource = text),
        "namespace" => |args| refined(args, |attributes, text| attributes.namespace = text),
        "name" => |args| refined(args, |attributes, text| attributes.name = text),
        "fieldSelector" => {
            |args| refined(args, |attributes, text| attributes.field_selector = text)
        }
        "labelSelector" => {
            |args| refined(args, |attributes, text| attributes.label_selector = text)
        }
        "allowed" => |args| decided(args, |decision| CelValue::Bool(decision.allowed)),
        "errored" => |args| decided(args, |decision| CelValue::Bool(decision.error.is_some())),
        "reason" => |args| decided(args, |decision| CelValue::string(decision.reason.as_str())),
        "error" => |args| {
            decided(args, |decision| {
                CelValue::string(decision.error.as_deref().unwrap_or_default())
            })
        },
        _ => return None,
    })
}

fn path(args: &[CelValue]) -> Answer {
    let [
        CelValue::Opaque(Opaque::Authorizer(authority)),
        CelValue::String(path),
    ] = args
    else {
        return Err(Failure::NoOverload);
    };
    if path.trim().is_empty() {
        return Err(Failure::new("path must not be empty"));
    }
    Ok(CelValue::Opaque(Opaque::PathCheck(Arc::new(PathCheck {
        authority: (**authority).clone(),
        path: (**path).to_owned(),
    }))))
}

fn group(args: &[CelValue]) -> Answer {
    let [
        CelValue::Opaque(Opaque::Authorizer(authority)),
        CelValue::String(group),
    ] = args
    else {
        return Err(Failure::NoOverload);
    };
    Ok(CelValue::Opaque(Opaque::GroupCheck(Arc::new(GroupCheck {
        authority: (**authority).clone(),
        group: (**group).to_owned(),
    }))))
}

fn service_account(args: &[CelValue]) -> Answer {
    let [
        CelValue::Opaque(Opaque::Authorizer(_)),
        CelValue::String(namespace),
        CelValue::String(name),
    ] = args
    else {
        return Err(Failure::NoOverload);
    };
    if !names::name_is_dns_subdomain(name, false).is_empty() {
        return Err(Failure::new("Invalid service account name"));
    }
    if !names::name_is_dns_label(namespace, false).is_empty() {
        return Err(Failure::new("Invalid service account namespace"));
    }
    let service_account = Some(((**namespace).to_owned(), (**name).to_owned()));
    Ok(CelValue::Opaque(Opaque::Authorizer(Arc::new(Authority {
        service_account,
    }))))
}

fn resource(args: &[CelValue]) -> Answer {
    let [
        CelValue::Opaque(Opaque::GroupCheck(check)),
        CelValue::String(resource),
    ] = args
    else {
        return Err(Failure::NoOverload);
    };
    if resource.trim().is_empty() {
        return Err(Failure::new("resource must not be empty"));
    }
    Ok(CelValue::Opaque(Opaque::ResourceCheck(Arc::new(
        ResourceCheck {
            authority: check.authority.clone(),
            attributes: ResourceAttributes {
                group: check.group.clone(),
                resource: (**resource).to_owned(),
                ..ResourceAttributes::default()
            },
        },
    ))))
}

fn refined(args: &[CelValue], refine: fn(&mut ResourceAttributes, String)) -> Answer {
    let [
        CelValue::Opaque(Opaque::ResourceCheck(check)),
        CelValue::String(text),
    ] = args
    else {
        return Err(Failure::NoOverload);
    };
    let mut check = (**check).clone();
    refine(&mut check.attributes, (**text).to_owned());
    Ok(CelValue::Opaque(Opaque::ResourceCheck(Arc::new(check))))
}

fn decided(args: &[CelValue], part: fn(&Decision) -> CelValue) -> Answer {
    match args {
        [CelValue::Opaque(Opaque::Decision(decision))] => Ok(part(decision)),
        _ => Err(Failure::NoOverload),
    }
}

/// `….check(verb)`.
pub(crate) fn check(authorizer: Option<&dyn Authorizer>, args: &[CelValue]) -> Answer {
    let (authority, path, resource, verb) = match args {
        [
            CelValue::Opaque(Opaque::PathCheck(check)),
            CelValue::String(verb),
        ] => (&check.authority, Some(check.path.clone()), None, verb),
        [
            CelValue::Opaque(Opaque::ResourceCheck(check)),
            CelValue::String(verb),
        ] => (&check.authority, None, Some(check.attributes.clone()), verb),
        _ => return Err(Failure::NoOverload),
    };
    let Some(authorizer) = authorizer else {
        return Err(Failure::new("no authorizer"));
    };
    let decision = authorizer.authorize(&Attributes {
        service_account: authority.service_account.clone(),
        verb: (**verb).to_owned(),
        path,
        resource,
    });
    Ok(CelValue::Opaque(Opaque::Decision(Arc::new(decision))))
}
