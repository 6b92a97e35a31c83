//! Making the namespace that a release wants.

use pintle_value::{Data, DataMap};

use crate::{Applied, ApplyOptions, Change, Error, Gvk, Object, ObjectRef, Scope, Target};

impl Target {
    /// Creates a namespace as Helm does (Helm: `pkg/action/install.go`, `CreateNamespace`: with the label
    /// `name=NAMESPACE`, applied server-side). One that is there is left as it is, where Helm would set its label.
    ///
    /// `None` where it was there.
    pub async fn ensure_namespace(&self, scope: &Scope, name: &str) -> Result<Option<Applied>, Error> {
        let reference = ObjectRef::cluster(Gvk::new("", "v1", "Namespace"), name);
        match self.get(scope, &reference).await {
            Ok(Some(_)) => return Ok(None),
            // Whoever may not read namespaces may still create one.
            Err(error) if !error.is_forbidden() => return Err(error),
            Ok(None) | Err(_) => {}
        }
        let labels: Data = [("name", Data::from(name))].into_iter().collect();
        let metadata: Data = [("name", Data::from(name)), ("labels", labels)].into_iter().collect();
        let namespace = Object::new(
            [
                ("apiVersion", Data::from("v1")),
                ("kind", Data::from("Namespace")),
                ("metadata", metadata),
                // Helm writes a typed object, whose empty parts are written too, and owned.
                ("spec", Data::Map(DataMap::default())),
                ("status", Data::Map(DataMap::default())),
            ]
            .into_iter()
            .collect(),
        )?;
        let applied = self.apply(scope, &namespace, ApplyOptions::default()).await?;
        Ok((applied.change == Change::Created).then_some(applied))
    }
}
