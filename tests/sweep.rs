//! The sweep: what it does to a program, what it makes of it, and that it finds the bugs of the examples.

#[path = "../examples/sweep/main.rs"]
mod examples;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use examples::{controller, failed, finalizer, missed_event, retried, stale_status, watcher};
use fake_apiserver::fixture::{Fixture, Target};
use fake_apiserver::sweep::{Report, Verdict};
use fake_apiserver::{FakeApiServer, Sweep};
use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams, WatchParams};
use kube::{Client, Config};
use serde_json::json;

/// Every word of the plan.
const TROUBLES: [&str; 23] = [
    "429",
    "500",
    "503",
    "504",
    "reset",
    "timeout",
    "applied-then-reset",
    "applied-then-504",
    "conflict",
    "created-first",
    "always-500",
    "always-403",
    "always-429",
    "watch-ended",
    "watch-410",
    "watch-refused",
    "watch-dropped",
    "watch-delayed",
    "late-bookmark",
    "stale",
    "lagging",
    "restart",
    "recreated",
];

fn client(server: &FakeApiServer) -> Client {
    let mut config = Config::new(server.url().parse().unwrap());
    config.default_retry = false;
    config.root_cert = Some(Vec::new());
    Client::try_from(config).unwrap()
}

fn api(server: &FakeApiServer) -> Api<ConfigMap> {
    Api::default_namespaced(client(server))
}

fn config(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"a": "b"}})).unwrap()
}

/// Creates two objects, and gives up at the first problem.
async fn create_two(server: Arc<FakeApiServer>) -> kube::Result<()> {
    let api = api(&server);
    api.create(&PostParams::default(), &config("a")).await?;
    api.create(&PostParams::default(), &config("b")).await?;
    Ok(())
}

fn verdict(report: &Report, id: &str) -> Verdict {
    let point = report.points().iter().find(|point| point.id() == id);
    point
        .unwrap_or_else(|| panic!("{id} was not run\n{report}"))
        .verdict()
}

/// The words of the points that were met.
fn met(report: &Report) -> BTreeSet<String> {
    let met = report
        .points()
        .iter()
        .filter(|point| point.verdict() != Verdict::NotMet);
    let word = |id: &str| {
        let word = id.split(':').nth(1).unwrap_or_default();
        word.split('@').next().unwrap_or_default().to_owned()
    };
    met.map(|point| word(point.id())).collect()
}

#[test]
fn every_trouble_acts_and_is_survived_by_who_tries_again_and_looks_again() {
    let careful = |server: Arc<FakeApiServer>| async move {
        let work = async {
            let client = examples::client(&server).unwrap();
            let api: Api<ConfigMap> = Api::default_namespaced(client);
            let apply = PatchParams::apply("test").force();
            let mut pause = Duration::from_millis(20);
            loop {
                let done: kube::Result<()> = async {
                    let params = WatchParams::default().initial_events();
                    let mut events = std::pin::pin!(api.watch(&params, "0").await?);
                    while let Some(event) = events.try_next().await? {
                        let kube::api::WatchEvent::Added(seen) = event else {
                            continue;
                        };
                        let copy = json!({"apiVersion": "v1", "kind": "ConfigMap",
                            "metadata": {"name": "copy"}, "data": {"a": "b"}});
                        if seen.metadata.name.as_deref() == Some("original") {
                            api.patch("copy", &apply, &Patch::Apply(copy)).await?;
                        }
                    }
                    Ok(())
                }
                .await;
                if done.is_err() {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        };
        let () = work.await;
    };
    let watching = Sweep::new()
        .setup(|server| {
            server.object(
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "original"}}),
            );
        })
        .until_quiet(Duration::from_millis(100))
        .all()
        .try_run(careful)
        .unwrap();
    assert!(watching.passed(), "{watching}");
    assert_eq!(watching.left_out(), 0);

    let writing = Sweep::new()
        .try_run(|server| async move {
            let client = examples::client(&server).unwrap();
            let api: Api<ConfigMap> = Api::default_namespaced(client);
            retried(async || {
                if api.get_opt("a").await?.is_none() {
                    match api.create(&PostParams::default(), &config("a")).await {
                        Err(kube::Error::Api(status)) if status.code == 409 => {}
                        created => drop(created?),
                    }
                }
                let mut changed = api.get("a").await?;
                changed.data = Some([("a".to_owned(), "c".to_owned())].into());
                api.replace("a", &PostParams::default(), &changed).await?;
                Ok(())
            })
            .await
        })
        .unwrap();
    assert!(writing.passed(), "{writing}");

    let all: BTreeSet<String> = met(&watching).union(&met(&writing)).cloned().collect();
    let expected: BTreeSet<String> = TROUBLES.map(str::to_owned).into();
    assert_eq!(all, expected);
}

#[test]
fn who_gives_up_leaves_something_else_behind() {
    let report = Sweep::new()
        .faults("500, restart, applied-then-reset")
        .try_run(create_two)
        .unwrap();
    // The second create is missing, or the first is in the way of the second run.
    for id in ["1:500", "2:500", "1:applied-then-reset", "1:restart"] {
        assert_eq!(verdict(&report, id), Verdict::Different, "{report}");
    }
    let text = report.to_string();
    assert!(text.contains("ConfigMap default/b: missing"), "{text}");
    assert!(
        text.contains("replay: Sweep::new().replay(\"2:500\")"),
        "{text}"
    );
}

#[test]
fn what_is_run_again_gets_there() {
    let report = Sweep::new()
        .faults("500, 503, reset, always-500")
        .reruns(1)
        .try_run(|server| async move {
            let api = api(&server);
            let exists = api.get_opt("a").await.map_err(|error| error.to_string())?;
            if exists.is_none() {
                api.create(&PostParams::default(), &config("a"))
                    .await
                    .map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        })
        .unwrap();
    assert!(report.passed(), "{report}");
}

#[test]
fn a_panic_is_a_crash_and_an_endless_wait_is_never_quiet() {
    let report = Sweep::new()
        .faults("500, 503")
        .limit(Duration::from_secs(2))
        .try_run(|server| async move {
            match api(&server).list(&ListParams::default()).await {
                Err(kube::Error::Api(status)) if status.code == 500 => panic!("the list failed"),
                Err(_) => std::future::pending().await,
                Ok(_) => {}
            }
        })
        .unwrap();
    assert_eq!(verdict(&report, "1:500"), Verdict::Crashed);
    assert_eq!(verdict(&report, "1:503"), Verdict::NeverQuiet);
    assert!(
        report.to_string().contains("it panicked: the list failed"),
        "{report}"
    );
}

#[test]
fn what_differs_by_itself_is_no_difference() {
    let runs = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let report = Sweep::new()
        .faults("timeout")
        .references(3)
        .jobs(1)
        .try_run(move |server| {
            let run = runs.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
            async move {
                let mut one = config("a");
                one.data = Some(
                    [
                        ("run".to_owned(), run.to_string()),
                        ("b".to_owned(), "c".to_owned()),
                    ]
                    .into(),
                );
                let create = async || api(&server).create(&PostParams::default(), &one).await;
                retried(create).await.map(drop)
            }
        })
        .unwrap();
    assert!(report.passed(), "{report}");
    assert!(
        report.to_string().contains("ConfigMap default/a:data.run"),
        "{report}"
    );
}

#[test]
fn a_replay_runs_one_point_and_says_all_of_it() {
    let report = Sweep::new().replay("2:500").try_run(create_two).unwrap();
    assert_eq!(failed(&report), ["2:500"]);
    let told = report.replayed();
    assert!(
        told.contains("POST /api/v1/namespaces/default/configmaps"),
        "{told}"
    );
    assert!(told.contains("fault: internalError"), "{told}");
    assert!(told.contains("resource: configmaps"), "{told}");
    // The name of what is created stands in no path, so the second of both is meant.
    assert!(told.contains("nth: 2"), "{told}");
    let pair = Sweep::new()
        .replay("1:500+2:reset")
        .reruns(2)
        .try_run(create_two)
        .unwrap();
    assert_eq!(pair.points()[0].id(), "1:500+2:reset");
    for id in ["nonsense", "9:500"] {
        assert!(Sweep::new().replay(id).try_run(create_two).is_err(), "{id}");
    }
}

/// Makes a fixture of a point, and plays it.
fn contract(report: &Report) -> String {
    let text = report.points()[0].fixture().unwrap();
    let fixture = Fixture::parse("point.yaml", &text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(fixture.run(&Target::private()))
        .assert_passed();
    text
}

#[test]
fn a_point_becomes_a_fixture_that_passes() {
    let create = |name: &'static str| {
        move |server: Arc<FakeApiServer>| async move {
            let api = api(&server);
            let create = async || api.create(&PostParams::default(), &config(name)).await;
            retried(async || match create().await {
                Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
                created => created.map(drop),
            })
            .await?;
            api.list(&ListParams::default()).await.map(drop)
        }
    };
    for (id, expected) in [
        ("1:429", "status: 429"),
        ("1:503", "code: 503"),
        ("1:reset", "expect: broken"),
        ("1:applied-then-reset", "code: 409"),
        ("1:created-first", "code: 409"),
        ("1:restart", "expect: broken"),
        ("1:always-500", "code: 500"),
        ("2:lagging", "lagging: {revisions: 1}"),
        ("1:500+2:500", "code: 500"),
    ] {
        let report = Sweep::new().replay(id).try_run(create("a")).unwrap();
        let text = contract(&report);
        assert!(text.contains(expected), "{id}: {text}");
        assert!(text.contains("faults:"), "{id}: {text}");
    }
    for (id, why) in [
        ("1:timeout", "takes its time"),
        ("2:stale", "goes back to a version"),
    ] {
        let report = Sweep::new().replay(id).try_run(create("a")).unwrap();
        let refused = report.points()[0].fixture().unwrap_err().to_string();
        assert!(refused.contains(id) && refused.contains(why), "{refused}");
    }
    let all = Sweep::new().faults("500").try_run(create("a")).unwrap();
    let refused = all.points()[0].fixture().unwrap_err().to_string();
    assert!(refused.contains("replayed"), "{refused}");
}

#[test]
fn a_fixture_shows_the_watches_of_a_point_and_what_was_there() {
    let sweep = |id: &str| {
        let sweep = Sweep::new().replay(id);
        missed_event::swept(sweep, missed_event::Version::Mended).unwrap()
    };
    for (id, expected) in [
        ("3:watch-410@2", "verb: watch"),
        ("3:watch-ended@1", "ended: true"),
        ("3:watch-refused", "code: 410"),
        ("3:watch-dropped@1", "code: 410"),
    ] {
        let text = contract(&sweep(id));
        assert!(text.contains(expected), "{id}: {text}");
    }
    for id in ["3:recreated@1", "3:watch-delayed@1"] {
        let refused = sweep(id).points()[0].fixture().unwrap_err();
        assert!(refused.to_string().contains(id), "{refused}");
    }
}

#[test]
fn pairs_are_those_of_the_seed() {
    let ids = |seed| {
        let report = Sweep::new()
            .faults("500, 503, reset")
            .pairs(4, seed)
            .reruns(3)
            .try_run(create_two)
            .unwrap();
        let pairs = report
            .points()
            .iter()
            .filter(|point| point.id().contains('+'));
        pairs.map(|point| point.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(7), ids(7));
    assert!(!ids(7).is_empty());
}

#[test]
fn a_program_that_fails_by_itself_is_no_reference() {
    let error = Sweep::new()
        .try_run(|_| async { Err("no luck") })
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the reference run: nothing went wrong, and it failed: no luck"
    );
    let error = Sweep::new().try_run(|_| async {}).unwrap_err();
    assert!(error.to_string().contains("made no request"), "{error}");
    let error = Sweep::new()
        .faults("nonsense")
        .try_run(create_two)
        .unwrap_err();
    assert!(
        error.to_string().contains("unknown fault \"nonsense\""),
        "{error}"
    );
}

#[test]
fn a_report_is_read_in_many_ways() {
    let report = Sweep::new()
        .faults("500, applied-then-504")
        .try_run(create_two)
        .unwrap();
    let json = report.to_json();
    assert_eq!(json["passed"], false);
    assert_eq!(json["points"].as_array().unwrap().len(), 4);
    let junit = report.to_junit();
    assert!(
        junit.contains("<testsuite name=\"sweep\" tests=\"4\" failures=\"4\" skipped=\"0\""),
        "{junit}"
    );
    let html = report.to_html();
    for id in failed(&report) {
        assert!(
            html.contains(&format!("href=\"#{id}\"")) && html.contains(&format!("id=\"{id}\"")),
            "{html}"
        );
    }
    for elsewhere in ["<link", "<script", "src=", "url(", "@import"] {
        assert!(
            !html.contains(elsewhere),
            "{elsewhere} asks for something from elsewhere"
        );
    }
}

#[test]
#[should_panic(expected = "the sweep has found something")]
fn a_failed_sweep_fails_its_test() {
    Sweep::new().faults("500").run(create_two);
}

#[test]
fn the_bug_of_each_example_is_found_and_named() {
    let report = finalizer::sweep(finalizer::Version::Buggy).unwrap();
    assert!(failed(&report).contains(&"4:500"), "{report}");
    assert!(
        report.to_string().contains("ConfigMap default/shop"),
        "{report}"
    );
    let report = stale_status::sweep(stale_status::Version::Buggy).unwrap();
    assert!(
        failed(&report)
            .iter()
            .all(|id| id.ends_with(":stale") || id.ends_with(":lagging")),
        "{report}"
    );
    assert_eq!(verdict(&report, "3:stale"), Verdict::Different, "{report}");
    assert!(
        report
            .to_string()
            .contains("Deployment.apps default/web: status.replicas"),
        "{report}"
    );
    let report = missed_event::sweep(missed_event::Version::Buggy).unwrap();
    assert!(
        failed(&report)
            .iter()
            .any(|id| id.contains(":watch-dropped@")),
        "{report}"
    );
    assert!(
        report
            .to_string()
            .contains("ConfigMap default/stage-3: missing"),
        "{report}"
    );
}

#[test]
fn the_mended_examples_pass() {
    for report in [
        finalizer::sweep(finalizer::Version::Mended).unwrap(),
        stale_status::sweep(stale_status::Version::Mended).unwrap(),
        missed_event::sweep(missed_event::Version::Mended).unwrap(),
        controller::sweep("applied-then-reset, 500, restart, watch-410, recreated").unwrap(),
        watcher::sweep(
            "ambiguous, watch",
            kube::runtime::watcher::Config::default().streaming_lists(),
        )
        .unwrap(),
    ] {
        assert!(report.passed(), "{report}");
    }
}

/// Runs the binary in the folder of the scripts; nothing if there is no such program here.
fn swept(faults: &str, command: &[&str]) -> Option<Output> {
    let program = if command[0].ends_with(".sh") {
        "kubectl"
    } else {
        command[0]
    };
    let is_there = Command::new(program).arg("--help").output().is_ok();
    if !is_there {
        eprintln!("{program} is not there, so {command:?} is not swept");
        return None;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sweep");
    let mut sweep = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"));
    sweep
        .current_dir(folder)
        .args(["sweep", "--faults", faults, "--"])
        .args(command);
    Some(sweep.output().unwrap())
}

#[test]
fn the_bugs_of_scripts_are_found_as_well() {
    for (faults, command, id) in [
        (
            "429,500",
            ["python3", "hot_loop.py"].as_slice(),
            "1:429: STORM",
        ),
        (
            "ambiguous",
            &["./create.sh"],
            ":applied-then-reset: DIFFERENT",
        ),
    ] {
        let Some(output) = swept(faults, command) else {
            continue;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(id), "{text}");
    }
    for (faults, command) in [
        ("429,500", ["python3", "hot_loop_mended.py"].as_slice()),
        ("ambiguous", &["./create_mended.sh"]),
    ] {
        let Some(output) = swept(faults, command) else {
            continue;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{text}");
    }
}

#[test]
fn a_point_that_is_replayed_can_be_kept() {
    let directory = tempfile::tempdir().unwrap();
    let [script, fixture] = ["faults.yaml", "fixture.yaml"].map(|name| directory.path().join(name));
    let binary = || Command::new(env!("CARGO_BIN_EXE_fake-apiserver"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sweep");
    let mut sweep = binary();
    sweep
        .current_dir(&folder)
        .arg("sweep")
        .arg("--script")
        .arg(&script);
    sweep.arg("--fixture").arg(&fixture);
    let refused = sweep.args(["--", "true"]).output().unwrap();
    assert_eq!(
        refused.status.code(),
        Some(2),
        "only what is replayed is kept"
    );
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("python3 is not there, so no script is swept");
        return;
    }
    let mut sweep = binary();
    sweep
        .current_dir(&folder)
        .arg("sweep")
        .arg("--script")
        .arg(&script);
    sweep.arg("--fixture").arg(&fixture);
    sweep.args(["--replay", "1:429", "--", "python3", "hot_loop.py"]);
    assert_eq!(sweep.output().unwrap().status.code(), Some(1));
    let mut verify = binary();
    assert!(
        verify
            .arg("verify")
            .arg(&fixture)
            .status()
            .unwrap()
            .success()
    );
    let mut exec = binary();
    exec.current_dir(&folder)
        .args(["exec", "--fail-on-unused-faults", "--faults"]);
    exec.arg(&script).args(["--", "python3", "hot_loop.py"]);
    assert!(exec.status().unwrap().success());
}

#[test]
fn what_cannot_be_run_is_told_apart() {
    for (command, problem) in [
        (["./none"].as_slice(), "./none: No such file or directory"),
        (&["false"], "nothing went wrong, and it failed"),
        (&["true"], "the program made no request"),
    ] {
        let mut sweep = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"));
        let output = sweep.args(["sweep", "--"]).args(command).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(problem), "{text}");
    }
}
