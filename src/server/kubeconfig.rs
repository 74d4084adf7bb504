//! The kubeconfig that points clients at a server.

use crate::codec::base64;

/// What a kubeconfig says.
pub(crate) struct Kubeconfig<'a> {
    pub(crate) url: &'a str,
    /// The certificate authority, in PEM; for a server with TLS.
    pub(crate) authority: Option<&'a str>,
    pub(crate) token: Option<&'a str>,
    pub(crate) certificate: Option<&'a ClientCertificate>,
    pub(crate) namespace: &'a str,
}

/// What a client proves to be somebody with, in PEM.
#[derive(Clone, Debug)]
pub(crate) struct ClientCertificate {
    certificate: String,
    key: String,
}

#[cfg(feature = "tls")]
impl From<crate::authentication::certificates::Credentials> for ClientCertificate {
    fn from(issued: crate::authentication::certificates::Credentials) -> Self {
        ClientCertificate {
            certificate: issued.certificate,
            key: issued.key,
        }
    }
}

impl Kubeconfig<'_> {
    /// The file as text.
    pub(crate) fn render(&self) -> String {
        let trust = match self.authority {
            Some(pem) => format!("certificate-authority-data: {}", base64::encode(pem)),
            // The JavaScript client takes plain HTTP for a mistake without this; to others it means nothing there.
            None => "insecure-skip-tls-verify: true".to_owned(),
        };
        let user = match (self.certificate, self.token) {
            (Some(shown), _) => format!(
                "  user:\n    client-certificate-data: {}\n    client-key-data: {}\n",
                base64::encode(&shown.certificate),
                base64::encode(&shown.key),
            ),
            (None, Some(token)) => {
                format!("  user:\n    token: {}\n", serde_json::Value::from(token))
            }
            // kubectl asks for a name and a password where it has nothing to show over HTTPS.
            _ if self.authority.is_some() => "  user:\n    token: any\n".to_owned(),
            _ => "  user: {}\n".to_owned(),
        };
        format!(
            "apiVersion: v1\n\
             kind: Config\n\
             clusters:\n\
             - name: fake\n\
             \x20 cluster:\n\
             \x20   server: {url}\n\
             \x20   {trust}\n\
             contexts:\n\
             - name: fake\n\
             \x20 context:\n\
             \x20   cluster: fake\n\
             \x20   namespace: {namespace}\n\
             \x20   user: fake\n\
             current-context: fake\n\
             users:\n\
             - name: fake\n\
             {user}",
            url = self.url,
            namespace = serde_json::Value::from(self.namespace),
        )
    }
}
