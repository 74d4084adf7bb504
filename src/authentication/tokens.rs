//! The token file, in upstream's format: CSV lines of `token,user,uid,"group1,group2"`, the groups optional.
//!
//! CSV is what Go's `encoding/csv` reads: a field may be quoted, `""` inside is one quote, a quoted field may run over
//! lines, empty lines are skipped. There are no comments and nothing is trimmed.

use std::collections::BTreeMap;

use super::UserInfo;

/// The users by token.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    users: BTreeMap<String, UserInfo>,
    first: Option<String>,
}

impl Tokens {
    pub(crate) fn user(&self, token: &str) -> Option<&UserInfo> {
        self.users.get(token)
    }

    /// Adds one; whether the token was new.
    pub(crate) fn insert(&mut self, token: String, user: UserInfo) -> bool {
        self.first.get_or_insert_with(|| token.clone());
        self.users.insert(token, user).is_none()
    }

    /// The token that was added first.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }
}

/// What is wrong with a token file, and where.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {message}")]
pub(crate) struct TokenFileError {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// Reads a token file. A record without a token is passed over and the last of two for one token counts, each with a
/// warning in the log: upstream's choice, which keeps a server with such a file starting.
pub(crate) fn parse(text: &str) -> Result<Tokens, TokenFileError> {
    let mut tokens = Tokens::default();
    let mut reader = Reader {
        rest: text,
        line: 0,
    };
    while let Some((line, mut record)) = reader.record()? {
        if record.len() < 3 {
            let found = record.len();
            let message =
                format!("must have at least 3 columns (token, user name, user uid), found {found}");
            return Err(TokenFileError { line, message });
        }
        let token = std::mem::take(&mut record[0]);
        if token.is_empty() {
            tracing::warn!(line, "empty token has been found in token file");
        } else if !tokens.insert(token, user(&record)) {
            tracing::warn!(line, "duplicate token has been found in token file");
        }
    }
    Ok(tokens)
}

fn user(record: &[String]) -> UserInfo {
    let groups = record
        .get(3)
        .map(|groups| groups.split(',').map(str::to_owned).collect());
    UserInfo {
        name: record[1].clone(),
        uid: record[2].clone(),
        groups: groups.unwrap_or_default(),
        extra: BTreeMap::new(),
    }
}

/// The part of a file not yet read, and the number of the last line that was.
struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    /// The next line, without its end.
    fn next_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// The next record with the number of its first line.
    fn record(&mut self) -> Result<Option<(usize, Vec<String>)>, TokenFileError> {
        let mut line = loop {
            match self.next_line() {
                None => return Ok(None),
                Some("") => {}
                Some(line) => break line,
            }
        };
        let start = self.line;
        let mut record = Vec::new();
        loop {
            let (field, rest) = match line.strip_prefix('"') {
                Some(quoted) => self.quoted_field(quoted)?,
                None => self.bare_field(line)?,
            };
            record.push(field);
            match rest {
                Some(rest) => line = rest,
                None => return Ok(Some((start, record))),
            }
        }
    }

    /// A field and, after a comma, what follows it.
    fn bare_field(&self, line: &'a str) -> Result<(String, Option<&'a str>), TokenFileError> {
        let (field, rest) = match line.split_once(',') {
            Some((field, rest)) => (field, Some(rest)),
            None => (line, None),
        };
        if field.contains('"') {
            return Err(self.error("bare \" in non-quoted-field"));
        }
        Ok((field.to_owned(), rest))
    }

    /// The same for a field whose opening quote has been read.
    fn quoted_field(
        &mut self,
        mut line: &'a str,
    ) -> Result<(String, Option<&'a str>), TokenFileError> {
        let misquoted = "extraneous or missing \" in quoted-field";
        let mut field = String::new();
        loop {
            let Some((text, rest)) = line.split_once('"') else {
                field.push_str(line);
                field.push('\n');
                line = self.next_line().ok_or_else(|| self.error(misquoted))?;
                continue;
            };
            field.push_str(text);
            match rest.as_bytes().first() {
                None => return Ok((field, None)),
                Some(b',') => return Ok((field, Some(&rest[1..]))),
                Some(b'"') => field.push('"'),
                Some(_) => return Err(self.error(misquoted)),
            }
            line = &rest[1..];
        }
    }

    fn error(&self, message: &str) -> TokenFileError {
        TokenFileError {
            line: self.line,
            message: message.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(text: &str, token: &str) -> Vec<String> {
        parse(text).unwrap().user(token).unwrap().groups.clone()
    }

    #[test]
    fn a_line_is_a_token_a_user_a_uid_and_groups() {
        let tokens =
            parse("t1,admin,uid-admin,\"system:masters,dev\"\r\n\nt2,\"a \"\"b\"\"\",\n").unwrap();
        let admin = tokens.user("t1").unwrap();
        assert_eq!(
            (admin.name.as_str(), admin.uid.as_str()),
            ("admin", "uid-admin")
        );
        assert_eq!(admin.groups, ["system:masters", "dev"]);
        let quoted = tokens.user("t2").unwrap();
        assert_eq!(
            (
                quoted.name.as_str(),
                quoted.uid.as_str(),
                quoted.groups.len()
            ),
            ("a \"b\"", "", 0)
        );
        assert!(tokens.user("t3").is_none());
    }

    #[test]
    fn groups_are_split_at_commas_and_not_trimmed() {
        assert_eq!(groups("t,u,1,\"a, b\"", "t"), ["a", " b"]);
        assert_eq!(groups("t,u,1,a,ignored", "t"), ["a"]);
        assert_eq!(groups("t,u,1,", "t"), [""]);
    }

    #[test]
    fn a_quoted_field_may_run_over_lines() {
        let tokens = parse("t,\"a\r\nb\",1\nt2,u,2").unwrap();
        assert_eq!(tokens.user("t").unwrap().name, "a\nb");
        assert_eq!(tokens.user("t2").unwrap().name, "u");
    }

    #[test]
    fn the_last_of_two_for_one_token_counts() {
        assert_eq!(
            parse("t,first,1\nt,second,2")
                .unwrap()
                .user("t")
                .unwrap()
                .name,
            "second"
        );
    }

    #[test]
    fn the_first_token_is_that_of_the_first_line() {
        let tokens = parse("z,u,1\na,v,2\n").unwrap();
        assert_eq!(tokens.first(), Some("z"));
    }

    #[test]
    fn a_record_without_a_token_is_nobodys() {
        assert!(parse(",u,1\n").unwrap().is_empty());
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn an_error_names_the_line() {
        let columns = "must have at least 3 columns (token, user name, user uid), found";
        let bare = "bare \" in non-quoted-field";
        let misquoted = "extraneous or missing \" in quoted-field";
        let cases = [
            ("t,u\n", format!("line 1: {columns} 2")),
            ("t,u,1\n\n# a comment\n", format!("line 3: {columns} 1")),
            ("t,u,1\nt2,u\"x,1\n", format!("line 2: {bare}")),
            ("t,\"u\"x,1\n", format!("line 1: {misquoted}")),
            ("t,u,1\nt2,\"u,1\n\n", format!("line 3: {misquoted}")),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text:?}");
        }
    }
}
