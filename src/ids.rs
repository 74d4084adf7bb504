//! Everything the server makes up: uids, name suffixes, audit ids. All of it comes from one seed.

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// What the server appends to `generateName`: no vowels and no look-alikes.
const SUFFIX_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH: usize = 5;
/// `generateName` is cut so that the whole name has at most 63 characters.
const MAX_GENERATED_BASE: usize = 63 - SUFFIX_LENGTH;

/// How often a name is made up before the server gives up.
pub(crate) const NAME_ATTEMPTS: usize = 8;

/// The source of made-up names.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    /// What ends up in objects: the same requests get the same names, whatever else is asked in between.
    objects: Mutex<fastrand::Rng>,
    /// What ends up in headers only.
    requests: Mutex<fastrand::Rng>,
    /// What faults leave to chance.
    faults: Mutex<fastrand::Rng>,
    /// Of the flow schema and the priority level that every answer names.
    flow: [String; 2],
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        let mut requests = fastrand::Rng::with_seed(!seed);
        let flow = [text(uuid(&mut requests)), text(uuid(&mut requests))];
        Ids {
            seed,
            objects: Mutex::new(fastrand::Rng::with_seed(seed)),
            requests: Mutex::new(requests),
            faults: Mutex::new(fastrand::Rng::with_seed(seed.rotate_left(32) ^ 0x5eed)),
            flow,
        }
    }

    /// What it all comes from; a failing test prints it.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// A source that goes on as this one does, on its own.
    pub(crate) fn fork(&self) -> Self {
        let copy = |rng: &Mutex<fastrand::Rng>| Mutex::new(rng.lock().clone());
        Ids {
            seed: self.seed,
            objects: copy(&self.objects),
            requests: copy(&self.requests),
            faults: copy(&self.faults),
            flow: self.flow.clone(),
        }
    }

    pub(crate) fn flow(&self) -> [String; 2] {
        self.flow.clone()
    }

    /// A version 4 UUID for an object.
    pub(crate) fn uid(&self) -> String {
        text(uuid(&mut self.objects.lock()))
    }

    /// The UUID of what was there from the start, the same whenever somebody asks.
    pub(crate) fn uid_of(&self, key: &str) -> String {
        let mixed = self.keyed(key.as_bytes());
        let mut rng = fastrand::Rng::with_seed(u64::from_be_bytes(
            mixed.first_chunk().copied().unwrap_or_default(),
        ));
        text(uuid(&mut rng))
    }

    /// Something that depends on the seed and on these bytes alone.
    pub(crate) fn keyed(&self, bytes: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(bytes);
        hash.finalize().into()
    }

    /// A version 4 UUID for a request.
    pub(crate) fn audit_id(&self) -> [u8; 36] {
        uuid(&mut self.requests.lock())
    }

    /// A name that starts with `base`, as `generateName` asks for.
    pub(crate) fn name(&self, base: &str) -> String {
        let mut rng = self.objects.lock();
        let mut end = base.len().min(MAX_GENERATED_BASE);
        while !base.is_char_boundary(end) {
            end -= 1;
        }
        let mut name = base[..end].to_owned();
        name.extend(
            (0..SUFFIX_LENGTH)
                .map(|_| char::from(SUFFIX_ALPHABET[rng.usize(..SUFFIX_ALPHABET.len())])),
        );
        name
    }

    /// A number from 0 to 1, for faults that are left to chance.
    pub(crate) fn roll(&self) -> f64 {
        self.faults.lock().f64()
    }

    /// A number below `end`, which must not be 0, for what ends up in objects.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.objects.lock().usize(..end)
    }

    /// A factor from 1 to 2, by which the real server spreads the ends of watches without a timeout.
    pub(crate) fn spread(&self) -> f64 {
        1.0 + self.requests.lock().f64()
    }
}

/// A version 4 UUID: ASCII.
fn uuid(rng: &mut fastrand::Rng) -> [u8; 36] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    /// Where the digits of each byte are.
    const DIGITS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let n = (rng.u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let mut uuid = *b"00000000-0000-0000-0000-000000000000";
    for (at, byte) in DIGITS.into_iter().zip(n.to_be_bytes()) {
        uuid[at] = HEX[usize::from(byte >> 4)];
        uuid[at + 1] = HEX[usize::from(byte & 15)];
    }
    uuid
}

fn text(uuid: [u8; 36]) -> String {
    String::from_utf8(uuid.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let (a, b) = (Ids::new(7), Ids::new(7));
        assert_eq!((a.uid(), a.name("gen-")), (b.uid(), b.name("gen-")));
        assert_ne!(a.uid(), Ids::new(8).uid());
    }

    #[test]
    fn a_fork_goes_on_as_its_origin_does() {
        let ids = Ids::new(7);
        ids.uid();
        let fork = ids.fork();
        let all = |ids: &Ids| (ids.uid(), ids.audit_id(), ids.roll().to_bits(), ids.flow());
        assert_eq!(all(&ids), all(&fork));
    }

    #[test]
    fn a_uid_is_a_version_4_uuid() {
        let uid = Ids::new(1).uid();
        assert_eq!(uid.len(), 36);
        assert_eq!(&uid[14..15], "4");
        assert!("89ab".contains(&uid[19..20]));
    }

    #[test]
    fn a_long_base_is_cut_to_58_characters() {
        assert_eq!(Ids::new(1).name(&"a".repeat(80)).len(), 63);
    }
}
