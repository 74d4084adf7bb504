//! The version the server says it is, at `/version`.

use crate::codec::json::{self, Node};

/// The release of Kubernetes whose behaviour is served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) patch: u32,
}

impl Default for Version {
    /// The release the recordings were made from.
    fn default() -> Self {
        Version {
            major: 1,
            minor: 36,
            patch: 2,
        }
    }
}

impl Version {
    /// Reads `1.33`, `v1.33.1` and the like.
    pub(crate) fn parse(text: &str) -> Result<Version, String> {
        let unknown =
            || format!("{text:?} is no Kubernetes version such as \"1.33\" or \"v1.33.1\"");
        let parts: Vec<u32> = text
            .strip_prefix('v')
            .unwrap_or(text)
            .split('.')
            .map(number)
            .collect::<Option<_>>()
            .ok_or_else(unknown)?;
        match parts[..] {
            [1, minor] => Ok(Version {
                major: 1,
                minor,
                patch: 0,
            }),
            [1, minor, patch] => Ok(Version {
                major: 1,
                minor,
                patch,
            }),
            _ => Err(unknown()),
        }
    }

    /// `v1.36.2`.
    pub(crate) fn git_version(self) -> String {
        format!("v{}.{}.{}", self.major, self.minor, self.patch)
    }

    /// Compatibility versions show in the document since 1.33.
    fn has_compatibility_version(self) -> bool {
        self.minor >= 33
    }
}

/// Digits and nothing else: `parse` alone would take a sign.
fn number(part: &str) -> Option<u32> {
    part.parse()
        .ok()
        .filter(|_| part.bytes().all(|b| b.is_ascii_digit()))
}

/// The body of `/version`, a `version.Info`, which is indented whatever the client asks for.
pub(crate) fn document(version: Version) -> Vec<u8> {
    let Version { major, minor, .. } = version;
    let number = |number: u32| Node::text(number.to_string());
    let since_1_33 = |number: Node| match version.has_compatibility_version() {
        true => number,
        false => Node::Null,
    };
    let info = Node::object([
        ("major", number(major)),
        ("minor", number(minor)),
        ("emulationMajor", since_1_33(number(major))),
        ("emulationMinor", since_1_33(number(minor))),
        ("minCompatibilityMajor", since_1_33(number(major))),
        (
            "minCompatibilityMinor",
            since_1_33(number(minor.saturating_sub(1))),
        ),
        ("gitVersion", Node::text(version.git_version())),
        (
            "gitCommit",
            Node::text("0000000000000000000000000000000000000000"),
        ),
        ("gitTreeState", Node::text("clean")),
        // What an upstream build says that was not told its date.
        ("buildDate", Node::text("1970-01-01T00:00:00Z")),
        ("goVersion", Node::text("go1.26.0")),
        ("compiler", Node::text("gc")),
        ("platform", Node::text("linux/amd64")),
    ]);
    json::indent(&info.to_json())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_indented_and_in_the_real_order() {
        let expected = r#"{
  "major": "1",
  "minor": "36",
  "emulationMajor": "1",
  "emulationMinor": "36",
  "minCompatibilityMajor": "1",
  "minCompatibilityMinor": "35",
  "gitVersion": "v1.36.2",
  "gitCommit": "0000000000000000000000000000000000000000",
  "gitTreeState": "clean",
  "buildDate": "1970-01-01T00:00:00Z",
  "goVersion": "go1.26.0",
  "compiler": "gc",
  "platform": "linux/amd64"
}"#;
        assert_eq!(
            String::from_utf8(document(Version::default())).unwrap(),
            expected
        );
    }

    #[test]
    fn an_older_server_says_nothing_of_compatibility() {
        let text = String::from_utf8(document(Version::parse("1.32").unwrap())).unwrap();
        assert!(
            text.starts_with(
                "{\n  \"major\": \"1\",\n  \"minor\": \"32\",\n  \"gitVersion\": \"v1.32.0\",\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_version_may_have_a_v_and_a_patch() {
        let patched = |minor, patch| {
            Ok(Version {
                major: 1,
                minor,
                patch,
            })
        };
        assert_eq!(Version::parse("1.33"), patched(33, 0));
        assert_eq!(Version::parse("v1.33.1"), patched(33, 1));
        assert_eq!(Version::parse("1.36.2"), patched(36, 2));
    }

    #[test]
    fn what_is_no_kubernetes_version_is_refused_by_name() {
        for text in [
            "",
            "1",
            "v",
            "2.0",
            "1.x",
            "1.+3",
            "1.33.1.2",
            "1.33-rc.1",
            "vv1.33",
        ] {
            assert!(
                Version::parse(text)
                    .unwrap_err()
                    .contains(&format!("{text:?}")),
                "{text}"
            );
        }
    }
}
