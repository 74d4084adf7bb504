//! A command line as kube-apiserver reads it: `--flag=value`, `--flag value`, `--flag` alone for what is true or false.

use std::collections::BTreeMap;

/// All flags; its head says how.
const TABLE: &str = include_str!("flags.txt");

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Bool,
    Int,
    Float,
    /// `--version` needs no value either, and may have one.
    Version,
    /// Several, separated by commas or in further flags.
    List,
    /// `a=b`, the same way.
    Map,
    Other,
}

/// What becomes of a flag here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Use {
    Acts,
    Idle,
    Noted,
    Refused,
}

/// One flag of kube-apiserver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    word: &'static str,
    kind: Kind,
    pub(super) becomes: Use,
    /// What it does, or what to know of it.
    pub(super) text: &'static str,
}

/// The flags that were given, with their values in order.
#[derive(Debug, Default)]
pub(super) struct Flags {
    values: BTreeMap<&'static str, Vec<String>>,
}

/// All of them, in the order of the table.
pub(super) fn all() -> impl Iterator<Item = Flag> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.splitn(4, ' ');
        let (name, word, becomes) = (words.next()?, words.next()?, words.next()?);
        Some(Flag {
            name,
            word,
            kind: match word {
                "bool" => Kind::Bool,
                "int" => Kind::Int,
                "float" => Kind::Float,
                "version" => Kind::Version,
                "list" => Kind::List,
                "map" => Kind::Map,
                _ => Kind::Other,
            },
            becomes: match becomes {
                "acts" => Use::Acts,
                "noted" => Use::Noted,
                "refused" => Use::Refused,
                _ => Use::Idle,
            },
            text: words.next().unwrap_or_default(),
        })
    })
}

impl Flag {
    /// A line of the help.
    pub(super) fn line(&self) -> String {
        let value = match self.kind {
            Kind::Bool | Kind::Version => String::new(),
            _ => format!(" {}", self.word),
        };
        let head = format!("--{}{value}", self.name);
        format!("      {head:<45} {}", self.text)
            .trim_end()
            .to_owned()
    }

    fn check(&self, value: &str) -> Result<(), String> {
        let why = match self.kind {
            Kind::Bool if !is_bool(value) => "strconv.ParseBool",
            Kind::Int if value.parse::<i64>().is_err() => "strconv.ParseInt",
            Kind::Float if value.parse::<f64>().is_err() => "strconv.ParseFloat",
            Kind::Map => {
                let wrong = split(value).find(|pair| !pair.contains('=') && !pair.is_empty());
                return match wrong {
                    Some(pair) => Err(format!(
                        "invalid argument {value:?} for \"--{}\" flag: malformed pair, expect string=string: {pair}",
                        self.name
                    )),
                    None => Ok(()),
                };
            }
            _ => return Ok(()),
        };
        Err(format!(
            "invalid argument {value:?} for \"--{}\" flag: {why}: parsing {value:?}: invalid syntax",
            self.name
        ))
    }
}

/// What Go takes for true or false.
fn is_bool(value: &str) -> bool {
    is_true(value) || ["0", "f", "F", "false", "FALSE", "False"].contains(&value)
}

fn is_true(value: &str) -> bool {
    ["1", "t", "T", "true", "TRUE", "True"].contains(&value)
}

fn split(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

impl Flags {
    /// Reads a command line, or says what is wrong with it in the words of upstream's library.
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let known: BTreeMap<&str, Flag> = all().map(|flag| (flag.name, flag)).collect();
        let mut flags = Flags::default();
        let mut rest = arguments.iter();
        let mut others = Vec::new();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                others.extend(rest.by_ref().cloned());
                break;
            }
            let (name, value) = match Word::of(argument)? {
                Word::Flag(name, value) => (name, value),
                Word::Other => {
                    others.push(argument.clone());
                    continue;
                }
            };
            let flag = known
                .get(name.as_str())
                .ok_or_else(|| unknown(argument, &name))?;
            let value = match (value, flag.kind) {
                (Some(value), _) => value,
                (None, Kind::Bool | Kind::Version) => "true".to_owned(),
                (None, _) => rest
                    .next()
                    .ok_or_else(|| format!("flag needs an argument: --{name}"))?
                    .clone(),
            };
            flag.check(&value)?;
            flags.values.entry(flag.name).or_default().push(value);
        }
        match others.as_slice() {
            [] => Ok(flags),
            _ => Err(format!(
                "\"kube-apiserver\" does not take any arguments, got [{}]",
                others
                    .iter()
                    .map(|word| format!("{word:?}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            )),
        }
    }

    /// Those that were given.
    pub(super) fn given(&self) -> impl Iterator<Item = Flag> {
        all().filter(|flag| self.values.contains_key(flag.name))
    }

    /// The value of a flag that has one; the last counts.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let last = self.values.get(name)?.last()?;
        Some(last.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a flag was given, and was not turned off.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some_and(is_true)
    }

    /// Whether a flag that is on by itself was left on.
    pub(super) fn is_left_on(&self, name: &str) -> bool {
        self.value(name).is_none_or(is_true)
    }

    /// The number of a flag.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.parse().ok()
    }

    /// All values of a flag that takes several.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let values = self.values.get(name).into_iter().flatten();
        values.flat_map(|value| split(value)).collect()
    }
}

/// One word of a command line.
enum Word {
    /// Its name and, if it stands there too, its value.
    Flag(String, Option<String>),
    Other,
}

impl Word {
    fn of(word: &str) -> Result<Self, String> {
        let (long, short) = (word.strip_prefix("--"), word.strip_prefix('-'));
        if let Some(long) = long {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            if name.is_empty() || name.starts_with('-') {
                return Err(format!("bad flag syntax: {word}"));
            }
            // Upstream takes either way to write a flag.
            return Ok(Word::Flag(name.replace('_', "-"), value));
        }
        match short {
            None | Some("") => Ok(Word::Other),
            Some("h") => Ok(Word::Flag("help".to_owned(), None)),
            Some(short) => match short.strip_prefix('v') {
                Some("") => Ok(Word::Flag("v".to_owned(), None)),
                Some(level) => {
                    let level = level.strip_prefix('=').unwrap_or(level);
                    Ok(Word::Flag("v".to_owned(), Some(level.to_owned())))
                }
                None => Err(format!(
                    "unknown shorthand flag: {:?} in {word}",
                    short.chars().next().unwrap_or('-')
                )),
            },
        }
    }
}

fn unknown(argument: &str, name: &str) -> String {
    match argument.starts_with("--") {
        true => format!("unknown flag: --{name}"),
        false => format!("unknown shorthand flag: {argument}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Flags, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Flags::parse(&words)
    }

    #[test]
    fn the_table_is_whole() {
        let mut names: Vec<&str> = all().map(|flag| flag.name).collect();
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(names.len(), lines);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), lines);
        for flag in all() {
            let is_told =
                !matches!(flag.becomes, Use::Noted | Use::Refused) || !flag.text.is_empty();
            assert!(is_told, "{}", flag.name);
        }
        // Clients look for this flag to find out what a server takes.
        assert!(!names.contains(&"insecure-port"));
    }

    #[test]
    fn flags_are_read_however_they_are_written() {
        let flags = parse(
            "--secure-port=6443 --bind_address 127.0.0.1 --allow-privileged --anonymous-auth=false -v4 \
             --authorization-mode=Node,RBAC --service-account-key-file a --service-account-key-file b \
             --disable-admission-plugins=",
        )
        .unwrap();
        assert_eq!(flags.number("secure-port"), Some(6443));
        assert_eq!(flags.value("bind-address"), Some("127.0.0.1"));
        assert!(flags.is_set("allow-privileged") && !flags.is_left_on("anonymous-auth"));
        assert_eq!(flags.list("authorization-mode"), ["Node", "RBAC"]);
        assert_eq!(flags.list("service-account-key-file"), ["a", "b"]);
        assert_eq!(flags.number("v"), Some(4));
        assert!(flags.list("disable-admission-plugins").is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_in_upstreams_words() {
        for (line, expected) in [
            ("--nope=1", "unknown flag: --nope"),
            ("--insecure-port=1", "unknown flag: --insecure-port"),
            ("--cert-dir", "flag needs an argument: --cert-dir"),
            (
                "--secure-port=x",
                "invalid argument \"x\" for \"--secure-port\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            (
                "--profiling=x",
                "invalid argument \"x\" for \"--profiling\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
            ),
            (
                "a b",
                "\"kube-apiserver\" does not take any arguments, got [\"a\" \"b\"]",
            ),
            ("--=x", "bad flag syntax: --=x"),
        ] {
            assert_eq!(parse(line).unwrap_err(), expected, "{line}");
        }
    }
}
