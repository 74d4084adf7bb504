//! CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may say what of a request for a
//! certificate depends on who is to sign it.

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::codec::quote::quote;
use crate::codec::{base64, der, pem};
use crate::registry::Ask;
use crate::status::Status;

const GROUP: &str = "certificates.k8s.io";
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";

/// Approving takes the right to approve for the signer.
pub(super) struct CertificateApproval;
/// Handing out a certificate takes the right to sign for the signer.
pub(super) struct CertificateSigning;
/// Nobody gets a certificate that makes them a master.
pub(super) struct CertificateSubjectRestriction;

impl Plugin for CertificateApproval {
    fn validate(&self, write: &Attributes<'_>, _object: Option<&Value>) -> Result<(), Status> {
        let Some(old) = write.old.filter(|_| is_update(write, "approval")) else {
            return Ok(());
        };
        check_signer(write, old, "approve")
    }
}

impl Plugin for CertificateSigning {
    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let (Some(old), Some(new)) = (write.old.filter(|_| is_update(write, "status")), object)
        else {
            return Ok(());
        };
        let part = |object: &Value, field: &str| object["status"].get(field).cloned();
        let is_same = |field: &&str| part(old, field) == part(new, field);
        if ["certificate", "conditions"].iter().all(is_same) {
            return Ok(());
        }
        check_signer(write, old, "sign")
    }
}

impl Plugin for CertificateSubjectRestriction {
    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let is_request = is_request(write) && write.subresource.is_empty();
        let is_new = write.operation == Operation::Create;
        let Some(object) = object.filter(|_| is_request && is_new) else {
            return Ok(());
        };
        if object["spec"]["signerName"] != CLIENT_SIGNER {
            return Ok(());
        }
        let request = object["spec"]["request"].as_str().unwrap_or_default();
        let text = base64::decode(request).unwrap_or_default();
        let blocks = pem::blocks(&String::from_utf8_lossy(&text));
        let organizations = blocks
            .first()
            .and_then(|block| der::organizations(&block.bytes));
        if organizations.is_some_and(|all| all.iter().any(|one| one == "system:masters")) {
            let why =
                format!("use of {CLIENT_SIGNER} signer with system:masters group is not allowed");
            return Err(write.forbidden(Some(object), &why));
        }
        Ok(())
    }
}

fn is_request(write: &Attributes<'_>) -> bool {
    write.kind.group == GROUP && write.kind.kind == "CertificateSigningRequest"
}

fn is_update(write: &Attributes<'_>, subresource: &str) -> bool {
    is_request(write) && write.operation == Operation::Update && write.subresource == subresource
}

/// `IsAuthorizedForSignerName`: for the signer by its name, or for all of its domain.
fn check_signer(write: &Attributes<'_>, old: &Value, verb: &str) -> Result<(), Status> {
    let (Some(user), Some(access)) = (write.user, write.access) else {
        return Ok(());
    };
    let signer = old["spec"]["signerName"].as_str().unwrap_or_default();
    let domain = signer.split('/').next().unwrap_or_default();
    let names = [signer.to_owned(), format!("{domain}/*")];
    let ask = |name: &String| {
        let ask = Ask {
            verb,
            group: GROUP,
            resource: "signers",
            namespace: "",
            name,
            ..Ask::default()
        };
        access.allows(user, &ask)
    };
    if names.iter().any(ask) {
        return Ok(());
    }
    let why = format!(
        "user not permitted to {verb} requests with signerName {}",
        quote(signer)
    );
    Err(write.forbidden(Some(old), &why))
}
