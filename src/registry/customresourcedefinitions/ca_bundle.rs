//! The certificates that a conversion webhook is trusted by: `ValidateCABundle`.

use crate::codec::{base64, pem};

/// Why a bundle, in base64, cannot be used; an empty one is none at all.
pub(super) fn error(bundle: &str) -> Option<String> {
    let bytes = base64::decode(bundle).unwrap_or_default();
    if bytes.is_empty() {
        return None;
    }
    let blocks = pem::blocks(&String::from_utf8_lossy(&bytes));
    let certificates = blocks
        .iter()
        .filter(|block| block.label == "CERTIFICATE" && !block.has_headers);
    let certificates: Vec<&pem::Block> = certificates.collect();
    let why = if certificates.iter().any(|block| is_sequence(&block.bytes)) {
        return None;
    } else if blocks.is_empty() {
        "unable to parse bytes as PEM block"
    } else if certificates.is_empty() {
        "no valid certificate authority data seen"
    } else {
        "failed to parse certificate: x509: malformed certificate"
    };
    Some(format!("unable to load root certificates: {why}"))
}

/// Whether the bytes are one DER sequence, as those of a certificate are.
fn is_sequence(bytes: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = bytes else {
        return false;
    };
    if *length < 0x80 {
        return rest.len() == usize::from(*length);
    }
    let count = usize::from(*length & 0x7f);
    let Some((length, content)) = rest.split_at_checked(count) else {
        return false;
    };
    let length = length.iter().try_fold(0usize, |sum, byte| {
        sum.checked_mul(256)?.checked_add(usize::from(*byte))
    });
    length == Some(content.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_a_certificate() {
        let said = |text: &str| error(&base64::encode(text.as_bytes())).unwrap_or_default();
        let block =
            |label, body| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        assert_eq!(said(""), "");
        assert_eq!(said(&block("CERTIFICATE", "MAMCAQE=")), "");
        assert!(said("junk").ends_with("unable to parse bytes as PEM block"));
        assert!(
            said(&block("KEY", "MAMCAQE=")).ends_with("no valid certificate authority data seen")
        );
        assert!(said(&block("CERTIFICATE", "AAAA")).ends_with("x509: malformed certificate"));
    }
}
