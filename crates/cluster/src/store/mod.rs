//! Release records in a cluster.

mod kept;
mod listing;
mod page;
mod parts;

use std::collections::BTreeMap;

use async_trait::async_trait;
use pintle_release::codec::Limits;
use pintle_release::{Filter, Head, Record, Standing, Store, StoreError, Stored, Summary, Version};

use crate::{Scope, Target};
use kept::{Kept, Medium};
use parts::LastCut;

macro_rules! store {
    ($(#[$doc:meta])* $name:ident, $medium:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Kept);

        impl $name {
            /// The records of one namespace.
            pub fn new(target: Target, namespace: impl Into<String>) -> Self {
                Self(Kept {
                    target,
                    namespace: Some(namespace.into()),
                    scope: Scope::unlimited(),
                    limits: Limits::default(),
                    medium: $medium,
                    last_cut: LastCut::default(),
                })
            }

            /// The records of all namespaces; it can only list and read heads.
            pub fn of_all_namespaces(target: Target) -> Self {
                let mut store = Self::new(target, "");
                store.0.namespace = None;
                store
            }

            /// The same store, for work that ends with this scope.
            #[must_use]
            pub fn within(&self, scope: &Scope) -> Self {
                let mut store = self.clone();
                store.0.scope = scope.clone();
                store
            }

            /// How much a record may take when it is decoded.
            #[must_use]
            pub fn limits(mut self, limits: Limits) -> Self {
                self.0.limits = limits;
                self
            }

            /// All records that pass the filter (but for its status), each with what lists show of its content: of those
            /// that are superseded nothing is read, and nothing can be of one that is damaged.
            ///
            /// For lists of many releases: where few records are failed, this takes little more than one list.
            pub async fn overview(&self, filter: &Filter) -> Result<Vec<(Summary, Option<Head>)>, StoreError> {
                self.0.overview(filter).await
            }

            /// The namespace of the records; `None` for all.
            pub fn namespace(&self) -> Option<&str> {
                self.0.namespace.as_deref()
            }
        }

        #[async_trait]
        impl Store for $name {
            async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, StoreError> {
                self.0.list(filter).await
            }

            async fn standing(&self, name: &str) -> Result<Option<Standing>, StoreError> {
                self.0.standing(name).await
            }

            async fn heads(&self, wanted: &[Summary]) -> Result<Vec<Head>, StoreError> {
                self.0.heads(wanted).await
            }

            async fn get(&self, name: &str, revision: u32) -> Result<Stored, StoreError> {
                self.0.get(name, revision).await
            }

            async fn create(
                &self,
                record: &Record,
                annotations: &BTreeMap<String, String>,
            ) -> Result<Version, StoreError> {
                self.0.create(record, annotations).await
            }

            async fn update(
                &self,
                record: &Record,
                annotations: &BTreeMap<String, String>,
                expected: &Version,
            ) -> Result<Version, StoreError> {
                self.0.update(record, annotations, expected).await
            }

            async fn delete(
                &self,
                name: &str,
                revision: u32,
                expected: Option<&Version>,
            ) -> Result<(), StoreError> {
                self.0.delete(name, revision, expected).await
            }
        }
    };
}

store! {
    /// Keeps records in Secrets of type `helm.sh/release.v1`, as Helm does by default (Helm:
    /// `pkg/storage/driver/secrets.go`).
    ///
    /// Listing reads metadata alone. Each write carries the resource version that it expects.
    SecretStore, Medium::Secret
}

store! {
    /// Keeps records in ConfigMaps, as Helm does with `HELM_DRIVER=configmap` (Helm:
    /// `pkg/storage/driver/cfgmaps.go`).
    ///
    /// Listing reads metadata alone. Each write carries the resource version that it expects.
    ConfigMapStore, Medium::ConfigMap
}
