//! What Go calls a field, by its name in JSON: the errors of generated code tell it.

/// What a name begins with that Go writes in capitals.
const INITIALS: [&str; 24] = [
    "api", "ca", "cel", "cidr", "csi", "dns", "fc", "fs", "gid", "grpc", "http", "id", "ip",
    "iscsi", "nfs", "os", "pd", "rbd", "ssl", "tcp", "tls", "ttl", "uid", "url",
];

/// What follows no such rule.
const WHOLE: [(&str, &str); 8] = [
    ("awsElasticBlockStore", "AWSElasticBlockStore"),
    ("gcePersistentDisk", "GCEPersistentDisk"),
    ("ips", "IPs"),
    ("iqn", "IQN"),
    ("metadata", "ObjectMeta"),
    ("qosClass", "QOSClass"),
    ("tty", "TTY"),
    ("wwids", "WWIDs"),
];

pub(super) fn go_name(json: &str) -> String {
    if let Some((_, go)) = WHOLE.iter().find(|(name, _)| *name == json) {
        return (*go).to_owned();
    }
    let word = json.find(|c: char| !c.is_ascii_lowercase());
    let (word, rest) = json.split_at(word.unwrap_or(json.len()));
    if INITIALS.contains(&word) {
        return word.to_uppercase() + rest;
    }
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => format!("{}{}{rest}", first.to_ascii_uppercase(), letters.as_str()),
        None => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::go_name;

    #[test]
    fn a_field_is_called_as_in_go() {
        for (json, go) in [
            ("leaseDurationSeconds", "LeaseDurationSeconds"),
            ("apiVersion", "APIVersion"),
            ("uid", "UID"),
            ("ip", "IP"),
            ("ips", "IPs"),
            ("podIP", "PodIP"),
            ("fsGroup", "FSGroup"),
        ] {
            assert_eq!(go_name(json), go);
        }
    }
}
