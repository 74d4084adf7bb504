//! The protobuf form of the kinds: the numbers of the fields, and reading a message with them.
//!
//! What comes out is a [`Node`], as from JSON, so that everything after goes the one way there is. Only requests come in
//! this form; answers are never written in it.

use super::{Struct, Type};
use crate::codec::json::{self, Node};
use crate::codec::protobuf::{Fields, Wire};
use crate::codec::{base64, time};

/// Messages nest at most this deep; no kind comes near.
const MAX_DEPTH: usize = 50;

/// The fields of each type, by number.
const NUMBERS: &[(&str, &[(u64, &str)])] = &[
    ("ClientIPConfig", &[(1, "timeoutSeconds")]),
    (
        "Condition",
        &[
            (1, "type"),
            (2, "status"),
            (3, "observedGeneration"),
            (4, "lastTransitionTime"),
            (5, "reason"),
            (6, "message"),
        ],
    ),
    (
        "ConfigMap",
        &[
            (1, "metadata"),
            (4, "immutable"),
            (2, "data"),
            (3, "binaryData"),
        ],
    ),
    (
        "DeleteOptions",
        &[
            (1, "gracePeriodSeconds"),
            (2, "preconditions"),
            (3, "orphanDependents"),
            (4, "propagationPolicy"),
            (5, "dryRun"),
            (6, "ignoreStoreReadErrorWithClusterBreakingPotential"),
        ],
    ),
    (
        "EndpointAddress",
        &[
            (1, "ip"),
            (3, "hostname"),
            (4, "nodeName"),
            (2, "targetRef"),
        ],
    ),
    (
        "EndpointPort",
        &[
            (1, "name"),
            (2, "port"),
            (3, "protocol"),
            (4, "appProtocol"),
        ],
    ),
    (
        "EndpointSubset",
        &[(1, "addresses"), (2, "notReadyAddresses"), (3, "ports")],
    ),
    ("Endpoints", &[(1, "metadata"), (2, "subsets")]),
    (
        "Event",
        &[
            (1, "metadata"),
            (2, "involvedObject"),
            (3, "reason"),
            (4, "message"),
            (5, "source"),
            (6, "firstTimestamp"),
            (7, "lastTimestamp"),
            (8, "count"),
            (9, "type"),
            (10, "eventTime"),
            (11, "series"),
            (12, "action"),
            (13, "related"),
            (14, "reportingComponent"),
            (15, "reportingInstance"),
        ],
    ),
    ("EventSeries", &[(1, "count"), (2, "lastObservedTime")]),
    ("EventSource", &[(1, "component"), (2, "host")]),
    (
        "LoadBalancerIngress",
        &[(1, "ip"), (2, "hostname"), (3, "ipMode"), (4, "ports")],
    ),
    ("LoadBalancerStatus", &[(1, "ingress")]),
    (
        "ManagedFieldsEntry",
        &[
            (1, "manager"),
            (2, "operation"),
            (3, "apiVersion"),
            (4, "time"),
            (6, "fieldsType"),
            (7, "fieldsV1"),
            (8, "subresource"),
        ],
    ),
    ("Namespace", &[(1, "metadata"), (2, "spec"), (3, "status")]),
    (
        "NamespaceCondition",
        &[
            (1, "type"),
            (2, "status"),
            (4, "lastTransitionTime"),
            (5, "reason"),
            (6, "message"),
        ],
    ),
    ("NamespaceSpec", &[(1, "finalizers")]),
    ("NamespaceStatus", &[(1, "phase"), (2, "conditions")]),
    (
        "ObjectMeta",
        &[
            (1, "name"),
            (2, "generateName"),
            (3, "namespace"),
            (4, "selfLink"),
            (5, "uid"),
            (6, "resourceVersion"),
            (7, "generation"),
            (8, "creationTimestamp"),
            (9, "deletionTimestamp"),
            (10, "deletionGracePeriodSeconds"),
            (11, "labels"),
            (12, "annotations"),
            (13, "ownerReferences"),
            (14, "finalizers"),
            (17, "managedFields"),
        ],
    ),
    (
        "ObjectReference",
        &[
            (1, "kind"),
            (2, "namespace"),
            (3, "name"),
            (4, "uid"),
            (5, "apiVersion"),
            (6, "resourceVersion"),
            (7, "fieldPath"),
        ],
    ),
    (
        "OwnerReference",
        &[
            (5, "apiVersion"),
            (1, "kind"),
            (3, "name"),
            (4, "uid"),
            (6, "controller"),
            (7, "blockOwnerDeletion"),
        ],
    ),
    ("PortStatus", &[(1, "port"), (2, "protocol"), (3, "error")]),
    ("Preconditions", &[(1, "uid"), (2, "resourceVersion")]),
    (
        "Secret",
        &[
            (1, "metadata"),
            (5, "immutable"),
            (2, "data"),
            (4, "stringData"),
            (3, "type"),
        ],
    ),
    ("Service", &[(1, "metadata"), (2, "spec"), (3, "status")]),
    (
        "ServicePort",
        &[
            (1, "name"),
            (2, "protocol"),
            (6, "appProtocol"),
            (3, "port"),
            (4, "targetPort"),
            (5, "nodePort"),
        ],
    ),
    (
        "ServiceSpec",
        &[
            (1, "ports"),
            (2, "selector"),
            (3, "clusterIP"),
            (18, "clusterIPs"),
            (4, "type"),
            (5, "externalIPs"),
            (7, "sessionAffinity"),
            (8, "loadBalancerIP"),
            (9, "loadBalancerSourceRanges"),
            (10, "externalName"),
            (11, "externalTrafficPolicy"),
            (12, "healthCheckNodePort"),
            (13, "publishNotReadyAddresses"),
            (14, "sessionAffinityConfig"),
            (19, "ipFamilies"),
            (17, "ipFamilyPolicy"),
            (20, "allocateLoadBalancerNodePorts"),
            (21, "loadBalancerClass"),
            (22, "internalTrafficPolicy"),
            (23, "trafficDistribution"),
        ],
    ),
    ("ServiceStatus", &[(1, "loadBalancer"), (2, "conditions")]),
    ("SessionAffinityConfig", &[(1, "clientIP")]),
];

fn field_name(structure: &Struct, number: u64) -> Option<&'static str> {
    let (_, fields) = NUMBERS
        .iter()
        .find(|(name, _)| *name == structure.go_name)?;
    fields
        .iter()
        .find(|(n, _)| *n == number)
        .map(|(_, name)| *name)
}

/// Reads a message of this type; the error is that of Go's generated code.
pub(crate) fn read(message: &[u8], structure: &'static Struct) -> Result<Node, String> {
    read_struct(message, structure, 0)
}

fn read_struct(message: &[u8], structure: &'static Struct, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Ok(Node::TooDeep);
    }
    let mut members: Vec<(String, Node)> = Vec::new();
    for field in Fields::of(message) {
        let (number, wire) = field?;
        let known = field_name(structure, number).and_then(|name| structure.field(name));
        let Some(field) = known else { continue };
        let slot = members.iter().position(|(name, _)| name == field.name);
        let slot = slot.unwrap_or_else(|| {
            members.push((field.name.to_owned(), Node::Null));
            members.len() - 1
        });
        add(&mut members[slot].1, wire, &field.ty, depth)?;
    }
    Ok(Node::Object(members))
}

/// Adds one occurrence of a field: lists and maps grow, all else is replaced.
fn add(into: &mut Node, wire: Wire<'_>, ty: &'static Type, depth: usize) -> Result<(), String> {
    match ty {
        Type::List(list) => {
            let item = value(wire, &list.item, depth)?;
            match into {
                Node::Array(items) => items.push(item),
                _ => *into = Node::Array(vec![item]),
            }
        }
        Type::Map(inner) | Type::AtomicMap(inner) => {
            let entry = entry(wire, inner, depth)?;
            match into {
                Node::Object(members) => members.push(entry),
                _ => *into = Node::Object(vec![entry]),
            }
        }
        _ => *into = value(wire, ty, depth)?,
    }
    Ok(())
}

fn entry(wire: Wire<'_>, inner: &'static Type, depth: usize) -> Result<(String, Node), String> {
    let (mut key, mut content) = (String::new(), Node::Null);
    for field in Fields::of(wire.bytes()) {
        match field? {
            (1, wire) => key = wire.text(),
            (2, wire) => content = value(wire, inner, depth)?,
            _ => {}
        }
    }
    Ok((key, content))
}

fn value(wire: Wire<'_>, ty: &'static Type, depth: usize) -> Result<Node, String> {
    Ok(match ty {
        Type::String | Type::Named(_) => Node::String(wire.text()),
        Type::Bool => Node::Bool(wire.number() != 0),
        Type::Int32 | Type::Int64 => Node::Number(wire.number().cast_signed().to_string()),
        Type::Bytes => Node::String(base64::encode(wire.bytes())),
        Type::Time => instant(wire, time::format)?,
        Type::MicroTime => instant(wire, time::format_micro)?,
        Type::IntOrString => int_or_string(wire)?,
        Type::FieldsV1 => raw_json(wire)?,
        Type::Struct(structure) => read_struct(wire.bytes(), structure, depth + 1)?,
        Type::List(_) | Type::Map(_) | Type::AtomicMap(_) => {
            let mut node = Node::Null;
            add(&mut node, wire, ty, depth + 1)?;
            node
        }
    })
}

/// Seconds and nanoseconds; none of either is no time at all.
fn instant(wire: Wire<'_>, format: fn(jiff::Timestamp) -> String) -> Result<Node, String> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::of(wire.bytes()) {
        match field? {
            (1, wire) => seconds = wire.number().cast_signed(),
            (2, wire) => nanos = i32::try_from(wire.number()).unwrap_or(0),
            _ => {}
        }
    }
    if seconds == 0 && nanos == 0 {
        return Ok(Node::Null);
    }
    let time = jiff::Timestamp::new(seconds, nanos).map_err(|e| e.to_string())?;
    Ok(Node::String(format(time)))
}

fn int_or_string(wire: Wire<'_>) -> Result<Node, String> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for field in Fields::of(wire.bytes()) {
        match field? {
            (1, wire) => is_text = wire.number() == 1,
            (2, wire) => number = wire.number().cast_signed(),
            (3, wire) => text = wire.text(),
            _ => {}
        }
    }
    Ok(if is_text {
        Node::String(text)
    } else {
        Node::Number(number.to_string())
    })
}

/// A field set travels as JSON inside a message.
fn raw_json(wire: Wire<'_>) -> Result<Node, String> {
    for field in Fields::of(wire.bytes()) {
        if let (1, wire) = field? {
            return json::parse(wire.bytes());
        }
    }
    Ok(Node::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::core::ENDPOINTS;
    use crate::schema::decode;
    use serde_json::json;

    /// A field with a length and its contents.
    fn field(number: u8, contents: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(contents.len()).unwrap()];
        out.extend_from_slice(contents);
        out
    }

    #[test]
    fn a_message_becomes_the_object_it_stands_for() {
        let label = [field(1, b"app"), field(2, b"shop")].concat();
        let created = [0x08, 0x80, 0xa8, 0xd6, 0xb9, 0x07];
        let meta = [
            field(1, b"db"),
            field(2, b""),
            field(8, &created),
            field(11, &label),
        ]
        .concat();
        let port = [field(1, b""), vec![0x10, 0x50]].concat();
        let subset = [field(1, &field(1, b"10.0.0.1")), field(3, &port)].concat();
        let message = [field(1, &meta), field(2, &subset), vec![0x78, 0x01]].concat();
        let node = read(&message, &ENDPOINTS).unwrap();
        assert_eq!(
            decode(node.clone(), &ENDPOINTS).unwrap().value,
            json!({
                "metadata": {"name": "db", "creationTimestamp": "2033-05-18T03:33:20Z", "labels": {"app": "shop"}},
                "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}],
            })
        );
    }

    #[test]
    fn every_type_has_its_numbers() {
        fn check(structure: &'static Struct) {
            for field in structure
                .fields
                .iter()
                .filter(|f| f.name != "kind" && f.name != "apiVersion")
            {
                let (_, numbers) = NUMBERS
                    .iter()
                    .find(|(name, _)| *name == structure.go_name)
                    .unwrap();
                let known = numbers.iter().any(|(_, name)| *name == field.name);
                assert!(known, "{}.{}", structure.go_name, field.name);
                let inner = match &field.ty {
                    Type::List(list) => &list.item,
                    other => other,
                };
                if let Type::Struct(inner) = inner {
                    check(inner);
                }
            }
        }
        check(&crate::schema::meta::DELETE_OPTIONS);
        kinds().into_iter().for_each(check);
    }

    fn kinds() -> Vec<&'static Struct> {
        use crate::schema::core::*;
        vec![
            &ENDPOINTS,
            &NAMESPACE,
            &CONFIG_MAP,
            &SECRET,
            &EVENT,
            &SERVICE,
        ]
    }
}
