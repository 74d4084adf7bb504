//! Documents that still know where each of their values is, for files people write.

use std::collections::BTreeSet;

use super::budget::Budget;
use super::events::Events;
use super::tree::{Content, Id, Tree};
use super::{Document, decode};

/// A document with the places of its values.
pub(crate) struct Located {
    pub(crate) document: Document,
    tree: Tree,
}

/// A line and a column, from 1.
pub(crate) type Place = (usize, usize);

/// Why some text is no YAML.
#[derive(Debug)]
pub(crate) struct Misread {
    pub(crate) place: Option<Place>,
    pub(crate) problem: String,
}

/// The way from a collection to one of its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// Every document, empty ones included.
pub(crate) fn parse_located(input: &[u8]) -> Result<Vec<Located>, Misread> {
    let mut events = Events::new(input);
    let (mut documents, mut budget) = (Vec::new(), Budget::default());
    while let Some(tree) = Tree::next(&mut events).map_err(|e| misread(&events, &e))? {
        let document = decode::decode(&tree, &mut budget).map_err(|e| misread(&events, &e))?;
        documents.push(Located { document, tree });
    }
    Ok(documents)
}

/// Go counts its lines in several ways; where the mark is known, that is used instead.
fn misread(events: &Events, problem: &str) -> Misread {
    let problem = problem.strip_prefix("yaml: ").unwrap_or(problem);
    let Some(mark) = &events.failed_at else {
        return Misread {
            place: None,
            problem: problem.to_owned(),
        };
    };
    let text = match problem
        .strip_prefix("line ")
        .and_then(|p| p.split_once(": "))
    {
        Some((_, text)) => text,
        None => problem,
    };
    Misread {
        place: Some((mark.line as usize + 1, mark.column as usize + 1)),
        problem: text.to_owned(),
    }
}

impl Located {
    /// Where a value is: its key or the item. Where the path leads nowhere (behind a `<<`, say), the last value it
    /// leads to.
    pub(crate) fn place(&self, path: &[Step]) -> Place {
        let (mut id, mut place) = (0, (self.tree.line(), 1));
        for step in path {
            match self.find(id, step) {
                Some((found, at)) => (id, place) = (found, at),
                None => break,
            }
        }
        place
    }

    /// The first key that is in its map already, and where it is.
    pub(crate) fn duplicate(&self) -> Option<(&str, Place)> {
        (0..self.tree.len()).find_map(|id| {
            let Content::Mapping(children) = &self.tree.node(id).content else {
                return None;
            };
            let mut seen = BTreeSet::new();
            children.iter().step_by(2).find_map(|key| {
                let Content::Scalar { text, .. } = &self.tree.node(*key).content else {
                    return None;
                };
                (!seen.insert(text)).then(|| (text.as_str(), self.tree.place_of(*key)))
            })
        })
    }

    fn find(&self, mut id: Id, step: &Step) -> Option<(Id, Place)> {
        if let Content::Alias { target, .. } = &self.tree.node(id).content {
            id = *target;
        }
        match (&self.tree.node(id).content, step) {
            (Content::Sequence(items), Step::Index(i)) => {
                items.get(*i).map(|item| (*item, self.tree.place_of(*item)))
            }
            (Content::Mapping(children), Step::Key(key)) => children
                .chunks_exact(2)
                .find(|pair| self.is_text(pair[0], key))
                .map(|pair| (pair[1], self.tree.place_of(pair[0]))),
            _ => None,
        }
    }

    fn is_text(&self, id: Id, wanted: &str) -> bool {
        matches!(&self.tree.node(id).content, Content::Scalar { text, .. } if text == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, path: &[Step]) -> Place {
        parse_located(text.as_bytes()).unwrap()[0].place(path)
    }

    fn key(key: &str) -> Step {
        Step::Key(key.to_owned())
    }

    #[test]
    fn a_value_is_where_its_key_or_item_is() {
        let text = "a:\n  b: 1\nc:\n- x\n-\n  d: {e: 2}\n";
        assert_eq!(place(text, &[key("a"), key("b")]), (2, 3));
        assert_eq!(place(text, &[key("c")]), (3, 1));
        let item = [key("c"), Step::Index(1), key("d")];
        assert_eq!(place(text, &item), (6, 3));
        assert_eq!(place(text, &[&item[..], &[key("e")]].concat()), (6, 7));
    }

    #[test]
    fn an_alias_leads_to_what_it_stands_for() {
        assert_eq!(
            place("a: &x\n  b: 1\nc: *x\n", &[key("c"), key("b")]),
            (2, 3)
        );
    }

    #[test]
    fn a_path_to_nowhere_gives_the_last_place_it_reaches() {
        assert_eq!(
            place("a:\n  b: 1\n", &[key("a"), key("z"), key("b")]),
            (1, 1)
        );
    }

    #[test]
    fn a_key_that_is_repeated_is_found() {
        let documents = parse_located(b"a: {b: 1, c: 2,\n  b: 3}\n").unwrap();
        assert_eq!(documents[0].duplicate(), Some(("b", (2, 3))));
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let cases = [
            ("a: [\n", Some((2, 1)), "did not find expected node content"),
            ("a: *b\n", Some((1, 4)), "unknown anchor 'b' referenced"),
            (
                "a: b: c\n",
                Some((1, 5)),
                "mapping values are not allowed in this context",
            ),
        ];
        for (text, place, problem) in cases {
            let misread = parse_located(text.as_bytes()).err().unwrap();
            assert_eq!((misread.place, misread.problem.as_str()), (place, problem));
        }
    }
}
