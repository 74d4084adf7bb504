//! The lines of a page and their words.

use super::Mistake;

/// A line that says something.
pub(super) struct Line<'a> {
    page: &'static str,
    pub(super) number: usize,
    pub(super) is_indented: bool,
    /// What follows ` -- `, if there is such a thing.
    doc: Option<&'a str>,
    /// The words that are still to be read.
    rest: &'a str,
    /// The page from this line on.
    pub(super) rest_of_page: &'a str,
}

impl<'a> Line<'a> {
    /// The lines of a text whose first line has this number.
    pub(super) fn all(
        page: &'static str,
        text: &'a str,
        first: usize,
    ) -> impl Iterator<Item = Line<'a>> {
        let mut rest = text;
        let lines = text.split('\n').enumerate().map(move |(i, line)| {
            let rest_of_page = rest;
            rest = rest.get(line.len() + 1..).unwrap_or_default();
            let (rest, doc) = match line.split_once(" -- ") {
                Some((rest, doc)) => (rest, Some(doc.trim())),
                None => match line.strip_suffix(" --") {
                    Some(rest) => (rest, Some("")),
                    None => (line, None),
                },
            };
            Line {
                page,
                number: first + i,
                is_indented: line.starts_with(' '),
                doc,
                rest: rest.trim(),
                rest_of_page,
            }
        });
        lines.filter(|line| !line.rest.is_empty() && !line.rest.starts_with('#'))
    }

    #[cfg(test)]
    pub(super) fn begins_with(&self, text: &str) -> bool {
        self.rest.starts_with(text)
    }

    /// The next word.
    pub(super) fn word(&mut self, what: &str) -> Result<&'a str, Mistake> {
        match self.next_word()? {
            Some(word) => Ok(word),
            None => Err(self.mistake(format!("{what} is missing"))),
        }
    }

    /// All words that are left.
    pub(super) fn words(&mut self) -> Result<impl Iterator<Item = &'a str> + use<'a>, Mistake> {
        let mut words = Vec::new();
        while let Some(word) = self.next_word()? {
            words.push(word);
        }
        Ok(words.into_iter())
    }

    /// Words end at a space, but for those in quotes.
    pub(super) fn next_word(&mut self) -> Result<Option<&'a str>, Mistake> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (word, rest) = match self.rest.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| self.mistake("a quote is not closed"))?,
            None => self.rest.split_once(' ').unwrap_or((self.rest, "")),
        };
        self.rest = rest.trim_start();
        Ok(Some(word))
    }

    /// What the line says the thing is.
    pub(super) fn description(&self) -> Option<String> {
        Some(self.doc?.replace("\\n", "\n"))
    }

    pub(super) fn mistake(&self, what: impl Into<String>) -> Mistake {
        Mistake {
            page: self.page,
            line: self.number,
            what: what.into(),
        }
    }
}
