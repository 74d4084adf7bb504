//! `exec`: a server for as long as a command runs.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use super::{answer, read_until};

fn exec(flags: &[&str], command: &[&str]) -> Command {
    let mut exec = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"));
    exec.arg("exec").args(flags).arg("--").args(command);
    exec.stdin(Stdio::null());
    exec
}

fn output(flags: &[&str], script: &str) -> Output {
    exec(flags, &["sh", "-c", script]).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Starts a script and waits for its first line.
fn started(script: &str) -> (Child, String, impl std::io::BufRead + use<>) {
    let mut child = exec(&[], &["sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, line.trim_end().to_owned(), stdout)
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([name, &pid])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn it_ends_as_the_command_ends() {
    for (script, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        assert_eq!(output(&[], script).status.code(), Some(code), "{script}");
    }
}

#[test]
fn a_command_that_cannot_be_run_is_named() {
    let missing = exec(&[], &["no-such-command"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(127));
    assert_eq!(
        text(&missing.stderr),
        "fake-apiserver: no-such-command: No such file or directory\n"
    );
    let directory = exec(&[], &["/"]).output().unwrap();
    assert_eq!(directory.status.code(), Some(126));
    assert_eq!(
        text(&directory.stderr),
        "fake-apiserver: /: Permission denied\n"
    );
}

#[test]
fn a_server_that_cannot_start_is_told_by_125() {
    let refused = output(&["--objects", "no/such/file.yaml"], "echo never");
    assert_eq!(refused.status.code(), Some(125));
    assert_eq!(text(&refused.stdout), "");
    assert_eq!(
        text(&refused.stderr),
        "fake-apiserver: no/such/file.yaml: No such file or directory\n"
    );
}

#[test]
fn the_command_finds_a_server_that_answers() {
    let (mut child, url, mut stdout) = started(
        "trap 'echo stopped; exit 3' TERM; echo $FAKE_APISERVER_URL; while :; do sleep 0.05; done",
    );
    let stream = std::net::TcpStream::connect(url.split_once("://").unwrap().1).unwrap();
    let request = "GET /version HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut &stream, request.as_bytes()).unwrap();
    assert_eq!(answer(stream).code, 200);
    signal(&child, "-TERM");
    read_until(&mut stdout, "stopped");
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn the_kubeconfig_is_that_of_the_server_and_gone_afterwards() {
    let script = "echo $KUBECONFIG; echo $FAKE_APISERVER_URL; cat $KUBECONFIG";
    let out = text(&output(&["--tls"], script).stdout);
    let mut lines = out.lines();
    let (path, url) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(url.starts_with("https://"), "{url}");
    assert!(out.contains(&format!("server: {url}\n")), "{out}");
    assert!(out.contains("certificate-authority-data: "), "{out}");
    assert!(!std::path::Path::new(path).exists());
}

#[test]
fn a_kubeconfig_that_was_asked_for_stays() {
    let directory = tempfile::TempDir::new().unwrap();
    let mut command = exec(
        &["--kubeconfig", "config"],
        &["sh", "-c", "cd /; cat $KUBECONFIG"],
    );
    let output = command.current_dir(directory.path()).output().unwrap();
    let kept = std::fs::read_to_string(directory.path().join("config")).unwrap();
    assert_eq!(text(&output.stdout), kept);
}

#[test]
fn the_cluster_it_runs_in_is_hidden_from_the_command() {
    let mut command = exec(&[], &["sh", "-c", "echo [$KUBERNETES_SERVICE_HOST]"]);
    let output = command
        .env("KUBERNETES_SERVICE_HOST", "10.0.0.1")
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "[]\n");
}

#[test]
fn signals_are_passed_on() {
    for (name, code) in [("INT", 130), ("HUP", 129), ("USR1", 138)] {
        let (mut child, line, mut stdout) = started("echo ready; exec sleep 600");
        assert_eq!(line, "ready");
        signal(&child, &format!("-{name}"));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

/// Asks for a path as the command would; the shell alone is there everywhere.
fn ask(path: &str) -> String {
    let open = "host=${FAKE_APISERVER_URL#http://}; exec 3<>/dev/tcp/${host%:*}/${host#*:}";
    let request = format!("GET {path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n");
    format!("{open}; printf '{request}' >&3; head -n 1 <&3")
}

fn bash(flags: &[&str], script: &str) -> Output {
    exec(flags, &["bash", "-c", script]).output().unwrap()
}

#[test]
fn no_proxy_is_asked_for_the_server() {
    let shown = |variables: &[(&str, &str)]| {
        let mut exec = exec(&[], &["sh", "-c", "echo \"$NO_PROXY $no_proxy\""]);
        exec.env_remove("NO_PROXY").env_remove("no_proxy");
        exec.envs(variables.iter().copied());
        text(&exec.output().unwrap().stdout)
    };
    assert_eq!(shown(&[]), "127.0.0.1 127.0.0.1\n");
    assert_eq!(
        shown(&[("no_proxy", "a.test")]),
        "a.test,127.0.0.1 a.test,127.0.0.1\n"
    );
    assert_eq!(
        shown(&[("NO_PROXY", "a.test"), ("no_proxy", "*")]),
        "a.test,127.0.0.1 *\n"
    );
}

#[test]
fn a_reset_does_not_fool_the_demand_that_faults_act() {
    let folder = tempfile::TempDir::new().unwrap();
    let script = folder.path().join("faults.yaml");
    std::fs::write(&script, "{fault: gone, name: old, when: {verb: list}}").unwrap();
    let flags = [
        "--faults",
        script.to_str().unwrap(),
        "--fail-on-unused-faults",
    ];
    let reset = ask("/_fake/reset").replace("GET ", "POST ");
    let unused = bash(&flags, &reset);
    assert_eq!(unused.status.code(), Some(1));
    assert!(text(&unused.stderr).contains("the fault \"old\" never fired"));
    let used = bash(&flags, &format!("{}; {reset}", ask("/api/v1/endpoints")));
    assert_eq!(used.status.code(), Some(0));
}

#[test]
fn a_fault_that_never_acted_fails_a_command_that_succeeded() {
    let folder = tempfile::TempDir::new().unwrap();
    let script = folder.path().join("faults.yaml");
    std::fs::write(
        &script,
        "{fault: gone, name: old, when: {verb: list, resource: endpoints}}",
    )
    .unwrap();
    let flags = [
        "--faults",
        script.to_str().unwrap(),
        "--fail-on-unused-faults",
    ];

    let unused = bash(&flags, &ask("/api/v1/namespaces"));
    assert_eq!(unused.status.code(), Some(1));
    let problem = text(&unused.stderr);
    assert!(
        problem.contains("the fault \"old\" never fired; what came close:"),
        "{problem}"
    );
    assert!(
        problem.contains("the resource was \"namespaces\"; the rule asks for endpoints"),
        "{problem}"
    );
    // What the command itself complains of goes first.
    assert_eq!(bash(&flags, "exit 3").status.code(), Some(3));

    let used = bash(&flags, &ask("/api/v1/endpoints"));
    assert_eq!(
        (text(&used.stdout).as_str(), used.status.code()),
        ("HTTP/1.1 410 Gone\r\n", Some(0))
    );
}

#[test]
fn the_journal_and_the_coverage_are_left_behind() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (journal, coverage) in [("j.json", "c.json"), ("j.txt", "c.txt")] {
        let flags = ["--journal", &file(journal), "--coverage", &file(coverage)];
        assert_eq!(
            bash(&flags, &ask("/api/v1/endpoints")).status.code(),
            Some(0)
        );
    }
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    let json = |name: &str| serde_json::from_str::<serde_json::Value>(&read(name)).unwrap();
    assert_eq!(json("j.json")["entries"][0]["code"], 200);
    assert!(json("c.json").is_object());
    assert!(read("j.txt").contains("/api/v1/endpoints"));
    assert!(
        read("c.txt").contains("documented pairs met"),
        "{}",
        read("c.txt")
    );

    let nowhere = bash(&["--journal", &file("missing/j.json")], "true");
    assert_eq!(nowhere.status.code(), Some(125));
    assert!(text(&nowhere.stderr).contains("missing/j.json: No such file or directory"));
}
