//! Lists the pages of `pages/`, so that a new kind takes a new page and nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PAGES: &str = "src/kinds/pages";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={PAGES}");
    println!("cargo::rerun-if-changed=src/kinds/build.rs");
    let mut files = Vec::new();
    list(Path::new(PAGES), &mut files)?;
    files.sort_unstable_by_key(|file| names(file));
    let mut out = String::new();
    for (name, ending) in [("KINDS", ".kind"), ("TYPES", ".types")] {
        let pages: Vec<&String> = files.iter().filter(|f| f.ends_with(ending)).collect();
        let _ = writeln!(out, "static {name}: [Page; {}] = [", pages.len());
        for page in pages {
            let place = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{PAGES}/{page}\")");
            let names = names(page);
            let _ = writeln!(
                out,
                "    Page::new({page:?}, &{names:?}, include_str!({place})),"
            );
        }
        out.push_str("];\n");
    }
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(target.join("pages.rs"), out)
}

/// What is in the path of a page: group, version and plural name. The core group has none.
fn names(file: &str) -> Vec<String> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name = |part| if part == "core" { "" } else { part };
    stem.split('/').map(|part| name(part).to_owned()).collect()
}

/// The paths of all files below a folder, as they are called below [`PAGES`].
fn list(folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if let Ok(name) = path.strip_prefix(PAGES) {
            files.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
