//! What the binary keeps to itself, and what ends with it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{directory, refused, serve};

fn fake(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Starts a script, and waits for its first line.
fn started(script: &str) -> (Child, BufReader<impl std::io::Read + use<>>) {
    let mut exec = fake(&["exec", "--", "sh", "-c", script]);
    let mut child = exec.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    (child, stdout)
}

#[test]
fn reports_are_their_owners_and_hold_no_secrets() {
    let directory = directory();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("journal.json"), "old").unwrap();
    fs::set_permissions(path("journal.json"), fs::Permissions::from_mode(0o644)).unwrap();
    let script = "
        S=$FAKE_APISERVER_URL/api/v1/namespaces/default/secrets
        J='Content-Type: application/json'
        curl -sf -H \"$J\" $S -d '{\"metadata\":{\"name\":\"a\"},\"stringData\":{\"k\":\"hunter2\"}}'
        curl -sf -H 'Content-Type: application/yaml' $S -d 'metadata: {name: b}\nstringData: {k: hunter2}'
        curl -sf \"$S?token=hunter2\"";
    for (journal, coverage) in [("journal.json", "c.json"), ("journal.txt", "c.txt")] {
        let (journal, coverage) = (path(journal), path(coverage));
        let flags = ["exec", "--journal", journal.to_str().unwrap()];
        let more = ["--coverage", coverage.to_str().unwrap()];
        let mut exec = fake(&flags);
        let exec = exec.args(more).args(["--", "sh", "-ec", script]);
        let output = exec.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let shown = fs::read_to_string(&journal).unwrap();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("aHVudGVyMg"), "{shown}");
        assert!(shown.contains("token=masked"), "{shown}");
        assert!(shown.contains("masked-1"), "{shown}");
        assert_eq!((mode(&journal), mode(&coverage)), (0o600, 0o600));
    }
}

#[test]
fn a_dump_replaces_none_but_a_dump() {
    let directory = directory();
    let file = directory.path().join("precious.yaml");
    let path = file.to_str().unwrap();
    fs::write(&file, "a: b\n").unwrap();
    let expected = format!(
        "fake-apiserver: {path}: not overwritten, since it is no dump of a fake apiserver\n"
    );
    assert_eq!(refused(&["--dump", path]), (Some(1), expected));
    assert_eq!(fs::read_to_string(&file).unwrap(), "a: b\n");
    fs::write(&file, "").unwrap();
    for _ in 0..2 {
        assert_eq!(serve(&["--dump", path]).stop(), "");
    }
    assert!(fs::read_to_string(&file).unwrap().contains("kube-system"));
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn what_others_can_do_to_a_server_they_can_reach_is_said() {
    let server = serve(&["--bind-address", "0.0.0.0"]);
    assert!(
        server.url.starts_with("http://127.0.0.1:"),
        "{}",
        server.url
    );
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    assert_eq!(
        server.stop(),
        format!(
            "fake-apiserver: warning: listening on 0.0.0.0:{port}: whoever can reach this port may read and change \
             everything in it as the administrator, and script it below /_fake; --token-auth-file asks for tokens, and \
             --control=false closes /_fake\n"
        )
    );
    assert_eq!(serve(&[]).stop(), "");
}

#[test]
fn a_server_goes_with_the_program_that_started_it_if_it_is_to() {
    let mut server = fake(&["serve", "--until-stdin-closes"]);
    let server = server.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    let mut url = String::new();
    stdout.read_line(&mut url).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert!(server.try_wait().unwrap().is_none());
    drop(server.stdin.take());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn what_a_command_has_left_behind_ends_with_it() {
    // Whoever lives holds standard output open.
    let (mut exec, mut stdout) = started("trap '' TERM; sleep 600 & echo started");
    assert_eq!(stdout.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert_eq!(exec.wait().unwrap().code(), Some(0));
}

#[test]
fn a_command_ends_with_an_exec_that_is_killed() {
    let (mut exec, mut stdout) =
        started("trap 'echo passed on' TERM; echo started; while :; do sleep 600; done");
    // Signals are passed on by an exec whose watcher knows the group.
    let id = exec.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(sent.success());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "passed on\n");
    exec.kill().unwrap();
    assert_eq!(stdout.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert_eq!(exec.wait().unwrap().code(), None);
}

#[test]
fn names_and_origins_let_more_in() {
    let server = serve(&["--allow-host", "a.test", "--allow-origin", "http://b.test"]);
    let code = |headers: &str| server.request("GET", "/readyz", headers, "").code;
    assert_eq!(code("origin: http://b.test\r\n"), 200);
    assert_eq!(code("origin: http://c.test\r\n"), 403);
    let (code, error) = refused(&["--allow-origin", "b.test"]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains("an origin is a scheme and a host"),
        "{error}"
    );
}
