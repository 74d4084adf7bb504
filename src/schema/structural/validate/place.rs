//! Where in an object a value is, and how errors name it.

use std::fmt::Write as _;

/// The way to a value. It is written out only where something is wrong.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root,
    /// A property.
    Member(&'a Place<'a>, &'a str),
    /// A member that is no property: at the root too it has a dot before it.
    Additional(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// How kube-openapi names it: nothing at the root.
    pub(super) fn name(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    pub(super) fn is_root(&self) -> bool {
        matches!(self, Place::Root)
    }

    fn write(&self, out: &mut String) {
        match self {
            Place::Root => {}
            Place::Member(parent, name) => {
                parent.write(out);
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            Place::Additional(parent, name) => {
                parent.write(out);
                out.push('.');
                out.push_str(name);
            }
            Place::Item(parent, index) => {
                parent.write(out);
                let _ = write!(out, "[{index}]");
            }
        }
    }
}

/// The field of an error about what is named so, below a base path that may be empty.
pub(super) fn field(base: &str, name: &str) -> String {
    let below = name.strip_prefix('.').unwrap_or(name);
    match (base, name) {
        ("", "" | ".") => "<nil>".to_owned(),
        (base, "" | ".") => base.to_owned(),
        ("", _) => below.to_owned(),
        (base, _) => format!("{base}.{below}"),
    }
}
