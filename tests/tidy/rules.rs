//! What the design promises of the sources: what is absent, who asks whom, and how long things may be.

use crate::graph;
use crate::scan::{self, Kind, Token};
use crate::tree::{Source, Tree};

/// The longest file and the longest function, in lines, tests left out.
pub(crate) const FILE_BUDGET: usize = 400;
pub(crate) const FUNCTION_BUDGET: usize = 70;

/// A promise, and what breaks it.
pub(crate) type Rule = (&'static str, fn(&Tree) -> Vec<String>);

pub(crate) const RULES: &[Rule] = &[
    (
        "every file can be read and is declared by one module",
        |tree| tree.broken.clone(),
    ),
    ("what must be absent is absent", absences),
    (
        "an exception is made only where it is needed",
        needless_exceptions,
    ),
    ("storage knows no path in an object", paths_in_storage),
    ("no kind is named in generic code", named_kinds),
    ("a room asks none that it must not know", forbidden_imports),
    ("no rooms ask each other in a circle", circles_of_rooms),
    (
        "inside a room, no neighbours ask each other in a circle",
        circles_inside,
    ),
    ("files keep to their budget", long_files),
    ("functions keep to their budget", long_functions),
];

/// Rust that must not be found.
pub(crate) struct Absence {
    pub(crate) why: &'static str,
    /// Each a piece of Rust; `""` stands for any text.
    pub(crate) pieces: &'static [&'static str],
    /// Rooms; none means all of them.
    pub(crate) within: &'static [&'static str],
    /// Files and folders.
    pub(crate) but: &'static [&'static str],
}

pub(crate) const ABSENCES: &[Absence] = &[
    Absence {
        why: "only the edge names warp",
        pieces: &["warp"],
        within: &[],
        but: &["listener/edge.rs"],
    },
    Absence {
        why: "only the listener names hyper and rustls",
        pieces: &["hyper", "hyper_util", "rustls", "tokio_rustls"],
        within: &[],
        but: &[
            "listener",
            "fixture/http.rs",
            "fixture/tls.rs",
            "fixture/record/proxy.rs",
            "fixture/record/through.rs",
            "outbound",
        ],
    },
    Absence {
        why: "storage knows no HTTP and no JSON, and is not async",
        pieces: &["http", "serde_json", "async", "await"],
        within: &["storage"],
        but: &[],
    },
    Absence {
        why: "what is pure never waits",
        pieces: &["async", "await"],
        within: &["patch", "schema", "kinds", "request", "registry"],
        but: &[],
    },
    Absence {
        why: "only the clock reads the time",
        pieces: &[
            "Timestamp::now",
            "Zoned::now",
            "SystemTime::now",
            "Instant::now",
        ],
        within: &[],
        but: &["clock.rs"],
    },
    Absence {
        why: "only the source of ids is random",
        pieces: &["fastrand", "rand", "getrandom", "uuid", "RandomState"],
        within: &[],
        but: &["ids.rs"],
    },
    Absence {
        why: "no collection with a random order, but indexes that nobody iterates",
        pieces: &["HashMap", "HashSet", "hash_map", "hash_set"],
        within: &[],
        but: &["storage/index.rs"],
    },
    Absence {
        why: "no queue is unbounded, and no watcher has one",
        pieces: &["mpsc", "unbounded", "unbounded_channel"],
        within: &[],
        but: &[],
    },
    Absence {
        why: "no type of another client",
        pieces: &["kube", "k8s_openapi"],
        within: &[],
        but: &[],
    },
    Absence {
        why: "nothing panics by surprise",
        pieces: &[
            ".unwrap()",
            ".unwrap_err()",
            ".expect(\"\"",
            ".expect(&",
            "todo!",
            "unimplemented!",
            "dbg!",
        ],
        within: &[],
        but: &[],
    },
    Absence {
        why: "a panic is for a mistake in a test's own set-up",
        pieces: &["panic!"],
        within: &[],
        but: &[
            "server",
            "sweep/mod.rs",
            "fault/guard.rs",
            "fault/kind.rs",
            "fault/rule.rs",
            "journal/snapshot.rs",
            "journal/times.rs",
            "journal/coverage/require.rs",
            "kinds/verb.rs",
        ],
    },
    Absence {
        why: "what is thought never to be met is a mistake in a page, or one line above",
        pieces: &["unreachable!"],
        within: &[],
        but: &["kinds/page.rs", "codec/json/mod.rs"],
    },
    Absence {
        why: "no lint is silenced without a reason",
        pieces: &["[allow(", ", allow("],
        within: &[],
        but: &[],
    },
];

/// Rooms that must never ask some others, however the rest is laid out.
pub(crate) const STRANGERS: &[(&str, &[&str])] = &[
    (
        "storage",
        &[
            "object", "codec", "status", "request", "response", "schema", "kinds", "registry",
            "patch",
        ],
    ),
    ("patch", &["storage", "registry", "handlers", "server"]),
    ("schema", &["storage", "registry", "handlers", "server"]),
    ("kinds", &["storage", "registry", "handlers", "server"]),
    ("request", &["storage", "registry", "handlers", "server"]),
    ("registry", &["storage", "handlers", "server"]),
    (
        "fault",
        &[
            "handlers", "journal", "pipeline", "control", "listener", "server",
        ],
    ),
    (
        "journal",
        &["handlers", "pipeline", "control", "listener", "server"],
    ),
];

/// Rooms whose code is the same for every kind.
pub(crate) const GENERIC: &[&str] = &[
    "handlers", "pipeline", "listener", "request", "response", "storage", "schema", "patch",
    "fault", "journal", "codec",
];

/// Where each kind that is answered and not kept has its code.
const ANSWERS: &str = "handlers/answer";

/// Where a kind is meant after all: what is posted to the subresources of others, and what they lead to. And texts that are
/// a kind's name and something else as well: `namespaces` is a part of every path, and what is put in its
/// place has to have a namespace.
pub(crate) const ALSO_NAMES_OF_KINDS: &[(&str, &str)] = &[
    ("handlers/answer/mod.rs", "Binding"),
    ("handlers/answer/binding.rs", "Node"),
    ("handlers/answer/binding.rs", "Pod"),
    ("handlers/connect/mod.rs", "Pod"),
    ("handlers/connect/pods.rs", "Node"),
    ("handlers/connect/pods.rs", "nodes"),
    ("request/info.rs", "namespaces"),
    ("handlers/write/place.rs", "Namespace"),
    // Which programmed conversion is whose.
    ("schema/conversions/mod.rs", "HorizontalPodAutoscaler"),
];

fn absences(tree: &Tree) -> Vec<String> {
    ABSENCES
        .iter()
        .flat_map(|absence| absence.broken(tree))
        .collect()
}

fn needless_exceptions(tree: &Tree) -> Vec<String> {
    let mut found: Vec<_> = ABSENCES.iter().flat_map(|a| a.needless(tree)).collect();
    for (place, name) in ALSO_NAMES_OF_KINDS {
        let mut sources = tree.sources.iter().filter(|source| source.is_in(place));
        if !sources.any(|source| source.tokens.iter().any(|token| is_text(token, name))) {
            found.push(format!("{place} does not say {name:?}"));
        }
    }
    found
}

impl Absence {
    pub(crate) fn broken(&self, tree: &Tree) -> Vec<String> {
        let rooms = tree
            .sources
            .iter()
            .filter(|s| self.within.is_empty() || self.within.contains(&s.room()));
        let sources = rooms.filter(|source| !self.but.iter().any(|place| source.is_in(place)));
        sources.flat_map(|source| self.found(source)).collect()
    }

    /// The exceptions where nothing is found.
    fn needless(&self, tree: &Tree) -> Vec<String> {
        let needed = |place: &&&str| {
            let mut sources = tree.sources.iter().filter(|source| source.is_in(place));
            sources.any(|source| !self.found(source).is_empty())
        };
        let needless = self.but.iter().filter(|place| !needed(place));
        needless
            .map(|place| format!("{}: {place} needs no exception", self.why))
            .collect()
    }

    fn found(&self, source: &Source) -> Vec<String> {
        let mut found = Vec::new();
        for piece in self.pieces {
            let wanted = scan::tokens(piece).unwrap();
            let places = source
                .tokens
                .windows(wanted.len())
                .filter(|there| matches(there, &wanted));
            found
                .extend(places.map(|there| {
                    format!("{}: {piece}: {}", source.place(there[0].line), self.why)
                }));
        }
        found
    }
}

fn matches(there: &[Token], wanted: &[Token]) -> bool {
    there.iter().zip(wanted).all(|(there, wanted)| {
        there.kind == wanted.kind && (wanted.kind == Kind::Text || there.text == wanted.text)
    })
}

fn is_text(token: &Token, text: &str) -> bool {
    token.kind == Kind::Text && token.text == text
}

fn paths_in_storage(tree: &Tree) -> Vec<String> {
    const PARTS: &[&str] = &[
        "metadata",
        "spec",
        "status",
        "resourceVersion",
        "deletionTimestamp",
    ];
    let storage = tree
        .sources
        .iter()
        .filter(|source| source.room() == "storage");
    storage
        .flat_map(|source| said(source, |text| PARTS.iter().any(|part| text.contains(part))))
        .collect()
}

/// A kind is known by its page.
fn named_kinds(tree: &Tree) -> Vec<String> {
    let sources = tree
        .sources
        .iter()
        .filter(|source| GENERIC.contains(&source.room()) && !source.is_in(ANSWERS));
    let mut found = Vec::new();
    for source in sources {
        let is_other = |text: &str| {
            let mut known = ALSO_NAMES_OF_KINDS.iter();
            known.any(|(place, name)| source.is_in(place) && *name == text)
        };
        found.extend(said(source, |text| {
            tree.kinds.contains(text) && !is_other(text)
        }));
    }
    found
}

fn said(source: &Source, what: impl Fn(&str) -> bool) -> Vec<String> {
    let texts = source
        .tokens
        .iter()
        .filter(|token| token.kind == Kind::Text && what(&token.text));
    texts
        .map(|token| format!("{}: {:?}", source.place(token.line), token.text))
        .collect()
}

fn forbidden_imports(tree: &Tree) -> Vec<String> {
    let room = |path: &[String]| path.first().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for import in tree.imports() {
        let (from, to) = (room(&import.from), room(&import.to));
        let mut strangers = STRANGERS.iter();
        if strangers.any(|(own, strangers)| *own == from && strangers.contains(&to.as_str())) {
            found.push(format!("{}: {from} asks {to}", import.place));
        }
    }
    found
}

fn circles_of_rooms(tree: &Tree) -> Vec<String> {
    graph::circles(&graph::neighbours(&tree.imports(), &[]))
}

fn circles_inside(tree: &Tree) -> Vec<String> {
    let imports = tree.imports();
    let mut found = Vec::new();
    for folder in graph::folders(tree)
        .iter()
        .filter(|folder| !folder.is_empty())
    {
        let circles = graph::circles(&graph::neighbours(&imports, folder));
        found.extend(
            circles
                .into_iter()
                .map(|circle| format!("{}: {circle}", folder.join("::"))),
        );
    }
    found
}

fn long_files(tree: &Tree) -> Vec<String> {
    let long = tree
        .sources
        .iter()
        .filter(|source| source.lines > FILE_BUDGET);
    long.map(|source| format!("{}: {} lines", source.path, source.lines))
        .collect()
}

fn long_functions(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for source in &tree.sources {
        let long = source
            .functions
            .iter()
            .filter(|function| function.length > FUNCTION_BUDGET);
        found.extend(long.map(|f| {
            format!(
                "{}: {} lines: fn {}",
                source.place(f.line),
                f.length,
                f.name
            )
        }));
    }
    found
}
