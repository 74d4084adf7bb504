//! What an update may leave out, and what a change of type leaves behind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::registry::validation::service::spec::number;
use crate::registry::validation::service::spec::{Spec, copy, ports_mut, spec_mut};

/// `patchAllocatedValues`: who sends a service again without what was allocated for it keeps that.
pub(super) fn keep_allocated(service: &mut Value, old: &Value) {
    let (new_spec, old_spec) = (Spec::of(service), Spec::of(old));
    let keeps_address = !new_spec.is_external_name() && !old_spec.is_external_name();
    let keeps_ports = new_spec.needs_node_ports() && old_spec.needs_node_ports();
    let keeps_check = new_spec.needs_health_check() && old_spec.needs_health_check();
    if keeps_address {
        if Spec::of(service).text("clusterIP").is_empty() {
            copy(service, old, "clusterIP");
        }
        if Spec::of(service).cluster_ips().is_empty() {
            copy(service, old, "clusterIPs");
        }
    }
    if keeps_ports {
        keep_node_ports(service, old);
    }
    if keeps_check && Spec::of(service).health_check_node_port() == 0 {
        copy(service, old, "healthCheckNodePort");
    }
}

/// By the names of the ports, unless the node port has gone to another one.
fn keep_node_ports(service: &mut Value, old: &Value) {
    let now: BTreeSet<i64> = Spec::of(service).node_ports().into_iter().collect();
    let before = Spec::of(old).ports().iter();
    let before: BTreeMap<&str, i64> = before
        .map(|port| {
            let name = port["name"].as_str().unwrap_or_default();
            (name, number(port, "nodePort"))
        })
        .collect();
    for port in ports_mut(service) {
        let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
        let known = before.get(name).copied().unwrap_or_default();
        if !port.contains_key("nodePort") && known != 0 && !now.contains(&known) {
            port.insert("nodePort".to_owned(), known.into());
        }
    }
}

/// `normalizeClusterIPs`: clients that know only one of `clusterIP` and `clusterIPs` mean both.
pub(super) fn normalize_cluster_ips(service: &mut Value, old: Option<&Value>) {
    let new_spec = Spec::of(service);
    let ip = new_spec.text("clusterIP").to_owned();
    let Some(old) = old else {
        if !ip.is_empty() && new_spec.cluster_ips().is_empty() {
            spec_mut(service).insert("clusterIPs".to_owned(), json!([ip]));
        }
        return;
    };
    let old_spec = Spec::of(old);
    let same_ip = ip == old_spec.text("clusterIP");
    if same_ip && new_spec.cluster_ips().is_empty() {
        return copy(service, old, "clusterIPs");
    }
    if same_ip || new_spec.cluster_ips() != old_spec.cluster_ips() {
        return;
    }
    if ip.is_empty() {
        spec_mut(service).remove("clusterIPs");
    } else {
        spec_mut(service).insert("clusterIPs".to_owned(), json!([ip]));
    }
}

/// `dropTypeDependentFields`: what the new type has no use for goes, unless the client has changed it: then it is for
/// validation to refuse.
pub(super) fn drop_type_dependent(service: &mut Value, old: &Value) {
    for field in obsolete(Spec::of(service), Spec::of(old)) {
        spec_mut(service).remove(field);
    }
    let (new_spec, old_spec) = (Spec::of(service), Spec::of(old));
    let known = old_spec.node_ports();
    let none_added = new_spec
        .node_ports()
        .iter()
        .all(|port| known.contains(port));
    if old_spec.needs_node_ports() && !new_spec.needs_node_ports() && none_added {
        ports_mut(service).for_each(|port| {
            port.remove("nodePort");
        });
    }
    if !Spec::of(service).is_load_balancer() {
        service["status"]["loadBalancer"] = json!({});
    }
}

fn obsolete(new: Spec<'_>, old: Spec<'_>) -> Vec<&'static str> {
    let same = |field: &str| new.get(field) == old.get(field);
    let mut fields = Vec::new();
    if new.is_external_name() && !old.is_external_name() {
        if same("clusterIP") && same("clusterIPs") {
            fields.extend(["clusterIP", "clusterIPs"]);
        }
        fields.extend(
            ["ipFamilies", "ipFamilyPolicy"]
                .into_iter()
                .filter(|f| same(f)),
        );
    }
    let no_longer = |needs: &dyn Fn(Spec<'_>) -> bool| needs(old) && !needs(new);
    let others = [
        (
            no_longer(&|s| s.needs_health_check()),
            "healthCheckNodePort",
        ),
        (
            no_longer(&|s| s.is_load_balancer()),
            "allocateLoadBalancerNodePorts",
        ),
        (no_longer(&|s| s.is_load_balancer()), "loadBalancerClass"),
        (
            no_longer(&|s| s.is_externally_accessible()),
            "externalTrafficPolicy",
        ),
    ];
    fields.extend(
        others
            .into_iter()
            .filter(|(drop, field)| *drop && same(field))
            .map(|(_, field)| field),
    );
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(spec: Value) -> Value {
        json!({"spec": spec})
    }

    #[test]
    fn the_two_ways_to_write_the_address_are_kept_in_step() {
        let old = json!({"clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5"]});
        for (new, old, ips) in [
            (json!({"clusterIP": "None"}), None, json!(["None"])),
            (json!({}), None, Value::Null),
            (
                json!({"clusterIP": "10.0.0.5"}),
                Some(&old),
                json!(["10.0.0.5"]),
            ),
            (
                json!({"clusterIP": "10.0.0.6", "clusterIPs": ["10.0.0.5"]}),
                Some(&old),
                json!(["10.0.0.6"]),
            ),
            (json!({"clusterIPs": ["10.0.0.5"]}), Some(&old), Value::Null),
            (
                json!({"clusterIP": "10.0.0.6", "clusterIPs": ["10.0.0.7"]}),
                Some(&old),
                json!(["10.0.0.7"]),
            ),
        ] {
            let mut object = service(new);
            normalize_cluster_ips(&mut object, old.map(|spec| service(spec.clone())).as_ref());
            assert_eq!(object["spec"]["clusterIPs"], ips, "{object}");
        }
    }

    #[test]
    fn node_ports_follow_the_names_of_the_ports() {
        let old = service(
            json!({"type": "NodePort", "clusterIP": "10.0.0.5", "ports": [
                {"name": "a", "nodePort": 30001}, {"name": "b", "nodePort": 30002},
            ]}),
        );
        let mut new = service(json!({"type": "NodePort", "ports": [
            {"name": "b"}, {"name": "c", "nodePort": 30001}, {"name": "a"},
        ]}));
        keep_allocated(&mut new, &old);
        assert_eq!(new["spec"]["clusterIP"], "10.0.0.5");
        assert_eq!(
            new["spec"]["ports"],
            json!([{"name": "b", "nodePort": 30002}, {"name": "c", "nodePort": 30001}, {"name": "a"}])
        );
    }

    #[test]
    fn a_change_of_type_drops_what_the_client_left_alone() {
        let old = service(json!({
            "type": "LoadBalancer", "clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5"], "ipFamilies": ["IPv4"],
            "externalTrafficPolicy": "Local", "healthCheckNodePort": 30009, "allocateLoadBalancerNodePorts": true,
            "ports": [{"port": 80, "nodePort": 30001}],
        }));
        let mut new = old.clone();
        new["spec"]["type"] = json!("ExternalName");
        drop_type_dependent(&mut new, &old);
        assert_eq!(
            new,
            json!({
                "spec": {"type": "ExternalName", "ports": [{"port": 80}]},
                "status": {"loadBalancer": {}},
            })
        );
        let mut new = old.clone();
        new["spec"]["type"] = json!("ClusterIP");
        new["spec"]["externalTrafficPolicy"] = json!("Cluster");
        new["spec"]["ports"][0]["nodePort"] = json!(30002);
        drop_type_dependent(&mut new, &old);
        assert_eq!(new["spec"]["externalTrafficPolicy"], "Cluster");
        assert_eq!(new["spec"]["ports"][0]["nodePort"], 30002);
        assert_eq!(new["spec"]["clusterIP"], "10.0.0.5");
    }
}
