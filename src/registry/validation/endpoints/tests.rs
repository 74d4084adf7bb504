use super::*;
use crate::registry::validation::meta::{validate_create_generic, validate_update_generic};
use crate::status::field::aggregate;
use serde_json::json;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const UNREADABLE: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

fn endpoints(subsets: Value) -> Value {
    let metadata = json!({"name": "v", "namespace": "default", "uid": "u", "resourceVersion": "1"});
    let mut object = json!({"metadata": metadata, "subsets": subsets});
    set_defaults(&mut object);
    object
}

fn with_address(address: Value) -> Value {
    endpoints(json!([{"addresses": [address], "ports": [{"port": 80}]}]))
}

fn with_ports(ports: Value) -> Value {
    endpoints(json!([{"addresses": [{"ip": "10.0.0.1"}], "ports": ports}]))
}

fn with_meta(changes: Value) -> Value {
    let mut object = with_address(json!({"ip": "10.0.0.1"}));
    object["metadata"]
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    object
}

fn errors(object: &Value) -> Vec<String> {
    validate(object).iter().map(ToString::to_string).collect()
}

/// All that an update finds, as the generic registry collects it.
fn update_errors(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate_update_generic(new, old, true);
    errors.extend(validate_update(new, old));
    errors
}

#[test]
fn usual_endpoints_pass() {
    for subsets in [
        json!(null),
        json!([{"addresses": [{"ip": "10.0.0.1"}]}]),
        json!([{"notReadyAddresses": [{"ip": "2001:db8::1"}], "ports": [{"port": 1}]}]),
        json!([{
            "addresses": [
                {"ip": "255.255.255.255", "hostname": "web-0", "nodeName": "node.a"},
                {"ip": "10.0.0.1", "targetRef": {}},
                {"ip": "10.0.0.1"},
            ],
            "ports": [
                {"name": "0", "port": 65535, "appProtocol": "mycompany.com/my-custom-protocol"},
                {"name": "0", "port": 65535, "protocol": "SCTP"},
            ],
        }]),
    ] {
        assert_eq!(errors(&endpoints(subsets)), [""; 0]);
    }
}

#[test]
fn a_subset_needs_an_address() {
    for subset in [json!({}), json!({"ports": [{"port": 80}]})] {
        assert_eq!(
            errors(&endpoints(
                json!([{"addresses": [{"ip": "10.0.0.1"}]}, subset])
            )),
            ["subsets[1]: Required value: must specify `addresses` or `notReadyAddresses`"]
        );
    }
}

#[test]
fn an_address_is_checked_field_by_field() {
    let long = "a".repeat(64);
    for (address, expected) in [
        (
            json!({"ip": ""}),
            vec![
                ("ip", "", UNREADABLE),
                ("ip", "", "must be a valid IP address"),
            ],
        ),
        (
            json!({"ip": "010.0.0.1"}),
            vec![("ip", "010.0.0.1", "must not have leading 0s")],
        ),
        (
            json!({"ip": "::ffff:127.0.0.1"}),
            vec![
                (
                    "ip",
                    "::ffff:127.0.0.1",
                    "must not be an IPv4-mapped IPv6 address",
                ),
                (
                    "ip",
                    "::ffff:127.0.0.1",
                    "may not be in the loopback range (127.0.0.0/8, ::1/128)",
                ),
            ],
        ),
        (
            json!({"ip": "10.0.0.1", "hostname": "Web"}),
            vec![("hostname", "Web", LABEL)],
        ),
        (
            json!({"ip": "10.0.0.1", "hostname": "a.b"}),
            vec![("hostname", "a.b", "must not contain dots")],
        ),
        (
            json!({"ip": "10.0.0.1", "hostname": long}),
            vec![("hostname", &long, "must be no more than 63 characters")],
        ),
        (
            json!({"ip": "10.0.0.1", "nodeName": "Node_A"}),
            vec![("nodeName", "Node_A", SUBDOMAIN)],
        ),
        (
            json!({"ip": "10.0.0.1", "nodeName": ""}),
            vec![("nodeName", "", SUBDOMAIN)],
        ),
        (
            json!({"ip": "::", "hostname": "-", "nodeName": "-"}),
            vec![
                ("hostname", "-", LABEL),
                ("nodeName", "-", SUBDOMAIN),
                ("ip", "::", "may not be unspecified (::)"),
            ],
        ),
    ] {
        let expected: Vec<String> = expected
            .into_iter()
            .map(|(field, value, reason)| {
                format!("subsets[0].addresses[0].{field}: Invalid value: \"{value}\": {reason}")
            })
            .collect();
        assert_eq!(errors(&with_address(address)), expected);
    }
}

#[test]
fn a_port_is_checked_field_by_field() {
    let range = "must be between 1 and 65535, inclusive";
    let protocols = r#"supported values: "SCTP", "TCP", "UDP""#;
    for (ports, expected) in [
        (
            json!([{"port": 0}]),
            vec![format!("[0].port: Invalid value: 0: {range}")],
        ),
        (
            json!([{"port": -1}]),
            vec![format!("[0].port: Invalid value: -1: {range}")],
        ),
        (
            json!([{"port": 65536}]),
            vec![format!("[0].port: Invalid value: 65536: {range}")],
        ),
        (
            json!([{"port": 80, "name": "A"}]),
            vec![format!("[0].name: Invalid value: \"A\": {LABEL}")],
        ),
        (
            json!([{"port": 80}, {"port": 81}]),
            vec![
                "[0].name: Required value".to_owned(),
                "[1].name: Required value".to_owned(),
            ],
        ),
        (
            json!([{"port": 80, "name": "a"}, {"port": 81}]),
            vec!["[1].name: Required value".to_owned()],
        ),
        (
            json!([{"port": 80, "protocol": "HTTP"}]),
            vec![format!(
                "[0].protocol: Unsupported value: \"HTTP\": {protocols}"
            )],
        ),
        (
            json!([{"port": 80, "protocol": "tcp"}]),
            vec![format!(
                "[0].protocol: Unsupported value: \"tcp\": {protocols}"
            )],
        ),
        (
            json!([{"port": 80, "appProtocol": ""}]),
            vec![
                "[0].appProtocol: Invalid value: \"\": name part must be non-empty".to_owned(),
                format!("[0].appProtocol: Invalid value: \"\": {NAME_PART}"),
            ],
        ),
    ] {
        let expected: Vec<String> = expected
            .into_iter()
            .map(|e| format!("subsets[0].ports{e}"))
            .collect();
        assert_eq!(errors(&with_ports(ports)), expected);
    }
}

#[test]
fn errors_come_in_the_order_of_the_object() {
    let mut object = endpoints(json!([{
        "notReadyAddresses": [{"ip": "127.0.0.1"}, {"ip": "x"}],
        "addresses": [{"ip": "10.0.0.1"}, {"ip": "0.0.0.0"}],
        "ports": [{"name": "-", "port": 0, "protocol": "x", "appProtocol": "-"}],
    }, {}]));
    object["metadata"]["name"] = json!("V");
    object["metadata"]["finalizers"] = json!(["foo"]);
    let fields: Vec<String> = validate(&object).into_iter().map(|e| e.field).collect();
    assert_eq!(
        fields,
        [
            "metadata.name",
            "metadata.finalizers[0]",
            "subsets[0].addresses[1].ip",
            "subsets[0].notReadyAddresses[0].ip",
            "subsets[0].notReadyAddresses[1].ip",
            "subsets[0].notReadyAddresses[1].ip",
            "subsets[0].ports[0].name",
            "subsets[0].ports[0].port",
            "subsets[0].ports[0].protocol",
            "subsets[0].ports[0].appProtocol",
            "subsets[1]",
        ]
    );
}

#[test]
fn an_update_finds_an_error_as_often_as_the_real_server() {
    let old = with_meta(json!({}));
    for (new, causes) in [
        (old.clone(), 0),
        (with_meta(json!({"labels": {"a": "b c"}})), 4),
        (
            with_meta(json!({"annotations": {"example.com/a~b": "v"}})),
            4,
        ),
        (
            with_meta(json!({"uid": "3907aa64-c3f3-4de0-b938-9d23e8d12f94"})),
            2,
        ),
        (
            with_meta(json!({"deletionTimestamp": "2020-01-01T00:00:00Z"})),
            2,
        ),
        (with_meta(json!({"finalizers": ["foo"]})), 2),
        (with_meta(json!({"finalizers": ["a b/c"]})), 2),
        (
            with_meta(
                json!({"managedFields": [{"operation": "Apply", "manager": "m".repeat(129)}]}),
            ),
            4,
        ),
        (with_address(json!({"ip": "127.0.0.1"})), 1),
    ] {
        let errors = update_errors(&new, &old);
        assert_eq!(errors.len(), causes, "{errors:?}");
        assert!(
            errors.windows(2).all(|pair| pair[0] == pair[1]),
            "{errors:?}"
        );
    }
}

#[test]
fn a_new_finalizer_on_a_dying_object_is_found_twice_and_said_once() {
    let dying = |finalizers: &[&str]| {
        with_meta(json!({"deletionTimestamp": "2020-01-01T00:00:00Z", "finalizers": finalizers}))
    };
    let errors = update_errors(
        &dying(&["example.com/f", "example.com/g"]),
        &dying(&["example.com/f"]),
    );
    assert_eq!(errors.len(), 2);
    assert_eq!(
        aggregate(&errors),
        r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/g"}"#
    );
}

#[test]
fn stored_subsets_may_stay_invalid() {
    let old = with_address(json!({"ip": "010.0.0.1"}));
    let mut new = old.clone();
    new["metadata"]["labels"] = json!({"a": "b"});
    assert_eq!(update_errors(&new, &old), []);
    new["subsets"][0]["ports"][0]["port"] = json!(81);
    assert_eq!(update_errors(&new, &old).len(), 1);
}

#[test]
fn a_create_finds_an_error_once() {
    let object = with_meta(json!({"labels": {"a": "b c"}}));
    assert_eq!(validate(&object).len(), 1);
    assert_eq!(validate_create_generic(&with_meta(json!({})), true), []);
}

#[test]
fn oddly_written_addresses_are_warned_about() {
    let subsets = json!([
        {"addresses": [{"ip": "10.0.0.1"}]},
        {"notReadyAddresses": [{"ip": "010.0.0.1"}], "addresses": [{"ip": "::1"}, {"ip": "2001:DB8:0:0::1"}]},
    ]);
    let mut object = endpoints(subsets);
    let expected = [
        r#"subsets[1].addresses[1].ip: IPv6 address "2001:DB8:0:0::1" should be in RFC 5952 canonical format ("2001:db8::1")"#,
        r#"subsets[1].notReadyAddresses[0].ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1""#,
    ];
    assert_eq!(warnings(&object), expected);
    object["metadata"]["labels"] = json!({"endpoints.kubernetes.io/managed-by": "someone"});
    assert_eq!(warnings(&object), expected);
    object["metadata"]["labels"] =
        json!({"endpoints.kubernetes.io/managed-by": "endpoint-controller"});
    assert_eq!(warnings(&object), [""; 0]);
}

#[test]
fn a_port_is_tcp_unless_it_says_otherwise() {
    let mut object = json!({"subsets": [{}, {"ports": [{"port": 1}, {"port": 2, "protocol": ""}, {"port": 3, "protocol": "UDP"}]}]});
    set_defaults(&mut object);
    assert_eq!(
        object["subsets"][1]["ports"],
        json!([{"port": 1, "protocol": "TCP"}, {"port": 2, "protocol": "TCP"}, {"port": 3, "protocol": "UDP"}])
    );
    let mut empty = json!({"metadata": {}});
    set_defaults(&mut empty);
    assert_eq!(empty, json!({"metadata": {}}));
}
