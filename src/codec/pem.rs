//! PEM blocks, as Go's `encoding/pem` finds them in a text.

use super::base64;

/// One block.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) has_headers: bool,
    pub(crate) bytes: Vec<u8>,
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// All good blocks of a text, in order; whatever is around them is skipped, and so are blocks that are broken.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let label = line.trim_end().strip_prefix(BEGIN);
        if let Some(label) = label.and_then(|rest| rest.strip_suffix(DASHES)) {
            let mut rest = lines.clone();
            if let Some(block) = read(label, &mut rest) {
                blocks.push(block);
                lines = rest;
            }
        }
    }
    blocks
}

/// The block that begins here, if it ends as it should.
fn read<'a>(label: &str, lines: &mut impl Iterator<Item = &'a str>) -> Option<Block> {
    let end = format!("-----END {label}-----");
    let (mut body, mut has_headers) = (String::new(), false);
    for line in lines {
        let line = line.trim_end();
        if line == end {
            let bytes = base64::decode(&body).ok()?;
            let label = label.to_owned();
            return Some(Block {
                label,
                has_headers,
                bytes,
            });
        }
        if line.contains(':') && body.is_empty() {
            has_headers = true;
        } else {
            body.push_str(line.trim());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = "x\n-----BEGIN A B-----\nK: v\n\naGFs\nbG8=\n-----END A B-----\n-----BEGIN C-----\n?\n-----END C-----\n\
                    -----BEGIN D-----\naA==\n";
        let block = Block {
            label: "A B".to_owned(),
            has_headers: true,
            bytes: b"hallo".to_vec(),
        };
        assert_eq!(blocks(text), [block]);
        assert_eq!(blocks("not pem"), []);
    }
}
