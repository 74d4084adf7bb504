//! Decoding: what goes, what stays, and what is said of it.

use super::*;
use crate::codec::json;
use crate::kinds::samples::{ENDPOINTS, EVENT, SECRET, SERVICE, declared};
use serde_json::json;

fn run(text: &str) -> Result<Decoded, String> {
    decode(json::parse(text.as_bytes()).unwrap(), &ENDPOINTS)
}

#[test]
fn empty_fields_go_and_required_ones_stay() {
    let decoded = run(
        r#"{"metadata":{"name":"a","labels":{},"annotations":null},"subsets":[{"addresses":[{}],"ports":[null]}]}"#,
    );
    assert_eq!(
        decoded.unwrap().value,
        json!({"metadata":{"name":"a"},"subsets":[{"addresses":[{"ip":""}],"ports":[{"port":0}]}]})
    );
}

#[test]
fn a_repeated_struct_merges_and_a_repeated_scalar_wins() {
    let decoded =
        run(r#"{"metadata":{"name":"a","labels":{"x":"1"}},"metadata":{"name":"b"}}"#).unwrap();
    assert_eq!(
        decoded.value,
        json!({"metadata":{"name":"b","labels":{"x":"1"}}})
    );
    assert_eq!(decoded.strict, [r#"duplicate field "metadata""#]);
}

#[test]
fn unknown_fields_come_in_document_order_with_their_paths() {
    let decoded = run(
        r#"{"z":1,"subsets":[{"addresses":[{"ip":"1.1.1.1","zone":"a"}],"ports":[{"Port":3}]}],"a":2,"a":3}"#,
    );
    assert_eq!(
        decoded.unwrap().strict,
        [
            r#"unknown field "z""#,
            r#"unknown field "subsets[0].addresses[0].zone""#,
            r#"unknown field "subsets[0].ports[0].Port""#,
            r#"unknown field "a""#
        ]
    );
}

#[test]
fn bytes_times_and_ports_are_written_in_their_canonical_form() {
    let parse = |text: &str, ty| decode(json::parse(text.as_bytes()).unwrap(), ty);
    let secret = parse(r#"{"data":{"a":"YWI=\r\n","b":null}}"#, &SECRET).unwrap();
    assert_eq!(secret.value["data"], json!({"a": "YWI=", "b": ""}));
    let event = parse(
        r#"{"eventTime":"2024-01-02T05:04:05.123456+02:00"}"#,
        &EVENT,
    )
    .unwrap();
    assert_eq!(
        event.value["eventTime"],
        json!("2024-01-02T03:04:05.123456Z")
    );
    assert_eq!(event.value["firstTimestamp"], Value::Null);
    let service = parse(
        r#"{"spec":{"ports":[{"targetPort":"http"},{"targetPort":8080},{"targetPort":null}]}}"#,
        &SERVICE,
    );
    assert_eq!(
        service.unwrap().value["spec"]["ports"],
        json!([{"port": 0, "targetPort": "http"}, {"port": 0, "targetPort": 8080}, {"port": 0, "targetPort": 0}])
    );
}

#[test]
fn types_that_read_themselves_have_errors_of_their_own() {
    let run = |text: &str, ty| decode(json::parse(text.as_bytes()).unwrap(), ty).unwrap_err();
    for (text, ty, error) in [
        (
            r#"{"data":{"a":"not base64!"}}"#,
            &SECRET,
            "illegal base64 data at input byte 3",
        ),
        (
            r#"{"data":{"a":1}}"#,
            &SECRET,
            "json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
        ),
        (
            r#"{"spec":{"ports":[{"targetPort":80.5}]}}"#,
            &SERVICE,
            "json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        (
            r#"{"spec":{"ports":[{"targetPort":{}}]}}"#,
            &SERVICE,
            "json: cannot unmarshal object into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        (
            r#"{"eventTime":"2026-01-01T00:00:00Z"}"#,
            &EVENT,
            r#"parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#,
        ),
    ] {
        assert_eq!(run(text, ty), error);
    }
}

#[test]
fn the_first_type_error_is_reported_in_gos_words() {
    for (text, error) in [
        (
            r#"{"subsets":[{"ports":[{"port":80.5}]}]}"#,
            "json: cannot unmarshal number 80.5 into Go struct field EndpointPort.subsets.ports.port of type int32",
        ),
        (
            r#"{"metadata":{"labels":{"a":1}}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            r#"{"metadata":[]}"#,
            "json: cannot unmarshal array into Go struct field Endpoints.metadata of type v1.ObjectMeta",
        ),
        (
            r#"{"subsets":{}}"#,
            "json: cannot unmarshal object into Go struct field Endpoints.subsets of type []v1.EndpointSubset",
        ),
    ] {
        assert_eq!(run(text).unwrap_err(), error);
    }
}

#[test]
fn a_float_is_the_same_however_it_was_written() {
    let schema = declared("struct Sample\n  1  factor  *float64\n");
    let factor = |text: &str| {
        let node = json::parse(format!(r#"{{"factor":{text}}}"#).as_bytes()).unwrap();
        decode(node, &schema).unwrap().value["factor"].clone()
    };
    for (written, kept) in [
        ("5", json!(5)),
        ("5.0", json!(5)),
        ("50e-1", json!(5)),
        ("-2.0", json!(-2)),
        ("1.5", json!(1.5)),
        ("9007199254740993", json!(9_007_199_254_740_992_i64)),
        ("1e20", json!(1e20)),
        ("100000000000000000000", json!(1e20)),
    ] {
        assert_eq!(factor(written), kept, "{written}");
    }
}
