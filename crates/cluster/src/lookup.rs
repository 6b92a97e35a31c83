//! The answer to a template's `lookup`.

use pintle_value::{Data, DataMap};

use crate::path::UrlPath;
use crate::read::{found, nameless};
use crate::request::Call;
use crate::{Error, Gvk, ObjectRef, Scope, Target, Verb};

impl Target {
    /// What the template function `lookup` gives: the object; with an empty name the list of all in the namespace (in
    /// all namespaces with an empty one); an empty map where there is none (Helm: `pkg/engine/lookup_func.go`).
    ///
    /// A kind that the cluster does not serve is an error, as with Helm.
    pub async fn lookup(
        &self,
        scope: &Scope,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Data, Error> {
        let gvk = Gvk::from_api_version(api_version, kind);
        let resource = self.resource(scope, &gvk).await?;
        let namespace = Some(namespace).filter(|namespace| !namespace.is_empty() && resource.is_namespaced());
        let call = if name.is_empty() {
            Call::new(Verb::List, UrlPath::collection(&resource, namespace)).about(&nameless(&gvk, namespace))
        } else {
            let object = ObjectRef { gvk, namespace: namespace.map(str::to_owned), name: name.to_owned() };
            Call::new(Verb::Get, UrlPath::object(&resource, &object)).about(&object)
        };
        let answer = found(self.object(scope, &call).await)?;
        Ok(answer.unwrap_or_else(|| Data::Map(DataMap::default())))
    }
}
