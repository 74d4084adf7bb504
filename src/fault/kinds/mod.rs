//! Every kind of fault: one table, from which scripts are read and written, and their schema made.
//!
//! Each file brings its own part of the table, and the constructors that go with it.

mod accepted;
mod answers;
mod compaction;
mod connection;
mod latency;
mod outage;
mod paging;
mod race;
mod stale;
mod watch_list;
mod watches;

use super::kind::FaultKind;

/// In the order of the documentation.
static KINDS: [&[FaultKind]; 11] = [
    answers::KINDS,
    accepted::KINDS,
    race::KINDS,
    connection::KINDS,
    latency::KINDS,
    outage::KINDS,
    watches::KINDS,
    watch_list::KINDS,
    stale::KINDS,
    paging::KINDS,
    compaction::KINDS,
];

pub(super) fn all() -> impl Iterator<Item = &'static FaultKind> {
    KINDS.into_iter().flatten()
}

pub(super) fn find(name: &str) -> Option<&'static FaultKind> {
    all().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    const GUIDE: &str = include_str!("../../docs/faults.md");

    #[test]
    fn every_kind_is_in_the_guide() {
        for kind in all() {
            assert!(
                GUIDE.contains(&format!("Fault::{}(", kind.constructor())),
                "{}",
                kind.name
            );
            let in_script = |ending: &str| GUIDE.contains(&format!("{}{ending}", kind.name));
            assert!(in_script("`") || in_script(":"), "{}", kind.name);
        }
    }

    #[test]
    fn every_script_of_the_guide_can_be_read() {
        let quoted = GUIDE.split('`').skip(1).step_by(2);
        let scripts: Vec<&str> = quoted.filter(|text| text.starts_with("fault: ")).collect();
        assert!(scripts.len() > 40, "{scripts:?}");
        for script in scripts {
            if let Err(error) = Fault::parse_script("guide", script) {
                panic!("{script}: {error}");
            }
        }
    }
}
