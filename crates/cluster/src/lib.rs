//! The target cluster: discovery, apply, prune, wait, status and drift, and the stores in Secrets and ConfigMaps.
//!
//! A [`Target`] is one cluster, made from the caller's own [`kube::Client`]: no kubeconfig, environment or file is
//! read. All requests go one way, with a time-out each, a queue for each cluster and repetition where that is safe;
//! every call takes a [`Scope`], which ends it by a token or a deadline.
//!
//! Objects are [`pintle_value::Data`] trees throughout. [`Target::place`] makes [`Object`]s of a manifest,
//! [`Owner::mark`] marks them as a release's, [`Target::examine`] says what has to be done to each of them,
//! [`Target::apply_all`] and [`Target::delete_all`] do it, and [`Target::wait_ready`] waits until they are what they
//! should be.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use pintle_cluster::{Action, ApplyOptions, ExamineOptions, Owner, Scope, Target, Unobserved, WaitOptions};
//! use pintle_value::Data;
//!
//! # async fn install(client: kube::Client, documents: Vec<Data>) -> Result<(), Box<dyn std::error::Error>> {
//! let target = Target::builder(client).name("tenant1").build();
//! let scope = Scope::unlimited().within(Duration::from_secs(300));
//!
//! let owner = Owner::new("web", "shop");
//! let objects = target.place(&scope, documents, "shop").await?;
//! let objects: Vec<_> = objects.iter().map(|object| owner.mark(object)).collect();
//!
//! let options = ExamineOptions::default().owner(owner);
//! let (examined, _) = target.examine(&scope, &objects, &[], &options).await?;
//! let changed: Vec<_> = objects
//!     .iter()
//!     .zip(&examined)
//!     .filter(|(_, examined)| examined.action != Action::Nothing)
//!     .map(|(object, _)| object.clone())
//!     .collect();
//! for applied in target.apply_all(&scope, &changed, ApplyOptions::default(), &Unobserved).await {
//!     applied?;
//! }
//! let references: Vec<_> = objects.iter().map(|object| object.reference().clone()).collect();
//! target.wait_ready(&scope, &references, &WaitOptions::default(), &Unobserved).await?;
//! # Ok(())
//! # }
//! ```
//!
//! What Helm does, this crate does in the same words: field manager `helm`, strict field validation, ownership labels
//! and annotations, kstatus's rules of readiness, records in Secrets. Beyond Helm are one list for each kind instead
//! of one read for each object, no write where `managedFields` show that an apply would change nothing
//! ([`fields::compare`]), locks with fencing ([`Locks`]) and drift by watch ([`DriftWatch`]).
//!
//! Values of Secrets never reach errors, differences, `Debug` or logs.

mod apply;
mod bring;
mod crds;
mod delete;
mod difference;
mod discovery;
pub mod drift;
mod error;
mod examine;
pub mod fields;
mod gvk;
mod hold;
mod lock;
mod lookup;
pub mod merge;
mod namespace;
mod object;
mod observe;
pub mod order;
mod ownership;
mod path;
mod progress;
mod protobuf;
mod read;
mod refused_fields;
mod request;
mod scope;
mod status;
mod store;
mod target;
mod throttle;
mod wait;
mod watch;

pub use apply::{Applied, ApplyOptions, Change, Conflicts, FieldValidation, Persistence, footprint};
pub use bring::{Before, Method};
pub use crds::{CrdError, CrdPolicy, kinds_of, losses};
pub use delete::{DeleteOptions, Deletion, Propagation, is_kept, is_terminating};
pub use difference::{FieldChange, REDACTED, difference, expected_difference};
pub use discovery::{Discovery, Lag, Placement, Resource, ServerVersion};
pub use drift::{
    Contest, Contests, Drift, DriftEvent, DriftKind, DriftReport, DriftRules, DriftWatch, IgnoreRule,
    Patience, Registration, Signature, TargetSelector,
};
pub use error::{Cause, Class, Error, FieldConflict, Refusal};
pub use examine::{Action, Detail, ExamineOptions, Examined, Foreign, Means, Obstacle};
pub use gvk::{Gvk, ObjectKey, ObjectRef};
pub use kube;
pub use lock::{Holder, Lock, LockError, LockTiming, Locks};
pub use object::{Object, RESOURCE_POLICY, list_items};
pub use observe::{Counts, RequestObserver, Sent, Verb};
pub use ownership::{
    MANAGED_BY, MANAGED_BY_HELM, Owner, OwnershipError, RELEASE_NAME, RELEASE_NAMESPACE, owner_of,
};
pub use progress::{Progress, ProgressObserver, Unobserved};
pub use read::{Expect, Live, Selection};
pub use scope::Scope;
pub use status::{Condition, Jobs, Status, StatusResult, hook_status_of, status_of};
pub use store::{ConfigMapStore, SecretStore};
pub use target::{HELM_MANAGER, Target, TargetBuilder};
pub use wait::{
    ContainerFailure, EventNote, FailureReport, PodFailure, ReadinessRule, Unready, WaitError, WaitOptions,
    WaitStrategy,
};
