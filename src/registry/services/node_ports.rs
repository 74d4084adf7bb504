//! Node ports: ports on every node, from a range all services share.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::object::meta_str;
use crate::registry::strategy::WriteContext;
use crate::registry::validation::service::spec::{Spec, number, ports_mut, spec_mut};
use crate::status::Status;
use crate::status::field::FieldError;

/// `--service-node-port-range`.
const FIRST: i64 = 30000;
const LAST: i64 = 32767;
/// What comes before is given out last, so that it stays free for those who ask for a port by number.
const DYNAMIC: i64 = FIRST + 86;
/// Where a dry run starts to count.
const DRY_RUN_FIRST: i64 = 32769;

const ALLOCATED: &str = "provided port is already allocated";

/// Gives a new service its ports.
pub(super) fn create(service: &mut Value, write: &WriteContext<'_>) -> Result<(), Status> {
    let mut pool = Pool::new(write);
    if Spec::of(service).needs_node_ports() {
        init_node_ports(service, &mut pool)?;
    }
    if Spec::of(service).needs_health_check() {
        allocate_health_check(service, &mut pool)?;
    }
    Ok(())
}

/// Gives a changed service the ports it lacks.
pub(super) fn update(
    service: &mut Value,
    old: &Value,
    write: &WriteContext<'_>,
) -> Result<(), Status> {
    let mut pool = Pool::new(write);
    if Spec::of(service).needs_node_ports() {
        update_node_ports(service, old, &mut pool)?;
    }
    if Spec::of(service).needs_health_check() && !Spec::of(old).needs_health_check() {
        allocate_health_check(service, &mut pool)?;
    }
    Ok(())
}

/// The ports of a service, which are those of no other.
pub(super) fn claims(spec: Spec<'_>) -> impl Iterator<Item = Box<str>> {
    let ports = spec.node_ports().into_iter();
    let all = ports.chain(Some(spec.health_check_node_port()));
    all.filter(|port| *port != 0).map(claim)
}

fn claim(port: i64) -> Box<str> {
    format!("nodePort {port}").into()
}

/// The ports that are free, but for those this write has taken.
struct Pool<'a> {
    write: &'a WriteContext<'a>,
    mine: BTreeSet<i64>,
}

impl<'a> Pool<'a> {
    fn new(write: &'a WriteContext<'a>) -> Self {
        Pool {
            write,
            mine: BTreeSet::new(),
        }
    }

    fn is_taken(&self, port: i64) -> bool {
        self.mine.contains(&port) || self.write.lister.is_claimed(&claim(port))
    }

    /// Takes a certain port. A dry run does not look at the range.
    fn take(&mut self, port: i64) -> Result<(), String> {
        if !self.write.dry_run && !(FIRST..=LAST).contains(&port) {
            return Err(format!(
                "provided port is not in the valid range. The range of valid ports is {FIRST}-{LAST}"
            ));
        }
        if self.is_taken(port) {
            return Err(ALLOCATED.to_owned());
        }
        self.mine.insert(port);
        Ok(())
    }

    /// Takes any port: the first after a random place of the dynamic part, or else of the rest.
    fn next(&mut self) -> Option<i64> {
        let port = if self.write.dry_run {
            let last = self.mine.last();
            Some(last.map_or(DRY_RUN_FIRST, |last| last + 1))
        } else {
            [DYNAMIC..LAST + 1, FIRST..DYNAMIC]
                .into_iter()
                .find_map(|band| self.free(band))
        };
        self.mine.extend(port);
        port
    }

    fn free(&self, band: std::ops::Range<i64>) -> Option<i64> {
        let all: Vec<i64> = band.collect();
        let start = self.write.chance.below(all.len());
        let from_start = all[start..].iter().chain(&all[..start]);
        from_start.copied().find(|port| !self.is_taken(*port))
    }

    fn next_node_port(&mut self) -> Result<i64, Status> {
        self.next()
            .ok_or_else(|| Status::internal_error("failed to allocate a nodePort: range is full"))
    }
}

/// Entries of one port number (with different protocols) share a node port.
fn init_node_ports(service: &mut Value, pool: &mut Pool<'_>) -> Result<(), Status> {
    let (name, allocates) = (meta_str(service, "name").to_owned(), allocates(service));
    let requested = requested(service);
    let mut by_port: BTreeMap<i64, i64> = BTreeMap::new();
    for (i, port) in ports_mut(service).enumerate() {
        let (number, wanted) = (of(port, "port"), of(port, "nodePort"));
        if wanted == 0 && !allocates {
            continue;
        }
        let take = |pool: &mut Pool<'_>, wanted| {
            pool.take(wanted)
                .map_err(|why| refused(&name, i, wanted, &why))
        };
        let node_port = match (
            by_port.get(&number).copied(),
            requested.get(&number).copied(),
        ) {
            (Some(shared), _) if wanted == 0 || wanted == shared => shared,
            (Some(_), _) => {
                take(pool, wanted)?;
                wanted
            }
            (None, Some(wanted)) => {
                take(pool, wanted)?;
                wanted
            }
            (None, None) => pool.next_node_port()?,
        };
        by_port.entry(number).or_insert(node_port);
        port.insert("nodePort".to_owned(), node_port.into());
    }
    Ok(())
}

/// The node ports asked for, each by the first port number it is for.
fn requested(service: &Value) -> BTreeMap<i64, i64> {
    let mut requested = BTreeMap::new();
    for port in Spec::of(service).ports() {
        let node_port = number(port, "nodePort");
        if node_port != 0 {
            requested.entry(number(port, "port")).or_insert(node_port);
        }
    }
    requested
}

fn update_node_ports(service: &mut Value, old: &Value, pool: &mut Pool<'_>) -> Result<(), Status> {
    let (name, allocates) = (meta_str(service, "name").to_owned(), allocates(service));
    let known: BTreeSet<i64> = Spec::of(old).node_ports().into_iter().collect();
    let mut seen = BTreeSet::new();
    for (i, port) in ports_mut(service).enumerate() {
        let mut node_port = of(port, "nodePort");
        if node_port == 0 && !allocates {
            continue;
        }
        if node_port == 0 {
            node_port = pool.next_node_port()?;
            port.insert("nodePort".to_owned(), node_port.into());
        } else if !known.contains(&node_port) && !pool.mine.contains(&node_port) {
            pool.take(node_port)
                .map_err(|why| refused(&name, i, node_port, &why))?;
        }
        let protocol = port
            .get("protocol")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let entry = (protocol.to_owned(), node_port);
        if !seen.insert(entry) {
            return Err(Status::raw(format!(
                "duplicate nodePort: {{{protocol} {node_port}}}"
            )));
        }
    }
    Ok(())
}

fn allocate_health_check(service: &mut Value, pool: &mut Pool<'_>) -> Result<(), Status> {
    let wanted = Spec::of(service).health_check_node_port();
    if wanted != 0 {
        return pool.take(wanted).map_err(|why| {
            Status::internal_error(&format!(
                "failed to allocate requested HealthCheck NodePort {wanted}: {why}"
            ))
        });
    }
    let port = pool.next().ok_or_else(|| {
        Status::internal_error("failed to allocate a HealthCheck NodePort 0: range is full")
    })?;
    spec_mut(service).insert("healthCheckNodePort".to_owned(), port.into());
    Ok(())
}

fn allocates(service: &Value) -> bool {
    let spec = Spec::of(service);
    !spec.is_load_balancer()
        || spec.get("allocateLoadBalancerNodePorts") == Some(&Value::Bool(true))
}

fn refused(name: &str, i: usize, port: i64, why: &str) -> Status {
    let path = format!("spec.ports[{i}].nodePort");
    let error = FieldError::invalid(path, &port.into(), why);
    Status::invalid("Service", "", name, &[error])
}

fn of(port: &Map<String, Value>, field: &str) -> i64 {
    port.get(field).and_then(Value::as_i64).unwrap_or_default()
}
