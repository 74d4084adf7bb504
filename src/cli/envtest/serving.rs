//! The certificate that is served with: that of two flags, or of `--cert-dir`, or one made there.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

use super::flags::Flags;
use crate::cli::{Failure, files};

/// Where upstream looks, and writes, if nobody says where.
const DIRECTORY: &str = "/var/run/kubernetes";
/// The names of the files there.
const NAME: &str = "apiserver";
/// What clients in a cluster call it.
const NAMES: [&str; 5] = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];
/// The address of the Service of that name.
const SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// The certificate and its key, in PEM.
pub(super) fn certificate(flags: &Flags, address: IpAddr) -> Result<(String, String), Failure> {
    let (certificate, key) = (
        flags.value("tls-cert-file"),
        flags.value("tls-private-key-file"),
    );
    match (certificate, key) {
        (Some(certificate), Some(key)) => return Ok((read(certificate)?, read(key)?)),
        (None, None) => {}
        _ => {
            let problem = "--tls-cert-file and --tls-private-key-file have to be given together";
            return Err(problem.into());
        }
    }
    let directory = Path::new(flags.value("cert-dir").unwrap_or(DIRECTORY));
    let place = |end: &str| directory.join(format!("{NAME}.{end}"));
    let there = |end: &str| fs::read_to_string(place(end));
    if let (Ok(certificate), Ok(key)) = (there("crt"), there("key")) {
        return Ok((certificate, key));
    }
    let (certificate, key) = made(address)?;
    let kept = fs::create_dir_all(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))
        .and_then(|()| files::write_report(&place("crt"), &certificate))
        .and_then(|()| files::write_report(&place("key"), &key));
    if let Err(problem) = kept {
        tracing::warn!("the certificate that was made is not kept: {problem}");
    }
    Ok((certificate, key))
}

/// A certificate and the authority that has signed it.
fn made(address: IpAddr) -> Result<(String, String), rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "fake-apiserver-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = params.self_signed(&authority_key)?;
    let issuer = Issuer::new(params, authority_key);

    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut addresses = vec![Ipv4Addr::LOCALHOST.into(), SERVICE, address];
    addresses.dedup();
    params
        .subject_alt_names
        .extend(addresses.into_iter().map(SanType::IpAddress));
    let certificate = params.signed_by(&key, &issuer)?;
    Ok((certificate.pem() + &authority.pem(), key.serialize_pem()))
}

/// The text of a file that a flag names.
pub(super) fn read(path: &str) -> Result<String, Failure> {
    Ok(fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?)
}
