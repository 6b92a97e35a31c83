//! Sprig's `certificate`: what `genCA` and its like give, and what `genSignedCert` takes.

use std::any::Any;

use pintle_value::{Data, Kind, Object, Str, Type, Value};

/// Go's type of a certificate.
pub(crate) static CERTIFICATE: Type = Type::plain("sprig.certificate", Kind::Struct);

/// A certificate and its private key, both as PEM.
#[derive(Clone, Default)]
pub(crate) struct Certificate {
    pub(crate) cert: Str,
    pub(crate) key: Str,
}

/// The certificate that the executor checked.
pub(crate) fn argument(value: Option<&Value>) -> Certificate {
    value.and_then(Value::downcast::<Certificate>).cloned().unwrap_or_default()
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

impl Object for Certificate {
    fn go_type(&self) -> &'static Type {
        &CERTIFICATE
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(Value::String(self.cert.clone())),
            "Key" => Some(Value::String(self.key.clone())),
            _ => None,
        }
    }

    fn print(&self) -> Str {
        Str::from([b"{", self.cert.as_bytes(), b" ", self.key.as_bytes(), b"}"].concat())
    }

    fn to_data(&self) -> Data {
        [("Cert", Data::String(self.cert.clone())), ("Key", Data::String(self.key.clone()))]
            .into_iter()
            .collect()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
