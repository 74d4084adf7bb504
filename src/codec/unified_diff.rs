//! Unified diffs, cut where Python's `difflib` cuts them, whose port upstream shows differences with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

/// How many lines are shown around what is different.
const CONTEXT: usize = 3;

/// A run of lines of both texts, equal or not.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    equal: bool,
    old: Range<usize>,
    new: Range<usize>,
}

/// The difference between two texts, without the head that names files.
pub(crate) fn unified_diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let mut out = String::new();
    for group in groups(runs(&old, &new)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let (old_range, new_range) = (
            shown(first.old.start, last.old.end),
            shown(first.new.start, last.new.end),
        );
        // Nothing can go wrong with a text.
        let _ = writeln!(out, "@@ -{old_range} +{new_range} @@");
        for run in group {
            let mut lines = |sign: char, lines: &[&str]| {
                for line in lines {
                    let _ = writeln!(out, "{sign}{line}");
                }
            };
            if run.equal {
                lines(' ', &old[run.old]);
            } else {
                lines('-', &old[run.old]);
                lines('+', &new[run.new]);
            }
        }
    }
    out
}

/// `7,3`
fn shown(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

/// Cuts long equal runs, and leaves out what is far from any difference.
fn groups(mut runs: Vec<Run>) -> Vec<Vec<Run>> {
    if let Some(first) = runs.first_mut().filter(|run| run.equal) {
        *first = tail(first);
    }
    if let Some(last) = runs.last_mut().filter(|run| run.equal) {
        *last = head(last);
    }
    let (mut groups, mut group) = (Vec::new(), Vec::new());
    for run in runs {
        if run.equal && run.old.len() > 2 * CONTEXT {
            group.push(head(&run));
            groups.push(std::mem::take(&mut group));
            group.push(tail(&run));
        } else {
            group.push(run);
        }
    }
    groups.push(group);
    groups.retain(|group| group.iter().any(|run| !run.equal));
    groups
}

fn head(run: &Run) -> Run {
    let length = run.old.len().min(CONTEXT);
    Run {
        equal: true,
        old: run.old.start..run.old.start + length,
        new: run.new.start..run.new.start + length,
    }
}

fn tail(run: &Run) -> Run {
    let length = run.old.len().min(CONTEXT);
    Run {
        equal: true,
        old: run.old.end - length..run.old.end,
        new: run.new.end - length..run.new.end,
    }
}

fn runs(old: &[&str], new: &[&str]) -> Vec<Run> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (j, line) in new.iter().enumerate() {
        places.entry(line).or_default().push(j);
    }
    let mut blocks = Vec::new();
    matching(old, &places, 0..old.len(), 0..new.len(), &mut blocks);
    blocks.push((old.len(), new.len(), 0));
    let mut runs: Vec<Run> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (at_old, at_new, length) in blocks {
        if i < at_old || j < at_new {
            runs.push(Run {
                equal: false,
                old: i..at_old,
                new: j..at_new,
            });
        }
        (i, j) = (at_old + length, at_new + length);
        match runs.last_mut() {
            Some(last) if last.equal && length > 0 => {
                (last.old.end, last.new.end) = (i, j);
            }
            _ if length > 0 => runs.push(Run {
                equal: true,
                old: at_old..i,
                new: at_new..j,
            }),
            _ => {}
        }
    }
    runs
}

/// The longest block that both have, the first of several, and then the same on both sides of it.
fn matching(
    lines: &[&str],
    places: &BTreeMap<&str, Vec<usize>>,
    old: Range<usize>,
    new: Range<usize>,
    blocks: &mut Vec<(usize, usize, usize)>,
) {
    let (mut best, mut lengths) = ((old.start, new.start, 0), BTreeMap::new());
    for i in old.clone() {
        let mut next = BTreeMap::new();
        for &j in places.get(lines[i]).into_iter().flatten() {
            if !new.contains(&j) {
                continue;
            }
            let before = j.checked_sub(1).and_then(|j| lengths.get(&j));
            let length = before.copied().unwrap_or(0) + 1;
            next.insert(j, length);
            if length > best.2 {
                best = (i + 1 - length, j + 1 - length, length);
            }
        }
        lengths = next;
    }
    let (i, j, length) = best;
    if length == 0 {
        return;
    }
    matching(lines, places, old.start..i, new.start..j, blocks);
    blocks.push(best);
    matching(
        lines,
        places,
        i + length..old.end,
        j + length..new.end,
        blocks,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_from_a_difference_is_left_out() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl";
        assert_eq!(unified_diff(old, old), "");
        assert_eq!(
            unified_diff(old, &old.replace('b', "x").replace('k', "y\nz")),
            "@@ -1,5 +1,5 @@\n a\n-b\n+x\n c\n d\n e\n@@ -8,5 +8,6 @@\n h\n i\n j\n-k\n+y\n+z\n l\n"
        );
        assert_eq!(unified_diff("", "a"), "@@ -1 +1 @@\n-\n+a\n");
        assert_eq!(
            unified_diff("a\nb\nc", "a\nc"),
            "@@ -1,3 +1,2 @@\n a\n-b\n c\n"
        );
    }
}
