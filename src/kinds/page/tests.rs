use super::super::{KINDS, TYPES};

#[test]
fn every_page_can_be_read() {
    for page in KINDS.iter().chain(&TYPES) {
        page.check().unwrap();
    }
}
