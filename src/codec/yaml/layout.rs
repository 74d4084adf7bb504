//! YAML for people: what fits on a line is in flow style, and there may be comments.

use super::emit::Emitter;
use crate::codec::json::Node;

/// A part of a file for people.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// In flow style, if it fits on the line.
    Value(Node),
    Map(Vec<(String, Block)>),
    Items(Vec<Item>),
}

/// An item of a list.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Block(Block),
    /// A comment of its own line.
    Note(String),
}

/// A file for people, no line longer than that if it can be helped.
pub(crate) fn layout(block: &Block, width: usize) -> String {
    let mut emitter = Emitter::new(Some(width));
    emitter.block(block, None, false);
    emitter.indent(0);
    emitter.out
}

impl Emitter {
    fn block(&mut self, block: &Block, indent: Option<usize>, in_mapping: bool) {
        match block {
            Block::Value(node) => self.node(node, indent, in_mapping),
            Block::Map(members) if members.is_empty() => self.empty('{', '}'),
            Block::Map(members) => {
                let inner = indent.map_or(0, |i| i + 2);
                for (key, block) in members {
                    self.key(key, inner);
                    self.block(block, Some(inner), true);
                }
            }
            Block::Items(items) => {
                let inner = self.items_indent(indent, in_mapping);
                if !items.iter().any(|item| matches!(item, Item::Block(_))) {
                    self.empty('[', ']');
                }
                for item in items {
                    match item {
                        Item::Block(block) => {
                            self.dash(inner);
                            self.block(block, Some(inner), false);
                        }
                        Item::Note(text) => {
                            self.indent(inner);
                            self.indicator(&comment(text), false, false, false);
                        }
                    }
                }
            }
        }
    }
}

/// A comment: a line without its end, whatever the text holds.
pub(crate) fn comment(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    format!("# {}", text.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::json;
    use crate::codec::yaml;

    const WIDTH: usize = 120;

    #[track_caller]
    fn comes_back(node: &Node) -> String {
        let body = vec![("body".to_owned(), Block::Value(node.clone()))];
        let text = layout(&Block::Map(body), WIDTH);
        let read = yaml::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let read = read.node.get("body").unwrap().to_value();
        assert_eq!(read, node.to_value(), "{text}");
        text
    }

    #[test]
    fn every_text_comes_back() {
        for text in [
            "",
            " ",
            "a",
            "y",
            "null",
            "1",
            "1.5",
            "0x1f",
            "1:20",
            "2026-01-02",
            "2026-01-02T03:04:05Z",
            "~",
            "- a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "'",
            "\"",
            "it's",
            "{ns}",
            "${a.b}",
            "a{ns}",
            "[a]",
            "a, b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "|",
            ">",
            "?",
            "? a",
            "-",
            "---",
            "...",
            "<uid:a>",
            "<<",
            "=",
            "a\\b",
            "\t",
            "a\tb",
            "é",
            "😀",
            "\u{2028}",
            "\u{85}",
            "\u{7f}",
            "\u{1}",
            "a\nb",
            "a\nb\n",
            "a\nb\n\n",
            "\n",
            "\na",
            " a\nb",
            "a\n\n b\n",
            "a\r\nb",
            "a  b",
            "v:\"x\"",
            "f:a",
            "k:{\"a\":1}",
            "no",
            "On",
            "1e3",
            ".5",
            "+1",
            "0b1",
            "1_000",
            "a ",
            "a\n ",
        ] {
            let string = Node::String(text.to_owned());
            comes_back(&string);
            comes_back(&Node::Array(vec![string.clone(), string.clone()]));
            comes_back(&Node::Object(vec![("k".to_owned(), string.clone())]));
            let long = Node::String("x".repeat(WIDTH));
            comes_back(&Node::Object(vec![
                (format!("k{text}"), string.clone()),
                ("l".to_owned(), long.clone()),
            ]));
            comes_back(&Node::Array(vec![string, long]));
        }
    }

    #[test]
    fn what_fits_on_a_line_is_on_one() {
        let node = json::parse(br#"{"a":{"b":[1,true,null,"x"]},"c":"d\ne\n","f":[]}"#).unwrap();
        let expected = "body:\n  a: {b: [1, true, null, x]}\n  c: |\n    d\n    e\n  f: []\n";
        assert_eq!(comes_back(&node), expected);
    }
}
