//! How much a document may become through its aliases.

/// Up to this many decoded nodes, 99 of 100 may come from aliases; the share shrinks to 10 of 100 at [`RATIO_HIGH`].
const RATIO_LOW: f64 = 400_000.0;
const RATIO_HIGH: f64 = 4_000_000.0;

/// How much text all aliases of the input may stand for, in bytes. To Go a text that is used again is no new one, and
/// only its nodes count.
const MAX_ALIASED_TEXT: usize = 16 * 1024 * 1024;

/// What was decoded so far.
#[derive(Default)]
pub(super) struct Budget {
    decoded: usize,
    from_aliases: usize,
    aliased_text: usize,
}

impl Budget {
    /// For the next document of the same input: the text of all counts together.
    pub(super) fn for_next(&self) -> Budget {
        Budget {
            aliased_text: self.aliased_text,
            ..Budget::default()
        }
    }

    /// Counts a node: go-yaml's guard against alias bombs.
    pub(super) fn node(&mut self, is_aliased: bool) -> Result<(), String> {
        self.decoded += 1;
        self.from_aliases += usize::from(is_aliased);
        let decoded = self.decoded as f64;
        let over = ((decoded - RATIO_LOW) / (RATIO_HIGH - RATIO_LOW)).clamp(0.0, 1.0);
        let allowed = 0.99 - 0.89 * over;
        let is_much = self.from_aliases > 100 && self.decoded > 1000;
        refuse(is_much && self.from_aliases as f64 / decoded > allowed)
    }

    /// Counts the text of an alias.
    pub(super) fn aliased_text(&mut self, text: &str) -> Result<(), String> {
        self.aliased_text += text.len();
        refuse(self.aliased_text > MAX_ALIASED_TEXT)
    }
}

fn refuse(is_too_much: bool) -> Result<(), String> {
    match is_too_much {
        true => Err("yaml: document contains excessive aliasing".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, parse_all};

    /// A document where each alias stands for as much of [`super::MAX_ALIASED_TEXT`] as one of `share` parts of it.
    fn document(share: usize, aliases: usize) -> String {
        let text = "x".repeat(super::MAX_ALIASED_TEXT / share);
        let aliases = (0..aliases).map(|i| format!("k{i}: *a\n"));
        format!("a: &a {text}\n{}", aliases.collect::<String>())
    }

    #[test]
    fn aliases_stand_for_so_much_text_and_no_more() {
        assert!(parse(document(8, 8).as_bytes()).is_ok());
        let error = parse(document(8, 9).as_bytes()).unwrap_err();
        assert_eq!(error, "yaml: document contains excessive aliasing");
    }

    #[test]
    fn the_text_of_all_documents_counts_together() {
        let one = document(8, 5);
        assert!(parse_all(one.as_bytes()).is_ok());
        assert!(parse_all(format!("{one}---\n{one}").as_bytes()).is_err());
    }
}
