//! A browser does not speak for whose page it shows: neither to the API of a server without tokens nor to the control
//! surface of any.

mod support;

use fake_apiserver::{Auth, FakeApiServer, FakeApiServerBuilder};
use serde_json::{Value, json};
use support::raw::Raw;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const BODY: &str = "{\"metadata\":{\"name\":\"theirs\"}}";

/// What a browser says of pages that are not the server's own.
const FOREIGN: [&str; 8] = [
    "Host: 127.0.0.1\r\nOrigin: https://evil.example",
    "Host: 127.0.0.1\r\nOrigin: null",
    "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1:1",
    "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site",
    "Host: localhost\r\nSec-Fetch-Site: same-site",
    "Host: evil.example",
    "Host: EVIL.example:8001\r\nOrigin: http://evil.example:8001\r\nSec-Fetch-Site: same-origin",
    "Host: printer.local",
];

/// The requests a page can make a browser send without asking the server first.
const SIMPLE: [(&str, &str); 4] = [
    ("GET", "/api/v1/secrets"),
    ("GET", "/api/v1/configmaps?watch=true"),
    ("POST", CONFIG_MAPS),
    ("POST", "/_fake/reset"),
];

fn builder() -> FakeApiServerBuilder {
    FakeApiServer::builder().control(true).controllers(false)
}

fn ask(server: &FakeApiServer, method: &str, path: &str, headers: &str) -> (u16, String) {
    let mut raw = Raw::connect(server.address());
    raw.send(format!(
        "{method} {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    ));
    let code = raw.code();
    raw.until("\r\n\r\n");
    (code, raw.rest())
}

fn message(text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap();
    let message = body["message"].as_str().or(body["error"].as_str());
    message.unwrap().to_owned()
}

#[test]
fn a_page_of_another_origin_neither_reads_nor_writes() {
    let server = builder().start_blocking();
    for headers in FOREIGN {
        for (method, path) in SIMPLE {
            let (code, text) = ask(&server, method, path, headers);
            assert_eq!(code, 403, "{method} {path} {headers}");
            assert!(!text.contains("resourceVersion"), "{text}");
            let message = message(&text);
            assert!(message.starts_with("this server is not "), "{message}");
            assert!(message.ends_with("; allow_host and allow_origin let more in"));
        }
    }
    let config_maps = server.resource("configmaps").namespace("default").list();
    assert_eq!(config_maps, [json!(null); 0]);
}

#[test]
fn a_web_socket_of_another_origin_is_refused_before_it_opens() {
    let server = builder().start_blocking();
    let socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                  Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let code = |headers: &str| {
        let mut raw = Raw::connect(server.address());
        let target = "/api/v1/configmaps?watch=true";
        raw.send(format!(
            "GET {target} HTTP/1.1\r\n{headers}\r\n{socket}\r\n\r\n"
        ));
        raw.code()
    };
    assert_eq!(code("Host: localhost\r\nOrigin: http://evil.example"), 403);
    assert_eq!(
        code("Host: evil.example\r\nOrigin: http://evil.example"),
        403
    );
    assert_eq!(code("Host: localhost:1\r\nOrigin: http://localhost:1"), 101);
}

#[test]
fn an_own_page_and_whatever_is_no_browser_are_answered() {
    let server = builder().start_blocking();
    for headers in [
        "Host: 127.0.0.1:1\r\nOrigin: http://127.0.0.1:1\r\nSec-Fetch-Site: same-origin",
        "Host: LOCALHOST\r\nSec-Fetch-Site: none",
        "Host: fake",
        "Host: kubernetes.default.svc",
    ] {
        assert_eq!(ask(&server, "GET", "/api/v1/configmaps", headers).0, 200);
        assert_eq!(ask(&server, "GET", "/_fake/clock", headers).0, 200);
    }
}

#[test]
fn who_was_allowed_is_answered() {
    let server = builder()
        .allow_host("fake.test")
        .allow_origin("http://app.test:5173")
        .start_blocking();
    for (headers, code) in [
        ("Host: Fake.test:80", 200),
        (
            "Host: fake.test\r\nOrigin: http://app.test:5173\r\nSec-Fetch-Site: cross-site",
            200,
        ),
        ("Host: fake.test\r\nOrigin: http://app.test", 403),
        ("Host: app.test:5173\r\nOrigin: http://app.test:5173", 403),
    ] {
        assert_eq!(ask(&server, "GET", "/readyz", headers).0, code, "{headers}");
        assert_eq!(ask(&server, "GET", "/_fake", headers).0, code, "{headers}");
    }
}

#[test]
fn a_server_with_tokens_leaves_the_api_to_them() {
    let auth = Auth::new().token("secret", "alice", ["dev"]);
    let server = builder().auth(auth).start_blocking();
    for headers in FOREIGN {
        let headers = format!("{headers}\r\nAuthorization: Bearer secret");
        assert_eq!(ask(&server, "GET", "/api/v1/configmaps", &headers).0, 200);
        assert_eq!(ask(&server, "GET", "/_fake", &headers).0, 403);
    }
}

#[test]
fn what_is_no_host_and_no_origin_is_refused_at_the_start() {
    let error = builder().allow_host("http://x").try_start_blocking();
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("allow_host \"http://x\""), "{error}");
    let error = builder().allow_origin("x.test").try_start_blocking();
    assert_eq!(
        error.unwrap_err().to_string(),
        "allow_origin \"x.test\": an origin is a scheme and a host, such as http://localhost:5173"
    );
}
