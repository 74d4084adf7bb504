//! The modules of a crate as they declare each other, and what each imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::paths::{self, Inside, Use};
use crate::scan::{self, Function, Token};

/// Where crates begin, and what they are modules of here: the library and the binary, whose rooms stand in one house, and
/// the script that is run before both.
const ROOTS: [(&str, &[&str]); 3] = [
    ("lib.rs", &[]),
    ("main.rs", &[]),
    ("kinds/build.rs", &["kinds", "build"]),
];

/// Texts by their path below `src`.
pub(crate) type Texts = BTreeMap<String, String>;

/// The sources that are shipped, and what is wrong with reading them.
pub(crate) struct Tree {
    pub(crate) sources: Vec<Source>,
    pub(crate) broken: Vec<String>,
    /// What the pages of kinds are about: `Endpoints`, `endpoints`.
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) modules: BTreeMap<Vec<String>, Module>,
}

/// A file, tests and comments left out.
pub(crate) struct Source {
    /// `handlers/get.rs`
    pub(crate) path: String,
    /// `handlers::get`
    pub(crate) module: Vec<String>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) functions: Vec<Function>,
    /// The lines of the file without those of its tests.
    pub(crate) lines: usize,
}

/// What can be found below a module.
#[derive(Default)]
pub(crate) struct Module {
    pub(crate) children: BTreeSet<String>,
    /// What it takes from elsewhere, by the name it has here; the module hands it on to whoever asks.
    names: BTreeMap<String, Vec<String>>,
    /// What it takes everything of.
    globs: Vec<Vec<String>>,
}

/// A module asks for something of another.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    /// `handlers/get.rs:3`
    pub(crate) place: String,
}

impl Source {
    /// `handlers` for `handlers/get.rs`, `clock` for `clock.rs`; nothing for the crate's root.
    pub(crate) fn room(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// Whether this is the file, `clock.rs`, or lies in the folder, `listener`.
    pub(crate) fn is_in(&self, place: &str) -> bool {
        let rest = self.path.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(crate) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

/// Every Rust source and every page of a kind below a folder.
pub(crate) fn texts(folder: &Path) -> Texts {
    let mut found = Texts::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "kind") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.insert(name.replace('\\', "/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// Kind and resource of a page: `kind Service  v1  services service svc  list ServiceList …`.
fn named_by_page(text: &str) -> Vec<String> {
    let heads = text.lines().filter_map(|line| line.strip_prefix("kind "));
    let named = heads.flat_map(|head| head.split_whitespace().step_by(2).take(2));
    named.map(str::to_owned).collect()
}

/// `mod name;` or `mod name { … }`
struct Declaration {
    parent: Vec<String>,
    name: String,
    is_inline: bool,
    line: usize,
}

fn declarations(tokens: &[Token], module: &[String]) -> Vec<Declaration> {
    let mut found = Vec::new();
    let mut inside = Inside::new(module);
    for at in 0..tokens.len() {
        inside.leave(at);
        if let Some([head, name, after]) = tokens.get(at..at + 3)
            && head.is("mod")
            && (after.is("{") || after.is(";"))
        {
            found.push(Declaration {
                parent: inside.module.clone(),
                name: name.text.clone(),
                is_inline: after.is("{"),
                line: head.line,
            });
        }
        inside.enter(tokens, at);
    }
    found
}

fn own_path(module: &[&str]) -> Vec<String> {
    module.iter().map(|name| (*name).to_owned()).collect()
}

/// The file of a module.
fn file(texts: &Texts, module: &[String]) -> Option<String> {
    let path = module.join("/");
    let places = [format!("{path}.rs"), format!("{path}/mod.rs")];
    places.into_iter().find(|place| texts.contains_key(place))
}

/// The files that are neither roots nor declared, be it by tests.
fn strays(texts: &Texts) -> Vec<String> {
    let mut declared = BTreeSet::new();
    let roots = ROOTS.map(|(root, module)| (root.to_owned(), own_path(module)));
    let mut next = Vec::from(roots);
    while let Some((path, module)) = next.pop() {
        let tokens = texts
            .get(&path)
            .and_then(|text| scan::tokens(text).ok())
            .unwrap_or_default();
        for Declaration {
            mut parent, name, ..
        } in declarations(&tokens, &module)
        {
            parent.push(name);
            next.extend(file(texts, &parent).map(|file| (file, parent)));
        }
        declared.insert(path);
    }
    let strays = texts
        .keys()
        .filter(|path| path.ends_with(".rs") && !declared.contains(*path));
    strays
        .map(|path| format!("{path}: no module declares it"))
        .collect()
}

impl Tree {
    /// Follows the declarations from the roots. A file that only tests declare is not part of it.
    pub(crate) fn new(texts: &Texts) -> Tree {
        let mut tree = Tree {
            sources: Vec::new(),
            broken: strays(texts),
            kinds: texts
                .values()
                .flat_map(|text| named_by_page(text))
                .collect(),
            modules: BTreeMap::new(),
        };
        for (root, module) in ROOTS {
            if texts.contains_key(root) {
                tree.read(texts, root, own_path(module));
            }
        }
        let mut imports = Vec::new();
        for source in &tree.sources {
            imports.extend(paths::of(&tree, source));
        }
        tree.add_names(imports);
        tree
    }

    fn read(&mut self, texts: &Texts, path: &str, module: Vec<String>) {
        let read = scan::tokens(&texts[path])
            .and_then(scan::shipped)
            .and_then(|shipped| Ok((scan::functions(&shipped.tokens)?, shipped)));
        let (functions, shipped) = match read {
            Ok(read) => read,
            Err(error) => return self.broken.push(format!("{path}:{error}")),
        };
        for declaration in declarations(&shipped.tokens, &module) {
            let Declaration {
                parent,
                name,
                is_inline,
                line,
            } = declaration;
            self.modules
                .entry(parent.clone())
                .or_default()
                .children
                .insert(name.clone());
            let child = [parent, vec![name.clone()]].concat();
            match file(texts, &child) {
                _ if is_inline => {}
                Some(file) => self.read(texts, &file, child),
                None => self
                    .broken
                    .push(format!("{path}:{line}: no file for mod {name}")),
            }
        }
        self.modules.entry(module.clone()).or_default();
        self.sources.push(Source {
            path: path.to_owned(),
            module,
            functions,
            lines: texts[path].lines().count() - shipped.cut,
            tokens: shipped.tokens,
        });
    }

    fn add_names(&mut self, uses: Vec<Use>) {
        for used in uses.into_iter().filter(|used| used.is_import) {
            let module = self.modules.entry(used.from).or_default();
            match used.name.as_str() {
                "*" => module.globs.push(used.path),
                _ => _ = module.names.insert(used.name, used.path),
            }
        }
    }

    /// All that modules ask of each other, by what they name; asking for what is one's own is none of it.
    pub(crate) fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        for source in &self.sources {
            for used in paths::of(self, source) {
                if let Some(to) = self.home(&used.path, 0) {
                    found.push(Import {
                        from: used.from,
                        to,
                        place: source.place(used.line),
                    });
                }
            }
        }
        found
    }

    /// The module in which what a path names is at home, however many hand it on.
    fn home(&self, path: &[String], turns: usize) -> Option<Vec<String>> {
        let mut at = Vec::new();
        for (place, name) in path.iter().enumerate() {
            let module = self.modules.get(&at)?;
            if module.children.contains(name) {
                at.push(name.clone());
                continue;
            }
            let handed_on = module.names.get(name);
            let through_all = || {
                module
                    .globs
                    .iter()
                    .map(|glob| [glob, &path[place..=place]].concat())
            };
            // No more turns than any chain of them has: two that hand each other on would never end.
            return match handed_on {
                _ if turns > 20 => Some(at),
                Some(target) => self.home(&[target, &path[place + 1..]].concat(), turns + 1),
                None => Some(
                    through_all()
                        .filter_map(|path| self.home(&path, turns + 1))
                        .find(|home| self.declares(home, name))
                        .unwrap_or(at),
                ),
            };
        }
        Some(at)
    }

    /// Whether an item of this name stands in the module itself.
    fn declares(&self, module: &[String], name: &str) -> bool {
        const HEADS: &[&str] = &["struct", "enum", "trait", "type", "const", "static", "fn"];
        let mut sources = self.sources.iter().filter(|s| s.module == module);
        sources.any(|source| {
            let mut pairs = source.tokens.windows(2);
            pairs.any(|pair| HEADS.iter().any(|head| pair[0].is(head)) && pair[1].is(name))
        })
    }
}
