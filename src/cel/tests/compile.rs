//! What does not compile.

use super::{Program, Type, environment, fail};

#[test]
fn errors_point_into_the_source() {
    fail(&[
        (
            "n + s",
            "compilation failed: ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | n + s\n | ..^",
        ),
        (
            "s.reverse()",
            "compilation failed: ERROR: <input>:1:10: found no matching overload for 'reverse' applied to 'string.()'\n | s.reverse()\n | .........^",
        ),
        (
            "\"é\" + y",
            "compilation failed: ERROR: <input>:1:7: undeclared reference to 'y' (in container '')\n | \"é\" + y\n | .．....^",
        ),
        (
            "s.foo",
            "compilation failed: ERROR: <input>:1:2: type 'string' does not support field selection\n | s.foo\n | .^",
        ),
        (
            "n ==\n  x",
            "compilation failed: ERROR: <input>:2:3: undeclared reference to 'x' (in container '')\n |   x\n | ..^",
        ),
        (
            "base64.encode(s)",
            "compilation failed: ERROR: <input>:1:1: undeclared reference to 'base64' (in container '')\n | base64.encode(s)\n | ^\nERROR: <input>:1:14: undeclared reference to 'encode' (in container '')\n | base64.encode(s)\n | .............^",
        ),
        (
            "",
            "compilation failed: ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
        ),
        (
            "s.",
            "compilation failed: ERROR: <input>:1:3: Syntax error: no viable alternative at input '.'\n | s.\n | ..^",
        ),
    ]);
}

#[test]
fn macros_and_literals_are_checked() {
    fail(&[
        (
            "has(self)",
            "compilation failed: ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^",
        ),
        (
            "self.map(1, x)",
            "compilation failed: ERROR: <input>:1:10: argument must be a simple name\n | self.map(1, x)\n | .........^",
        ),
        (
            "[1, 'a']",
            "compilation failed: ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^",
        ),
        (
            "timestamp('x')",
            "compilation failed: ERROR: <input>:1:11: invalid timestamp argument\n | timestamp('x')\n | ..........^",
        ),
        (
            "timestamp(-62135596801)",
            "compilation failed: ERROR: <input>:1:11: invalid timestamp argument\n | timestamp(-62135596801)\n | ..........^",
        ),
        (
            "s.matches('[')",
            "compilation failed: ERROR: <input>:1:11: invalid matches argument\n | s.matches('[')\n | ..........^",
        ),
        (
            "'%d'.format(['a'])",
            "compilation failed: ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given string\n | '%d'.format(['a'])\n | .............^",
        ),
        (
            "'%s %s'.format([n])",
            "compilation failed: ERROR: <input>:1:15: index 1 out of range\n | '%s %s'.format([n])\n | ..............^",
        ),
        (
            "'x'.format([n])",
            "compilation failed: ERROR: <input>:1:11: too many arguments supplied to string.format (expected 0, got 1)\n | 'x'.format([n])\n | ..........^",
        ),
        (
            "JSONPatch{op: 1}",
            "compilation failed: ERROR: <input>:1:13: expected type of field 'op' is 'string' but provided type is 'int'\n | JSONPatch{op: 1}\n | ............^",
        ),
        (
            "if",
            "compilation failed: ERROR: <input>:1:1: reserved identifier: if\n | if\n | ^",
        ),
    ]);
}

#[test]
fn the_type_of_the_result_is_known() {
    for (text, wanted) in [
        ("n > 1", "bool"),
        ("[n]", "list(int)"),
        ("{'a': 1.0}", "map(string, double)"),
        ("self", "dyn"),
        ("optional.of(s)", "optional_type(string)"),
        ("url('http://a')", "kubernetes.URL"),
        ("n > 1 ? dyn(s) : 1", "dyn"),
        ("Object{spec: 1}", "Object"),
        ("l.map(x, x.size())", "list(int)"),
        ("duration('1s')", "duration"),
    ] {
        let program = Program::compile(text, &environment()).unwrap();
        assert_eq!(program.output_type().to_string(), wanted, "{text}");
    }
}

#[test]
fn types_have_only_the_fields_they_declare() {
    let request = Type::object("Request", [("name".to_owned(), Type::String)]);
    let environment = environment().variable("request", request);
    assert!(Program::compile("request.name == 'a'", &environment).is_ok());
    let error = Program::compile("request.nam", &environment)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("ERROR: <input>:1:8: undefined field 'nam'"),
        "{error}"
    );
    let program = Program::compile("has(request.name) && n > 1", &environment).unwrap();
    assert!(program.uses("request") && !program.uses("s"));
}

#[test]
fn what_is_too_deep_or_too_long_is_refused() {
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let chain = format!("1{}", " + 1".repeat(3000));
    let open = "(".repeat(5000);
    for text in [deep, chain, open] {
        let error = Program::compile(&text, &environment()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ERROR: <input>:-1:0: expression recursion limit exceeded: 250"
        );
    }
    let long = format!("'{}'", "a".repeat(100_001));
    let error = Program::compile(&long, &environment())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expression code point size exceeds limit: size: 100003"),
        "{error}"
    );
}
