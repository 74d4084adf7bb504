//! A unified diff as Python's difflib finds it, which upstream shows of a pod that may not change so: the longest block
//! the texts share, then what is left and right of it. In long texts, lines that are everywhere begin no block.

use std::collections::BTreeMap;
use std::fmt::Write as _;

const CONTEXT: usize = 3;
/// From this length on, lines that make up more than a hundredth of a text are popular.
const LONG: usize = 200;

/// A block that both texts have: where it is in each, and its length.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Block {
    a: usize,
    b: usize,
    size: usize,
}

/// What becomes of these lines of the one text, and which of the other they become.
#[derive(Clone, Copy, Debug)]
struct Step {
    is_equal: bool,
    a: (usize, usize),
    b: (usize, usize),
}

struct Matcher<'a> {
    a: Vec<&'a str>,
    b: Vec<&'a str>,
    places: BTreeMap<&'a str, Vec<usize>>,
}

/// The hunks, without a head.
pub(crate) fn unified(a: &str, b: &str) -> String {
    let matcher = Matcher::new(a, b);
    let mut out = String::new();
    for group in grouped(matcher.steps()) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "@@ -{} +{} @@",
            range(first.a.0, last.a.1),
            range(first.b.0, last.b.1)
        );
        for step in group {
            let (mine, theirs) = (
                &matcher.a[step.a.0..step.a.1],
                &matcher.b[step.b.0..step.b.1],
            );
            let parts = match step.is_equal {
                true => vec![(' ', mine)],
                false => vec![('-', mine), ('+', theirs)],
            };
            for (sign, lines) in parts {
                for line in lines {
                    let _ = writeln!(out, "{sign}{line}");
                }
            }
        }
    }
    out
}

fn range(start: usize, stop: usize) -> String {
    match stop - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

impl<'a> Matcher<'a> {
    fn new(a: &'a str, b: &'a str) -> Self {
        let (a, b): (Vec<&str>, Vec<&str>) = (a.split('\n').collect(), b.split('\n').collect());
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, line) in b.iter().enumerate() {
            places.entry(line).or_default().push(i);
        }
        if b.len() >= LONG {
            let most = b.len() / 100 + 1;
            places.retain(|_, at| at.len() <= most);
        }
        Matcher { a, b, places }
    }

    fn longest(&self, (alo, ahi): (usize, usize), (blo, bhi): (usize, usize)) -> Block {
        let mut best = Block {
            a: alo,
            b: blo,
            size: 0,
        };
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        for i in alo..ahi {
            let mut next = BTreeMap::new();
            let places = self.places.get(self.a[i]).map_or(&[][..], Vec::as_slice);
            for &j in places.iter().filter(|j| (blo..bhi).contains(*j)) {
                let before = j.checked_sub(1).and_then(|j| lengths.get(&j));
                let size = before.copied().unwrap_or_default() + 1;
                next.insert(j, size);
                if size > best.size {
                    best = Block {
                        a: i + 1 - size,
                        b: j + 1 - size,
                        size,
                    };
                }
            }
            lengths = next;
        }
        while best.a > alo && best.b > blo && self.a[best.a - 1] == self.b[best.b - 1] {
            best = Block {
                a: best.a - 1,
                b: best.b - 1,
                size: best.size + 1,
            };
        }
        while best.a + best.size < ahi
            && best.b + best.size < bhi
            && self.a[best.a + best.size] == self.b[best.b + best.size]
        {
            best.size += 1;
        }
        best
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open = vec![((0, self.a.len()), (0, self.b.len()))];
        while let Some((a, b)) = open.pop() {
            let found = self.longest(a, b);
            if found.size == 0 {
                continue;
            }
            blocks.push(found);
            open.push(((a.0, found.a), (b.0, found.b)));
            open.push(((found.a + found.size, a.1), (found.b + found.size, b.1)));
            open.retain(|(a, b)| a.0 < a.1 && b.0 < b.1);
        }
        blocks.sort_unstable_by_key(|block| block.a);
        blocks.dedup_by(|next, block| {
            let is_next = block.a + block.size == next.a && block.b + block.size == next.b;
            if is_next {
                block.size += next.size;
            }
            is_next
        });
        blocks.push(Block {
            a: self.a.len(),
            b: self.b.len(),
            size: 0,
        });
        blocks
    }

    fn steps(&self) -> Vec<Step> {
        let (mut i, mut j) = (0, 0);
        let mut steps = Vec::new();
        for block in self.blocks() {
            if i < block.a || j < block.b {
                steps.push(Step {
                    is_equal: false,
                    a: (i, block.a),
                    b: (j, block.b),
                });
            }
            (i, j) = (block.a + block.size, block.b + block.size);
            if block.size > 0 {
                steps.push(Step {
                    is_equal: true,
                    a: (block.a, i),
                    b: (block.b, j),
                });
            }
        }
        steps
    }
}

/// The steps by hunks: each with a few lines of what stays before and after.
fn grouped(mut steps: Vec<Step>) -> Vec<Vec<Step>> {
    if let Some(first) = steps.first_mut().filter(|step| step.is_equal) {
        first.a.0 = first.a.0.max(first.a.1.saturating_sub(CONTEXT));
        first.b.0 = first.b.0.max(first.b.1.saturating_sub(CONTEXT));
    }
    if let Some(last) = steps.last_mut().filter(|step| step.is_equal) {
        last.a.1 = last.a.1.min(last.a.0 + CONTEXT);
        last.b.1 = last.b.1.min(last.b.0 + CONTEXT);
    }
    let mut groups = Vec::new();
    let mut group: Vec<Step> = Vec::new();
    for mut step in steps {
        if step.is_equal && step.a.1 - step.a.0 > 2 * CONTEXT {
            group.push(Step {
                a: (step.a.0, step.a.0 + CONTEXT),
                b: (step.b.0, step.b.0 + CONTEXT),
                ..step
            });
            groups.push(std::mem::take(&mut group));
            step.a.0 = step.a.1 - CONTEXT;
            step.b.0 = step.b.1 - CONTEXT;
        }
        group.push(step);
    }
    groups.push(group);
    groups.retain(|group| group.iter().any(|step| !step.is_equal));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunk_shows_what_changed_and_a_little_around() {
        let a = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let b = "1\n2\n3\n4\nfive\n6\n7\n8\n9";
        assert_eq!(
            unified(a, b),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        );
        assert_eq!(unified(a, a), "");
        assert_eq!(unified("a", "a\nb"), "@@ -1 +1,2 @@\n a\n+b\n");
    }

    #[test]
    fn changes_far_apart_are_two_hunks() {
        let a: String = (0..30).map(|i| format!("{i}\n")).collect();
        let b = a.replace("2\n3\n", "2\nx\n3\n").replace("28\n", "");
        assert_eq!(unified(&a, &b).matches("@@ -").count(), 2);
    }
}
