use super::*;
use crate::codec::yaml;

fn problem(text: &str) -> String {
    Fault::parse_script("faults.yaml", text)
        .unwrap_err()
        .to_string()
}

fn round_trip(text: &str) {
    let [fault] = &Fault::parse_script("faults.yaml", text).unwrap()[..] else {
        panic!("one rule was given: {text}");
    };
    let written = fault.to_script();
    let given = yaml::parse(text.as_bytes()).unwrap().node.to_value();
    assert_eq!(written, given, "{text}");
}

#[test]
fn a_rule_is_written_as_it_was_read() {
    for text in [
        "{fault: conflict, when: {verb: update, resource: endpoints}, schedule: {first: 2, per: object}}",
        "{fault: {delay: {length: 50ms, beforeAnswer: true}}, carryOn: true, optional: true}",
        "{fault: {invalid: {causes: [{field: subsets, detail: too many}], message: not so}}, schedule: {nth: 3}}",
        "{fault: {raw: {code: 502, body: bad, headers: {Server: nginx}}}, schedule: {from: 2, to: 5}}",
        "{fault: {appliedThenTimeout: {retryAfter: 3}}, schedule: {probability: 0.25}}",
        "{fault: {watchError: {code: 500, reason: InternalError, message: etcd is away, afterEvents: 2}}, when: {verb: watch}}",
        "{name: busy, fault: reset, when: {verb: [get, list], labels: {app: shop}, patch: apply, headers: {A: b}, \
         query: {x: 'y'}, dryRun: false, user: alice, userAgent: kubectl/, fieldManager: me, name: db, namespace: shop, \
         subresource: status}, schedule: {during: 30s}}",
    ] {
        // A verb and a kind of patch that exclude each other are refused.
        let text = text.replace("verb: [get, list], labels", "verb: [get, patch], labels");
        round_trip(&text);
    }
}

#[test]
fn every_kind_is_written_under_the_name_it_is_read_by() {
    for kind in kinds::all() {
        let given = kind.parameters.iter().filter(|p| p.required);
        let fault = given.fold(Fault::new(kind), |fault, p| {
            let value = match p.takes {
                Takes::Number(from, _) => Argument::Number(from.max(200)),
                Takes::Fraction => Argument::Fraction(0.5),
                Takes::Time => Argument::Time(std::time::Duration::from_secs(1)),
                Takes::Flag => Argument::Flag(true),
                Takes::Text => Argument::Text("x".to_owned()),
                Takes::Texts => Argument::Texts(Vec::new()),
                Takes::Causes => Argument::Causes(Vec::new()),
                Takes::Map => Argument::Value(serde_json::json!({"code": 418})),
            };
            fault.with(p.name, value)
        });
        let script = fault.to_script();
        let written = &script["fault"];
        assert!(
            *written == *kind.name || written.get(kind.name).is_some(),
            "{script}"
        );
        let again = Fault::parse_script("again", &script.to_string()).unwrap();
        assert_eq!(again[0].to_script(), script);
    }
}

#[test]
fn a_parameter_that_is_alone_needs_no_name() {
    let short = Fault::parse_script("s", "fault: {delay: 2s}").unwrap();
    let long = Fault::parse_script("l", "fault: {delay: {length: 2s}}").unwrap();
    assert_eq!(short[0].to_script(), long[0].to_script());
}

#[test]
fn rules_come_as_a_map_a_list_or_alone() {
    let count = |text| Fault::parse_script("f", text).unwrap().len();
    assert_eq!(count("faults: [{fault: conflict}, {fault: reset}]"), 2);
    assert_eq!(count("- fault: conflict\n- fault: reset\n"), 2);
    assert_eq!(count("fault: conflict\n---\nfault: reset\n"), 2);
    assert_eq!(count("{\"fault\": \"conflict\"}"), 1);
}

#[test]
fn whatever_is_wrong_is_told_with_its_line() {
    let refused = [
        ("", "faults.yaml: there is no fault in it"),
        (
            "faults: 3",
            "faults.yaml:1:1: faults: this has to be a list, not a number",
        ),
        (
            "- falut: conflict",
            "faults.yaml:1:3: [0]: unknown key `falut`; did you mean `fault`?",
        ),
        (
            "- when: {verb: get}",
            "faults.yaml:1:3: [0]: `fault` is missing",
        ),
        (
            "faults:\n- fault: conflict\n  when:\n    verb: updaet\n",
            "faults.yaml:4:5: faults[0].when.verb: unknown verb `updaet`; did you mean `update`?",
        ),
        (
            "faults:\n- fault: conflict\n  when:\n    resource: [endpoints, endpiont]\n",
            "faults.yaml:4:27: faults[0].when.resource[1]: unknown resource `endpiont`; did you mean `endpoints`?",
        ),
        (
            "fault: {delay: soon}",
            "faults.yaml:1:9: fault.delay: this has to be a time such as `500ms`, `2s`, `1m` or `1h`",
        ),
        (
            "fault: delay",
            "faults.yaml:1:1: fault: `delay` needs `length`: `delay: {length: …}`",
        ),
        (
            "fault: {delayBetween: {from: 1s}}",
            "faults.yaml:1:9: fault.delayBetween: `to` is missing",
        ),
        (
            "fault: {conflict: {retryafter: 1}}",
            "faults.yaml:1:20: fault.conflict: unknown key `retryafter`; did you mean `retryAfter`?",
        ),
        (
            "fault: {raw: {code: 99}}",
            "faults.yaml:1:15: fault.raw.code: this has to be from 200 to 599, not 99",
        ),
        (
            "fault: {delayLogNormal: {median: 1s, sigma: -1, cap: 2s}}",
            "faults.yaml:1:38: fault.delayLogNormal.sigma: this has to be at least 0, not -1",
        ),
        (
            "- fault: {delayBetween: {from: 2s, to: 1s}}",
            "faults.yaml:1:3: [0]: there is no delay between 2s and 1s",
        ),
        (
            "fault: {status: {status: {foo: 1}}}",
            "faults.yaml:1:1: a Status needs a `code` from 200 to 599, which is the HTTP status; this one is {\"foo\":1}",
        ),
        (
            "fault: reset\nwhen: {headers: {bad header: x}}",
            "faults.yaml:1:1: the rule can never act: no header can be called `bad header`",
        ),
        (
            "fault: reset\nwhen: {subresource: colour}",
            "faults.yaml:1:1: no resource has the subresource `colour`; known are `approval`, `attach`, `binding`, `ephemeralcontainers`, `eviction`, `exec`, `finalize`, `log`, `portforward`, `proxy`, `resize`, `scale`, `status`, `token`",
        ),
        (
            "fault: {reset: null, hang: null}",
            "faults.yaml:1:1: fault: a rule has one fault; write a second rule, and `carryOn: true` in the first",
        ),
        (
            "fault: reset\nschedule: {first: 1, every: 2}",
            "faults.yaml:2:1: schedule: a schedule has one of `first` (with `skip`), `nth`, `every`, `from` (with `to`), \
             `probability` and `during`",
        ),
        (
            "fault: reset\nschedule: {first: 0}",
            "faults.yaml:2:12: schedule.first: this has to be at least 1, not 0",
        ),
        (
            "fault: reset\nschedule: {probability: 2}",
            "faults.yaml:2:12: schedule.probability: this has to be from 0 to 1, not 2",
        ),
        (
            "fault: reset\nschedule: {from: 5, to: 3}",
            "faults.yaml:1:1: the rule can never act: there is no attempt from 5 to 3",
        ),
        (
            "fault: watchEnds\nwhen: {patch: aply}",
            "faults.yaml:2:8: when.patch: unknown value `aply`; did you mean `apply`?",
        ),
        (
            "fault: lostRace\nwhen: {verb: [watch, list]}",
            "faults.yaml:1:1: the rule can never act: a race does nothing to watch or list, only to get, create, update, \
             patch, delete",
        ),
        (
            "- {fault: reset, name: a}\n- fault: conflict\n- {fault: gone, name: a}",
            "faults.yaml:3:3: [2]: a rule is called `a` already",
        ),
        (
            "fault: reset\nfault: hang",
            "faults.yaml:2:1: `fault` is there already",
        ),
    ];
    for (text, expected) in refused {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn a_schedule_can_skip() {
    let schedule = |text: &str| {
        let text = format!("fault: reset\nschedule: {text}");
        Fault::parse_script("s", &text).unwrap().remove(0).schedule
    };
    assert_eq!(
        schedule("{skip: 2, first: 3}"),
        Schedule::Range {
            from: 3,
            to: Some(5)
        }
    );
    assert_eq!(schedule("{skip: 2}"), Schedule::Range { from: 3, to: None });
    assert_eq!(
        schedule("{to: 4}"),
        Schedule::Range {
            from: 1,
            to: Some(4)
        }
    );
}
