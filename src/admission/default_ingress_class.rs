//! DefaultIngressClass: an ingress that names no class gets the one that is marked as the default.

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::status::Status;

const CLASS: &str = "kubernetes.io/ingress.class";
const IS_DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
const GROUP: &str = "networking.k8s.io";

pub(super) struct DefaultIngressClass;

impl Plugin for DefaultIngressClass {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let Some(object) = object.filter(|_| write.is(Operation::Create, GROUP, "Ingress")) else {
            return Ok(());
        };
        let is_annotated = object["metadata"]["annotations"][CLASS].is_string();
        if !object["spec"]["ingressClassName"].is_null() || is_annotated {
            return Ok(());
        }
        let is_default =
            |class: &Value| class["metadata"]["annotations"][IS_DEFAULT].as_str() == Some("true");
        if let Some(name) = write.newest(GROUP, "IngressClass", is_default) {
            object["spec"]["ingressClassName"] = name.into();
        }
        Ok(())
    }
}
