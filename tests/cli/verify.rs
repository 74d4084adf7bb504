//! `verify`: fixtures against a private fake, and against a server.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Server, serve};

const CREATE: &str = "\
description: A config map can be created
steps:
- request: POST /api/v1/namespaces/{ns}/configmaps
  body: {apiVersion: v1, kind: ConfigMap, metadata: {name: db}}
  expect: 201
";
const WRONG: &str = "\
description: A config map is a secret
steps:
- request: POST /api/v1/namespaces/{ns}/configmaps
  body: {apiVersion: v1, kind: ConfigMap, metadata: {name: db}}
  expect: {status: 201, body: {$subset: {kind: Secret}}}
";
const TOKENS: &str = "description: With tokens\ngiven: {tokens: {a: {user: alice}}}\nsteps: []\n";

/// Exit code, standard output and standard error.
fn verify(directory: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"))
        .arg("verify")
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    std::fs::create_dir(directory.path().join("maps")).unwrap();
    for (name, text) in [
        ("maps/create.yaml", CREATE),
        ("maps/wrong.yml", WRONG),
        ("tokens.yaml", TOKENS),
    ] {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// The namespaces of fixtures that nobody has deleted.
fn leftovers(server: &Server) -> Vec<String> {
    let answer = server.get("/api/v1/namespaces").text;
    let items = answer.split("{\"metadata\":{\"name\":\"").skip(1);
    items
        .filter(|item| item.starts_with("fixture-") && item.contains("\"phase\":\"Active\""))
        .map(|item| item.split('"').next().unwrap().to_owned())
        .collect()
}

#[test]
fn what_differs_is_told_and_counted() {
    let directory = directory();
    let (code, out, err) = verify(directory.path(), &["maps", "tokens.yaml"]);
    assert_eq!(
        out,
        "maps/wrong.yml: A config map is a secret\n  line 3: POST /api/v1/namespaces/{ns}/configmaps\n    \
         body.kind: expected \"Secret\", got \"ConfigMap\"\n2 passed, 1 failed, 0 skipped; 2 steps\n"
    );
    assert_eq!((code, err.as_str()), (Some(1), ""));
}

#[test]
fn against_a_server_nothing_stays() {
    let (directory, server) = (directory(), serve(&[]));
    let args = [
        ".",
        "--filter",
        "create",
        "--filter",
        "tokens",
        "--server",
        &server.url,
    ];
    let (code, out, _) = verify(directory.path(), &args);
    assert_eq!(
        out,
        "./tokens.yaml: skipped: it gives tokens, RBAC rules or faults, and so needs a server of its own\n\
         1 passed, 0 failed, 1 skipped; 1 step\n"
    );
    assert_eq!(code, Some(0));
    assert_eq!(leftovers(&server), [""; 0]);
}

#[test]
fn a_kubeconfig_leads_to_a_server_with_https_and_a_token() {
    let directory = directory();
    let path = directory.path().join("kubeconfig");
    let tokens = directory.path().join("tokens.csv");
    std::fs::write(&tokens, "s3cret,root,1,\"system:masters\"\n").unwrap();
    let (path, tokens) = (path.to_str().unwrap(), tokens.to_str().unwrap());
    let flags = ["--tls", "--kubeconfig", path, "--token-auth-file", tokens];
    let server = serve(&[&flags[..], &["--anonymous-auth=false"]].concat());
    let run = |args: &[&str]| {
        let (code, out, err) = verify(directory.path(), &[&["maps/create.yaml"], args].concat());
        (code, out + &err)
    };
    let passed = (
        Some(0),
        "1 passed, 0 failed, 0 skipped; 1 step\n".to_owned(),
    );
    assert_eq!(run(&["--kubeconfig", path]), passed);
    let by_url = [
        "--server",
        &server.url,
        "--insecure-skip-tls-verify",
        "--token",
    ];
    assert_eq!(run(&[&by_url[..], &["s3cret"]].concat()), passed);
    let (code, out) = run(&[&by_url[..], &["wrong"]].concat());
    assert_eq!(code, Some(2));
    assert!(
        out.ends_with(": GET /version was answered with 401\n"),
        "{out}"
    );
    let (code, out) = run(&["--server", &server.url]);
    assert_eq!(code, Some(2));
    assert!(out.contains("give its certificate authority"), "{out}");
}

#[test]
fn a_server_that_does_not_answer_is_told() {
    let directory = directory();
    let gone = serve(&[]);
    let url = gone.url.clone();
    gone.stop();
    let (code, out, err) = verify(directory.path(), &["maps", "--server", &url]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("cannot connect to 127.0.0.1:"), "{err}");
    assert_eq!(err.lines().count(), 1);
}

#[test]
fn junit_has_every_fixture() {
    let directory = directory();
    let (code, ..) = verify(
        directory.path(),
        &["maps", "--junit", "report.xml", "--jobs", "1"],
    );
    assert_eq!(code, Some(1));
    let report = std::fs::read_to_string(directory.path().join("report.xml")).unwrap();
    assert!(
        report.contains("<testcase classname=\"maps\" name=\"create\"/>"),
        "{report}"
    );
    assert!(
        report.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""),
        "{report}"
    );
}

#[test]
fn stopped_by_ctrl_c_it_cleans_up() {
    let (directory, server) = (directory(), serve(&[]));
    let slow = "\
description: Takes its time
steps:
- watch: GET /api/v1/namespaces?watch=true&timeoutSeconds=2
  expect: {status: 200, body: <any>}
";
    std::fs::write(directory.path().join("maps/a-slow.yaml"), slow).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"))
        .args(["verify", "maps", "--server", &server.url])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    while leftovers(&server).is_empty() {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.ends_with("1 passed, 0 failed, 0 skipped; 1 step\n"),
        "{out}"
    );
    assert_eq!(leftovers(&server), [""; 0]);
}

/// What the last line counts: passed, failed, skipped, steps.
fn counts(out: &str) -> Vec<usize> {
    let words = out
        .lines()
        .last()
        .unwrap()
        .split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// The third way, by the library, is tests/contract.rs.
#[test]
fn the_fixtures_of_the_project_pass_on_private_servers_and_on_one_that_is_shared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, out, _) = verify(root, &["fixtures/endpoints", "fixtures/namespaces"]);
    let [_, failed, skipped, steps] = counts(&out)[..] else {
        panic!("{out}");
    };
    assert_eq!((code, failed, skipped), (Some(0), 0, 0), "{out}");
    assert!(steps >= 300, "{out}");

    // What controllers put into every namespace is theirs to make.
    let server = serve(&["--no-controllers"]);
    let (code, out, _) = verify(root, &["fixtures", "--server", &server.url]);
    let [passed, failed, skipped, _] = counts(&out)[..] else {
        panic!("{out}");
    };
    assert_eq!((code, failed), (Some(0), 0), "{out}");
    // Those with users and faults of their own.
    let alone = out.matches("and so needs a server of its own").count();
    assert_eq!(skipped, alone, "{out}");
    assert!(passed > 180, "{out}");
}
