//! A proxy in the environment is not to be asked for the server.

use std::ffi::{OsStr, OsString};

/// Both are in use, and each client has its own order.
const VARIABLES: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The variables with the server's host added to what they are.
pub(in crate::cli) fn environment(host: &str) -> [(&'static str, OsString); 2] {
    let values = VARIABLES.map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
    let [upper, lower] = &values;
    let new = [
        upper.as_ref().or(lower.as_ref()),
        lower.as_ref().or(upper.as_ref()),
    ];
    let [upper, lower] = new.map(|value| with_host(value.map(OsString::as_os_str), host));
    [(VARIABLES[0], upper), (VARIABLES[1], lower)]
}

/// A lone star stands for all hosts, and for nothing once it is one of several.
fn with_host(value: Option<&OsStr>, host: &str) -> OsString {
    match value {
        None => host.into(),
        Some(all) if all == "*" => all.to_owned(),
        Some(others) => {
            let mut all = others.to_owned();
            all.push(",");
            all.push(host);
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_added_to_those_that_are_there() {
        let with = |value: Option<&str>| with_host(value.map(OsStr::new), "127.0.0.1");
        assert_eq!(with(None), "127.0.0.1");
        assert_eq!(with(Some("a.test,.b.test")), "a.test,.b.test,127.0.0.1");
        assert_eq!(with(Some("*")), "*");
    }
}
