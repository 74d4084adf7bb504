//! Reads the sources and keeps what the design promises: the layers, the absences and the budgets.

use std::path::{Path, PathBuf};

/// The longest file and the longest function, in lines, tests left out.
const FILE_BUDGET: usize = 500;
const FUNCTION_BUDGET: usize = 75;

/// The layers from the top. A module may use those of its own row and of the rows below.
const LAYERS: &[&[&str]] = &[
    &["main", "cli", "lib", "docs", "fixture"],
    &["server", "builder"],
    &["listener"],
    &["pipeline"],
    &["control"],
    &["routes"],
    &[
        "handlers",
        "controllers",
        "seed",
        "snapshot",
        "authentication",
        "authorization",
        "fault",
        "journal",
    ],
    &["cluster", "response", "httplog"],
    &["registry", "patch"],
    &["object", "storage", "request"],
    &["schema"],
    &["script"],
    &["status"],
    &[
        "codec",
        "names",
        "clock",
        "ids",
        "error",
        "version",
        "kubeconfig",
    ],
];

/// A source file of the library or the binary.
struct Source {
    path: PathBuf,
    /// Without tests and comments; the number of lines is kept.
    code: String,
}

impl Source {
    /// `handlers` for `src/handlers/get.rs`, `clock` for `src/clock.rs`.
    fn module(&self) -> String {
        let relative = self.path.strip_prefix(root()).unwrap();
        let first = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        first.trim_end_matches(".rs").to_owned()
    }

    fn is(&self, name: &str) -> bool {
        self.path.ends_with(name)
    }

    /// The lines that contain one of these, as `file:line: text`.
    fn lines_with(&self, needles: &[&str]) -> Vec<String> {
        let found = self
            .code
            .lines()
            .enumerate()
            .filter(|(_, line)| needles.iter().any(|n| line.contains(n)));
        found
            .map(|(i, line)| format!("{}:{}: {}", self.path.display(), i + 1, line.trim()))
            .collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                if name != "tests" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && name != "diff.rs" {
                let code = strip(&std::fs::read_to_string(&path).unwrap());
                found.push(Source { path, code });
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// Drops line comments and everything from the unit tests on.
fn strip(text: &str) -> String {
    let body = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let kept = body.lines().map(|line| {
        if line.trim_start().starts_with("//") {
            ""
        } else {
            line
        }
    });
    kept.collect::<Vec<_>>().join("\n")
}

fn expect_none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Lines with one of the needles in any file but the ones excepted.
fn everywhere_but(excepted: &[&str], needles: &[&str]) -> Vec<String> {
    let all = sources();
    let files = all
        .iter()
        .filter(|s| !excepted.iter().any(|e| s.is(e) || s.module() == *e));
    files.flat_map(|s| s.lines_with(needles)).collect()
}

#[test]
fn only_the_edge_names_warp() {
    expect_none(everywhere_but(&["listener/edge.rs"], &["warp::"]));
}

#[test]
fn only_the_listener_names_hyper_and_rustls() {
    expect_none(everywhere_but(
        &[
            "listener",
            "fixture/http.rs",
            "fixture/tls.rs",
            "fixture/record/proxy.rs",
        ],
        &["hyper::", "hyper_util", "rustls::"],
    ));
}

#[test]
fn storage_knows_no_http_no_json_and_no_await() {
    let all = sources();
    let storage = all.iter().filter(|s| s.module() == "storage");
    expect_none(
        storage
            .flat_map(|s| s.lines_with(&["serde_json", "http::", ".await", "async fn", "metadata"]))
            .collect(),
    );
}

#[test]
fn the_pure_modules_never_touch_the_store_and_never_wait() {
    let all = sources();
    let pure = all
        .iter()
        .filter(|s| ["patch", "schema", "request", "registry"].contains(&s.module().as_str()));
    expect_none(
        pure.flat_map(|s| s.lines_with(&["crate::storage", "crate::handlers::cluster", ".await"]))
            .collect(),
    );
}

#[test]
fn only_the_clock_reads_the_time() {
    expect_none(everywhere_but(
        &["clock.rs"],
        &["Timestamp::now", "SystemTime::now", "Instant::now"],
    ));
}

#[test]
fn only_the_source_of_ids_is_random() {
    expect_none(everywhere_but(&["ids.rs"], &["fastrand", "rand::"]));
}

#[test]
fn no_hash_map_but_that_of_the_store() {
    expect_none(everywhere_but(
        &["storage/mod.rs"],
        &["HashMap<", "HashSet<"],
    ));
}

#[test]
fn nothing_is_unbounded() {
    expect_none(everywhere_but(&[], &["unbounded_channel", "mpsc::"]));
}

#[test]
fn nothing_panics_but_for_mistakes_in_a_tests_own_set_up() {
    expect_none(everywhere_but(
        &[],
        &[".unwrap()", "todo!", "unimplemented!", "dbg!"],
    ));
    expect_none(everywhere_but(
        &[
            "server",
            "builder.rs",
            "guard.rs",
            "journal/snapshot.rs",
            "coverage/require.rs",
        ],
        &["panic!"],
    ));
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    expect_none(everywhere_but(&[], &["#[allow", "#![allow"]));
}

#[test]
fn the_readme_shows_a_test_that_runs() {
    let (_, test) = include_str!("first.rs").split_once("\n\n").unwrap();
    assert!(include_str!("../README.md").contains(test));
}

#[test]
fn every_module_keeps_to_its_layer() {
    let row = |module: &str| LAYERS.iter().position(|row| row.contains(&module));
    let mut found = Vec::new();
    for source in sources() {
        let module = source.module();
        let Some(own) = row(&module) else {
            found.push(format!("{} is in no layer", source.path.display()));
            continue;
        };
        for line in source.lines_with(&["crate::"]) {
            let used = line
                .split("crate::")
                .skip(1)
                .map(|rest| rest.split([':', ';', ',', ' ', '(']).next().unwrap());
            for name in used {
                if row(name).is_some_and(|other| other < own) {
                    found.push(format!("{line}: {module} is below {name}"));
                }
            }
        }
    }
    expect_none(found);
}

#[test]
fn files_keep_to_their_budget() {
    let data = ["known_kinds.rs", "server.rs", "builder.rs"];
    let all = sources();
    let long = all.iter().filter(|s| !data.iter().any(|d| s.is(d)));
    let long = long
        .map(|s| (s, s.code.lines().count()))
        .filter(|(_, lines)| *lines > FILE_BUDGET);
    expect_none(
        long.map(|(s, lines)| format!("{}: {lines} lines", s.path.display()))
            .collect(),
    );
}

#[test]
fn functions_keep_to_their_budget() {
    let mut found = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.code.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let text = line.trim_start();
            let is_function = [
                "fn ",
                "pub fn ",
                "pub(crate) fn ",
                "pub(super) fn ",
                "async fn ",
                "pub(crate) async fn ",
                "pub(super) async fn ",
            ]
            .iter()
            .any(|head| text.starts_with(head));
            if !is_function {
                continue;
            }
            let indent = line.len() - text.len();
            let closing = format!("{}}}", " ".repeat(indent));
            let length = lines[start..]
                .iter()
                .position(|l| **l == closing)
                .unwrap_or(0);
            if length > FUNCTION_BUDGET {
                found.push(format!(
                    "{}:{}: {length} lines: {text}",
                    source.path.display(),
                    start + 1
                ));
            }
        }
    }
    expect_none(found);
}
