use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig, TlsProvider};

use crate::error::Error;
use crate::pki::Identity;

/// The user agent of every request that the test bed itself makes; [`crate::AuditLog`] leaves those out.
pub(crate) const USER_AGENT: &str = "pintle-testkit";

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often something that is waited for is looked at.
const POLL: Duration = Duration::from_millis(50);

/// The REST interface of one cluster, as its admin.
///
/// It is a few blocking calls, for setting a test up and for looking at what it did; the code under test
/// brings its own client. Paths are those of the server, such as `/api/v1/namespaces/default/pods/web`.
#[derive(Debug, Clone)]
pub struct Api {
    cluster: String,
    server: String,
    agent: ureq::Agent,
}

impl Api {
    pub(crate) fn new(
        cluster: &str,
        server: &str,
        authority: &str,
        identity: &Identity,
    ) -> Result<Self, Error> {
        let tls = |reason: ureq::Error| Error::Tls { peer: cluster.to_owned(), reason: reason.to_string() };
        let root = Certificate::from_pem(authority.as_bytes()).map_err(tls)?;
        let certificate = Certificate::from_pem(identity.certificate.as_bytes()).map_err(tls)?;
        let key = PrivateKey::from_pem(identity.key.as_bytes()).map_err(tls)?;
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::new_with_certs(&[certificate_of(&root)]))
            .client_cert(Some(ClientCert::new_with_certs(&[certificate_of(&certificate)], key)))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(DEADLINE))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(USER_AGENT)
            .build()
            .new_agent();
        Ok(Self { cluster: cluster.to_owned(), server: server.to_owned(), agent })
    }

    /// Reads an object or a list.
    ///
    /// Errors as [`Error::Refused`] when the server says no, also when there is no such object.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        self.call("GET", path, "", "")
    }

    /// Reads an object that may not exist.
    pub fn find(&self, path: &str) -> Result<Option<Value>, Error> {
        match self.get(path) {
            Ok(object) => Ok(Some(object)),
            Err(Error::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates an object; the path is that of the collection.
    pub fn create(&self, path: &str, object: &Value) -> Result<Value, Error> {
        self.call("POST", path, &object.to_string(), "application/json")
    }

    /// Applies an object by server-side apply with the field manager `pintle-testkit`, and takes fields over
    /// that another manager has; the path is that of the object.
    pub fn apply(&self, path: &str, object: &Value) -> Result<Value, Error> {
        self.apply_text(path, &object.to_string())
    }

    /// The same with an object in YAML.
    pub fn apply_text(&self, path: &str, object: &str) -> Result<Value, Error> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}fieldManager={USER_AGENT}&force=true");
        self.call("PATCH", &path, object, "application/apply-patch+yaml")
    }

    /// Changes an object by a JSON merge patch.
    pub fn merge(&self, path: &str, changes: &Value) -> Result<Value, Error> {
        self.call("PATCH", path, &changes.to_string(), "application/merge-patch+json")
    }

    /// Deletes an object in the background; that there is none is no error.
    pub fn delete(&self, path: &str) -> Result<(), Error> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}propagationPolicy=Background");
        match self.call("DELETE", &path, "", "") {
            Ok(_) | Err(Error::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads an object again and again until a look at it (`None` when it does not exist) is satisfied.
    ///
    /// Errors as [`Error::TimedOut`] with what was last seen. An answer that is an error counts as not there.
    pub fn wait_until(
        &self,
        path: &str,
        what: &str,
        patience: Duration,
        mut look: impl FnMut(Option<&Value>) -> bool,
    ) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            let seen = self.find(path);
            // Who does not answer has not said that there is none.
            if let Ok(seen) = &seen
                && look(seen.as_ref())
            {
                return Ok(());
            }
            if started.elapsed() > patience {
                let last = match seen {
                    Ok(Some(object)) => object.get("status").unwrap_or(&object).to_string(),
                    Ok(None) => "it does not exist".to_owned(),
                    Err(error) => error.to_string(),
                };
                return Err(Error::TimedOut {
                    what: format!("{what} (cluster {}, {path})", self.cluster),
                    waited: patience,
                    last,
                    tail: String::new(),
                });
            }
            std::thread::sleep(POLL);
        }
    }

    /// Sends a request and reads the answer as JSON.
    fn call(&self, method: &'static str, path: &str, body: &str, content_type: &str) -> Result<Value, Error> {
        let (status, text) = self.send(method, path, body, content_type)?;
        if (200..300).contains(&status) {
            return Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)));
        }
        let answer: Option<Value> = serde_json::from_str(&text).ok();
        let message = answer.as_ref().and_then(|status| status.get("message")?.as_str()).unwrap_or(&text);
        Err(Error::Refused {
            cluster: self.cluster.clone(),
            method,
            path: path.to_owned(),
            status,
            message: message.to_owned(),
        })
    }

    fn send(
        &self,
        method: &'static str,
        path: &str,
        body: &str,
        content_type: &str,
    ) -> Result<(u16, String), Error> {
        let unanswered = |reason: String| Error::Unanswered {
            cluster: self.cluster.clone(),
            method,
            path: path.to_owned(),
            reason,
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header("accept", "application/json");
        if !body.is_empty() {
            request = request.header("content-type", content_type);
        }
        let request = request.body(body.to_owned()).map_err(|error| unanswered(error.to_string()))?;
        let answer =
            if body.is_empty() { self.agent.run(request.map(drop)) } else { self.agent.run(request) };
        let mut answer = answer.map_err(|error| unanswered(error.to_string()))?;
        let status = answer.status().as_u16();
        let text = answer
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()
            .map_err(|error| unanswered(error.to_string()))?;
        Ok((status, text))
    }
}

fn certificate_of(certificate: &Certificate<'_>) -> Certificate<'static> {
    certificate.to_owned()
}
