//! Recording over the wire: what a client asks one server passes on another, and fails where it is changed.

#![cfg(feature = "record")]

mod support;

use fake_apiserver::fixture::{Fixture, Recorder, Recording, Report, Target};
use fake_apiserver::{Auth, FakeApiServer};
use futures_util::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service};
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions, WatchEvent,
    WatchParams,
};
use serde_json::json;
use support::client::Client;

/// Records in front of a fake server.
/// A server whose namespaces have nothing in them but what is asked for.
async fn server() -> FakeApiServer {
    FakeApiServer::builder().controllers(false).start().await
}

async fn recorder(server: &FakeApiServer) -> Recorder {
    let target = Target::url(&server.url()).unwrap();
    Recorder::start(&target).await.unwrap()
}

/// Runs a fixture on a server that has seen nothing yet.
async fn replay(text: &str) -> Report {
    let fixture = Fixture::parse("recorded.yaml", text).unwrap();
    fixture.run(&Target::private()).await
}

#[track_caller]
fn text_of(recording: &Recording) -> String {
    let (text, notes) = recording.text("What was recorded");
    assert!(notes.is_empty(), "{notes:?}\n{text}");
    text
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// What a client without a library does: objects made, read, changed, refused and deleted, a list in pages.
async fn script(client: &mut Client) {
    let made = client
        .post(
            MAPS,
            &json!({"metadata": {"generateName": "job-"}, "data": {"a": "${x} <uid>"}}),
        )
        .await
        .object();
    let path = format!("{MAPS}/{}", made["metadata"]["name"].as_str().unwrap());
    let mut changed = client.get(&path).await.object();
    changed["data"]["a"] = json!("2");
    client.put(&path, &changed).await.object();
    assert_eq!(client.put(&path, &changed).await.refusal().0, 409);
    for name in ["a", "b", "c"] {
        client
            .post(
                MAPS,
                &json!({"metadata": {"name": name, "labels": {"app": "shop"}}}),
            )
            .await
            .object();
    }
    let mut page = client
        .get(&format!("{MAPS}?limit=2&labelSelector=app"))
        .await
        .object();
    while let Some(token) = page["metadata"]["continue"].as_str() {
        let next = format!("{MAPS}?limit=2&labelSelector=app&continue={token}");
        page = client.get(&next).await.object();
    }
    client
        .patch(
            &path,
            "application/merge-patch+json",
            &json!({"data": {"b": "3"}}),
        )
        .await
        .object();
    let uid = &made["metadata"]["uid"];
    let options = json!({"preconditions": {"uid": uid}}).to_string();
    let deleted = client
        .send(http::Method::DELETE, &path, "application/json", options)
        .await;
    assert_eq!(deleted.status, 200);
    assert_eq!(client.get(&path).await.refusal().0, 404);
    let all = format!("{MAPS}?labelSelector=app");
    assert_eq!(client.delete(&all).await.status, 200);
}

async fn connect(recorder: &Recorder) -> Client {
    let address = recorder
        .url()
        .trim_start_matches("http://")
        .parse()
        .unwrap();
    Client::to(address).await
}

#[tokio::test]
async fn what_a_plain_client_asks_passes_on_another_server() {
    let server = server().await;
    let recorder = recorder(&server).await;
    script(&mut connect(&recorder).await).await;
    let recording = recorder.finish().await;
    assert_eq!(recording.len(), 13);
    let text = text_of(&recording);
    replay(&text).await.assert_passed();
    let other = FakeApiServer::builder().random_seed(7).start().await;
    let fixture = Fixture::parse("recorded.yaml", &text).unwrap();
    fixture
        .run(&Target::url(&other.url()).unwrap())
        .await
        .assert_passed();
}

#[tokio::test]
async fn a_recorded_fixture_fails_where_it_is_changed() {
    let server = server().await;
    let recorder = recorder(&server).await;
    script(&mut connect(&recorder).await).await;
    let text = text_of(&recorder.finish().await);
    for (old, new, problem) in [
        (
            "generateName: job-\n        namespace",
            "generateName: task-\n        namespace",
            r#"body.metadata.generateName: expected "task-", got "job-""#,
        ),
        ("code: 409", "code: 410", "status: expected 410, got 409"),
        (
            "continue: <continue>",
            "continue: <uid>",
            r#"body.metadata.continue: expected "<uid>", got "#,
        ),
        (
            "kind: ConfigMapList",
            "kind: List",
            r#"body.kind: expected "List", got "ConfigMapList""#,
        ),
    ] {
        assert!(text.contains(old), "{text}");
        let report = replay(&text.replacen(old, new, 1)).await;
        assert!(report.to_string().contains(problem), "{report}");
    }
}

/// What a program with kube-rs does.
async fn program(kubeconfig: &str) -> kube::Result<()> {
    let client = support::kube::from_kubeconfig(kubeconfig).await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let map = |name: &str, value: &str| -> ConfigMap {
        serde_json::from_value(json!({"metadata": {"name": name}, "data": {"v": value}})).unwrap()
    };
    let made = maps.create(&PostParams::default(), &map("a", "1")).await?;
    let list = maps.list(&ListParams::default()).await?;
    let version = list.metadata.resource_version.unwrap_or_default();
    let mut events = maps.watch(&WatchParams::default(), &version).await?.boxed();
    let mut changed = made.clone();
    changed.data = map("a", "2").data;
    maps.replace("a", &PostParams::default(), &changed).await?;
    let apply = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"w": "3"}});
    maps.patch(
        "a",
        &PatchParams::apply("program").force(),
        &Patch::Apply(&apply),
    )
    .await?;
    let conditions = Preconditions {
        uid: made.metadata.uid.clone(),
        resource_version: None,
    };
    maps.delete("a", &DeleteParams::default().preconditions(conditions))
        .await?;
    while let Some(event) = events.try_next().await? {
        if matches!(event, WatchEvent::Deleted(_)) {
            break;
        }
    }
    drop(events);
    let secrets: Api<Secret> = Api::default_namespaced(client.clone());
    let secret =
        serde_json::from_value(json!({"metadata": {"name": "s"}, "stringData": {"p": "hunter2"}}))
            .unwrap();
    secrets.create(&PostParams::default(), &secret).await?;
    assert!(secrets.get("s").await?.data.is_some());
    let services: Api<Service> = Api::default_namespaced(client);
    let service =
        json!({"metadata": {"name": "web"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}});
    let mut service = services
        .create(
            &PostParams::default(),
            &serde_json::from_value(service).unwrap(),
        )
        .await?;
    service.metadata.labels = Some([("app".to_owned(), "shop".to_owned())].into());
    services
        .replace("web", &PostParams::default(), &service)
        .await?;
    assert!(maps.get_opt("gone").await?.is_none());
    Ok(())
}

#[tokio::test]
async fn what_a_kube_rs_program_asks_passes_on_another_server() {
    let server = server().await;
    let recorder = recorder(&server).await;
    program(&recorder.kubeconfig()).await.unwrap();
    let text = text_of(&recorder.finish().await);
    assert!(
        !text.contains("hunter2") && text.contains("stringData: {p: masked-1}"),
        "{text}"
    );
    assert_eq!(text.matches("type: MODIFIED").count(), 2, "{text}");
    replay(&text).await.assert_passed();
    let changed = text.replacen("type: DELETED", "type: MODIFIED", 1);
    let report = replay(&changed).await.to_string();
    assert!(
        report.contains(r#"events[2].type: expected "MODIFIED", got "DELETED""#),
        "{report}"
    );
}

#[tokio::test]
async fn requests_at_the_same_time_are_played_one_after_the_other() {
    let server = server().await;
    let recorder = recorder(&server).await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(connect(&recorder).await);
    }
    let create = |(i, mut client): (usize, Client)| async move {
        let object = json!({"metadata": {"name": format!("m{i}")}});
        client.post(MAPS, &object).await.object()
    };
    let all = futures_util::stream::iter(clients.into_iter().enumerate());
    let made: Vec<_> = all.map(create).buffer_unordered(8).collect().await;
    assert_eq!(made.len(), 8);
    replay(&text_of(&recorder.finish().await))
        .await
        .assert_passed();
}

#[tokio::test]
async fn credentials_are_added_and_never_written() {
    let server = FakeApiServer::builder()
        .auth(
            Auth::new()
                .token("s3cret", "alice", ["system:masters"])
                .token("t0ken", "bob", ["system:masters"]),
        )
        .start()
        .await;
    let target = Target::url(&server.url()).unwrap().token("s3cret");
    let recorder = Recorder::start(&target).await.unwrap();
    assert!(!recorder.kubeconfig().contains("s3cret"));
    let mut client = connect(&recorder).await;
    client
        .post(MAPS, &json!({"metadata": {"name": "a"}}))
        .await
        .object();
    let mut own = connect(&recorder)
        .await
        .with_header("authorization", "Bearer t0ken");
    own.get(&format!("{MAPS}/a")).await.object();
    let mut wrong = connect(&recorder)
        .await
        .with_header("authorization", "Bearer wr0ng");
    assert_eq!(wrong.get(&format!("{MAPS}/a")).await.status, 401);
    let (text, _) = recorder.finish().await.text("Tokens");
    for secret in ["s3cret", "t0ken", "wr0ng"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn an_upgrade_is_refused_and_told() {
    let server = server().await;
    let recorder = recorder(&server).await;
    let mut client = connect(&recorder)
        .await
        .with_header("connection", "upgrade")
        .with_header("upgrade", "websocket");
    assert_eq!(client.get(&format!("{MAPS}?watch=true")).await.status, 501);
    let (_, notes) = recorder.finish().await.text("A WebSocket");
    let expected = format!(
        "GET {MAPS} is not in here: a recording has no upgraded connections (WebSocket, SPDY)"
    );
    assert_eq!(notes, [expected]);
}

#[tokio::test]
async fn discovery_is_left_out_unless_it_is_wanted() {
    let server = server().await;
    let target = Target::url(&server.url()).unwrap();
    for (wanted, seen) in [(false, 0), (true, 1)] {
        let recorder = Recorder::builder(&target)
            .discovery(wanted)
            .start()
            .await
            .unwrap();
        connect(&recorder).await.get("/api/v1").await.object();
        let recording = recorder.finish().await;
        assert_eq!((recording.len(), recording.discovery()), (seen, 1 - seen));
        assert_eq!(recording.is_empty(), !wanted);
    }
}

#[tokio::test]
async fn a_recording_that_is_full_says_so() {
    let server = server().await;
    let target = Target::url(&server.url()).unwrap();
    let recorder = Recorder::builder(&target)
        .max_bytes(100)
        .start()
        .await
        .unwrap();
    let mut client = connect(&recorder).await;
    client.get(MAPS).await.object();
    client
        .post(MAPS, &json!({"metadata": {"name": "a".repeat(50)}}))
        .await
        .object();
    client.get("/healthz").await;
    let (_, notes) = recorder.finish().await.text("Too much");
    assert!(
        notes
            .iter()
            .any(|note| note.contains("the recording was full")),
        "{notes:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_to_the_client() {
    let server = server().await;
    let recorder = recorder(&server).await;
    server.shutdown().await;
    let answer = connect(&recorder).await.get("/healthz").await;
    assert_eq!(answer.status, 502);
    let (_, notes) = recorder.finish().await.text("Nobody there");
    assert!(
        notes[0].starts_with("GET /healthz is not in here: cannot connect to "),
        "{notes:?}"
    );
}

#[tokio::test]
async fn a_recording_needs_a_server() {
    let error = Recorder::start(&Target::private()).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "recording: a server is needed that is there already"
    );
}

/// A few of each kind; all of them take too long.
const RECORDED_AGAIN: [&str; 12] = [
    "apply/conflict",
    "create/generate-name",
    "create/owner-references",
    "delete/precondition",
    "delete-collection/finalizers",
    "get/table",
    "list/pages-snapshot",
    "patch-json/test",
    "patch-merge/version",
    "update/uid",
    "watch/finalizer",
    "watch/initial-events-then-live",
];

#[tokio::test]
async fn a_fixture_passes_again_when_its_run_was_recorded() {
    for name in RECORDED_AGAIN {
        let path = format!("fixtures/endpoints/{name}.yaml");
        let Ok(fixture) = Fixture::from_file(&path) else {
            panic!("{path}");
        };
        let server = FakeApiServer::builder().controllers(false).start().await;
        let recorder = recorder(&server).await;
        fixture
            .run(&Target::url(&recorder.url()).unwrap())
            .await
            .assert_passed();
        let (text, _) = recorder.finish().await.text(name);
        replay(&text).await.assert_passed();
    }
}

/// The binary: a command of ours, against a server of ours.
#[cfg(feature = "cli")]
mod command_line {
    use std::path::Path;
    use std::process::{Command, Output};

    use fake_apiserver::FakeApiServer;
    use fake_apiserver::fixture::run_fixture;

    const BINARY: &str = env!("CARGO_BIN_EXE_fake-apiserver");
    /// Asks for something by itself.
    const ASK: &str =
        "\"$0\" verify --server \"$FAKE_APISERVER_URL\" fixtures/endpoints/create/minimal.yaml";

    /// `record ARGUMENTS -- sh -c SCRIPT`, off the runtime the server is on.
    async fn record(
        server: &FakeApiServer,
        directory: &Path,
        arguments: &[&str],
        script: &str,
    ) -> Output {
        let mut command = Command::new(BINARY);
        command
            .args(["record", "--server", &server.url(), "-o"])
            .arg(directory)
            .args(arguments)
            .args(["--", "sh", "-c", script, BINARY]);
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    fn complaint(output: &Output) -> String {
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    #[tokio::test]
    async fn a_command_is_recorded_and_its_exit_code_is_passed_on() {
        let directory = tempfile::TempDir::new().unwrap();
        let script = format!("test -r \"$KUBECONFIG\" && {ASK} && exit 7");
        for (arguments, name) in [
            (&[] as &[&str], "sh"),
            (&[], "sh-2"),
            (&["--name", "own"], "own"),
            (&["--name", "own.yaml"], "own"),
        ] {
            let server = FakeApiServer::builder().controllers(false).start().await;
            let output = record(&server, directory.path(), arguments, &script).await;
            assert_eq!(output.status.code(), Some(7), "{}", complaint(&output));
            let path = directory.path().join(format!("{name}.yaml"));
            assert!(
                complaint(&output).contains(&format!("{}: ", path.display())),
                "{}",
                complaint(&output)
            );
            run_fixture(&path).await.unwrap().assert_passed();
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
    }

    #[tokio::test]
    async fn nothing_asked_is_nothing_written() {
        let server = super::server().await;
        let directory = tempfile::TempDir::new().unwrap();
        let output = record(&server, directory.path(), &[], "exit 0").await;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            complaint(&output),
            "fake-apiserver: the command asked for nothing: nothing is written\n"
        );
        assert_eq!(
            record(&server, directory.path(), &[], "exit 3")
                .await
                .status
                .code(),
            Some(3)
        );
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_cannot_be_recorded_is_said_in_a_line() {
        for (arguments, code, problem) in [
            (
                &["record", "-o", "x", "--", "true"] as &[&str],
                2,
                "which server is recorded? say --server or --kubeconfig (see --help)",
            ),
            (
                &[
                    "record",
                    "-o",
                    "x",
                    "--name",
                    "a/b",
                    "--server",
                    "http://127.0.0.1:1",
                    "--",
                    "true",
                ],
                2,
                "this has to be a name, not a path",
            ),
            (
                &[
                    "record",
                    "-o",
                    "x",
                    "--server",
                    "http://127.0.0.1:1",
                    "--",
                    "true",
                ],
                125,
                "GET /version: cannot connect to 127.0.0.1:1: ",
            ),
        ] {
            let output = Command::new(BINARY).args(arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{arguments:?}");
            assert!(
                complaint(&output).contains(problem),
                "{}",
                complaint(&output)
            );
            assert_eq!(complaint(&output).lines().count(), 1);
        }
    }
}
