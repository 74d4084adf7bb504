//! Reads the sources and keeps what the design promises: what is absent, who asks whom, and the budgets.
//!
//! A room is a module of the top floor. `broken.rs` breaks each rule once, in made-up sources, and looks whether that is
//! found.

mod broken;
mod graph;
mod paths;
mod rules;
mod scan;
mod tree;

use std::path::Path;

use tree::{Texts, Tree, texts};

/// Where the sources are; another folder can be looked at instead.
fn tree() -> Tree {
    let folder = std::env::var("TIDY_SOURCES")
        .unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/src").to_owned());
    Tree::new(&texts(Path::new(&folder)))
}

#[test]
fn the_sources_keep_every_rule() {
    let tree = tree();
    assert!(tree.sources.len() > 50, "the sources were not found");
    let mut report = String::new();
    for (name, check) in rules::RULES {
        let found = check(&tree);
        if !found.is_empty() {
            report += &format!("\n{name}:\n  {}\n", found.join("\n  "));
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// Each test is compiled with the whole of `tests/support`, so the compiler cannot tell.
#[test]
fn every_helper_of_the_tests_is_used() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let unused = unused_helpers(&texts(Path::new(folder)));
    assert!(unused.is_empty(), "{unused:?}");
}

/// The functions in `support` whose name stands nowhere but where they are declared.
fn unused_helpers(texts: &Texts) -> Vec<String> {
    let read = |text: &String| scan::tokens(text).unwrap();
    let all: Vec<_> = texts.values().flat_map(read).collect();
    let support = texts
        .iter()
        .filter(|(path, _)| path.starts_with("support/"));
    let mut functions: Vec<_> = support
        .flat_map(|(_, text)| scan::functions(&read(text)).unwrap())
        .map(|function| function.name)
        .collect();
    functions.retain(|name| {
        let names = functions_named(&all, name);
        all.iter().filter(|token| token.is(name)).count() == names
    });
    functions
}

fn functions_named(tokens: &[scan::Token], name: &str) -> usize {
    let heads = tokens
        .windows(2)
        .filter(|pair| pair[0].is("fn") && pair[1].is(name));
    heads.count()
}

#[test]
fn the_readme_shows_a_test_that_runs() {
    let (_, test) = include_str!("../first.rs").split_once("\n\n").unwrap();
    assert!(include_str!("../../README.md").contains(test));
}
