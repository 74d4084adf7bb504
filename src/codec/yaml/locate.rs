//! Documents that still know which line each of their values is on, for files people write.

use super::events::Events;
use super::tree::{Id, Kind, Tree};
use super::{Document, decode};

/// A document with the lines of its values.
pub(crate) struct Located {
    pub(crate) document: Document,
    tree: Tree,
}

/// The way from a collection to one of its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// Every document, empty ones included.
pub(crate) fn parse_located(input: &[u8]) -> Result<Vec<Located>, String> {
    let mut events = Events::new(input);
    let mut documents = Vec::new();
    while let Some(tree) = Tree::next(&mut events)? {
        let document = decode::decode(&tree)?;
        documents.push(Located { document, tree });
    }
    Ok(documents)
}

impl Located {
    /// The line, from 1, of a value: that of its key or of the item. Where the path leads nowhere (behind a `<<`, say),
    /// that of the last value it leads to.
    pub(crate) fn line(&self, path: &[Step]) -> usize {
        let (mut id, mut line) = (0, self.tree.line());
        for step in path {
            match self.find(id, step) {
                Some((found, at)) => (id, line) = (found, at),
                None => break,
            }
        }
        line
    }

    fn find(&self, mut id: Id, step: &Step) -> Option<(Id, usize)> {
        if let Kind::Alias { target, .. } = &self.tree.node(id).kind {
            id = *target;
        }
        let line = |id| self.tree.line_of(id) as usize;
        match (&self.tree.node(id).kind, step) {
            (Kind::Sequence(items), Step::Index(i)) => {
                items.get(*i).map(|item| (*item, line(*item)))
            }
            (Kind::Mapping(children), Step::Key(key)) => children
                .chunks_exact(2)
                .find(|pair| self.is_text(pair[0], key))
                .map(|pair| (pair[1], line(pair[0]))),
            _ => None,
        }
    }

    fn is_text(&self, id: Id, wanted: &str) -> bool {
        matches!(&self.tree.node(id).kind, Kind::Scalar { text, .. } if text == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, path: &[Step]) -> usize {
        parse_located(text.as_bytes()).unwrap()[0].line(path)
    }

    fn key(key: &str) -> Step {
        Step::Key(key.to_owned())
    }

    #[test]
    fn a_value_is_on_the_line_of_its_key_or_item() {
        let text = "a:\n  b: 1\nc:\n- x\n-\n  d: 2\n";
        assert_eq!(line(text, &[key("a"), key("b")]), 2);
        assert_eq!(line(text, &[key("c")]), 3);
        assert_eq!(line(text, &[key("c"), Step::Index(1), key("d")]), 6);
    }

    #[test]
    fn an_alias_leads_to_what_it_stands_for() {
        assert_eq!(line("a: &x\n  b: 1\nc: *x\n", &[key("c"), key("b")]), 2);
    }

    #[test]
    fn a_path_to_nowhere_gives_the_last_line_it_reaches() {
        assert_eq!(line("a:\n  b: 1\n", &[key("a"), key("z"), key("b")]), 1);
    }
}
