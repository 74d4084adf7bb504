//! Who is known to the server that starts.

use std::sync::Arc;

use super::FakeApiServerBuilder;
use crate::authentication::Authenticator;
#[cfg(feature = "tls")]
use crate::authorization::MASTERS;
use crate::error::Error;
use crate::server::kubeconfig::ClientCertificate;

/// Who may do what.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) authenticator: Arc<Authenticator>,
    /// The kubeconfig's.
    pub(super) token: Option<String>,
    /// The kubeconfig's too, where there is no token.
    pub(super) certificate: Option<ClientCertificate>,
}

impl FakeApiServerBuilder {
    /// Who is known, and with what the kubeconfig proves to be somebody.
    pub(super) fn make_access(&self) -> Result<Access, Error> {
        let authenticator = Arc::new(self.auth.authenticator()?);
        let token = self.auth.first_token(&authenticator);
        #[cfg(feature = "tls")]
        let certificate = match self.tls && token.is_none() && !authenticator.is_open() {
            true => Some(administrator(&authenticator)?),
            false => None,
        };
        #[cfg(not(feature = "tls"))]
        let certificate = None;
        Ok(Access {
            authenticator,
            token,
            certificate,
        })
    }
}

/// A certificate for the kubeconfig of a server that asks everybody for one.
#[cfg(feature = "tls")]
fn administrator(known: &Authenticator) -> Result<ClientCertificate, Error> {
    let issued = known
        .authorities()
        .issue("kubernetes-admin", &[MASTERS.to_owned()]);
    let issued = issued.map_err(|problem| Error::invalid("tls", problem))?;
    Ok(issued.into())
}
