//! What a service takes from the pools, and what it shows of it.

use super::*;
use crate::registry::sample::{self, Claimed};

/// Allocates beside these stored services, with a chance that always falls on the first.
fn allocate(
    service: &mut Value,
    old: Option<&Value>,
    stored: &[Value],
    dry_run: bool,
) -> Result<(), String> {
    let claimed = Claimed(
        stored
            .iter()
            .flat_map(|peer| Services.claims(peer))
            .collect(),
    );
    let kind = sample::kind("services");
    let write = WriteContext {
        dry_run,
        ..sample::write(&kind, &claimed)
    };
    Services
        .allocate(&write, service, old)
        .map_err(|status| status.message)
}

fn service(spec: Value) -> Value {
    let mut service = json!({"metadata": {"name": "s", "namespace": "default"}, "spec": spec});
    set_defaults(&mut service);
    service
}

fn created(spec: Value, stored: &[Value]) -> Result<Value, String> {
    let mut service = service(spec);
    allocate(&mut service, None, stored, false).map(|()| service["spec"].clone())
}

fn invalid(message: &str) -> Result<Value, String> {
    Err(format!("Service \"s\" is invalid: {message}"))
}

#[test]
fn a_service_gets_a_free_address() {
    let spec = created(json!({}), &[]).unwrap();
    assert_eq!(spec["clusterIP"], "10.0.0.16");
    assert_eq!(spec["clusterIPs"], json!(["10.0.0.16"]));
    assert_eq!(spec["ipFamilies"], json!(["IPv4"]));
    assert_eq!(spec["ipFamilyPolicy"], "SingleStack");
    let spec = created(json!({}), &[json!({"spec": spec})]).unwrap();
    assert_eq!(spec["clusterIP"], "10.0.0.17");
}

#[test]
fn the_lower_part_of_the_range_is_given_out_last() {
    let taken = |from: u8, to: u8| -> Vec<Value> {
        let ips = (from..=to).map(|last| format!("10.0.0.{last}"));
        ips.map(|ip| json!({"spec": {"clusterIPs": [ip]}}))
            .collect()
    };
    assert_eq!(
        created(json!({}), &taken(16, 254)).unwrap()["clusterIP"],
        "10.0.0.2"
    );
    assert_eq!(
        created(json!({}), &taken(1, 254)),
        Err("Internal error occurred: failed to allocate a serviceIP for Service \"s\": range is full".to_owned())
    );
}

#[test]
fn an_address_asked_for_is_free_and_in_the_range() {
    let taken = [json!({"spec": {"clusterIPs": ["10.0.0.5"]}})];
    assert_eq!(
        created(json!({"clusterIP": "10.0.0.6"}), &taken).unwrap()["clusterIPs"],
        json!(["10.0.0.6"])
    );
    for (ip, why) in [
        ("10.0.0.5", "provided IP is already allocated"),
        ("10.0.0.1", "provided IP is already allocated"),
        (
            "1.2.3.4",
            "the provided network does not match the current range",
        ),
        (
            "10.0.0.255",
            "the provided network does not match the current range",
        ),
    ] {
        assert_eq!(
            created(json!({"clusterIP": ip}), &taken),
            invalid(&format!(
                r#"spec.clusterIPs: Invalid value: ["{ip}"]: failed to allocate IP {ip}: {why}"#
            ))
        );
    }
}

#[test]
fn some_services_have_no_address() {
    let headless = created(json!({"clusterIP": "None", "selector": {"a": "b"}}), &[]).unwrap();
    assert_eq!(headless["clusterIPs"], json!(["None"]));
    assert_eq!(headless["ipFamilies"], json!(["IPv4"]));
    let alias = json!({"type": "ExternalName", "externalName": "example.com"});
    let alias = created(alias, &[]).unwrap();
    assert_eq!(
        alias,
        json!({"type": "ExternalName", "externalName": "example.com", "sessionAffinity": "None"})
    );
}

#[test]
fn entries_of_one_port_share_a_node_port() {
    let ports = json!([
        {"port": 53, "protocol": "UDP", "name": "a"},
        {"port": 53, "protocol": "TCP", "name": "b"},
        {"port": 80, "name": "c", "nodePort": 30080},
        {"port": 81, "name": "d"},
    ]);
    let spec = created(json!({"type": "NodePort", "ports": ports}), &[]).unwrap();
    let spec = json!({"spec": spec});
    assert_eq!(Spec::of(&spec).node_ports(), [30086, 30086, 30080, 30087]);
    assert_eq!(spec["spec"]["externalTrafficPolicy"], "Cluster");
}

#[test]
fn a_node_port_asked_for_is_free_and_in_the_range() {
    let taken = [json!({"spec": {"ports": [{"nodePort": 30001}], "healthCheckNodePort": 30002}})];
    for (port, why) in [
        (30001, "provided port is already allocated"),
        (30002, "provided port is already allocated"),
        (
            80,
            "provided port is not in the valid range. The range of valid ports is 30000-32767",
        ),
    ] {
        let ports = json!([{"port": 80, "nodePort": port}]);
        assert_eq!(
            created(json!({"type": "NodePort", "ports": ports}), &taken),
            invalid(&format!(
                "spec.ports[0].nodePort: Invalid value: {port}: {why}"
            ))
        );
    }
}

#[test]
fn a_load_balancer_may_go_without_node_ports_but_not_without_its_health_check() {
    let spec = json!({
        "type": "LoadBalancer", "externalTrafficPolicy": "Local", "allocateLoadBalancerNodePorts": false,
        "ports": [{"port": 80}],
    });
    let spec = created(spec, &[]).unwrap();
    assert_eq!(spec["ports"][0].get("nodePort"), None);
    assert_eq!(spec["healthCheckNodePort"], 30086);
}

#[test]
fn a_dry_run_does_not_look_for_what_is_free() {
    let mut dry = service(json!({"type": "NodePort", "ports": [{"port": 80}, {"port": 81}]}));
    allocate(&mut dry, None, &[], true).unwrap();
    assert_eq!(dry["spec"]["clusterIP"], "10.0.0.0");
    assert_eq!(Spec::of(&dry).node_ports(), [32769, 32770]);
}

#[test]
fn an_update_keeps_what_was_allocated_and_adds_what_is_missing() {
    let mut old = service(json!({"type": "NodePort", "ports": [{"port": 80}]}));
    allocate(&mut old, None, &[], false).unwrap();
    let stored = [old.clone()];
    let mut same = service(json!({"type": "NodePort", "ports": [{"port": 80}]}));
    allocate(&mut same, Some(&old), &stored, false).unwrap();
    assert_eq!(same, old);
    let mut more = service(json!({"type": "NodePort", "ports": [
        {"port": 80, "nodePort": 30086}, {"port": 81, "name": "b"},
    ]}));
    allocate(&mut more, Some(&old), &stored, false).unwrap();
    assert_eq!(Spec::of(&more).node_ports(), [30086, 30087]);
    assert_eq!(more["spec"]["clusterIP"], "10.0.0.16");
}

#[test]
fn an_alias_that_becomes_a_service_gets_an_address() {
    let old = service(json!({"type": "ExternalName", "externalName": "example.com"}));
    let mut new = service(json!({"ports": [{"port": 80}]}));
    allocate(&mut new, Some(&old), &[], false).unwrap();
    assert_eq!(new["spec"]["clusterIPs"], json!(["10.0.0.16"]));
    let mut back = old.clone();
    back["spec"]["clusterIP"] = new["spec"]["clusterIP"].clone();
    allocate(&mut back, Some(&new), &[], false).unwrap();
    assert_eq!(back["spec"].get("ipFamilies"), None);
}

#[test]
fn defaults_depend_on_the_type() {
    for (spec, expected) in [
        (
            json!({"ports": [{"port": 80}]}),
            json!({
                "type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
                "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            }),
        ),
        (
            json!({"sessionAffinity": "ClientIP", "externalIPs": ["1.1.1.1"]}),
            json!({
                "type": "ClusterIP", "sessionAffinity": "ClientIP", "internalTrafficPolicy": "Cluster",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
                "externalIPs": ["1.1.1.1"], "externalTrafficPolicy": "Cluster",
            }),
        ),
        (
            json!({"type": "LoadBalancer", "sessionAffinityConfig": {}}),
            json!({
                "type": "LoadBalancer", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
                "externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": true,
            }),
        ),
    ] {
        assert_eq!(service(spec)["spec"], expected);
    }
}

#[test]
fn a_row_shows_how_to_reach_the_service() {
    let cells = |spec: Value, status: Value| {
        let service = json!({"metadata": {"name": "s"}, "spec": spec, "status": status});
        let columns = ["Cluster-IP", "External-IP", "Port(s)", "Selector"];
        let cell = |column| Services.cell(column, &service, &|_| String::new());
        Value::from(columns.map(cell).to_vec())
    };
    let ports = json!([{"port": 80, "protocol": "TCP", "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]);
    let ingress =
        json!({"loadBalancer": {"ingress": [{"hostname": "b.example"}, {"ip": "1.1.1.1"}]}});
    for (spec, status, expected) in [
        (
            json!({"type": "ClusterIP", "clusterIPs": ["10.0.0.9"], "ports": ports, "selector": {"b": "2", "a": "1"}}),
            json!({}),
            json!(["10.0.0.9", "<none>", "80:30080/TCP,53/UDP", "a=1,b=2"]),
        ),
        (
            json!({"type": "LoadBalancer", "externalIPs": ["2.2.2.2"]}),
            ingress,
            json!(["<none>", "1.1.1.1,b.example,2.2.2.2", "<none>", "<none>"]),
        ),
        (
            json!({"type": "LoadBalancer"}),
            json!({}),
            json!(["<none>", "<pending>", "<none>", "<none>"]),
        ),
        (
            json!({"type": "ExternalName", "externalName": "x.example"}),
            json!({}),
            json!(["<none>", "x.example", "<none>", "<none>"]),
        ),
    ] {
        assert_eq!(cells(spec, status), expected);
    }
}
