//! The binary, from outside: what it prints, what it answers, how it ends.

#![cfg(unix)]

#[path = "cli/exec.rs"]
mod exec;
#[path = "cli/keeping.rs"]
mod keeping;
#[path = "cli/verify.rs"]
mod verify;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long an answer may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Endpoints
metadata: {name: db, namespace: shop}
";

const READERS: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: reader, namespace: shop}
  rules:
  - {apiGroups: [\"\"], resources: [endpoints], verbs: [get, list, watch]}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: {name: readers, namespace: shop}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
  subjects:
  - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: dev}
";

const TOKENS: &str = "alices,alice,1,\"dev\"\nroots,root,2,\"system:masters\"\n";

/// A running binary, killed if the test does not stop it.
struct Server {
    child: Child,
    url: String,
    /// What it printed after the URL is still in here.
    stdout: Option<Box<dyn std::io::BufRead>>,
}

/// What came back: the status code and everything after it.
struct Answer {
    code: u16,
    text: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_fake-apiserver"))
        .arg("serve")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts a server and waits for its URL.
#[track_caller]
fn serve(args: &[&str]) -> Server {
    let mut child = spawn(args);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    stdout.read_line(&mut url).unwrap();
    if url.is_empty() {
        let mut errors = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        panic!("no URL, but {errors}");
    }
    Server {
        child,
        url: url.trim_end().to_owned(),
        stdout: Some(Box::new(stdout)),
    }
}

/// Runs a server that cannot start: its exit code and what it says.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = spawn(args).wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

impl Server {
    fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        answer(stream)
    }

    fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "", "")
    }

    fn get_as(&self, token: &str, path: &str) -> Answer {
        let header = format!("authorization: Bearer {token}\r\n");
        self.request("GET", path, &header, "")
    }

    fn create(&self, collection: &str, body: &str) -> Answer {
        self.request("POST", collection, "", body)
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(status.success());
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Stops it and returns what it wrote to standard error.
    fn stop(mut self) -> String {
        self.signal("-TERM");
        assert_eq!(self.exit_code(), Some(0));
        let mut errors = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut errors).unwrap();
        }
        errors
    }

    fn stderr(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.child.stderr.take().unwrap())
    }

    /// Starts to create something: the server has read all but the body.
    fn begin_create(&self, length: usize) -> TcpStream {
        let mut stream = self.connect();
        write!(
            stream,
            "POST /api/v1/namespaces HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
        .unwrap();
        let mut line = [0; 25];
        stream.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    }
}

fn answer(mut stream: TcpStream) -> Answer {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let code = text.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { code, text }
}

/// Reads on to the line that has this in it.
fn read_until(reader: &mut impl std::io::BufRead, wanted: &str) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "no {wanted}");
        if line.contains(wanted) {
            return line;
        }
    }
}

fn file(directory: &TempDir, name: &str, text: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn uid_of_default(server: &Server) -> String {
    let text = server.get("/api/v1/namespaces/default").text;
    let (_, uid) = text.split_once("\"uid\":\"").unwrap();
    uid.split('"').next().unwrap().to_owned()
}

/// What a cluster has from the start has the same uids on every server.
fn uid_of_a_new_object(server: &Server) -> String {
    let object = r#"{"metadata": {"name": "new"}}"#;
    let text = server.create("/api/v1/namespaces", object).text;
    let (_, uid) = text.split_once("\"uid\":\"").unwrap();
    uid.split('"').next().unwrap().to_owned()
}

#[test]
fn the_help_and_the_errors_are_as_written() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}

#[test]
fn the_first_line_is_the_url_of_a_server_that_answers() {
    let server = serve(&[]);
    assert!(server.url.starts_with("http://127.0.0.1:"));
    assert_eq!(server.get("/readyz").code, 200);
    let answer = server.get("/api/v1/namespaces/default");
    assert_eq!(answer.code, 200);
    assert!(answer.text.contains("\"phase\":\"Active\""));
}

#[test]
fn the_lines_below_the_url_say_how_to_use_it() {
    let mut server = serve(&[]);
    let mut hints = server.stdout.take().unwrap();
    let url = server.url.clone();
    read_until(
        &mut hints,
        &format!("kubectl --server {url} get namespaces"),
    );
    read_until(&mut hints, "Ctrl-C");
}

#[test]
fn sigterm_ends_it_with_0_and_frees_the_port() {
    let server = serve(&[]);
    let address = server.address().to_owned();
    assert_eq!(server.stop(), "");
    TcpListener::bind(address).unwrap();
}

#[test]
fn ctrl_c_ends_it_with_0() {
    let mut server = serve(&[]);
    server.signal("-INT");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn stopping_ends_watches() {
    let server = serve(&[]);
    let mut stream = server.connect();
    write!(
        stream,
        "GET /api/v1/namespaces?watch=true HTTP/1.1\r\nhost: test\r\n\r\n"
    )
    .unwrap();
    let mut watch = BufReader::new(stream);
    read_until(&mut watch, "kube-system");
    server.stop();
    let mut rest = String::new();
    watch.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[test]
fn a_request_in_flight_is_finished_before_it_stops() {
    let body = r#"{"metadata":{"name":"late"}}"#;
    let mut server = serve(&["--log", "info"]);
    let mut log = server.stderr();
    let mut stream = server.begin_create(body.len());
    server.signal("-TERM");
    read_until(&mut log, "stopping");
    stream.write_all(body.as_bytes()).unwrap();
    assert_eq!(answer(stream).code, 201);
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let mut server = serve(&["--log", "info"]);
    let mut log = server.stderr();
    let _in_flight = server.begin_create(1);
    server.signal("-INT");
    read_until(&mut log, "stopping");
    server.signal("-INT");
    assert_eq!(server.exit_code(), Some(130));
}

#[test]
fn it_serves_on_when_nobody_reads_its_output() {
    let mut child = spawn(&["--log", "info"]);
    drop(child.stdout.take());
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let line = read_until(&mut log, "url=");
    drop(log);
    let url = line.split('"').nth(1).unwrap().to_owned();
    let stdout = None;
    let server = Server { child, url, stdout };
    assert_eq!(server.get("/api").code, 200);
    assert_eq!(server.get("/api").code, 200);
    server.stop();
}

#[test]
fn a_taken_port_is_an_error_of_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    assert_eq!(
        refused(&["--port", &address.port().to_string()]),
        (
            Some(1),
            format!("fake-apiserver: cannot listen on {address}: Address already in use\n")
        )
    );
}

#[test]
fn a_server_that_cannot_start_leaves_no_kubeconfig() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let directory = directory();
    let path = directory.path().join("kubeconfig");
    refused(&["--port", &port, "--kubeconfig", path.to_str().unwrap()]);
    assert!(!path.exists());
}

#[test]
fn the_port_asked_for_is_taken() {
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let server = serve(&["--port", &port.to_string()]);
    assert_eq!(server.url, format!("http://127.0.0.1:{port}"));
}

#[test]
fn the_url_of_all_addresses_is_the_local_one() {
    let server = serve(&["--bind-address", "0.0.0.0"]);
    assert!(server.url.starts_with("http://127.0.0.1:"));
    assert_eq!(server.get("/healthz").code, 200);
}

#[test]
fn the_kubeconfig_is_complete_and_its_owners_alone() {
    let directory = directory();
    let tokens = file(&directory, "tokens.csv", TOKENS);
    let path = directory.path().join("kubeconfig");
    let server = serve(&[
        "--kubeconfig",
        path.to_str().unwrap(),
        "--token-auth-file",
        &tokens,
    ]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(&format!("server: {}\n", server.url)));
    assert!(text.contains("token: \"alices\"\n"));
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names_in(directory.path()), ["kubeconfig", "tokens.csv"]);
    server.stop();
    assert!(path.exists());
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_kubeconfig_of_an_earlier_run_is_replaced() {
    let directory = directory();
    let path = file(&directory, "kubeconfig", "");
    serve(&["--kubeconfig", &path]).stop();
    let second = serve(&["--kubeconfig", &path]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(&second.url));
}

#[test]
fn a_kubeconfig_of_somebody_else_is_not_replaced() {
    let directory = directory();
    let path = file(&directory, "config", "current-context: production\n");
    let (code, error) = refused(&["--kubeconfig", &path]);
    assert_eq!(code, Some(1));
    assert!(error.contains("not overwritten"), "{error}");
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "current-context: production\n"
    );
}

#[test]
fn with_tls_the_url_is_https_and_the_kubeconfig_has_the_authority() {
    let directory = directory();
    let path = directory.path().join("kubeconfig");
    let server = serve(&["--tls", "--kubeconfig", path.to_str().unwrap()]);
    assert!(server.url.starts_with("https://127.0.0.1:"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("certificate-authority-data: "));
    let plain = server.get("/api");
    assert_eq!(plain.code, 400);
    assert!(plain.text.contains("HTTP request to an HTTPS server"));
}

#[test]
fn objects_come_from_files_and_directories() {
    let manifests = directory();
    file(&manifests, "b.yml", SHOP);
    file(&manifests, "notes.txt", "not: {a manifest");
    file(&manifests, ".b.yml", "not: {a manifest");
    let other = directory();
    let json = r#"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bank"}}"#;
    let json = file(&other, "bank.json", json);
    let server = serve(&[
        "--objects",
        manifests.path().to_str().unwrap(),
        "--objects",
        &json,
    ]);
    assert_eq!(server.get("/api/v1/namespaces/bank").code, 200);
    assert_eq!(server.get("/api/v1/namespaces/shop/endpoints/db").code, 200);
}

#[test]
fn what_is_dumped_at_the_end_can_be_started_with() {
    let directory = directory();
    let dump = directory.path().join("dump.yaml");
    let dump = dump.to_str().unwrap();
    let server = serve(&["--dump", dump, "--random-seed", "7"]);
    let body = r#"{"metadata":{"name":"web"}}"#;
    let collection = "/api/v1/namespaces/default/endpoints";
    assert_eq!(server.create(collection, body).code, 201);
    let uid = uid_of_default(&server);
    assert_eq!(server.stop(), "");
    let again = serve(&["--objects", dump]);
    assert_eq!(again.get(&format!("{collection}/web")).code, 200);
    assert_eq!(uid_of_default(&again), uid);
}

#[test]
fn a_dump_that_cannot_be_written_is_a_failure() {
    let mut server = serve(&["--dump", "/no/such/place.yaml"]);
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(1));
    let mut errors = String::new();
    server.stderr().read_to_string(&mut errors).unwrap();
    assert_eq!(
        errors,
        "fake-apiserver: /no/such/place.yaml: No such file or directory\n"
    );
}

#[test]
fn a_namespace_springs_up_only_where_that_is_asked_for() {
    let body = r#"{"metadata":{"name":"web"}}"#;
    let collection = "/api/v1/namespaces/new/endpoints";
    assert_eq!(serve(&[]).create(collection, body).code, 404);
    let server = serve(&["--implicit-namespaces"]);
    assert_eq!(server.create(collection, body).code, 201);
}

#[test]
fn rbac_decides_by_the_roles_among_the_objects() {
    let directory = directory();
    let tokens = file(&directory, "tokens.csv", TOKENS);
    let shop = file(&directory, "shop.yaml", SHOP);
    let readers = file(&directory, "readers.yaml", READERS);
    let server = serve(&[
        "--token-auth-file",
        &tokens,
        "--authorization-mode",
        "RBAC",
        "--objects",
        &shop,
        "--objects",
        &readers,
    ]);
    let endpoints = "/api/v1/namespaces/shop/endpoints";
    assert_eq!(server.get_as("nobodys", endpoints).code, 401);
    assert_eq!(server.get_as("alices", endpoints).code, 200);
    let denied = server.get_as("alices", "/api/v1/namespaces");
    assert_eq!(denied.code, 403);
    assert!(denied.text.contains("User \\\"alice\\\" cannot list"));
    assert_eq!(server.get_as("roots", "/api/v1/namespaces").code, 200);
    assert_eq!(server.get(endpoints).code, 403);
}

#[test]
fn without_rbac_a_token_is_enough() {
    let directory = directory();
    let tokens = file(&directory, "tokens.csv", TOKENS);
    let server = serve(&["--token-auth-file", &tokens]);
    assert_eq!(server.get_as("alices", "/api/v1/namespaces").code, 200);
    assert_eq!(server.get("/api/v1/namespaces").code, 200);
}

#[test]
fn anonymous_requests_can_be_turned_away() {
    let directory = directory();
    let tokens = file(&directory, "tokens.csv", TOKENS);
    let server = serve(&["--token-auth-file", &tokens, "--anonymous-auth=false"]);
    assert_eq!(server.get("/api/v1/namespaces").code, 401);
    assert_eq!(server.get_as("alices", "/api/v1/namespaces").code, 200);
}

#[test]
fn the_same_seed_gives_the_same_uids() {
    let first = uid_of_a_new_object(&serve(&["--random-seed", "7"]));
    assert_eq!(uid_of_a_new_object(&serve(&["--random-seed", "7"])), first);
    assert_ne!(uid_of_a_new_object(&serve(&["--random-seed", "8"])), first);
}

#[test]
fn the_version_asked_for_is_played() {
    let server = serve(&["--kubernetes-version", "1.32"]);
    let answer = server.get("/version");
    assert!(answer.text.contains("v1.32.0"), "{}", answer.text);
}

#[test]
fn a_short_event_log_forgets() {
    let server = serve(&["--event-log-limit", "1"]);
    for name in ["a", "b", "c"] {
        let body = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
        assert_eq!(server.create("/api/v1/namespaces", &body).code, 201);
    }
    let path = "/api/v1/namespaces?watch=true&resourceVersion=1&timeoutSeconds=1";
    let answer = server.get(path);
    assert!(answer.text.contains("\"code\":410"), "{}", answer.text);
}

#[test]
fn with_log_info_every_request_is_a_line() {
    let server = serve(&["--log", "info"]);
    server.request(
        "GET",
        "/api/v1/namespaces/none?pretty=true",
        "user-agent: te\"st\r\nimpersonate-user: bob\r\n",
        "",
    );
    server.get("/livez");
    let log = server.stop();
    let lines: Vec<&str> = log.lines().filter(|l| l.contains("method=")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    let parts = [
        "Z  INFO method=GET target=/api/v1/namespaces/none?pretty=true status=404 duration_us=",
        r#" user="bob" user_agent="te\"st""#,
    ];
    assert!(parts.iter().all(|part| lines[0].contains(part)), "{log}");
}

#[test]
fn without_asking_nothing_is_logged() {
    let server = serve(&[]);
    server.get("/api/v1/namespaces/none");
    assert_eq!(server.stop(), "");
}

#[test]
fn a_token_file_that_is_odd_is_warned_about() {
    let directory = directory();
    let tokens = file(&directory, "tokens.csv", "t,alice,1\nt,bob,2\n");
    let log = serve(&["--token-auth-file", &tokens]).stop();
    assert!(log.contains("WARN duplicate token"), "{log}");
}
