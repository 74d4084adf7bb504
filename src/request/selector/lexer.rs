//! The tokens of a label selector.

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    End,
    Identifier,
    In,
    NotIn,
    Open,
    Close,
    Comma,
    Not,
    Equals,
    NotEquals,
    GreaterThan,
    LessThan,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) token: Token,
    pub(super) text: &'a str,
}

pub(super) const END: Item<'static> = Item {
    token: Token::End,
    text: "",
};

impl Item<'_> {
    /// `in` and `notin` are words like others wherever no operator is looked for.
    pub(super) fn is_word(self) -> bool {
        matches!(self.token, Token::Identifier | Token::In | Token::NotIn)
    }

    pub(super) fn starts_requirement(self) -> bool {
        self.is_word() || self.token == Token::Not
    }

    pub(super) fn ends_requirement(self) -> bool {
        matches!(self.token, Token::End | Token::Comma)
    }
}

/// All tokens, the end last.
pub(super) fn scan(text: &str) -> Vec<Item<'_>> {
    let mut lexer = Lexer { text, at: 0 };
    let mut items = Vec::new();
    loop {
        let item = lexer.next();
        items.push(item);
        if item.token == Token::End {
            return items;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Item<'a> {
        while is_space(self.peek()) {
            self.at += 1;
        }
        let (length, token) = match self.peek() {
            0 => return END,
            b'(' => (1, Token::Open),
            b')' => (1, Token::Close),
            b',' => (1, Token::Comma),
            b'>' => (1, Token::GreaterThan),
            b'<' => (1, Token::LessThan),
            b'!' if self.is_pair() => (2, Token::NotEquals),
            b'!' => (1, Token::Not),
            b'=' => (if self.is_pair() { 2 } else { 1 }, Token::Equals),
            _ => self.word(),
        };
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        // The real lexer takes a NUL for the end of its token and swallows it.
        if self.text[self.at..].starts_with('\0') {
            self.at += 1;
        }
        Item { token, text }
    }

    fn is_pair(&self) -> bool {
        self.text.as_bytes().get(self.at + 1) == Some(&b'=')
    }

    fn word(&self) -> (usize, Token) {
        let rest = &self.text[self.at..];
        let ends = |c: u8| c == 0 || is_space(c) || b"=!(),><".contains(&c);
        let length = rest.bytes().position(ends).unwrap_or(rest.len());
        let token = match &rest[..length] {
            "in" => Token::In,
            "notin" => Token::NotIn,
            _ => Token::Identifier,
        };
        (length, token)
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Token, &str)> {
        scan(text)
            .into_iter()
            .map(|item| (item.token, item.text))
            .collect()
    }

    #[test]
    fn signs_are_as_long_as_they_can_be() {
        assert_eq!(
            tokens("!==="),
            [
                (Token::NotEquals, "!="),
                (Token::Equals, "=="),
                (Token::End, "")
            ]
        );
        assert_eq!(
            tokens("a===!b"),
            [
                (Token::Identifier, "a"),
                (Token::Equals, "=="),
                (Token::Equals, "="),
                (Token::Not, "!"),
                (Token::Identifier, "b"),
                (Token::End, ""),
            ]
        );
    }

    #[test]
    fn a_word_goes_on_to_the_next_sign_or_space() {
        assert_eq!(
            tokens("é%&*in in\tnotin"),
            [
                (Token::Identifier, "é%&*in"),
                (Token::In, "in"),
                (Token::NotIn, "notin"),
                (Token::End, "")
            ]
        );
    }

    #[test]
    fn a_nul_after_a_token_is_swallowed_and_elsewhere_ends_the_text() {
        assert_eq!(
            tokens("a\0b"),
            [
                (Token::Identifier, "a"),
                (Token::Identifier, "b"),
                (Token::End, "")
            ]
        );
        assert_eq!(
            tokens("=\0b"),
            [
                (Token::Equals, "="),
                (Token::Identifier, "b"),
                (Token::End, "")
            ]
        );
        assert_eq!(
            tokens("a \0b"),
            [(Token::Identifier, "a"), (Token::End, "")]
        );
        assert_eq!(tokens("a\0"), [(Token::Identifier, "a"), (Token::End, "")]);
    }
}
