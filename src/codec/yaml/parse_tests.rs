use std::thread::JoinHandle;

use serde_json::json;

use super::*;
use crate::codec::json::compact;

/// The first document as JSON.
fn read(text: &str) -> String {
    show(&parse(text.as_bytes()).unwrap().node)
}

fn problem(text: &str) -> String {
    parse(text.as_bytes()).unwrap_err()
}

fn duplicates(text: &str) -> Vec<String> {
    parse(text.as_bytes()).unwrap().duplicates
}

/// Like JSON, but with every number as the node has it.
fn show(node: &Node) -> String {
    match node {
        Node::Number(n) => n.clone(),
        Node::Array(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(",")),
        Node::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(k, v)| format!("{}:{}", json!(k), show(v)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        other => compact(&other.to_value()),
    }
}

fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(work)
        .unwrap()
}

#[test]
fn the_recorded_body_becomes_an_object_with_sorted_members() {
    let text = concat!(
        "apiVersion: v1\nkind: Endpoints\nmetadata:\n  name: ya\n",
        "subsets:\n- addresses:\n  - ip: 10.0.0.1\n  ports:\n  - port: 80\n"
    );
    let expected = concat!(
        r#"{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"ya"},"#,
        r#""subsets":[{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80}]}]}"#
    );
    assert_eq!(read(text), expected);
    assert_eq!(read("z: 1\na: 2\n"), r#"{"a":2,"z":1}"#);
}

#[test]
fn json_is_read_as_yaml() {
    assert_eq!(
        read(r#"{"a":"b\u003c\"\\","c":[1,-2.50,true,null],"d":{}}"#),
        r#"{"a":"b\u003c\"\\","c":[1,-2.5,true,null],"d":{}}"#
    );
}

#[test]
fn nothing_is_null() {
    for text in ["", "\n", "# only a comment", "---\n", "--- ~", "null"] {
        assert_eq!(read(text), "null", "{text:?}");
    }
}

#[test]
fn the_rest_of_the_stream_is_ignored() {
    assert_eq!(read("---\na: 1\n---\nb: [\n"), r#"{"a":1}"#);
    assert_eq!(read("a: 1\n...\n}"), r#"{"a":1}"#);
}

#[test]
fn recorded_syntax_errors_come_in_the_servers_words() {
    for (text, expected) in [
        ("a: [b\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("{", "yaml: line 1: did not find expected node content"),
        (
            "a: b\n@",
            "yaml: line 2: found character that cannot start any token",
        ),
        (
            "a: b: c",
            "yaml: mapping values are not allowed in this context",
        ),
        (
            "a\n\tb: c",
            "yaml: line 2: mapping values are not allowed in this context",
        ),
        (
            "a: b\nc\nd: e\n",
            "yaml: line 3: could not find expected ':'",
        ),
        ("a: b\nc", "yaml: line 3: could not find expected ':'"),
        (
            "a:\n  b: 1\n c: 2\n",
            "yaml: line 2: did not find expected key",
        ),
        (
            "- a\nb: 1\n",
            "yaml: line 1: did not find expected '-' indicator",
        ),
        ("\"abc", "yaml: found unexpected end of stream"),
        (
            "x: 1\ny: \"abc",
            "yaml: line 2: found unexpected end of stream",
        ),
        (
            "x: 1\ny: \"abc\n",
            "yaml: line 3: found unexpected end of stream",
        ),
        ("a: *b", "yaml: unknown anchor 'b' referenced"),
        ("a: !b!c d", "yaml: found undefined tag handle"),
        (
            "%YAML 1.2\n---\na: 1\n",
            "yaml: found incompatible YAML document",
        ),
        ("a: &x [*x]", "yaml: anchor 'x' value contains itself"),
        (
            "a: {{ b }}",
            r#"yaml: invalid map key: map[interface {}]interface {}{"b":interface {}(nil)}"#,
        ),
        (
            "<<: 1",
            "yaml: map merge requires map or sequence of maps as the value",
        ),
        ("a: !!int b", "yaml: cannot decode !!str `b` as a !!int"),
        (
            "a: !!binary '*'",
            "yaml: !!binary value contains invalid base64 data",
        ),
        (
            "~: 1",
            "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1",
        ),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("[-.inf]", "json: unsupported value: -Inf"),
        (".nan", "json: unsupported value: NaN"),
    ] {
        assert_eq!(problem(text), expected, "{text:?}");
    }
}

#[test]
fn bad_characters_are_refused_without_a_line() {
    for (bytes, expected) in [
        (&b"a: \xff"[..], "yaml: invalid leading UTF-8 octet"),
        (b"a: \xe2\x82", "yaml: incomplete UTF-8 octet sequence"),
        (b"a: \xe2(\xa1", "yaml: invalid trailing UTF-8 octet"),
        (b"a: \xc0\x80", "yaml: invalid length of a UTF-8 sequence"),
        (b"a: \xed\xa0\x80", "yaml: invalid Unicode character"),
        (b"a: \0", "yaml: control characters are not allowed"),
        (b"\xff\xfea", "yaml: incomplete UTF-16 character"),
        (b"\xff\xfe\0\xdc", "yaml: unexpected low surrogate area"),
        (b"\xff\xfe\0\xd8", "yaml: incomplete UTF-16 surrogate pair"),
        (b"\xff\xfe\0\xd8a\0", "yaml: expected low surrogate area"),
    ] {
        assert_eq!(parse(bytes).unwrap_err(), expected, "{bytes:?}");
    }
}

#[test]
fn a_syntax_error_wins_over_a_bad_character_in_a_later_block() {
    let text = |padding: usize| format!("@\n#{}\0", "x".repeat(padding));
    assert_eq!(
        problem(&text(100)),
        "yaml: control characters are not allowed"
    );
    assert_eq!(
        problem(&text(600)),
        "yaml: found character that cannot start any token"
    );
}

#[test]
fn byte_order_marks_are_understood() {
    let text = "a: \u{e9}\u{1f600}\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        [b"\xff\xfe".as_slice(), &little].concat(),
        [b"\xfe\xff".as_slice(), &big].concat(),
        [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
    ] {
        assert_eq!(
            show(&parse(&bytes).unwrap().node),
            "{\"a\":\"\u{e9}\u{1f600}\"}"
        );
    }
    assert_eq!(read("\u{ff01}: 1"), "{\"\u{ff01}\":1}");
}

#[test]
fn plain_scalars_mean_what_yaml_1_1_says() {
    for (text, expected) in [
        ("yes", "true"),
        ("y", "true"),
        ("ON", "true"),
        ("N", "false"),
        ("Off", "false"),
        ("yEs", r#""yEs""#),
        ("~", "null"),
        ("NULL", "null"),
        ("80.0", "80"),
        ("80.5", "80.5"),
        ("0x50", "80"),
        ("-0x10", "-16"),
        ("0b101", "5"),
        ("0o17", "15"),
        ("017", "15"),
        ("08", "8"),
        ("+5", "5"),
        ("1_000", "1000"),
        ("1e3", "1000"),
        ("1e21", "1e+21"),
        ("1e-7", "1e-7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("9223372036854775808", "9223372036854775808"),
        ("99999999999999999999", "100000000000000000000"),
        ("1e999", r#""1e999""#),
        ("0xfffffffffffffffff", r#""0xfffffffffffffffff""#),
        ("10:30", r#""10:30""#),
        ("10.0.0.1", r#""10.0.0.1""#),
        ("2024-01-02", r#""2024-01-02""#),
        ("2024-01-02T03:04:05Z", r#""2024-01-02T03:04:05Z""#),
        ("infinity", r#""infinity""#),
        ("-", "[null]"),
        ("'80'", r#""80""#),
        ("\"yes\"", r#""yes""#),
        ("!!str 80", r#""80""#),
        ("!!float 80", "80"),
        ("!!int '80'", "80"),
        ("!!timestamp 2024-01-02", r#""2024-01-02""#),
        ("!!binary aGk=", r#""hi""#),
        ("!foo 80", r#""80""#),
        ("! 80", r#""80""#),
        ("!!str", r#""""#),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn keys_become_strings() {
    let text = "1: a\ntrue: b\n1.5: c\nyes: d\n0x10: e\n2024-01-02: f\n1e10: g\n";
    assert_eq!(
        read(text),
        r#"{"1":"a","1.5":"c","16":"e","1e+10":"g","2024-01-02":"f","true":"d"}"#
    );
}

#[test]
fn block_scalars_keep_the_line_breaks_they_have() {
    for (text, expected) in [
        ("|\n  a\n  b\n", r#""a\nb\n""#),
        ("|\n  a\n  b", r#""a\nb""#),
        ("|-\n  a\n", r#""a""#),
        ("|-\n  a", r#""a""#),
        ("|+\n  a\n\n", r#""a\n\n""#),
        ("|+\n  a", r#""a""#),
        ("|\n  a\n  ", r#""a\n""#),
        ("|+\n  a\n  ", r#""a\n""#),
        ("|\n  a\n    ", r#""a\n  ""#),
        ("|+\n  ", r#""""#),
        ("|", r#""""#),
        (">\n  a\n  b", r#""a b""#),
        ("[|\n a]", r#"x"#),
    ] {
        let got = parse(text.as_bytes()).map_or("x".to_owned(), |d| show(&d.node));
        assert_eq!(got, expected, "{text:?}");
    }
}

#[test]
fn anchors_and_merges_are_expanded() {
    let text = "base: &b {p: 1, q: 2}\none:\n  <<: *b\n  q: 3\ntwo:\n  q: 3\n  <<: *b\nthree: *b\n";
    let expected =
        r#"{"base":{"p":1,"q":2},"one":{"p":1,"q":3},"three":{"p":1,"q":2},"two":{"p":1,"q":2}}"#;
    assert_eq!(read(text), expected);
    assert_eq!(read("<<: [{a: 1}, {a: 2, b: 2}]"), r#"{"a":1,"b":2}"#);
    assert_eq!(read("'<<': 1"), r#"{"<<":1}"#);
}

#[test]
fn the_last_of_repeated_keys_wins_and_every_repetition_is_told() {
    let text =
        "kind: X\nmetadata:\n  name: a\n  name: b\n  name:\n    c: d\n1: x\n1: y\n\"1\": z\n";
    let document = parse(text.as_bytes()).unwrap();
    assert_eq!(
        show(&document.node),
        r#"{"1":"z","kind":"X","metadata":{"name":{"c":"d"}}}"#
    );
    let told = [
        "line 4: key \"name\" already set in map",
        "line 6: key \"name\" already set in map",
        "line 8: key 1 already set in map",
    ];
    assert_eq!(document.duplicates, told);
    assert_eq!(
        duplicates("a: {b: 1, b: 2}"),
        ["line 1: key \"b\" already set in map"]
    );
    assert!(duplicates("a: {b: 1}\nc: {b: 2}").is_empty());
}

#[test]
fn alias_bombs_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..9 {
        let alias = format!("*a{}", i - 1);
        text += &format!("a{i}: &a{i} [{}]\n", [alias.as_str(); 9].join(", "));
    }
    assert_eq!(problem(&text), "yaml: document contains excessive aliasing");
}

#[test]
fn a_tag_that_touches_a_comma_is_an_error_and_no_panic() {
    assert_eq!(
        problem("[!!str,a]"),
        "yaml: did not find expected whitespace or line break"
    );
}

#[test]
fn deep_nesting_is_refused_on_a_small_stack() {
    let units = ["[", "{a: ", "- ", "? ", "[\n"];
    let parses = units
        .map(|unit| on_a_small_stack(move || parse(unit.repeat(20_000).as_bytes()).unwrap_err()));
    let problems = parses.map(|thread| thread.join().unwrap());
    let (last, on_one_line) = problems.split_last().unwrap();
    assert!(
        on_one_line
            .iter()
            .all(|p| p == "yaml: exceeded max depth of 10000"),
        "{problems:?}"
    );
    assert_eq!(last, "yaml: line 10001: exceeded max depth of 10000");
}

#[test]
fn the_limit_is_the_last_depth_that_is_allowed() {
    let parse = |depth: usize| {
        on_a_small_stack(move || parse("- ".repeat(depth).as_bytes()).is_ok())
            .join()
            .unwrap()
    };
    assert!(parse(10_000));
    assert!(!parse(10_001));
}

#[test]
fn deep_nesting_within_the_limit_is_cut_off_where_json_is() {
    let work = on_a_small_stack(|| {
        let text = "[".repeat(3_000) + &"]".repeat(3_000);
        let mut node = parse(text.as_bytes()).unwrap().node;
        for _ in 0..200 {
            let Node::Array(mut items) = node else {
                panic!("{node:?}")
            };
            node = items.remove(0);
        }
        assert_eq!(node, Node::TooDeep);
    });
    work.join().unwrap();
}

#[test]
fn all_documents_are_read_with_their_lines() {
    let text = "# head\n---\na: 1\n---\n---\n# nothing\n---\n\nb: 2\n...\n---\nc: 3";
    let found: Vec<_> = parse_all(text.as_bytes())
        .unwrap()
        .into_iter()
        .map(|(l, d)| (l, show(&d.node)))
        .collect();
    let expected =
        [(3, r#"{"a":1}"#), (9, r#"{"b":2}"#), (12, r#"{"c":3}"#)].map(|(l, t)| (l, t.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(
        parse_all(b"a: 1\n---\nb: [").unwrap_err(),
        "yaml: line 3: did not find expected node content"
    );
}
