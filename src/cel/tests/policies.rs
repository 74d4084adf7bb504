//! What policies need: variables, authorizers, patches.

use serde_json::json;

use super::{Activation, Budget, CelValue, ENOUGH, Program, activation, environment};
use crate::cel::{Attributes, Authorizer, Decision, Environment, Type, Variable};

struct Only(&'static str);

impl Authorizer for Only {
    fn authorize(&self, asked: &Attributes) -> Decision {
        let resource = asked
            .resource
            .as_ref()
            .map(|r| format!("{}/{}/{}", r.group, r.resource, r.name));
        let what = resource.or_else(|| asked.path.clone()).unwrap_or_default();
        let who = asked
            .service_account
            .as_ref()
            .map_or("user", |(_, name)| name);
        let found = format!("{who} {} {what}", asked.verb);
        Decision {
            allowed: found == self.0,
            reason: found,
            error: None,
        }
    }
}

#[test]
fn an_authorizer_is_asked() {
    for (text, asked) in [
        (
            "authorizer.group('apps').resource('pods').name('a').check('get').allowed()",
            "user get apps/pods/a",
        ),
        (
            "authorizer.path('/healthz').check('get').allowed()",
            "user get /healthz",
        ),
        (
            "authorizer.serviceAccount('ns', 'sa').path('/x').check('post').reason() == 'sa post /x'",
            "",
        ),
    ] {
        let authorizer = Only(asked);
        let activation = activation().authorizer(&authorizer);
        let program = Program::compile(text, &environment()).unwrap();
        let mut budget = Budget::new(ENOUGH);
        let value = program.evaluate(&activation, &mut budget).unwrap();
        assert!(matches!(value, CelValue::Bool(true)), "{text}");
        assert!(
            ENOUGH - budget.remaining() > 350_000,
            "a check is expensive"
        );
    }
}

#[test]
fn variables_are_evaluated_once_and_only_if_asked_for() {
    let compile = |text: &str, ty: Type| {
        let environment = Environment::new()
            .variable("object", Type::Dyn)
            .variable("variables", ty);
        Program::compile(text, &environment).map_err(|error| error.detail())
    };
    let known = |names: &[&str]| {
        let fields = names.iter().map(|name| ((*name).to_owned(), Type::Dyn));
        Type::object("kubernetes.variables", fields)
    };
    let variables = [
        Variable {
            name: "a".to_owned(),
            program: compile("object.n + 1", known(&[])),
        },
        Variable {
            name: "b".to_owned(),
            program: compile("variables.a + variables.a", known(&["a"])),
        },
        Variable {
            name: "bad".to_owned(),
            program: compile("object.x", known(&["a", "b"])),
        },
    ];
    let object = CelValue::from(&json!({"n": 1}));
    let evaluate = |text: &str| {
        let activation = Activation::new()
            .bind("object", object.clone())
            .variables(&variables);
        let mut budget = Budget::new(ENOUGH);
        let value = compile(text, known(&["a", "b", "bad"]))?.evaluate(&activation, &mut budget);
        let value = value.map_err(|error| error.to_string())?.to_json()?;
        Ok::<_, String>((value, ENOUGH - budget.remaining()))
    };
    assert_eq!(evaluate("variables.b"), Ok((json!(4), 10)));
    assert_eq!(evaluate("variables.b + variables.b"), Ok((json!(8), 13)));
    assert_eq!(
        evaluate("variables.a > 0 || variables.bad"),
        Ok((json!(true), 6))
    );
    let error = "composited variable \"bad\" fails to evaluate: no such key: x";
    assert_eq!(evaluate("variables.bad"), Err(error.to_owned()));
}

#[test]
fn patches_are_objects() {
    super::give(&[
        (
            "Object{spec: Object.spec{replicas: n, ?x: optional.none()}}",
            "{\"spec\": {\"replicas\": 5}}",
            82,
        ),
        (
            "JSONPatch{op: 'add', path: '/a/' + jsonpatch.escapeKey('b/c~'), value: [1]}.path",
            "\"/a/b~1c~0\"",
            44,
        ),
        ("has(Object{a: 1}.b)", "false", 41),
    ]);
}
