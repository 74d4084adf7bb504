//! Who asks whom, and in which circles.

use std::collections::{BTreeMap, VecDeque};

use crate::tree::{Import, Tree};

/// For each of some neighbours, those it asks, with the first place where it does.
pub(crate) type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// The neighbours of one folder: a module stands for all below it. What asks its own folder, or a folder its own
/// content, is no neighbour.
pub(crate) fn neighbours(imports: &[Import], folder: &[String]) -> Graph {
    let mut graph = Graph::new();
    for import in imports {
        let below = |path: &[String]| {
            path.strip_prefix(folder)
                .and_then(|rest| rest.first().cloned())
        };
        let (Some(from), Some(to)) = (below(&import.from), below(&import.to)) else {
            continue;
        };
        if from != to {
            let asked = graph.entry(from).or_default();
            asked.entry(to).or_insert_with(|| import.place.clone());
        }
    }
    graph
}

/// Every folder that has something in it, the crate's root first.
pub(crate) fn folders(tree: &Tree) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for source in &tree.sources {
        for length in 0..source.module.len() {
            found.push(source.module[..length].to_vec());
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The shortest circle through each of those that are in one, each circle once, as `a -> b (a.rs:1) -> a (b.rs:2)`.
pub(crate) fn circles(graph: &Graph) -> Vec<String> {
    let mut told: Vec<Vec<&str>> = Vec::new();
    let mut found = Vec::new();
    for start in graph.keys() {
        let Some(circle) = way_back(graph, start) else {
            continue;
        };
        let mut members = circle.clone();
        members.sort_unstable();
        if told.contains(&members) {
            continue;
        }
        told.push(members);
        let mut text = start.clone();
        for (at, from) in circle.iter().enumerate() {
            let to = circle[(at + 1) % circle.len()];
            text += &format!(" -> {to} ({})", graph[*from][to]);
        }
        found.push(text);
    }
    found
}

/// The shortest way from one back to itself, without its end.
fn way_back<'a>(graph: &'a Graph, start: &'a str) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(at) = next.pop_front() {
        for to in graph.get(at).into_iter().flat_map(BTreeMap::keys) {
            if to == start {
                let mut way = vec![at];
                while let Some(before) = came_from.get(way[0]) {
                    way.insert(0, before);
                }
                return Some(way);
            }
            if !came_from.contains_key(to.as_str()) {
                came_from.insert(to.as_str(), at);
                next.push_back(to);
            }
        }
    }
    None
}
