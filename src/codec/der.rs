//! As much of DER as it takes to look into a certificate signing request, and to write a certificate.

/// The tags and types that requests and certificates have in common.
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
/// 2.5.4.10, `organizationName`.
pub(crate) const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];

/// One element: its tag and what is in it.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

/// The elements that stand one after the other; `None` for what is no DER.
fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let (length, rest) = match usize::from(*first) {
            short if short < 0x80 => (short, rest),
            long => {
                let (digits, rest) = rest.split_at_checked(long - 0x80)?;
                let value = digits.iter().try_fold(0_usize, |value, digit| {
                    value.checked_mul(256)?.checked_add(usize::from(*digit))
                })?;
                (value, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        found.push(Element { tag: *tag, content });
        bytes = rest;
    }
    bytes.is_empty().then_some(found)
}

/// The elements of a sequence.
fn sequence(element: Element<'_>) -> Option<Vec<Element<'_>>> {
    (element.tag == SEQUENCE).then(|| elements(element.content))?
}

/// The organizations of the subject of a PKCS#10 request; `None` for what is none.
///
/// ```text
/// SEQUENCE { SEQUENCE { version, subject, key, attributes }, algorithm, signature }
/// ```
pub(crate) fn organizations(request: &[u8]) -> Option<Vec<String>> {
    let [whole] = elements(request)?[..] else {
        return None;
    };
    let [info, _algorithm, _signature] = sequence(whole)?[..] else {
        return None;
    };
    let subject = *sequence(info)?.get(1)?;
    let mut found = Vec::new();
    for names in sequence(subject)? {
        let names = (names.tag == SET).then(|| elements(names.content))??;
        for name in names {
            let [kind, value] = sequence(name)?[..] else {
                return None;
            };
            if kind.tag == OBJECT_IDENTIFIER && kind.content == ORGANIZATION {
                found.push(String::from_utf8_lossy(value.content).into_owned());
            }
        }
    }
    Some(found)
}

/// The numbers of a sequence of them, each as its bytes.
#[cfg(feature = "tls")]
pub(crate) fn integers(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    const INTEGER: u8 = 0x02;

    let [whole] = elements(bytes)?[..] else {
        return None;
    };
    let numbers = sequence(whole)?.into_iter();
    numbers
        .map(|number| (number.tag == INTEGER).then_some(number.content))
        .collect()
}

/// One element, as bytes.
#[cfg(feature = "tls")]
pub(crate) fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut element = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => element.push(short),
        _ => {
            let digits = content.len().to_be_bytes();
            let digits: Vec<u8> = digits.into_iter().skip_while(|byte| *byte == 0).collect();
            // A length has no more than eight of them.
            element.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            element.extend(digits);
        }
    }
    element.extend(content);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let mut out = vec![tag, 0x81, u8::try_from(content.len()).unwrap()];
        out.extend(content);
        out
    }

    #[test]
    fn the_organizations_of_a_request_are_found() {
        let organization = |name: &str| {
            let kind = element(OBJECT_IDENTIFIER, &[&ORGANIZATION]);
            let value = element(0x0c, &[name.as_bytes()]);
            element(SET, &[&element(SEQUENCE, &[&kind, &value])])
        };
        let subject = element(SEQUENCE, &[&organization("a"), &organization("b")]);
        let info = element(SEQUENCE, &[&[2, 1, 0], &subject]);
        let request = element(SEQUENCE, &[&info, &[SEQUENCE, 0], &[3, 1, 0]]);
        assert_eq!(organizations(&request).unwrap(), ["a", "b"]);
        assert_eq!(organizations(&request[1..]), None);
        assert_eq!(organizations(b"hallo"), None);
    }
}
