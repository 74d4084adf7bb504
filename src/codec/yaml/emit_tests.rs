use serde_json::{Value, json};

use super::*;

fn write(value: Value) -> String {
    String::from_utf8(emit(&value)).unwrap()
}

#[test]
fn an_object_is_written_as_recorded() {
    let object = json!({
        "kind": "Endpoints",
        "apiVersion": "v1",
        "metadata": {
            "name": "g", "namespace": "ns", "uid": "0b1c", "resourceVersion": "12",
            "creationTimestamp": "2024-01-02T03:04:05Z",
            "managedFields": [{
                "manager": "golden", "operation": "Update", "apiVersion": "v1", "time": "2024-01-02T03:04:05Z",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:subsets": {}}
            }]
        },
        "subsets": [{"addresses": [{"ip": "10.10.3.3"}], "ports": [{"port": 80, "protocol": "TCP"}]}]
    });
    let expected = r#"apiVersion: v1
kind: Endpoints
metadata:
  creationTimestamp: "2024-01-02T03:04:05Z"
  managedFields:
  - apiVersion: v1
    fieldsType: FieldsV1
    fieldsV1:
      f:subsets: {}
    manager: golden
    operation: Update
    time: "2024-01-02T03:04:05Z"
  name: g
  namespace: ns
  resourceVersion: "12"
  uid: 0b1c
subsets:
- addresses:
  - ip: 10.10.3.3
  ports:
  - port: 80
    protocol: TCP
"#;
    assert_eq!(write(object), expected);
}

#[test]
fn a_list_is_written_as_recorded() {
    let item = json!({"metadata": {
        "name": "a", "namespace": "ns", "uid": "u", "resourceVersion": "1", "creationTimestamp": "2024-01-02T03:04:05Z"
    }});
    let list = json!({"kind": "EndpointsList", "apiVersion": "v1", "metadata": {"resourceVersion": "2"}, "items": [item]});
    let expected = r#"apiVersion: v1
items:
- metadata:
    creationTimestamp: "2024-01-02T03:04:05Z"
    name: a
    namespace: ns
    resourceVersion: "1"
    uid: u
kind: EndpointsList
metadata:
  resourceVersion: "2"
"#;
    assert_eq!(write(list), expected);
}

#[test]
fn a_long_message_is_folded_as_recorded() {
    let message = "only the following media types are accepted: application/json;stream=watch, \
        application/vnd.kubernetes.protobuf;stream=watch";
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": "NotAcceptable", "code": 406
    });
    let expected = r#"apiVersion: v1
code: 406
kind: Status
message: 'only the following media types are accepted: application/json;stream=watch,
  application/vnd.kubernetes.protobuf;stream=watch'
metadata: {}
reason: NotAcceptable
status: Failure
"#;
    assert_eq!(write(status), expected);
}

#[test]
fn long_text_is_folded_in_every_style() {
    let (first, second) = (["word"; 16].join(" "), "word word");
    let words = format!("{first} {second}");
    assert_eq!(
        write(json!({"a": words})),
        format!("a: {first}\n  {second}\n")
    );
    assert_eq!(
        write(json!({"a": format!("{words}\t")})),
        format!("a: \"{first}\n  {second}\\t\"\n")
    );
    let double = format!("{first}  x\t");
    assert_eq!(
        write(json!({"a": double})),
        format!("a: \"{first}\n  \\ x\\t\"\n")
    );
    assert_eq!(
        write(json!({ "k".repeat(100): "v w" })),
        format!("{}: v\n  w\n", "k".repeat(100))
    );
}

#[test]
fn strings_that_mean_something_else_are_double_quoted() {
    for text in [
        "",
        "123",
        "0x1f",
        "1_0",
        "1.5",
        ".5",
        "true",
        "y",
        "No",
        "off",
        "null",
        "~",
        ".inf",
        "10:30",
        "-1:59.5",
        "2024-1-2",
        "2024-01-02 03:04:05.5",
        "2024-01-02t3:4:5+01:00",
    ] {
        assert_eq!(write(json!({"a": text})), format!("a: \"{text}\"\n"));
        assert_eq!(write(json!({text: 1})), format!("\"{text}\": 1\n"));
    }
}

#[test]
fn strings_that_only_look_like_something_else_are_plain() {
    let texts = "yEs <none> 10:60 2024-13-01 2024-02-30 2024-01-02T03:04:05 1.2.3 a:b a#b << -a é = 0x 1e999";
    for text in texts.split(' ').chain(["2024-01-02 03:04:05Z"]) {
        assert_eq!(write(json!({"a": text})), format!("a: {text}\n"));
    }
}

#[test]
fn strings_that_plain_style_cannot_hold_are_quoted() {
    for (text, expected) in [
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        (" a", "' a'"),
        ("a ", "'a '"),
        ("*", "'*'"),
        ("*a", "'*a'"),
        ("-", "'-'"),
        ("10:3:", "'10:3:'"),
        ("{}", "'{}'"),
        ("it's", "it's"),
        ("'it's'", "'''it''s'''"),
        ("--- a", "'--- a'"),
        ("? a", "'? a'"),
        ("@a", "'@a'"),
        ("a\tb", "\"a\\tb\""),
        ("a\0b\u{7f}", "\"a\\0b\\x7F\""),
        ("\u{1f600}", "\"\\U0001F600\""),
        ("\u{85}\u{a0}", "\"\\N\u{a0}\""),
        ("日本", "日本"),
    ] {
        assert_eq!(write(json!({"a": text})), format!("a: {expected}\n"));
    }
}

#[test]
fn several_lines_are_a_literal_block() {
    for (text, expected) in [
        ("a\nb\n", "k: |\n  a\n  b\n"),
        ("a\nb", "k: |-\n  a\n  b\n"),
        ("a\n\n", "k: |+\n  a\n\n"),
        ("a\n\nb\n", "k: |\n  a\n\n  b\n"),
        (" a\nb\n", "k: |2\n   a\n  b\n"),
        ("\na\n", "k: |2\n\n  a\n"),
        ("\n", "k: |2+\n\n"),
        ("a \nb", "k: \"a \\nb\"\n"),
        ("a\nb ", "k: \"a\\nb \"\n"),
        ("a\n\tb\n", "k: \"a\\n\\tb\\n\"\n"),
        ("#!/bin/sh\necho: 1\n", "k: |\n  #!/bin/sh\n  echo: 1\n"),
    ] {
        assert_eq!(write(json!({"k": text})), expected, "{text:?}");
    }
    assert_eq!(
        write(json!([{"a": "x\ny\n", "b": 1}])),
        "- a: |\n    x\n    y\n  b: 1\n"
    );
    assert_eq!(write(json!({"a\nb": 1})), "? |-\n  a\n  b\n: 1\n");
}

#[test]
fn a_key_of_more_than_128_bytes_is_a_complex_one() {
    let (short, long) = ("k".repeat(128), "k".repeat(129));
    assert_eq!(
        write(json!({&short: {"a": 1}})),
        format!("{short}:\n  a: 1\n")
    );
    assert_eq!(
        write(json!({&long: {"a": 1}})),
        format!("? {long}\n: a: 1\n")
    );
    assert_eq!(write(json!({&long: [1]})), format!("? {long}\n: - 1\n"));
}

#[test]
fn empty_and_nested_collections_and_plain_values_are_written() {
    assert_eq!(write(json!({})), "{}\n");
    assert_eq!(write(json!([])), "[]\n");
    assert_eq!(write(json!(null)), "null\n");
    assert_eq!(write(json!("a")), "a\n");
    let value = json!({"a": [], "b": {}, "c": [[1, [2]], [], {"x": [3]}], "d": null, "e": false});
    assert_eq!(
        write(value),
        "a: []\nb: {}\nc:\n- - 1\n  - - 2\n- []\n- x:\n  - 3\nd: null\ne: false\n"
    );
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    for (number, expected) in [
        (json!(-5), "-5"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(80.0), "80"),
        (json!(80.5), "80.5"),
        (json!(0.00001), "1e-05"),
        (json!(1234567.5), "1.2345675e+06"),
        (json!(1e20), "1e+20"),
        (json!(1e15), "1000000000000000"),
    ] {
        assert_eq!(write(number), format!("{expected}\n"));
    }
}

#[test]
fn keys_are_in_go_yamls_order() {
    let keys = [
        "a", "A", "a10", "a9", "a2b", "a2", "_x", "-x", "1", "10", "9", "a.b", "a/b", "ab", "b",
        "é", "a0", "a01", "a1",
    ];
    let object: serde_json::Map<String, Value> =
        keys.iter().map(|k| ((*k).to_owned(), json!(0))).collect();
    let text = write(Value::Object(object));
    let order: Vec<_> = text
        .lines()
        .map(|l| l.split(": ").next().unwrap().trim_matches('"'))
        .collect();
    let expected = [
        "-x", "_x", "1", "9", "10", "A", "a", "a.b", "a/b", "a0", "a1", "a01", "a2", "a2b", "a9",
        "a10", "ab", "b", "é",
    ];
    assert_eq!(order, expected);
}

#[test]
fn what_is_written_is_read_back() {
    let value = json!({
        "a": ["", " ", "x\ny", "x\n", "\n\n", "- a", "a: b", "\u{1f600}", "\t", "é\u{2028}x", "\u{feff}a", "null", "'\"\\"],
        "b": {"1": 1, "true": {"": null}, "? x": [[[]]], "long ".repeat(40): "long ".repeat(40) + "x"},
        "c": [1.5, -0.5, 1e300, 1e-300, i64::MIN, u64::MAX]
    });
    assert_eq!(parse(&emit(&value)).unwrap().node.to_value(), value);
}

#[test]
fn any_string_is_read_back() {
    let pieces = [
        "a",
        "b: ",
        ":",
        "- ",
        "\n",
        "  ",
        " ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "?",
        "!",
        "!!str",
        "&x",
        "*x",
        "|",
        ">",
        "+",
        "2",
        "'",
        "\"",
        "\\",
        "%",
        "---",
        "...",
        "#",
        "\t",
        "\r",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "~",
        "1",
        ".",
        "@",
        "\u{1f600}",
    ];
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..5_000 {
        let text: String = (0..rng.usize(1..14))
            .map(|_| *rng.choice(&pieces).unwrap())
            .collect();
        let value = json!({&text: [&text]});
        assert_eq!(
            parse(&emit(&value)).unwrap().node.to_value(),
            value,
            "{text:?}"
        );
    }
}
