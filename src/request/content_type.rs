//! The parameters of a `Content-Type`, as Go's `mime.ParseMediaType` reads them: one mistake and the type is unknown.

/// Whether what follows the name is well formed; nobody looks at what it says.
pub(super) fn parameters_are_sound(params: &str) -> bool {
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut rest = params.trim_start();
    while !rest.is_empty() {
        let Some((name, value, after)) = parameter(rest) else {
            return rest.trim() == ";";
        };
        if seen.iter().any(|(n, v)| *n == name && *v != value) {
            return false;
        }
        seen.push((name, value));
        rest = after.trim_start();
    }
    true
}

/// `; name=value` and what follows it.
fn parameter(text: &str) -> Option<(String, String, &str)> {
    let (name, rest) = token(text.strip_prefix(';')?.trim_start());
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_value(quoted)?,
        None => match token(rest) {
            ("", _) => return None,
            (value, rest) => (value.to_owned(), rest),
        },
    };
    (!name.is_empty()).then(|| (name.to_ascii_lowercase(), value, rest))
}

fn token(text: &str) -> (&str, &str) {
    let special = |c: char| !c.is_ascii_graphic() || "()<>@,;:\\\"/[]?=".contains(c);
    text.split_at(text.find(special).unwrap_or(text.len()))
}

/// Up to the closing quote.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[i + 1..])),
            '\\' => value.push(chars.next()?.1),
            '\r' | '\n' => return None,
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parameters_are_sound;

    #[test]
    fn parameters_have_a_name_and_a_value() {
        for sound in [
            "",
            ";",
            " ; charset=utf-8",
            ";a=b;c=\"d;\\\"e\"",
            ";a=b;a=b;",
            ";a=\"\"",
        ] {
            assert!(parameters_are_sound(sound), "{sound}");
        }
        for unsound in [
            ";x", ";=b", ";a=\"b", ";a=b;a=c", ";a=b c", ";;a=b", ";a=", ";a=;b=c",
        ] {
            assert!(!parameters_are_sound(unsound), "{unsound}");
        }
    }
}
