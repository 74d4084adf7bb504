//! Whatever is sent to a parser, it answers: bodies, patches, selectors, tokens and scripts that were right once and had
//! something done to them. A panic would end the connection, and the test with it.

mod support;

use fake_apiserver::FakeApiServer;
use http::Method;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use support::client::{APPLY, Client, JSON_PATCH, MERGE, STRATEGIC};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
/// How many broken inputs each parser gets.
const CASES: u32 = 150;

/// Something done to a text: at a place, so many bytes make way for others.
type Change = (prop::sample::Index, usize, Vec<u8>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let odd = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        Just(b"18446744073709551616".to_vec()),
        Just(b"-9223372036854775808".to_vec()),
        Just(b"1e999".to_vec()),
        Just(b"\\u0000".to_vec()),
        Just("\u{2028}".into()),
        Just(b"[[[[{{{{".to_vec()),
        Just(b"&a *a ".to_vec()),
        Just(b"!!binary ".to_vec()),
        Just(b"~1~0/-1".to_vec()),
        Just(b"$patch".to_vec()),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0..8usize, odd), 1..4)
}

fn changed(sound: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for (at, gone, new) in changes {
        let at = at.index(bytes.len() + 1);
        let end = bytes.len().min(at + gone);
        bytes.splice(at..end, new.iter().copied());
    }
    bytes
}

/// Sends what was sound with something done to it, again and again.
fn try_all(method: Method, target: &str, content_type: &str, sound: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(
        FakeApiServer::builder()
            .control(true)
            .allow_unused_faults()
            .start(),
    );
    let mut client = runtime.block_on(Client::connect(&server));
    let mut runner = TestRunner::new(ProptestConfig::with_cases(CASES));
    let client = std::cell::RefCell::new(&mut client);
    let tried = runner.run(&changes(), |changes| {
        let broken = changed(sound, &changes);
        let (target, body) = match sound.is_empty() {
            // What is in the target cannot be any bytes.
            true => (changed(target.as_bytes(), &changes), Vec::new()),
            false => (target.as_bytes().to_vec(), broken),
        };
        let unreserved = |b: &u8| b.is_ascii_alphanumeric() || b"/?=&%._-~".contains(b);
        let encoded = |b: &u8| match unreserved(b) {
            true => char::from(*b).to_string(),
            false => format!("%{b:02X}"),
        };
        let target: String = target.iter().map(encoded).collect();
        let path = if target.starts_with('/') {
            target
        } else {
            format!("/{target}")
        };
        let mut client = client.borrow_mut();
        let answer = runtime.block_on(client.send(method.clone(), &path, content_type, body));
        prop_assert!(answer.status >= 200);
        // What cannot be a request at all ends its connection, and the answer says so.
        if answer
            .headers
            .get("connection")
            .is_some_and(|c| c == "close")
        {
            **client = runtime.block_on(Client::connect(&server));
        }
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

const OBJECT: &[u8] = br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"a":"b"},"generation":7,
    "ownerReferences":[{"apiVersion":"v1","kind":"X","name":"n","uid":"u","controller":true}],
    "creationTimestamp":"2024-01-01T00:00:00Z"},"data":{"k":"v"},"binaryData":{"b":"aGk="}}"#;

#[test]
fn json() {
    try_all(Method::POST, MAPS, JSON, OBJECT);
}

#[test]
fn yaml() {
    let text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: &m\n  name: a\n  labels: {a: b, <<: {c: d}}\ndata:\n  k: |\n    v\n  l: >-\n    w\n  'q': \"x\\n\"\n";
    try_all(Method::POST, MAPS, YAML, text);
}

#[test]
fn protobuf() {
    let text = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x11\x0a\x03\x0a\x01a\x12\x0a\x0a\x01k\x12\x05value\x1a\0\x22\0";
    try_all(Method::POST, MAPS, PROTOBUF, text);
}

#[test]
fn patches() {
    let target = format!("{MAPS}/kube-root-ca.crt");
    let patch = br#"[{"op":"add","path":"/data","value":{"a":"b","l":[1,2]}},{"op":"move","from":"/data/a","path":"/data/b"},{"op":"test","path":"/data/l/-1","value":2},{"op":"copy","from":"/data/b","path":"/data/c"}]"#;
    try_all(Method::PATCH, &target, JSON_PATCH, patch);
    try_all(Method::PATCH, &target, MERGE, OBJECT);
    let merge = br#"{"metadata":{"$setElementOrder/ownerReferences":[{"uid":"a"}],"ownerReferences":[{"uid":"a","$patch":"delete"}],"$deleteFromPrimitiveList/finalizers":["a"],"labels":{"$retainKeys":["a"],"a":"b"}}}"#;
    try_all(Method::PATCH, &target, STRATEGIC, merge);
    try_all(
        Method::PATCH,
        &format!("{target}?fieldManager=m&force=true"),
        APPLY,
        OBJECT,
    );
}

#[test]
fn queries() {
    let selectors =
        "?labelSelector=a%20in%20(b,c),!d,e>5&fieldSelector=metadata.name=a,metadata.namespace!=b";
    try_all(Method::GET, &format!("{MAPS}{selectors}"), JSON, b"");
    let token = "?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhXHUwMDAwIn0";
    try_all(Method::GET, &format!("{MAPS}{token}"), JSON, b"");
}

#[test]
fn scripts() {
    let text = b"faults:\n- fault: {delayLogNormal: {median: 1ms, sigma: 0.5, cap: 1ms}}\n  when: {verb: [get, list], resource: configmaps, name: a*}\n  times: 2\n- fault: conflict\n  name: n\n  when: {verb: watch}\n";
    try_all(Method::POST, "/_fake/faults", YAML, text);
    let asked =
        br#"{"when":{"verb":"get","resource":"configmaps"},"code":200,"times":{"atLeast":1}}"#;
    try_all(Method::POST, "/_fake/verify", JSON, asked);
    try_all(Method::PUT, "/_fake/snapshot", YAML, OBJECT);
}
