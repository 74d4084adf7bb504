//! Every rule broken once, in made-up sources, and found.

use std::collections::BTreeSet;

use crate::rules::{
    self, ABSENCES, ALSO_NAMES_OF_KINDS, Absence, FILE_BUDGET, FUNCTION_BUDGET, STRANGERS,
};
use crate::scan::{self, Function};
use crate::tree::{Texts, Tree};

/// What breaks a rule, and what is said about it.
struct Case {
    rule: &'static str,
    files: &'static [(&'static str, &'static str)],
    found: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        rule: "every file can be read and is declared by one module",
        files: &[
            ("lib.rs", "mod missing;\n"),
            ("clock.rs", "fn f() { \"open }"),
        ],
        found: &[
            "lib.rs:1: no file for mod missing",
            "clock.rs:1: a string without an end",
        ],
    },
    Case {
        rule: "every file can be read and is declared by one module",
        files: &[("clock.rs", "fn f() { loop {\n")],
        found: &["clock.rs:1: the end of fn f was not found"],
    },
    Case {
        rule: "every file can be read and is declared by one module",
        files: &[
            ("ids.rs", "#[cfg(test)]\nmod tests;\n"),
            ("ids/tests.rs", ""),
            ("ids/lost.rs", ""),
        ],
        found: &["ids/lost.rs: no module declares it"],
    },
    Case {
        rule: "storage knows no path in an object",
        files: &[(
            "storage/mod.rs",
            "const NAME: &str = \"/metadata/name\"; // metadata",
        )],
        found: &["storage/mod.rs:1: \"/metadata/name\""],
    },
    Case {
        rule: "no kind is named in generic code",
        files: &[
            (
                "kinds/pages/pods.kind",
                "# Pods.\nkind Pod  v1  pods pod po  list PodList\n",
            ),
            (
                "handlers/get.rs",
                "fn f() { matches(\"pods\", r#\"Pod\"#, \"pod\", \"a Pod\") }",
            ),
            ("registry/pods.rs", "const NAME: &str = \"Pod\";"),
        ],
        found: &["handlers/get.rs:1: \"pods\"", "handlers/get.rs:1: \"Pod\""],
    },
    Case {
        rule: "a room asks none that it must not know",
        files: &[
            ("storage/mod.rs", "pub(crate) struct Store;"),
            ("lib.rs", "pub use storage::Store;"),
            ("patch/mod.rs", "fn f(store: &super::storage::Store) {}"),
            ("schema/decode.rs", "use crate::{Store as S};"),
        ],
        found: &[
            "patch/mod.rs:1: patch asks storage",
            "schema/decode.rs:1: schema asks storage",
        ],
    },
    Case {
        rule: "no rooms ask each other in a circle",
        files: &[
            ("a/mod.rs", "use crate::b::B;\npub(crate) struct A;"),
            (
                "b.rs",
                "pub(crate) struct B;\nfn f() { crate::c::deep::call() }",
            ),
            ("c/deep.rs", "use super::super::a::{self, A as Other};"),
            ("d.rs", "use crate::a::A;"),
        ],
        found: &["a -> b (a/mod.rs:1) -> c (b.rs:2) -> a (c/deep.rs:1)"],
    },
    Case {
        rule: "no rooms ask each other in a circle",
        files: &[
            ("lib.rs", "pub use a::A;"),
            (
                "a/mod.rs",
                "mod inner {\n    use super::super::b;\n}\npub use deep::A;",
            ),
            ("a/deep.rs", "pub struct A;"),
            ("b.rs", "fn f(a: crate::A) {}"),
        ],
        found: &["a -> b (a/mod.rs:2) -> a (b.rs:1)"],
    },
    Case {
        rule: "inside a room, no neighbours ask each other in a circle",
        files: &[
            (
                "a/mod.rs",
                "pub(crate) use two::*;\nuse one::One;\npub(crate) trait Both {}",
            ),
            (
                "a/one.rs",
                "use super::{Both, Two};\npub(crate) struct One;",
            ),
            (
                "a/two.rs",
                "use super::Both;\npub(crate) struct Two(pub(in crate::a) super::One);",
            ),
        ],
        found: &["a: one -> two (a/one.rs:1) -> one (a/two.rs:2)"],
    },
];

/// Sources with what each exception is for, so that nothing is found in them but what is added.
fn intact() -> Texts {
    let mut texts = Texts::new();
    for absence in ABSENCES {
        for place in absence.but {
            let file = if place.ends_with(".rs") {
                (*place).to_owned()
            } else {
                format!("{place}/mod.rs")
            };
            *texts.entry(file).or_default() += &format!("{};\n", absence.pieces[0]);
        }
    }
    for (place, name) in ALSO_NAMES_OF_KINDS {
        *texts.entry((*place).to_owned()).or_default() +=
            &format!("const NAME: &str = {name:?};\n");
    }
    texts
}

/// Puts the files in, and writes the declarations that lead to each.
fn with(mut texts: Texts, files: &[(&str, &str)]) -> Tree {
    for (path, text) in files {
        texts.insert((*path).to_owned(), (*text).to_owned());
    }
    let sources = texts.keys().filter(|path| path.ends_with(".rs"));
    let mut declared = BTreeSet::new();
    for path in sources.filter(|path| !path.ends_with("tests.rs") && !path.ends_with("lost.rs")) {
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let mut parent = String::new();
        for name in module.split('/').filter(|name| *name != "lib") {
            let own = if parent.is_empty() {
                "lib.rs".to_owned()
            } else {
                format!("{parent}/mod.rs")
            };
            declared.insert((own, name.to_owned()));
            parent = if parent.is_empty() {
                name.to_owned()
            } else {
                format!("{parent}/{name}")
            };
        }
    }
    for (own, name) in declared {
        let alone = own.replace("/mod.rs", ".rs");
        let own = if texts.contains_key(&alone) {
            alone
        } else {
            own
        };
        *texts.entry(own).or_default() += &format!("\nmod {name};");
    }
    Tree::new(&texts)
}

fn found(rule: &str, tree: &Tree) -> Vec<String> {
    let (_, check) = rules::RULES
        .iter()
        .find(|(name, _)| *name == rule)
        .expect("there is such a rule");
    check(tree)
}

#[test]
fn nothing_is_found_where_nothing_is_broken() {
    let tree = with(intact(), &[("lib.rs", "//! warp hyper\n")]);
    for (rule, check) in rules::RULES {
        assert_eq!(check(&tree), [""; 0], "{rule}");
    }
}

#[test]
fn every_broken_rule_is_found() {
    for case in CASES {
        assert_eq!(
            found(case.rule, &with(intact(), case.files)),
            case.found,
            "{}",
            case.rule
        );
    }
}

#[test]
fn every_rule_is_broken_once() {
    // These have tests of their own below.
    let more = [
        "what must be absent is absent",
        "an exception is made only where it is needed",
        "files keep to their budget",
        "functions keep to their budget",
    ];
    for (rule, _) in rules::RULES {
        let mut broken = CASES.iter().map(|case| case.rule).chain(more);
        assert!(broken.any(|broken| broken == *rule), "{rule}");
    }
}

#[test]
fn every_piece_that_must_be_absent_is_found() {
    for absence in ABSENCES {
        let room = absence.within.first().unwrap_or(&"anywhere");
        for piece in absence.pieces {
            let code = piece.replace("\"\"", "\"for a reason\"");
            let before = if code.starts_with('.') { "x" } else { "" };
            let after = match code.ends_with(['(', '"', '&']) {
                _ if code.starts_with('[') => ")]",
                true => ")",
                false => "",
            };
            let shown = format!("fn f() {{\n    // {code}\n    {before}{code}{after};\n}}\n");
            let path = format!("{room}/broken.rs");
            let tree = with(intact(), &[(&path, &shown)]);
            let expected = format!("{path}:3: {piece}: {}", absence.why);
            let all = found("what must be absent is absent", &tree);
            assert!(all.contains(&expected), "{piece}: {all:?}");
        }
    }
}

#[test]
fn a_needless_exception_is_found() {
    for absence in ABSENCES {
        for place in absence.but {
            let mut texts = intact();
            texts.retain(|path, _| !path.starts_with(place));
            let expected = format!("{}: {place} needs no exception", absence.why);
            let all = found(
                "an exception is made only where it is needed",
                &with(texts, &[]),
            );
            assert!(all.contains(&expected), "{all:?}");
        }
    }
    let (place, name) = ALSO_NAMES_OF_KINDS[0];
    let all = found(
        "an exception is made only where it is needed",
        &with(Texts::new(), &[]),
    );
    assert!(
        all.contains(&format!("{place} does not say {name:?}")),
        "{all:?}"
    );
}

#[test]
fn a_silenced_lint_is_found_in_any_attribute() {
    let code = "#![allow(dead_code)]\n#[allow(x)]\n#[cfg_attr(test, allow(x))]\n#[expect(x, reason = \"\")]\nfn f() {}";
    let tree = with(intact(), &[("anywhere.rs", code)]);
    let all = found("what must be absent is absent", &tree);
    let lines: BTreeSet<_> = all
        .iter()
        .map(|found| found.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        lines,
        BTreeSet::from(["anywhere.rs:1", "anywhere.rs:2", "anywhere.rs:3"])
    );
}

#[test]
fn every_stranger_is_found() {
    for (room, strangers) in STRANGERS {
        for stranger in *strangers {
            let own = format!("use crate::{stranger}::It;");
            let (own_path, other_path) = (format!("{room}/mod.rs"), format!("{stranger}/mod.rs"));
            let tree = with(
                Texts::new(),
                &[(&own_path, &own), (&other_path, "pub(crate) struct It;")],
            );
            let all = found("a room asks none that it must not know", &tree);
            assert_eq!(all, [format!("{room}/mod.rs:1: {room} asks {stranger}")]);
        }
    }
}

#[test]
fn a_file_is_as_long_as_it_is_without_its_tests() {
    let tests = "#[cfg(test)]\nmod tests {\n    fn f() {}\n}\n";
    let filled = |lines: usize| format!("{tests}{}", "// One.\n".repeat(lines));
    for (lines, expected) in [
        (FILE_BUDGET - 1, None),
        (FILE_BUDGET, Some("long.rs: 401 lines")),
    ] {
        // One line declares nothing; it stands for what the others do.
        let tree = with(intact(), &[("long.rs", &(filled(lines) + "fn f() {}\n"))]);
        let all = found("files keep to their budget", &tree);
        assert_eq!(all, Vec::from_iter(expected));
    }
}

#[test]
fn a_function_of_any_head_is_measured() {
    const HEADS: &[&str] = &[
        "fn f()",
        "pub fn f<T: Into<[u8; 2]>>(x: [u8; 2]) -> [u8; 2]",
        "const fn f()",
        "pub async fn f()",
        "pub(in crate::a) fn f()",
        "pub(crate) const unsafe extern \"C\" fn f()",
        "#[inline] async unsafe fn f()",
    ];
    for head in HEADS {
        for (lines, is_long) in [(FUNCTION_BUDGET - 2, false), (FUNCTION_BUDGET - 1, true)] {
            let body = "    let _ = (\"}\", '}', b'}', r#\"}\"#); // }\n".repeat(lines);
            let code = format!("mod a {{\n{head} {{\n{body}}}\n}}\n");
            let all = found(
                "functions keep to their budget",
                &with(intact(), &[("a.rs", &code)]),
            );
            let expected = format!("a.rs:2: {} lines: fn f", FUNCTION_BUDGET + 1);
            assert_eq!(all, Vec::from_iter(is_long.then_some(expected)), "{head}");
        }
    }
}

/// The words and signs of what is shipped, and how many lines are not.
fn shipped(code: &str) -> (String, usize) {
    let shipped = scan::shipped(scan::tokens(code).unwrap()).unwrap();
    let texts: Vec<_> = shipped
        .tokens
        .iter()
        .map(|token| token.text.as_str())
        .collect();
    (texts.join(" "), shipped.cut)
}

#[test]
fn only_what_is_for_tests_is_cut() {
    const SHIPPED: &[(&str, &str, usize)] = &[
        ("#[cfg(test)]\nmod tests;\nfn f() {}", "fn f ( ) { }", 2),
        (
            "#[cfg(test)] mod t { fn g() { \"}\"; } }\nfn f() {}",
            "fn f ( ) { }",
            1,
        ),
        (
            "#[cfg(test)]\n#[path = \"x.rs\"]\npub(crate) mod t;\nconst A: u8 = 1;",
            "const A : u8 = 1 ;",
            3,
        ),
        ("#[cfg(test)]\nuse a::{b, c};\nuse d;", "use d ;", 2),
        (
            "#[cfg(test)]\nconst A: B = B { c: [1; 2] };\nuse d;",
            "use d ;",
            2,
        ),
        (
            "#[cfg(test)]\nconst fn f<A, B>() -> [A; 2] { }\nuse d;",
            "use d ;",
            2,
        ),
        (
            "#[cfg(test)]\nimpl<A, B> C<A, B> { fn f() {} }\nuse d;",
            "use d ;",
            2,
        ),
        (
            "struct A { #[cfg(test)] b: (C, D), e: F }",
            "struct A { e : F }",
            1,
        ),
        (
            "struct A { e: F, #[cfg(test)] b: C }",
            "struct A { e : F , }",
            1,
        ),
        ("#[cfg(all(unix, test))]\nfn f() {}\nuse d;", "use d ;", 2),
        (
            "#[cfg(any(test, unix))] use d;",
            "# [ cfg ( any ( test , unix ) ) ] use d ;",
            0,
        ),
        (
            "#[cfg(not(test))] use d;",
            "# [ cfg ( not ( test ) ) ] use d ;",
            0,
        ),
        (
            "#[cfg(all(unix, not(test)))] use d;",
            "# [ cfg ( all ( unix , not ( test ) ) ) ] use d ;",
            0,
        ),
        ("#![cfg(test)]\nuse d;\nfn f() {}", "", 3),
    ];
    for (code, expected, cut) in SHIPPED {
        assert_eq!(shipped(code), ((*expected).to_owned(), *cut), "{code}");
    }
}

#[test]
fn rust_is_read_as_it_is() {
    const READ: &[(&str, &[&str])] = &[
        ("a // b \"\n c", &["a", "c"]),
        ("a /* b /* \" */ ' */ c", &["a", "c"]),
        (r#""a\"b" c"#, &[r#"a\"b"#, "c"]),
        ("r\"a\\\" c", &["a\\", "c"]),
        ("br##\"a\"#b\"## c", &["a\"#b", "c"]),
        ("r#fn c\"x\" b\"y\"", &["r#fn", "x", "y"]),
        (
            r"'\'' '\\' 'a' b'\'' '\u{1F}' d",
            &[r"'\''", r"'\\'", "'a'", r"b'\''", r"'\u{1F}'", "d"],
        ),
        (
            "&'a str<'_, 'static>",
            &["&", "'a", "str", "<", "'_", ",", "'static", ">"],
        ),
        (
            "0..5 1.5e3 x.0",
            &["0", ".", ".", "5", "1.5e3", "x", ".", "0"],
        ),
        ("\"é\" 'é' é", &["é", "'é'", "é"]),
    ];
    for (code, expected) in READ {
        let tokens = scan::tokens(code).unwrap();
        let texts: Vec<_> = tokens.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts, *expected, "{code}");
    }
}

#[test]
fn what_has_no_end_is_an_error() {
    for code in ["/* a", "\"a", "r#\"a\"", "'\\"] {
        assert!(scan::tokens(code).is_err(), "{code}");
    }
    let open = scan::tokens("#[cfg(test)]\nmod tests {").unwrap();
    assert!(scan::shipped(open).is_err());
    for code in ["fn f() {", "fn f()", "fn f() { ( }"] {
        assert!(
            scan::functions(&scan::tokens(code).unwrap()).is_err(),
            "{code}"
        );
    }
}

#[test]
fn declarations_and_types_of_functions_are_no_functions() {
    let code = "trait A { fn f(); fn g() {\n} }\ntype B = fn(u8) -> u8;\nconst C: fn() = f;";
    let functions = scan::functions(&scan::tokens(code).unwrap()).unwrap();
    let expected = Function {
        name: "g".to_owned(),
        line: 1,
        length: 2,
    };
    assert_eq!(functions, [expected]);
}

#[test]
fn an_absence_within_a_room_is_none_elsewhere() {
    let absence = Absence {
        why: "",
        pieces: &["await"],
        within: &["patch"],
        but: &["patch/one.rs"],
    };
    let code = "async fn f() { x.await }";
    let tree = with(
        Texts::new(),
        &[
            ("handlers.rs", code),
            ("patch/one.rs", code),
            ("patch/one_more.rs", code),
        ],
    );
    assert_eq!(absence.broken(&tree), ["patch/one_more.rs:1: await: "]);
}

#[test]
fn a_helper_without_a_caller_is_found() {
    let helpers = "fn used() {}\nfn unused() { used() } // unused()";
    let text = |text: &str| text.to_owned();
    let texts = Texts::from([
        (text("support/mod.rs"), text(helpers)),
        (text("first.rs"), text("#[test]\nfn unused() {}")),
    ]);
    assert_eq!(crate::unused_helpers(&texts), ["unused"]);
}
