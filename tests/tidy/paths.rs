//! The paths that a file names, whether it imports them or writes them where it uses them.

use crate::scan::{self, Token};
use crate::tree::{Source, Tree};

/// What the binary calls the library.
const LIBRARY: &str = "fake_apiserver";

/// A path that starts at the crate's root, and who names it.
pub(crate) struct Use {
    pub(crate) from: Vec<String>,
    pub(crate) path: Vec<String>,
    /// The last of the path, or what it is called here.
    pub(crate) name: String,
    pub(crate) is_import: bool,
    pub(crate) line: usize,
}

/// All paths of a file that start in this crate.
pub(crate) fn of(tree: &Tree, source: &Source) -> Vec<Use> {
    let tokens = &source.tokens;
    let mut found = Vec::new();
    let mut inside = Inside::new(&source.module);
    let mut at = 0;
    while at < tokens.len() {
        inside.leave(at);
        inside.enter(tokens, at);
        let module = &inside.module;
        let mut reader = Reader {
            tree,
            module,
            tokens,
            at: at + 1,
        };
        if tokens[at].is("use") {
            reader.group(&[], &mut found);
        } else if starts_a_path(tokens, at) {
            reader.at = at;
            reader.expression(&mut found);
        }
        at = reader.at;
    }
    found
}

/// In which module one is on the way through a file that has some inside.
pub(crate) struct Inside {
    pub(crate) module: Vec<String>,
    ends: Vec<usize>,
}

impl Inside {
    pub(crate) fn new(module: &[String]) -> Inside {
        Inside {
            module: module.to_vec(),
            ends: Vec::new(),
        }
    }

    pub(crate) fn leave(&mut self, at: usize) {
        while self.ends.last().is_some_and(|end| *end < at) {
            self.ends.pop();
            self.module.pop();
        }
    }

    pub(crate) fn enter(&mut self, tokens: &[Token], at: usize) {
        if let Some([head, name, open]) = tokens.get(at..at + 3)
            && head.is("mod")
            && open.is("{")
        {
            self.module.push(name.text.clone());
            self.ends
                .push(scan::closing(tokens, at + 2).unwrap_or(usize::MAX));
        }
    }
}

/// A word that follows neither `::` nor `.` and that `::` follows.
fn starts_a_path(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let inside = before.is_some_and(|token| token.is(":") && at > 1 && tokens[at - 2].is(":"));
    let sign = |after: usize| tokens.get(at + after).is_some_and(|token| token.is(":"));
    tokens[at].is_word() && !inside && !before.is_some_and(|t| t.is(".")) && sign(1) && sign(2)
}

/// Reads one `use` or one path.
struct Reader<'a> {
    tree: &'a Tree,
    module: &'a [String],
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn is(&self, text: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is(text))
    }

    fn separator(&mut self) -> bool {
        let found = self.is(":") && self.tokens[self.at + 1].is(":");
        self.at += if found { 2 } else { 0 };
        found
    }

    /// What follows `use`, or stands between braces after `before::`.
    fn group(&mut self, before: &[String], into: &mut Vec<Use>) {
        let mut path = before.to_vec();
        let line = self.tokens[self.at].line;
        loop {
            if self.is("{") {
                let end = scan::closing(self.tokens, self.at).unwrap_or(self.tokens.len() - 1);
                self.at += 1;
                while self.at < end {
                    self.group(&path, into);
                    self.at += usize::from(self.is(","));
                }
                self.at = end + 1;
                return;
            }
            path.push(self.tokens[self.at].text.clone());
            self.at += 1;
            if !self.separator() {
                break;
            }
        }
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.is("as") {
            name = self.tokens[self.at + 1].text.clone();
            self.at += 2;
        }
        if name == "*" {
            path.pop();
        }
        self.add(&path, name, true, line, into);
    }

    fn expression(&mut self, into: &mut Vec<Use>) {
        let line = self.tokens[self.at].line;
        let mut path = Vec::new();
        while self.tokens.get(self.at).is_some_and(Token::is_word) {
            path.push(self.tokens[self.at].text.clone());
            self.at += 1;
            if !self.separator() {
                break;
            }
        }
        self.add(&path, String::new(), false, line, into);
    }

    fn add(
        &self,
        path: &[String],
        name: String,
        is_import: bool,
        line: usize,
        into: &mut Vec<Use>,
    ) {
        if let Some(path) = self.absolute(path) {
            into.push(Use {
                from: self.module.to_vec(),
                path,
                name,
                is_import,
                line,
            });
        }
    }

    /// From the crate's root; nothing for what is of another crate or has been imported.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let first = path.first()?.as_str();
        let (mut base, mut rest) = match first {
            "crate" | LIBRARY => (Vec::new(), &path[1..]),
            "self" => (self.module.to_vec(), &path[1..]),
            "super" => (self.module.to_vec(), path),
            _ => (self.module.to_vec(), path),
        };
        while rest.first().is_some_and(|name| name == "super") {
            base.pop();
            rest = &rest[1..];
        }
        let own = self.tree.modules.get(&base);
        let is_relative = !["crate", LIBRARY, "self", "super"].contains(&first);
        if is_relative && !own.is_some_and(|module| module.children.contains(first)) {
            return None;
        }
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }
}
