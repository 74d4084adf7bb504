//! Clients that break the rules, die half way or want to exhaust the server. It answers them or hangs up, and goes on
//! serving everybody else.

mod support;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once};

use fake_apiserver::{FakeApiServer, FakeApiServerBuilder, Limits};
use serde_json::json;
use tokio::runtime::Runtime;

use support::objects::{endpoints, namespace, path};
use support::raw::Raw;

const SPACES: &str = "/api/v1/namespaces";
/// The largest body.
const MAX_BODY: usize = 3 * 1024 * 1024;
/// Far more levels than a stack has room for.
const DEEP: usize = 100_000;
/// The deepest JSON that Go's decoder takes.
const DEEPEST: usize = 10_000;

/// How often a thread of each name panicked.
static PANICS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// A server on a thread that bears its name, so that its panics are told from those of other servers and failing tests.
struct Hosted {
    server: FakeApiServer,
    name: String,
    runtime: Runtime,
}

impl Deref for Hosted {
    type Target = FakeApiServer;

    fn deref(&self) -> &FakeApiServer {
        &self.server
    }
}

impl Hosted {
    fn panics(&self) -> usize {
        let panics = PANICS.lock().unwrap();
        panics.get(&self.name).copied().unwrap_or_default()
    }
}

/// A server whose panics are counted.
fn start(builder: FakeApiServerBuilder) -> Hosted {
    static HOOK: Once = Once::new();
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or_default().to_owned();
            *PANICS.lock().unwrap().entry(name).or_default() += 1;
            before(info);
        }));
    });
    let name = format!("server {}", STARTED.fetch_add(1, Ordering::SeqCst));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).thread_name(&name).enable_all();
    let runtime = runtime.build().unwrap();
    Hosted {
        server: runtime.block_on(builder.start()),
        name,
        runtime,
    }
}

fn server() -> Hosted {
    start(FakeApiServer::builder())
}

/// Nothing panicked, and a new client is served: it writes, reads and watches.
#[track_caller]
fn assert_well(server: &Hosted) {
    let name = format!("after-{}", server.revision());
    let body = namespace(&name).to_string();
    assert_eq!(post(server, SPACES, "application/json", &body).code, 201);
    let answer = ask(server, &format!("GET {SPACES}/{name} HTTP/1.1\r\n"), "");
    assert_eq!(answer.code, 200);
    let mut watch = watching(
        server,
        &format!("{SPACES}?watch=true&fieldSelector=metadata.name%3D{name}"),
    );
    watch.until("\"type\":\"ADDED\"");
    watch.until(&name);
    assert_eq!(server.panics(), 0, "the server panicked");
}

#[derive(Debug)]
struct Answer {
    code: u16,
    text: String,
}

/// One request and its answer: the request line and more headers, then a body.
fn ask(server: &FakeApiServer, head: &str, body: impl AsRef<[u8]>) -> Answer {
    let mut raw = Raw::connect(server.address());
    let body = body.as_ref();
    raw.send(format!(
        "{head}Host: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    raw.send(body);
    let code = raw.code();
    Answer {
        code,
        text: raw.rest(),
    }
}

fn post(
    server: &FakeApiServer,
    target: &str,
    content_type: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    let head = format!("POST {target} HTTP/1.1\r\nContent-Type: {content_type}\r\n");
    ask(server, &head, body)
}

fn patch(
    server: &FakeApiServer,
    target: &str,
    content_type: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    let head = format!("PATCH {target} HTTP/1.1\r\nContent-Type: {content_type}\r\n");
    ask(server, &head, body)
}

/// A watch that has begun.
fn watching(server: &FakeApiServer, target: &str) -> Raw {
    let mut raw = Raw::connect(server.address());
    raw.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(raw.code(), 200);
    raw
}

/// A request in all its bytes.
fn whole_post(body: &str) -> String {
    format!(
        "POST {SPACES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_panic_of_a_server_is_counted_and_is_nobody_elses() {
    let (well, unwell) = (server(), server());
    let panicking = unwell.runtime.spawn(async { panic!("as asked for") });
    assert!(unwell.runtime.block_on(panicking).is_err());
    assert_eq!((well.panics(), unwell.panics()), (0, 1));
}

#[test]
fn requests_that_break_off_anywhere_are_forgotten() {
    let server = server();
    let request = whole_post(&namespace("broken").to_string());
    let before = server.revision();
    for end in 0..request.len() {
        Raw::connect(server.address())
            .send(&request[..end])
            .finish();
    }
    // Some that are cut off, not finished.
    for end in (0..request.len()).step_by(7) {
        Raw::connect(server.address()).send(&request[..end]);
    }
    assert_eq!(server.revision(), before);
    assert_well(&server);
    assert!(server.resource("ns").get("broken").is_none());
}

#[test]
fn requests_that_stay_half_sent_are_in_nobodys_way() {
    let server = server();
    let request = whole_post(&namespace("half").to_string());
    let open: Vec<_> = (1..request.len())
        .map(|end| {
            let mut raw = Raw::connect(server.address());
            raw.send(&request[..end]);
            raw
        })
        .collect();
    assert_well(&server);
    assert!(server.resource("ns").get("half").is_none());
    // The last of them only lacks one byte.
    let mut last = open.into_iter().next_back().unwrap();
    last.send("}");
    assert_eq!(last.code(), 201);
    assert_well(&server);
}

#[test]
fn a_request_a_byte_at_a_time_is_a_request() {
    let server = server();
    let request = whole_post(&namespace("slow").to_string());
    let mut raw = Raw::connect(server.address());
    for byte in request.as_bytes() {
        raw.send([*byte]);
    }
    assert_eq!(raw.code(), 201);
    assert_well(&server);
}

#[test]
fn a_head_of_a_megabyte_is_too_large_and_one_of_half_is_not() {
    let server = server();
    let with = |size: usize| format!("GET /readyz HTTP/1.1\r\nX-Large: {}\r\n", "x".repeat(size));
    assert_eq!(ask(&server, &with(512 * 1024), "").code, 200);
    assert_eq!(ask(&server, &with(2 * 1024 * 1024), "").code, 431);
    assert_well(&server);
}

#[test]
fn a_user_may_be_in_hundreds_of_groups_where_that_many_headers_are_allowed() {
    let mut head = "GET /readyz HTTP/1.1\r\nImpersonate-User: alice\r\n".to_owned();
    for group in 0..300 {
        head.push_str(&format!("Impersonate-Group: group-{group}\r\n"));
    }
    for (limit, code) in [(100, 431), (400, 200)] {
        let server = start(FakeApiServer::builder().limits(Limits::new().headers(limit)));
        assert_eq!(ask(&server, &head, "").code, code);
        assert_well(&server);
    }
}

#[test]
fn headers_without_end_are_cut_off() {
    let server = server();
    let mut raw = Raw::connect(server.address());
    raw.send("GET /readyz HTTP/1.1\r\n");
    for number in 0..50_000 {
        raw.send(format!("X-Header-{number}: {}\r\n", "x".repeat(100)));
    }
    assert_eq!(raw.code(), 431);
    assert_well(&server);
}

#[test]
fn a_body_of_three_megabytes_and_a_byte_is_too_large() {
    let server = server();
    let fits = "x".repeat(MAX_BODY);
    let answer = post(&server, SPACES, "application/json", &fits);
    assert_eq!(answer.code, 400, "{}", answer.text);
    let answer = post(&server, SPACES, "application/json", fits + "x");
    assert_eq!(answer.code, 413);
    assert!(
        answer.text.contains("\"reason\":\"RequestEntityTooLarge\""),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("limit is 3145728"), "{}", answer.text);
    assert_well(&server);
}

#[test]
fn a_chunked_body_is_measured_too() {
    let server = server();
    let mut raw = Raw::connect(server.address());
    raw.send(format!(
        "POST {SPACES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    ));
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..49 {
        raw.send(&chunk);
    }
    raw.send("0\r\n\r\n");
    assert_eq!(raw.code(), 413);
    assert_well(&server);
}

#[test]
fn a_body_that_claims_to_be_endless_is_not_waited_for() {
    let server = server();
    let mut raw = Raw::connect(server.address());
    raw.send(format!(
        "POST {SPACES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: 9223372036854775807\r\n\r\n"
    ));
    raw.send("x".repeat(MAX_BODY + 1));
    assert_eq!(raw.code(), 413);
    assert_well(&server);
}

#[test]
fn the_limit_of_the_body_can_be_set() {
    let server = start(FakeApiServer::builder().limits(Limits::new().body(100)));
    let body = |name: &str| namespace(name).to_string();
    assert_eq!(
        post(&server, SPACES, "application/json", body("x")).code,
        201
    );
    let long = body(&"x".repeat(60));
    assert_eq!(post(&server, SPACES, "application/json", long).code, 413);
}

/// Something nested in itself: all opening brackets, a core, and (unless cut off) the closing ones.
fn nested(open: &str, core: &str, close: &str, levels: usize) -> String {
    open.repeat(levels) + core + &close.repeat(levels)
}

fn in_annotations(value: &str) -> String {
    format!("{{\"metadata\":{{\"name\":\"x\",\"annotations\":{{\"a\":{value}}}}}}}")
}

/// A body nested deeply.
struct Deep {
    body: String,
    depth: usize,
    /// What is answered if it can be parsed and unknown fields are no error.
    code: u16,
}

fn deep_json(levels: usize) -> Vec<Deep> {
    // What each level is, how many it counts for, and what the core is.
    let shapes = [
        ("[", "1", "]", 1),
        ("{\"a\":", "1", "}", 1),
        ("[{\"a\":[", "", "]}]", 3),
    ];
    let mut all = Vec::new();
    for (open, core, close, each) in shapes {
        let value = nested(open, core, close, levels);
        let inside = in_annotations(&value);
        let unknown = format!("{{\"unknown\":{value}}}");
        let endless = open.repeat(levels);
        // An annotation is no list; without a name nothing is created; a list is no object; and this one never ends.
        let is_object = if open.starts_with('{') { 422 } else { 400 };
        for (body, more, code) in [
            (inside, 3, 400),
            (unknown, 1, 422),
            (value, 0, is_object),
            (endless, 0, 400),
        ] {
            let depth = levels * each + more;
            all.push(Deep { body, depth, code });
        }
    }
    all
}

#[test]
fn json_a_hundred_thousand_levels_deep_is_a_bad_request() {
    let server = server();
    for Deep { body, .. } in deep_json(DEEP) {
        let answer = post(&server, SPACES, "application/json", &body);
        assert_eq!(answer.code, 400, "{}", &body[..40]);
    }
    assert_well(&server);
}

#[test]
fn json_is_parsed_as_deep_as_go_does() {
    let server = server();
    server.object(namespace("x"));
    for levels in [100, 1_000, DEEPEST / 2, DEEPEST - 10, DEEPEST, DEEPEST + 10] {
        for Deep { body, depth, code } in deep_json(levels) {
            for (validation, code) in [("Ignore", code), ("Warn", code), ("Strict", 400)] {
                let expected = if depth > DEEPEST { 400 } else { code };
                let target = format!("{SPACES}?fieldValidation={validation}&dryRun=All");
                let answer = post(&server, &target, "application/json", &body);
                let start = &body[..40];
                assert_eq!(
                    answer.code, expected,
                    "{depth} levels of {start}: {answer:?}"
                );
            }
        }
    }
    assert_well(&server);
}

#[test]
fn yaml_a_hundred_thousand_levels_deep_is_a_bad_request() {
    let server = server();
    let bodies = [
        nested("[", "1", "]", DEEP),
        "{a: ".repeat(DEEP),
        "- ".repeat(DEEP) + "x",
        "? ".repeat(DEEP) + "x",
    ];
    for body in &bodies {
        let answer = post(&server, SPACES, "application/yaml", body);
        assert_eq!(answer.code, 400, "{}", &body[..20]);
    }
    let target = format!("{SPACES}/default?fieldManager=m");
    let answer = patch(&server, &target, "application/apply-patch+yaml", &bodies[0]);
    assert_eq!(answer.code, 400);
    assert_well(&server);
}

#[test]
fn yaml_indented_two_thousand_times_is_answered() {
    let server = server();
    let body: String = (0..2_000).map(|level| " ".repeat(level) + "a:\n").collect();
    let answer = post(&server, SPACES, "application/yaml", &body);
    assert_eq!(answer.code, 422, "{}", answer.text);
    assert_well(&server);
}

#[test]
fn yaml_that_grows_by_its_aliases_is_a_bad_request() {
    let server = server();
    let mut body = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        body.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            before.trim_end_matches(", ")
        ));
    }
    assert_eq!(post(&server, SPACES, "application/yaml", &body).code, 400);
    let answer = post(&server, SPACES, "application/yaml", "a: &a [*a]\n");
    assert_eq!(answer.code, 400);
    assert_well(&server);
}

#[test]
fn deep_patches_of_every_kind_are_answered() {
    let server = server();
    let target = format!("{SPACES}/default");
    for levels in [DEEPEST - 10, DEEP] {
        for value in [
            nested("[", "1", "]", levels),
            nested("{\"a\":", "1", "}", levels),
        ] {
            let merge = in_annotations(&value).replace("\"name\":\"x\",", "");
            let operation = format!(
                "[{{\"op\":\"add\",\"path\":\"/metadata/annotations\",\"value\":{{\"a\":{value}}}}}]"
            );
            let unknown = format!("{{\"unknown\":{value}}}");
            let unknown_operation =
                format!("[{{\"op\":\"add\",\"path\":\"/unknown\",\"value\":{value}}}]");
            // An annotation is a text; what is unknown is dropped; a JSON patch is a list of operations, others an object.
            let alone = if value.starts_with('{') { 200 } else { 400 };
            let bodies = [
                ("application/merge-patch+json", &merge, 422),
                ("application/strategic-merge-patch+json", &merge, 422),
                ("application/json-patch+json", &operation, 422),
                ("application/merge-patch+json", &unknown, 200),
                ("application/strategic-merge-patch+json", &unknown, 200),
                ("application/json-patch+json", &unknown_operation, 200),
                ("application/merge-patch+json", &value, alone),
                ("application/strategic-merge-patch+json", &value, alone),
                ("application/json-patch+json", &value, 400),
            ];
            for (media, body, code) in bodies {
                let expected = if levels > DEEPEST { 400 } else { code };
                let target = format!("{target}?fieldManager=m&dryRun=All");
                let answer = patch(&server, &target, media, body);
                assert_eq!(
                    answer.code, expected,
                    "{levels} levels as {media}: {answer:?}"
                );
            }
        }
    }
    assert_well(&server);
}

#[test]
fn deep_delete_options_are_refused() {
    let server = server();
    for Deep { body, .. } in deep_json(DEEP) {
        let head = format!("DELETE {SPACES}/nobody HTTP/1.1\r\nContent-Type: application/json\r\n");
        assert_eq!(ask(&server, &head, &body).code, 400, "{}", &body[..40]);
    }
    assert_well(&server);
}

#[test]
fn selectors_and_tokens_full_of_brackets_are_bad_requests() {
    let server = server();
    for query in [
        format!("labelSelector=a+in+{}", "(".repeat(10_000)),
        format!("labelSelector={}", "a,".repeat(10_000) + "="),
        format!("fieldSelector={}", "metadata.name%3D".repeat(1_000)),
        format!("continue={}", "W1tb".repeat(10_000)),
        "limit=99999999999999999999".to_owned(),
        "resourceVersion=99999999999999999999".to_owned(),
    ] {
        let answer = ask(&server, &format!("GET {SPACES}?{query} HTTP/1.1\r\n"), "");
        assert_eq!(answer.code, 400, "{}", &query[..20]);
    }
    assert_well(&server);
}

#[test]
fn invalid_utf_8_is_survived_everywhere() {
    let server = server();
    let bad = b"\xff\xfe\x80\xc3\x28\xed\xa0\x80";
    let around = |before: &str, after: &str| [before.as_bytes(), bad, after.as_bytes()].concat();
    // Each line of a head, and the answer to it. (Go takes such a path, which then is not found, and no such host.)
    let heads = [
        (around("GET /api/v1/namespaces/", " HTTP/1.1"), 400),
        (
            around("GET /api/v1/namespaces?labelSelector=", " HTTP/1.1"),
            400,
        ),
        (around("", " /readyz HTTP/1.1"), 400),
        (around("GET /readyz HTTP/1.1\r\nX-", ": y"), 400),
        (around("GET /readyz HTTP/1.1\r\nUser-Agent: ", ""), 200),
        (around("GET /readyz HTTP/1.1\r\nAccept: ", ""), 200),
        (
            around("GET /readyz HTTP/1.1\r\nAuthorization: Bearer ", ""),
            200,
        ),
        (around("GET /readyz HTTP/1.1\r\nAudit-ID: ", ""), 200),
        (
            around("GET /readyz HTTP/1.1\r\nImpersonate-User: ", ""),
            200,
        ),
    ];
    for (head, code) in heads {
        let mut raw = Raw::connect(server.address());
        raw.send(&head).send("\r\nHost: x\r\n\r\n");
        assert_eq!(raw.code(), code, "{}", head.escape_ascii());
    }
    // Go reads such bytes as U+FFFD in JSON, and its YAML reader refuses them.
    let bodies = [
        (around("{\"metadata\":{\"name\":\"", "\"}}"), 422),
        (
            around(
                "{\"metadata\":{\"name\":\"x\",\"labels\":{\"",
                "\":\"v\"}}}",
            ),
            422,
        ),
        (around("", ""), 400),
    ];
    for (body, as_json) in bodies {
        let answer = post(&server, SPACES, "application/json", &body);
        assert_eq!(answer.code, as_json, "{answer:?}");
        let answer = post(&server, SPACES, "application/yaml", &body);
        assert_eq!(answer.code, 400, "{answer:?}");
        // No patch may name another object.
        for media in [
            "application/merge-patch+json",
            "application/json-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml",
        ] {
            let target = format!("{SPACES}/default?fieldManager=m");
            let answer = patch(&server, &target, media, &body);
            assert_eq!(answer.code, 400, "{media}: {answer:?}");
        }
    }
    assert_well(&server);
}

#[test]
fn escaped_bytes_that_are_no_text_find_nothing() {
    let server = server();
    // Two dots are no name; the others nobody has. What is put must have the name of its path, and only a name.
    for (path, get, put) in [
        ("%ff", 404, 400),
        ("%00", 404, 400),
        ("%c3%28", 404, 400),
        ("a%2fb", 404, 404),
        ("%2e%2e", 400, 400),
        ("%0d%0aX:%20y", 404, 400),
        ("%f0%9f%92%a9", 404, 400),
    ] {
        let answer = ask(&server, &format!("GET {SPACES}/{path} HTTP/1.1\r\n"), "");
        assert_eq!(answer.code, get, "{path}: {answer:?}");
        // Nothing of it ends up as a header.
        assert!(!answer.text.contains("\r\nX: y"), "{path}: {answer:?}");
        let body = namespace("x").to_string();
        let head = format!("PUT {SPACES}/{path} HTTP/1.1\r\nContent-Type: application/json\r\n");
        let answer = ask(&server, &head, body);
        assert_eq!(answer.code, put, "{path}: {answer:?}");
    }
    assert_well(&server);
}

#[test]
fn bad_percent_escapes_in_a_path_are_a_bad_request() {
    let server = server();
    for path in ["%", "%z", "%zz", "%4", "a%", "%%41", "%u0041"] {
        let answer = ask(&server, &format!("GET {SPACES}/{path} HTTP/1.1\r\n"), "");
        assert_eq!(answer.code, 400, "{path}");
    }
    assert_well(&server);
}

#[test]
fn a_parameter_with_bad_percent_escapes_is_as_good_as_none() {
    let server = server();
    for query in [
        "labelSelector=%",
        "labelSelector=%zz",
        "%zz=x",
        "%",
        "a=%4&limit=1",
        "watch=%",
    ] {
        let answer = ask(&server, &format!("GET {SPACES}?{query} HTTP/1.1\r\n"), "");
        assert_eq!(answer.code, 200, "{query}: {answer:?}");
    }
    assert_well(&server);
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = server();
    let mut raw = Raw::connect(server.address());
    let names = ["default", "nobody", "kube-system", "nowhere"];
    for round in 0..200 {
        raw.send(format!(
            "GET {SPACES}/{} HTTP/1.1\r\nHost: x\r\n\r\n",
            names[round % 4]
        ));
    }
    for round in 0..200 {
        let expected = if round % 2 == 0 { 200 } else { 404 };
        assert_eq!(raw.code(), expected);
        raw.until(&format!("{}\"", names[round % 4]));
    }
    assert_well(&server);
}

#[test]
fn garbage_after_a_request_does_not_spoil_its_answer() {
    let server = server();
    const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "GET\r\n\r\n",
        "GET /readyz HTTP/9.9\r\n\r\n",
        "{\"kind\":\"Namespace\"}\r\n\r\n",
        PREFACE,
    ] {
        let mut raw = Raw::connect(server.address());
        raw.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        raw.send(garbage);
        assert_eq!(raw.code(), 200, "{garbage:?}");
        raw.until("\r\n\r\nok");
        // It is too late for HTTP/2: that is cut off.
        if garbage != PREFACE {
            assert_eq!(raw.code(), 400, "{garbage:?}");
            raw.until("\r\n\r\n");
        }
        assert_eq!(raw.rest(), "", "{garbage:?}");
    }
    assert_well(&server);
}

#[test]
fn what_is_not_http_is_refused_or_cut_off() {
    let server = server();
    // No answer to what may be HTTP/2 or still become a request; one to a body that cannot be read.
    for (noise, code) in [
        ("\r\n\r\n\r\n", None),
        ("\0", Some(400)),
        ("hello\r\n\r\n", Some(400)),
        ("GET /readyz\r\n\r\n", Some(400)),
        ("GET  HTTP/1.1\r\n\r\n", Some(400)),
        ("GET /readyz HTTP/1.1\r\nNo colon\r\n\r\n", Some(400)),
        ("GET /readyz HTTP/1.1\r\n: empty\r\n\r\n", Some(400)),
        ("GET /readyz HTTP/1.1\r\n folded: x\r\n\r\n", Some(400)),
        ("\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03", Some(400)),
        (
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
            None,
        ),
        (
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame at all, and a long one at that",
            None,
        ),
        (
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            Some(400),
        ),
        (
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            Some(400),
        ),
        (
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            Some(500),
        ),
        (
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            Some(500),
        ),
        (
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
            Some(400),
        ),
    ] {
        let mut raw = Raw::connect(server.address());
        raw.send(noise);
        match code {
            Some(code) => assert_eq!(raw.code(), code, "{noise:?}"),
            None => assert_eq!(raw.finish().rest(), "", "{noise:?}"),
        }
    }
    assert_well(&server);
}

#[test]
fn a_request_cannot_be_smuggled_behind_another() {
    let server = server();
    let before = server.revision();
    let smuggled = whole_post(&namespace("smuggled").to_string());
    let mut raw = Raw::connect(server.address());
    raw.send(format!(
        "POST {SPACES} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        5 + smuggled.len()
    ))
    .finish();
    assert_eq!(raw.code(), 400);
    raw.rest();
    assert_eq!(server.revision(), before);
    assert_well(&server);
}

#[test]
fn thousands_of_connections_come_and_go() {
    let server = server();
    for round in 0..3_000 {
        let mut raw = Raw::connect(server.address());
        let piece = [
            "",
            "GET /api/v1/namespaces HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /api/v1/endpoints?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        ];
        raw.send(piece[round % 4]);
    }
    assert_well(&server);
}

#[test]
fn a_thousand_idle_connections_are_in_nobodys_way() {
    let server = server();
    let open: Vec<_> = (0..1_000).map(|_| Raw::connect(server.address())).collect();
    assert_well(&server);
    drop(open);
    assert_well(&server);
}

#[test]
fn connections_beyond_the_limit_wait_for_their_turn() {
    let server = start(FakeApiServer::builder().limits(Limits::new().connections(2)));
    let mut open: Vec<_> = (0..5).map(|_| Raw::connect(server.address())).collect();
    for raw in &mut open {
        raw.send("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    for raw in &mut open {
        assert_eq!(raw.code(), 200);
    }
    drop(open);
    assert_well(&server);
}

#[test]
fn a_watch_whose_client_left_gives_its_connection_back() {
    let server = start(FakeApiServer::builder().limits(Limits::new().connections(1)));
    for _ in 0..3 {
        drop(watching(&server, "/api/v1/endpoints?watch=true"));
    }
    let answer = ask(&server, "GET /readyz HTTP/1.1\r\n", "");
    assert_eq!(answer.code, 200);
}

#[test]
fn a_post_whose_client_left_gives_its_connection_back() {
    let server = start(FakeApiServer::builder().limits(Limits::new().connections(1)));
    for _ in 0..3 {
        let mut raw = Raw::connect(server.address());
        raw.send(
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        );
        assert_eq!(raw.code(), 100);
    }
    let answer = ask(&server, "GET /readyz HTTP/1.1\r\n", "");
    assert_eq!(answer.code, 200);
}

#[test]
fn a_post_that_stops_half_way_holds_up_nobody_and_stores_nothing() {
    let server = server();
    let body = namespace("half").to_string();
    let (first, second) = body.split_at(body.len() / 2);
    let mut slow = Raw::connect(server.address());
    slow.send(format!(
        "POST {SPACES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    ));
    assert_eq!(slow.code(), 100);
    slow.until("\r\n");
    slow.send(first);
    for _ in 0..10 {
        assert_well(&server);
    }
    assert!(server.resource("ns").get("half").is_none());
    slow.send(second);
    assert_eq!(slow.code(), 201);
}

/// What the process holds in memory, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}

#[test]
fn watchers_that_never_read_cost_no_memory_and_hold_up_nobody() {
    const WATCHERS: usize = 50;
    const EVENTS: usize = 300;
    const SIZE: usize = 200_000;
    let server = start(FakeApiServer::builder().limits(Limits::new().events(20)));
    let deaf: Vec<_> = (0..WATCHERS)
        .map(|_| watching(&server, "/api/v1/endpoints?watch=true&resourceVersion=0"))
        .collect();
    #[cfg(target_os = "linux")]
    let before = resident();
    let mut client = Raw::connect(server.address());
    let blob = "x".repeat(SIZE);
    for round in 0..EVENTS {
        let mut object = endpoints("default", "x", json!({"round": round.to_string()}));
        object["metadata"]["annotations"] = json!({"blob": blob});
        let body = object.to_string();
        client.send(format!(
            "PUT {}/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            path("default"),
            body.len()
        ));
        assert_eq!(client.code(), if round == 0 { 201 } else { 200 });
        client.until("\r\n0\r\n\r\n");
    }
    // A queue each would hold 3 GB, one log without a limit 60 MB of objects.
    #[cfg(target_os = "linux")]
    assert!(resident().saturating_sub(before) < 1 << 30);
    assert_well(&server);
    let mut late = watching(&server, "/api/v1/endpoints?watch=true&resourceVersion=0");
    late.until(&format!("\"round\":\"{}\"", EVENTS - 1));
    drop(deaf);
    assert_well(&server);
}

#[test]
fn readers_that_never_read_their_answers_hold_up_nobody() {
    let server = server();
    let blob = "x".repeat(200_000);
    for number in 0..20 {
        let mut object = endpoints("default", &format!("x{number}"), json!({}));
        object["metadata"]["annotations"] = json!({"blob": blob});
        server.object(object);
    }
    let deaf: Vec<_> = (0..50)
        .map(|_| {
            let mut raw = Raw::connect(server.address());
            raw.send("GET /api/v1/endpoints HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5));
            raw
        })
        .collect();
    assert_well(&server);
    drop(deaf);
    assert_well(&server);
}
