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

use tree::{Tree, texts};

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

#[test]
fn the_readme_shows_a_test_that_runs() {
    let (_, test) = include_str!("../first.rs").split_once("\n\n").unwrap();
    assert!(include_str!("../../README.md").contains(test));
}
