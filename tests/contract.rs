//! Every contract fixture, each on a server of its own, all at once.
//!
//! A filter takes some: `cargo test --features fixture --test contract endpoints/update`.

use std::process::ExitCode;

use fake_apiserver::fixture::{Target, test_main};

fn main() -> ExitCode {
    test_main("fixtures", &Target::private())
}
