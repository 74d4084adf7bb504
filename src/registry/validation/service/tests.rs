//! The rules for services, on objects as they are after defaulting and allocation.

use serde_json::json;

use super::*;

fn service(changes: Value) -> Value {
    let mut service = json!({
        "metadata": {"name": "s", "namespace": "default", "resourceVersion": "1"},
        "spec": {
            "type": "ClusterIP", "clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"],
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        },
    });
    for (field, value) in changes.as_object().unwrap() {
        if value.is_null() {
            service["spec"].as_object_mut().unwrap().remove(field);
        } else {
            service["spec"][field] = value.clone();
        }
    }
    service
}

fn shown(errors: Vec<FieldError>) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn port(changes: Value) -> Value {
    let mut port = json!({"port": 80, "protocol": "TCP", "targetPort": 80});
    for (field, value) in changes.as_object().unwrap() {
        port[field] = value.clone();
    }
    json!({"ports": [port]})
}

#[test]
fn a_name_may_start_with_a_digit_but_has_no_dots() {
    let mut object = service(json!({}));
    object["metadata"]["name"] = json!("1abc");
    assert_eq!(shown(validate(&object)), [""; 0]);
    object["metadata"]["name"] = json!("a.b");
    assert_eq!(
        shown(validate(&object)),
        [r#"metadata.name: Invalid value: "a.b": must not contain dots"#]
    );
}

#[test]
fn each_field_has_its_rules() {
    for (changes, error) in [
        (json!({"ports": null}), "spec.ports: Required value"),
        (
            json!({"type": "Foo", "internalTrafficPolicy": null}),
            r#"spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort""#,
        ),
        (
            json!({"sessionAffinity": "x"}),
            r#"spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None""#,
        ),
        (
            json!({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}}),
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400",
        ),
        (
            json!({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {}}),
            "spec.sessionAffinityConfig.clientIP: Required value: when session affinity type is ClientIP",
        ),
        (
            json!({"externalTrafficPolicy": "Local"}),
            r#"spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services"#,
        ),
        (
            json!({"type": "NodePort", "externalTrafficPolicy": "x"}),
            r#"spec.externalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local""#,
        ),
        (
            json!({"healthCheckNodePort": 30000}),
            "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        ),
        (
            json!({"internalTrafficPolicy": "x"}),
            r#"spec.internalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local""#,
        ),
        (
            json!({"trafficDistribution": "x"}),
            r#"spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", "PreferSameZone", "PreferSameNode""#,
        ),
        (
            json!({"loadBalancerClass": "x/y"}),
            "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
        ),
        (
            json!({"allocateLoadBalancerNodePorts": true}),
            "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
        ),
        (
            json!({"loadBalancerSourceRanges": ["10.0.0.0/8"]}),
            "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
        ),
        (
            json!({"externalIPs": ["127.0.0.1"], "externalTrafficPolicy": "Cluster"}),
            r#"spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)"#,
        ),
        (
            json!({"type": "NodePort", "externalTrafficPolicy": "Cluster", "clusterIP": "None", "clusterIPs": ["None"]}),
            r#"spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services"#,
        ),
        (
            port(json!({"port": 0})),
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            port(json!({"protocol": "X"})),
            r#"spec.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP""#,
        ),
        (
            port(json!({"targetPort": "80"})),
            r#"spec.ports[0].targetPort: Invalid value: "80": must contain at least one letter (a-z)"#,
        ),
        (
            port(json!({"nodePort": 30000})),
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
    ] {
        assert_eq!(shown(validate(&service(changes))), [error]);
    }
}

#[test]
fn several_ports_have_names_of_their_own() {
    let ports = json!([
        {"port": 80, "protocol": "TCP", "targetPort": 80},
        {"port": 81, "protocol": "TCP", "targetPort": 81, "name": "a"},
        {"port": 82, "protocol": "TCP", "targetPort": 82, "name": "a"},
    ]);
    assert_eq!(
        shown(validate(&service(json!({"ports": ports})))),
        [
            "spec.ports[0].name: Required value",
            r#"spec.ports[2].name: Duplicate value: "a""#
        ]
    );
}

#[test]
fn an_alias_has_a_name_and_no_address() {
    let mut alias = json!({"type": "ExternalName", "externalName": "example.com.", "internalTrafficPolicy": null});
    for field in [
        "clusterIP",
        "clusterIPs",
        "ipFamilies",
        "ipFamilyPolicy",
        "ports",
    ] {
        alias[field] = Value::Null;
    }
    assert_eq!(shown(validate(&service(alias.clone()))), [""; 0]);
    alias["externalName"] = json!("a b.");
    let errors = shown(validate(&service(alias.clone())));
    assert!(
        errors[0].starts_with(r#"spec.externalName: Invalid value: "a b": a lowercase RFC 1123"#),
        "{errors:?}"
    );
    let with_address = json!({"type": "ExternalName", "internalTrafficPolicy": null});
    assert_eq!(
        shown(validate(&service(with_address))),
        [
            "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
            "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
            "spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services",
            "spec.externalName: Required value",
        ]
    );
}

#[test]
fn the_addresses_belong_together() {
    for (changes, error) in [
        (
            json!({"clusterIPs": ["10.0.0.8"]}),
            r#"spec.clusterIPs: Invalid value: ["10.0.0.8"]: first value must match `clusterIP`"#,
        ),
        (
            json!({"clusterIP": null}),
            r#"spec.clusterIPs: Invalid value: ["10.0.0.9"]: must be empty when `clusterIP` is not specified"#,
        ),
        (
            json!({"clusterIP": "None", "clusterIPs": ["None", "10.0.0.9"]}),
            r#"spec.clusterIPs: Invalid value: ["None","10.0.0.9"]: 'None' must be the first and only value"#,
        ),
        (
            json!({"clusterIP": "x", "clusterIPs": ["x"]}),
            r#"spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#,
        ),
        (
            json!({"clusterIPs": ["10.0.0.9", "10.0.0.8"]}),
            r#"spec.clusterIPs: Invalid value: ["10.0.0.9","10.0.0.8"]: may specify no more than one IP for each IP family"#,
        ),
        (
            json!({"ipFamilies": ["IPv6"]}),
            r#"spec.clusterIPs[0]: Invalid value: "10.0.0.9": expected an IPv6 value as indicated by `ipFamilies[0]`"#,
        ),
        (
            json!({"ipFamilies": ["IPv4", "IPv4"]}),
            r#"spec.ipFamilies[1]: Duplicate value: "IPv4""#,
        ),
        (
            json!({"ipFamilyPolicy": "x"}),
            r#"spec.ipFamilyPolicy: Unsupported value: "x": supported values: "PreferDualStack", "RequireDualStack", "SingleStack""#,
        ),
    ] {
        assert_eq!(shown(validate(&service(changes))), [error]);
    }
}

#[test]
fn an_address_stays() {
    let old = service(json!({}));
    let update = |changes| shown(validate_update(&service(changes), &old));
    assert_eq!(update(json!({})), [""; 0]);
    assert_eq!(
        update(json!({"clusterIP": "10.0.0.8", "clusterIPs": ["10.0.0.8"]})),
        [r#"spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set"#]
    );
    assert_eq!(
        update(json!({"clusterIP": null, "clusterIPs": null})),
        ["spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"]
    );
}

#[test]
fn what_a_load_balancer_was_made_with_stays() {
    let balanced = |changes: Value| {
        let mut all = json!({
            "type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30001,
            "allocateLoadBalancerNodePorts": true, "loadBalancerClass": "x/y",
        });
        for (field, value) in changes.as_object().unwrap() {
            all[field] = value.clone();
        }
        service(all)
    };
    let old = balanced(json!({}));
    assert_eq!(shown(validate_update(&old, &old)), [""; 0]);
    let new = balanced(json!({"loadBalancerClass": "x/z", "healthCheckNodePort": 30002}));
    assert_eq!(
        shown(validate_update(&new, &old)),
        [
            r#"spec.loadBalancerClass: Invalid value: "x/z": may not change once set"#,
            "spec.healthCheckNodePort: Forbidden: field is immutable"
        ]
    );
}

#[test]
fn only_a_load_balancer_has_points_where_traffic_enters() {
    let with = |ty: &str, point: Value| {
        let mut object = service(json!({"type": ty}));
        object["status"] = json!({"loadBalancer": {"ingress": [point]}});
        object
    };
    let old = service(json!({}));
    let ok = json!({"ip": "1.2.3.4", "ipMode": "VIP"});
    let update = |new: Value| shown(status::validate_update(&new, &old));
    assert_eq!(update(with("LoadBalancer", ok.clone())), [""; 0]);
    assert_eq!(
        update(with("ClusterIP", ok)),
        [
            "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
        ]
    );
    for (point, error) in [
        (
            json!({"ip": "1.2.3.4"}),
            "ipMode: Required value: must be specified when `ip` is set",
        ),
        (
            json!({"ipMode": "VIP"}),
            "ipMode: Forbidden: may not be specified when `ip` is not set",
        ),
        (
            json!({"ip": "1.2.3.4", "ipMode": "x"}),
            r#"ipMode: Unsupported value: "x": supported values: "Proxy", "VIP""#,
        ),
        (
            json!({"hostname": "1.2.3.4"}),
            r#"hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address"#,
        ),
    ] {
        assert_eq!(
            update(with("LoadBalancer", point)),
            [format!("status.loadBalancer.ingress[0].{error}")]
        );
    }
}

#[test]
fn what_has_no_effect_is_warned_about() {
    for (changes, expected) in [
        (json!({}), vec![]),
        (
            json!({"clusterIP": "None", "clusterIPs": ["None"], "externalIPs": ["1.1.1.1"], "sessionAffinity": "ClientIP"}),
            vec![
                "spec.externalIPs is ignored for headless services",
                "spec.SessionAffinity is ignored for headless services",
            ],
        ),
        (
            json!({"externalIPs": ["FD00::1"]}),
            vec![
                r#"spec.externalIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")"#,
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
            ],
        ),
        (
            json!({"externalName": "x"}),
            vec![r#"spec.externalName is ignored when spec.type is not "ExternalName""#],
        ),
        (
            json!({"trafficDistribution": "PreferClose"}),
            vec![r#"spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone""#],
        ),
    ] {
        assert_eq!(warnings::of(&service(changes)), expected);
    }
}
