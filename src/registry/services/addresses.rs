//! Cluster IPs: one address each from a range all services share.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use super::families;
use crate::object::meta_str;
use crate::registry::strategy::WriteContext;
use crate::registry::validation::ip::parse_lenient;
use crate::registry::validation::service::spec::{NONE, Spec, set_texts, spec_mut};
use crate::status::Status;
use crate::status::field::FieldError;

/// `--service-cluster-ip-range`, its network address and its broadcast address.
const RANGE: &str = "10.0.0.0/24";
const NETWORK: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);
const BROADCAST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 255);
/// What comes before is given out last, so that it stays free for those who ask for an address by name.
const DYNAMIC: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 16);
/// The address of the apiserver's own service, `default/kubernetes`.
const APISERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// Gives a service that is to have one an address: the one it asks for, or else any.
pub(super) fn allocate(service: &mut Value, write: &WriteContext<'_>) -> Result<(), Status> {
    let spec = Spec::of(service);
    if spec.is_external_name() || spec.cluster_ips().first() == Some(&NONE) {
        return Ok(());
    }
    let ip = match spec.cluster_ips().first() {
        None | Some(&"") => next(service, write)?.to_string(),
        Some(wanted) => {
            take(service, wanted, write).map_err(|why| refused(service, wanted, &why))?;
            (*wanted).to_owned()
        }
    };
    set_texts(service, "clusterIPs", &[&ip]);
    spec_mut(service).insert("clusterIP".to_owned(), ip.into());
    Ok(())
}

/// A service that was only an alias gets an address; every other keeps what it has. Addresses are free again as soon as
/// no service has them.
pub(super) fn update(
    service: &mut Value,
    old: &Value,
    write: &WriteContext<'_>,
) -> Result<(), Status> {
    let was_alias = Spec::of(old).is_external_name() && !Spec::of(service).is_external_name();
    if was_alias && !families::is_settled(service, Some(old)) {
        allocate(service, write)?;
    }
    Ok(())
}

/// A free address: the first after a random place of the dynamic part, or else of the rest.
fn next(service: &Value, write: &WriteContext<'_>) -> Result<Ipv4Addr, Status> {
    if write.dry_run {
        // Upstream does not bother to find one that is free.
        return Ok(NETWORK);
    }
    let dynamic = u32::from(DYNAMIC)..u32::from(BROADCAST);
    let rest = u32::from(NETWORK) + 1..u32::from(DYNAMIC);
    let free = [dynamic, rest].into_iter().find_map(|band| {
        let all: Vec<u32> = band.collect();
        let start = write.chance.below(all.len());
        let from_start = all[start..].iter().chain(&all[..start]);
        from_start
            .map(|bits| Ipv4Addr::from(*bits))
            .find(|ip| !is_taken(service, *ip, write))
    });
    free.ok_or_else(|| {
        let name = crate::codec::quote::quote(meta_str(service, "name"));
        Status::internal_error(&format!(
            "failed to allocate a serviceIP for Service {name}: range is full"
        ))
    })
}

fn take(service: &Value, wanted: &str, write: &WriteContext<'_>) -> Result<(), String> {
    let outside = format!(
        "the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {RANGE}"
    );
    let ip = match parse_lenient(wanted) {
        Some(IpAddr::V4(ip)) if ip.octets()[..3] == NETWORK.octets()[..3] => ip,
        _ if write.dry_run => return Err(outside),
        _ => return Err("the provided network does not match the current range".to_owned()),
    };
    if ip == NETWORK || ip == BROADCAST {
        return Err(match write.dry_run {
            true => outside,
            false => "the provided network does not match the current range".to_owned(),
        });
    }
    if !write.dry_run && is_taken(service, ip, write) {
        return Err("provided IP is already allocated".to_owned());
    }
    Ok(())
}

fn refused(service: &Value, wanted: &str, why: &str) -> Status {
    let error = FieldError::invalid(
        "spec.clusterIPs",
        &Spec::of(service).shown("clusterIPs"),
        format!("failed to allocate IP {wanted}: {why}"),
    );
    Status::invalid("Service", "", meta_str(service, "name"), &[error])
}

fn is_taken(service: &Value, ip: Ipv4Addr, write: &WriteContext<'_>) -> bool {
    let is_the_apiservers =
        || (meta_str(service, "namespace"), meta_str(service, "name")) == ("default", "kubernetes");
    ip == APISERVER && !is_the_apiservers() || write.lister.is_claimed(&claim(IpAddr::V4(ip)))
}

/// The addresses of a service, which are those of no other.
pub(super) fn claims(spec: Spec<'_>) -> impl Iterator<Item = Box<str>> {
    let ips = spec.cluster_ips().into_iter();
    ips.filter_map(parse_lenient).map(claim)
}

fn claim(ip: IpAddr) -> Box<str> {
    format!("clusterIP {ip}").into()
}
