//! Rust as far as the rules look at it: words, texts and signs, without comments; what is for tests alone is cut out.

/// One word, text or sign.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// A string, without its quotes.
    Text,
    /// A character or a lifetime.
    Tick,
    /// One character of punctuation.
    Sign,
}

/// What is compiled without tests.
pub(crate) struct Shipped {
    pub(crate) tokens: Vec<Token>,
    /// How many lines are for tests.
    pub(crate) cut: usize,
}

/// A function: its name, its first line and how many it has.
#[derive(Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) length: usize,
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text == text
    }

    pub(crate) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// Reads a source from its start to its end.
struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut scanner = Scanner {
        rest: source,
        line: 1,
        tokens: Vec::new(),
    };
    while !scanner.rest.is_empty() {
        scanner.step()?;
    }
    Ok(scanner.tokens)
}

impl<'a> Scanner<'a> {
    fn step(&mut self) -> Result<(), String> {
        let rest = self.rest;
        let first = rest.chars().next().unwrap();
        if first.is_whitespace() {
            self.take(first.len_utf8());
        } else if rest.starts_with("//") {
            self.take(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            let length = comment(rest).ok_or_else(|| self.open("comment"))?;
            self.take(length);
        } else if let Some(opening) = string_opening(rest) {
            let (inside, length) = string(rest, opening).ok_or_else(|| self.open("string"))?;
            self.push(Kind::Text, inside, length);
        } else if first == '\'' || rest.starts_with("b'") {
            let length = tick(rest).ok_or_else(|| self.open("character"))?;
            self.push(Kind::Tick, &rest[..length], length);
        } else if is_of_word(first) {
            let length = word(rest);
            self.push(Kind::Word, &rest[..length], length);
        } else {
            let length = first.len_utf8();
            self.push(Kind::Sign, &rest[..length], length);
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, text: &str, length: usize) {
        self.tokens.push(Token {
            kind,
            text: text.to_owned(),
            line: self.line,
        });
        self.take(length);
    }

    fn take(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
    }

    fn open(&self, what: &str) -> String {
        format!("{}: a {what} without an end", self.line)
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a comment, those inside it included.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
}

/// The `"`, `b"`, `r#"` … that a string begins with.
fn string_opening(text: &str) -> Option<&str> {
    let letters = text.bytes().take_while(|b| b"bcr".contains(b)).count();
    if !["", "b", "c", "r", "br", "cr"].contains(&&text[..letters]) {
        return None;
    }
    let hashes = text[letters..].bytes().take_while(|b| *b == b'#').count();
    let raw = text[..letters].ends_with('r');
    let quoted = text[letters + hashes..].starts_with('"');
    (quoted && (raw || hashes == 0)).then(|| &text[..letters + hashes + 1])
}

/// What is inside the string that begins the text, and the length of the whole.
fn string<'a>(text: &'a str, opening: &str) -> Option<(&'a str, usize)> {
    let inside = &text[opening.len()..];
    let end = if opening.contains('r') {
        let hashes = opening.matches('#').count();
        inside.find(&format!("\"{}", "#".repeat(hashes)))? + hashes
    } else {
        unescaped(inside, '"')?
    };
    let hashes = opening.matches('#').count();
    Some((&inside[..end - hashes], opening.len() + end + 1))
}

/// Where this quote stands without a backslash before it.
fn unescaped(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return Some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// The length of a character or of a lifetime.
fn tick(text: &str) -> Option<usize> {
    let start = text.find('\'')? + 1;
    let inside = &text[start..];
    let first = inside.chars().next()?;
    let quoted = first == '\\' || inside[first.len_utf8()..].starts_with('\'');
    if quoted {
        return Some(start + unescaped(inside, '\'')? + 1);
    }
    Some(start + word(inside))
}

/// The length of a word, or of a number with its fraction.
fn word(text: &str) -> usize {
    let start = if text.starts_with("r#") { 2 } else { 0 };
    let length = |text: &str| text.find(|c| !is_of_word(c)).unwrap_or(text.len());
    let end = start + length(&text[start..]);
    let fraction = text[end..].strip_prefix('.').unwrap_or_default();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    if is_number && fraction.starts_with(|c: char| c.is_ascii_digit()) {
        return end + 1 + length(fraction);
    }
    end
}

/// How the depth of brackets changes.
fn nesting(token: &Token) -> isize {
    match token.text.as_str() {
        _ if token.kind != Kind::Sign => 0,
        "(" | "[" | "{" => 1,
        ")" | "]" | "}" => -1,
        _ => 0,
    }
}

/// Where the bracket that opens here is closed.
pub(crate) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        depth += nesting(token);
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Drops every item that is for tests alone; a declaration `#[cfg(test)] mod tests;` is one of its own.
pub(crate) fn shipped(all: Vec<Token>) -> Result<Shipped, String> {
    let (mut tokens, mut cut, mut at) = (Vec::new(), 0, 0);
    while at < all.len() {
        if !is_for_tests(&all[at..]) {
            tokens.push(all[at].clone());
            at += 1;
            continue;
        }
        let line = all[at].line;
        at = match all[at + 1].is("!") {
            true => all.len(),
            false => item_end(&all, at).ok_or(format!("{line}: an item without an end"))?,
        };
        cut += all[at - 1].line + 1 - line;
    }
    Ok(Shipped { tokens, cut })
}

/// Whether these begin with `#[cfg(test)]`, `#![cfg(test)]`, or one that asks for `test` among all of some.
fn is_for_tests(tokens: &[Token]) -> bool {
    let text = |at: usize| tokens.get(at).map_or("", |t: &Token| t.text.as_str());
    let start = if text(1) == "!" { 2 } else { 1 };
    if text(0) != "#" || text(start) != "[" || text(start + 1) != "cfg" {
        return false;
    }
    let inside = start + 3;
    match text(inside) {
        "test" => true,
        "all" => {
            let end = closing(tokens, inside + 1).unwrap_or(tokens.len());
            let mut depth = 0;
            tokens[inside + 1..end].iter().any(|token| {
                depth += nesting(token);
                depth == 1 && token.is("test")
            })
        }
        _ => false,
    }
}

/// Where the item ends whose attributes begin here.
fn item_end(tokens: &[Token], mut at: usize) -> Option<usize> {
    const UNTIL_SEMICOLON: &[&str] = &["use", "static", "type", "let"];
    const WITH_GENERICS: &[&str] = &[
        "fn", "async", "unsafe", "extern", "const", "impl", "trait", "struct", "enum", "mod",
    ];
    while tokens.get(at)?.is("#") {
        at = closing(tokens, at + 1)? + 1;
    }
    if tokens.get(at)?.is("pub") {
        at += 1;
        if tokens.get(at)?.is("(") {
            at = closing(tokens, at)? + 1;
        }
    }
    let head = tokens.get(at)?.text.as_str();
    let constant = head == "const"
        && !["fn", "unsafe", "async"]
            .iter()
            .any(|w| tokens[at + 1].is(w));
    let braces_end = !UNTIL_SEMICOLON.contains(&head) && !constant;
    let commas_end = braces_end && !WITH_GENERICS.contains(&head);
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        if depth == 0 && token.is("{") && braces_end {
            return Some(closing(tokens, place)? + 1);
        }
        depth += nesting(token);
        if depth < 0 {
            return Some(place);
        }
        if depth == 0 && (token.is(";") || token.is(",") && commas_end) {
            return Some(place + 1);
        }
    }
    None
}

/// All functions with a body.
pub(crate) fn functions(tokens: &[Token]) -> Result<Vec<Function>, String> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let Some(name) = function_name(&tokens[at..]) else {
            continue;
        };
        let line = tokens[at].line;
        let endless = || format!("{line}: the end of fn {name} was not found");
        let Some(open) = body(tokens, at).ok_or_else(endless)? else {
            continue;
        };
        let end = closing(tokens, open).ok_or_else(endless)?;
        found.push(Function {
            name: name.to_owned(),
            line,
            length: tokens[end].line + 1 - line,
        });
    }
    Ok(found)
}

/// `name` for `fn name` and for `fn $name`; the type `fn(…)` has none.
fn function_name(tokens: &[Token]) -> Option<&str> {
    let is_function = tokens[0].is("fn");
    let mut after = tokens[1..].iter().skip_while(|token| token.is("$"));
    let name = after
        .next()
        .filter(|token| is_function && token.is_word())?;
    Some(&name.text)
}

/// Where the body of the function opens; none within if it is only declared.
fn body(tokens: &[Token], from: usize) -> Option<Option<usize>> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        if depth == 0 && token.is("{") {
            return Some(Some(at));
        }
        depth += nesting(token);
        if depth == 0 && token.is(";") {
            return Some(None);
        }
    }
    None
}
