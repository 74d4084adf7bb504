use serde_json::{Map, Value, json};

use super::*;
use crate::codec::json::{self, Node};
use crate::schema;

fn catalog() -> Arc<Catalog> {
    Catalog::built_in()
}

/// A value with every field of the type in it, each with something in it.
fn full(ty: &Type, depth: usize) -> Value {
    match ty {
        Type::String => "text".into(),
        Type::Named(named) => named.values.first().map_or("text", String::as_str).into(),
        Type::Bool => true.into(),
        Type::Int32 | Type::Int64 | Type::IntOrString => 7.into(),
        Type::Bytes => "AAE=".into(),
        Type::Time => "2033-05-18T03:33:20Z".into(),
        Type::MicroTime => "2033-05-18T03:33:20.000001Z".into(),
        Type::Quantity => "1500m".into(),
        Type::Float64 => 1.5.into(),
        Type::Raw(_) | Type::Untyped => json!({"a": [1, "b"]}),
        Type::SchemaOr(_, inner) => full_struct(inner, depth),
        Type::FieldsV1 => json!({"f:a": {}}),
        Type::Map(inner) | Type::AtomicMap(inner) => {
            json!({"b": full(inner, depth), "a": full(inner, depth)})
        }
        Type::List(list) => json!([full(&list.item, depth)]),
        Type::Struct(inner) => full_struct(inner, depth),
    }
}

fn full_struct(ty: &Struct, depth: usize) -> Value {
    let fields = ty.fields.iter().filter(|_| depth > 0);
    let members = fields.map(|field| (field.name.to_string(), full(&field.ty, depth - 1)));
    Value::Object(members.collect::<Map<_, _>>())
}

#[test]
fn every_kind_is_written_as_it_is_read() {
    for kind in catalog().kinds() {
        let sent = Node::from_value(&full_struct(&kind.schema, 6));
        let read = schema::decode(sent, &kind.schema).unwrap();
        assert_eq!(read.strict, [""; 0], "{}", kind.kind);
        let written = schema::to_json(&read.value, &kind.schema);
        let again = schema::decode(json::parse(&written).unwrap(), &kind.schema).unwrap();
        assert_eq!(again.value, read.value, "{}", kind.kind);
        assert_eq!(schema::to_json(&again.value, &kind.schema), written);
    }
}

#[test]
fn an_empty_object_of_every_kind_is_canonical() {
    for kind in catalog().kinds() {
        let empty = schema::decode(Node::Object(Vec::new()), &kind.schema)
            .unwrap()
            .value;
        let again = schema::decode(Node::from_value(&empty), &kind.schema)
            .unwrap()
            .value;
        assert_eq!(again, empty, "{}", kind.kind);
    }
}

#[test]
fn every_field_has_a_number() {
    fn check(ty: &Struct, depth: usize) {
        for field in &ty.fields {
            let name = format!("{}.{}", ty.name, field.name);
            let in_envelope =
                ["kind", "apiVersion"].contains(&&*field.name) && field.numbers.is_empty();
            assert!(
                !field.numbers.is_empty() || in_envelope,
                "{name} has no number"
            );
            if let Some(inner) = field.ty.innermost_struct().filter(|_| depth > 0) {
                check(inner, depth - 1);
            }
        }
    }
    for kind in catalog().kinds() {
        check(&kind.schema, 9);
    }
    check(&meta::DELETE_OPTIONS, 9);
}

#[test]
fn a_kind_is_found_by_its_names() {
    let catalog = catalog();
    let services = catalog.find("", "v1", "services").unwrap();
    assert_eq!(services.kind, "Service");
    assert!(Arc::ptr_eq(
        &catalog.find_kind("v1", "Service").unwrap(),
        &services
    ));
    for name in ["services", "service", "svc", "Service", "SVC"] {
        assert!(
            Arc::ptr_eq(&catalog.find_name(name).unwrap(), &services),
            "{name}"
        );
    }
    assert!(catalog.find("apps", "v1", "services").is_none());
    assert!(catalog.find_kind("v2", "Service").is_none());
    assert!(catalog.find_name("svc.apps").is_none());
}

#[test]
fn kinds_are_in_the_order_of_group_version_and_plural() {
    let catalog = catalog();
    let names = catalog
        .kinds()
        .map(|kind| (&kind.group, &kind.version, &kind.plural));
    assert!(names.is_sorted());
    assert_eq!(catalog.groups()[0], "");
    assert_eq!(catalog.group_versions(""), ["v1"]);
}

#[test]
fn groups_stand_in_the_order_of_the_real_server() {
    let mut groups = [
        "zoo.example.com",
        "batch",
        "",
        "a.example.com",
        "apps",
        "policy",
    ];
    groups.sort_by_key(|group| group_order(group));
    assert_eq!(
        groups,
        [
            "",
            "apps",
            "batch",
            "policy",
            "a.example.com",
            "zoo.example.com"
        ]
    );
}

#[test]
fn one_version_of_each_kind_is_stored_and_no_two_kinds_share_a_place() {
    let catalog = catalog();
    let mut places = std::collections::BTreeMap::new();
    for kind in catalog.kinds() {
        let stored = catalog.find_stored(&kind.stored.group, &kind.kind).unwrap();
        assert_eq!(stored.stored, kind.stored, "{}", kind.kind);
        let place = places.entry(&kind.stored.prefix).or_insert(&kind.kind);
        assert_eq!(*place, &kind.kind);
    }
}

#[test]
fn the_kinds_of_the_real_server_are_known() {
    let catalog = catalog();
    for (version, kind) in [
        ("v1", "Endpoints"),
        ("v1", "EndpointsList"),
        ("v1", "PodList"),
        ("v1", "List"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "DeploymentList"),
        ("policy/v1", "Eviction"),
    ] {
        assert!(catalog.knows(version, kind), "{version} {kind}");
    }
    for (version, kind) in [
        ("v1", "Deployment"),
        ("apps/v2", "Deployment"),
        ("policy/v1", "EvictionList"),
        ("v1", "BindingList"),
        ("same", "Event"),
    ] {
        assert!(!catalog.knows(version, kind), "{version} {kind}");
    }
}

#[test]
fn a_kind_of_two_versions_is_one_kind() {
    let catalog = catalog();
    assert!(catalog.is_one_kind("Event", "v1", "events.k8s.io/v1"));
    assert!(catalog.is_one_kind(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        "autoscaling/v1"
    ));
    assert!(!catalog.is_one_kind("Event", "v1", "v1"));
    assert!(!catalog.is_one_kind("Service", "v1", "apps/v1"));
}
