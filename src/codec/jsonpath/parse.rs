//! From text to steps.

use serde_json::Value;

use super::{Filter, Slice, Step};

/// How deep filters and unions may be in each other.
const MAX_DEPTH: usize = 16;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// The parts in braces.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<Step>>, String> {
    parse_at(text, 0)
}

fn parse_at(text: &str, depth: usize) -> Result<Vec<Vec<Step>>, String> {
    if depth > MAX_DEPTH {
        return Err("the path is nested too deeply".to_owned());
    }
    let mut parser = Parser { text, at: 0, depth };
    let mut parts = Vec::new();
    while let Some(open) = parser.rest().find('{') {
        if open > 0 {
            parts.push(vec![Step::Literal(parser.rest()[..open].into())]);
        }
        parser.at += open + 1;
        parts.push(parser.action()?);
    }
    if !parser.rest().is_empty() {
        parts.push(vec![Step::Literal(parser.rest().into())]);
    }
    Ok(parts)
}

/// What stands in braces alone, such as a side of a filter.
fn inner(text: &str, depth: usize) -> Result<Vec<Step>, String> {
    let mut parts = parse_at(&format!("{{{text}}}"), depth + 1)?.into_iter();
    Ok(parts.next().unwrap_or_default())
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Up to the closing brace.
    fn action(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            let rest = self.rest();
            if rest.starts_with('}') {
                self.at += 1;
                return Ok(steps);
            }
            if rest.starts_with("[?(") {
                self.at += 3;
                steps.push(self.filter()?);
                continue;
            }
            if rest.starts_with("..") {
                if steps.last() == Some(&Step::Recursive) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                self.at += 2;
                steps.push(Step::Recursive);
                if self.peek().is_some_and(is_word) {
                    steps.push(self.field());
                }
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut steps)?,
                Some(quote @ ('"' | '\'')) => steps.push(Step::Literal(self.quoted(quote)?.into())),
                Some('.') => steps.push(self.field()),
                Some(sign) if matches!(sign, '+' | '-') || sign.is_numeric() => {
                    self.at -= sign.len_utf8();
                    steps.push(Step::Literal(self.number()?));
                }
                Some(word) if is_word(word) => {
                    self.at -= word.len_utf8();
                    steps.push(self.identifier());
                }
                Some(other) => {
                    return Err(format!(
                        "unrecognized character in action: U+{:04X} '{other}'",
                        u32::from(other)
                    ));
                }
            }
        }
    }

    fn field(&mut self) -> Step {
        let start = self.at;
        while let Some(next) = self.peek() {
            if next == '\\' {
                self.next();
                self.next();
            } else if is_terminator(next) {
                break;
            } else {
                self.next();
            }
        }
        match &self.text[start..self.at] {
            "*" => Step::Wildcard,
            name => Step::Field(name.replace('\\', "")),
        }
    }

    fn identifier(&mut self) -> Step {
        let start = self.at;
        while self.peek().is_some_and(|next| !is_terminator(next)) {
            self.next();
        }
        match &self.text[start..self.at] {
            "true" => Step::Literal(true.into()),
            "false" => Step::Literal(false.into()),
            other => Step::Identifier(other.to_owned()),
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if matches!(self.peek(), Some('+' | '-')) {
            self.next();
        }
        while self.peek().is_some_and(|c| c == '.' || c.is_numeric()) {
            self.next();
        }
        let text = &self.text[start..self.at];
        let whole = text.parse::<i64>().map(Value::from);
        let float = || text.parse::<f64>().map(Value::from);
        whole
            .or_else(|_| float())
            .map_err(|_| format!("cannot parse number {text}"))
    }

    /// The text up to the quote that ends it.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut out = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some('\\') => match self.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some(other) => out.push(other),
                    None => return Err("unterminated quoted string".to_owned()),
                },
                Some(end) if end == quote => return Ok(out),
                Some(other) => out.push(other),
            }
        }
    }

    fn array(&mut self, steps: &mut Vec<Step>) -> Result<(), String> {
        let rest = self.rest();
        let end = rest
            .find([']', '\n'])
            .filter(|end| rest[*end..].starts_with(']'));
        let end = end.ok_or("unterminated array")?;
        let text = &rest[..end];
        self.at += end + 1;
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let parts = text
                .split(',')
                .map(|part| inner(&format!("[{}]", part.trim_matches(' ')), self.depth));
            steps.push(Step::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        if let Some(key) = dict_key(text) {
            steps.extend(inner(&format!(".{key}"), self.depth)?);
            return Ok(());
        }
        steps.push(Step::Slice(slice(text)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<Step, String> {
        let start = self.at;
        let (mut open, mut closed, mut before) = (None, false, ' ');
        loop {
            let next = self.next();
            match next {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(quote @ ('"' | '\'')) => match open {
                    None => open = Some(quote),
                    Some(first) if before != '\\' && first == quote => closed = true,
                    Some(_) => {}
                },
                Some(')') if open.is_some() == closed => break,
                Some(_) => {}
            }
            before = next.unwrap_or(' ');
        }
        let text = &self.text[start..self.at - 1];
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let is_operator = |c: char| "!<>=".contains(c);
        let compared = text.find(is_operator).filter(|at| *at > 0).and_then(|at| {
            let (left, rest) = text.split_at(at);
            let end = rest.find(|c| !is_operator(c))?;
            Some((left, &rest[..end], &rest[end..]))
        });
        let (left, operator, right) = compared.unwrap_or((text, "exists", ""));
        let right = match right {
            "" => Vec::new(),
            right => inner(right, self.depth)?,
        };
        Ok(Step::Filter(Box::new(Filter {
            left: inner(left, self.depth)?,
            right,
            operator: operator.to_owned(),
        })))
    }
}

/// `'key'`, and what stands in the quotes.
fn dict_key(text: &str) -> Option<&str> {
    let key = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!key.is_empty() && !key.contains('\'')).then_some(key)
}

fn slice(text: &str) -> Result<Slice, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &str| {
        let digits = part.strip_prefix('-').unwrap_or(part);
        digits.bytes().all(|b| b.is_ascii_digit()) && (part.is_empty() || !digits.is_empty())
    };
    if parts.len() > 3 || text.is_empty() || !parts.iter().all(|part| is_number(part)) {
        return Err(format!("invalid array index {text}"));
    }
    let number = |at: usize| match parts.get(at) {
        None | Some(&"") => Ok(None),
        Some(part) => part
            .parse::<i64>()
            .map(Some)
            .map_err(|_| format!("array index {part} is not a number")),
    };
    let from = number(0)?;
    let is_index = parts.len() == 1;
    let to = match is_index {
        true => from.map(|from| from.saturating_add(1)),
        false => number(1)?,
    };
    Ok(Slice {
        from,
        to,
        step: number(2)?,
        is_index,
    })
}

fn is_terminator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'
    )
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
