//! Events to a tree: go-yaml's `parser.parse`, with the nodes in one vector so that nothing recurses.

use std::collections::BTreeMap;

use libyaml_safer::{Event, EventData};

use super::events::Events;

/// Where in [`Tree::nodes`] a node is.
pub(super) type Id = usize;

pub(super) enum Content {
    Scalar {
        text: String,
        implicit: bool,
    },
    Sequence(Vec<Id>),
    /// Keys and values in turn.
    Mapping(Vec<Id>),
    Alias {
        anchor: String,
        target: Id,
    },
}

pub(super) struct TreeNode {
    pub(super) content: Content,
    pub(super) tag: Option<String>,
    /// From 0.
    line: u64,
    column: u64,
}

/// One document. The root is the first node.
pub(super) struct Tree {
    nodes: Vec<TreeNode>,
}

impl Tree {
    /// Reads the next document, if there is one.
    pub(super) fn next(events: &mut Events) -> Result<Option<Tree>, String> {
        let mut builder = Builder::default();
        loop {
            let event = events.next()?;
            match event.data {
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentEnd { .. } => {
                    return Ok(Some(Tree {
                        nodes: builder.nodes,
                    }));
                }
                _ => {
                    let mark = event.start_mark;
                    builder
                        .take(event)
                        .inspect_err(|_| events.failed_at = Some(mark))?;
                }
            }
        }
    }

    pub(super) fn node(&self, id: Id) -> &TreeNode {
        &self.nodes[id]
    }

    /// The line, from 1, a node starts on.
    pub(super) fn line_of(&self, id: Id) -> u64 {
        self.nodes[id].line + 1
    }

    /// The line and the column, from 1, a node starts at.
    pub(super) fn place_of(&self, id: Id) -> (usize, usize) {
        let node = &self.nodes[id];
        (node.line as usize + 1, node.column as usize + 1)
    }

    /// How many nodes there are; the first is the root.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The line, from 1, the content starts on.
    pub(super) fn line(&self) -> usize {
        self.nodes.first().map_or(1, |root| root.line as usize + 1)
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<TreeNode>,
    open: Vec<Id>,
    anchors: BTreeMap<String, Id>,
}

impl Builder {
    fn take(&mut self, event: Event) -> Result<(), String> {
        let (line, column) = (event.start_mark.line, event.start_mark.column);
        let (content, tag, anchor, opens) = match event.data {
            EventData::Scalar {
                anchor,
                tag,
                value,
                plain_implicit,
                ..
            } => (
                Content::Scalar {
                    text: value,
                    implicit: plain_implicit,
                },
                tag,
                anchor,
                false,
            ),
            EventData::SequenceStart { anchor, tag, .. } => {
                (Content::Sequence(Vec::new()), tag, anchor, true)
            }
            EventData::MappingStart { anchor, tag, .. } => {
                (Content::Mapping(Vec::new()), tag, anchor, true)
            }
            EventData::Alias { anchor } => {
                let target = self.anchors.get(&anchor).copied();
                let target =
                    target.ok_or_else(|| format!("yaml: unknown anchor '{anchor}' referenced"))?;
                (Content::Alias { anchor, target }, None, None, false)
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                self.open.pop();
                return Ok(());
            }
            _ => return Ok(()),
        };
        let id = self.push(TreeNode {
            content,
            tag,
            line,
            column,
        });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        if opens {
            self.open.push(id);
        }
        Ok(())
    }

    fn push(&mut self, node: TreeNode) -> Id {
        let id = self.nodes.len();
        self.nodes.push(node);
        if let Some(&parent) = self.open.last()
            && let Content::Sequence(children) | Content::Mapping(children) =
                &mut self.nodes[parent].content
        {
            children.push(id);
        }
        id
    }
}
