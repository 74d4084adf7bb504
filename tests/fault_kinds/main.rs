//! Each kind of fault as it comes over the wire, when a rule acts, and how often.

mod answers;
mod connections;
mod rules;
#[path = "../support/mod.rs"]
mod support;
mod time;
mod views;
mod watches;

use std::collections::BTreeSet;

use fake_apiserver::Fault;
use fake_apiserver::handles::FaultGuard;
use serde_json::{Value, json};

use support::objects::endpoints;
use support::within;

const EP: &str = "/api/v1/namespaces/default/endpoints";
const DB: &str = "/api/v1/namespaces/default/endpoints/db";
const NOW: u64 = 1_700_000_000;

fn db() -> Value {
    endpoints("default", "db", json!({}))
}

/// Waits until a rule has acted this often.
async fn until_fired(guard: &FaultGuard, times: u64) {
    within(async {
        while guard.fired() < times {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn every_kind_of_fault_is_met_on_the_wire() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |folder: &str, wanted: fn(&str) -> bool| -> String {
        let files = std::fs::read_dir(root.join(folder)).unwrap();
        let files = files.map(|file| file.unwrap().path()).filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.ends_with(".rs") && wanted(name)
        });
        files
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    };
    let mut tests = read("tests/fault_kinds", |name| name != "main.rs");
    tests += &read("tests", |name| {
        name.starts_with("fault") || name == "state.rs"
    });
    let schema = Fault::script_schema();
    let kinds = schema["$defs"]["fault"]["anyOf"].as_array().unwrap();
    let named = kinds.iter().map(|kind| match &kind["const"] {
        Value::String(name) => name,
        _ => kind["required"][0].as_str().unwrap(),
    });
    let constructors: BTreeSet<String> = named
        .map(|name| format!("Fault::{}(", in_rust(name)))
        .chain(["Fault::custom(".to_owned()])
        .chain(["refused", "reset", "reset_next"].map(|name| format!("Outage::{name}(")))
        .collect();
    assert!(constructors.len() > 55, "{constructors:?}");
    let is_met = |name: &str| tests.contains(name);
    let unmet = constructors.iter().filter(|name| !is_met(name));
    assert_eq!(Vec::from_iter(unmet), [""; 0]);
}

/// `lost_race` for `lostRace`.
fn in_rust(name: &str) -> String {
    let letters = name.chars().map(|c| match c.is_ascii_uppercase() {
        true => format!("_{}", c.to_ascii_lowercase()),
        false => c.to_string(),
    });
    letters.collect()
}
