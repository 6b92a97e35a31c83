//! The target cluster: discovery, apply, prune, wait, status and drift, and the stores in Secrets and ConfigMaps.

mod apply;
mod crds;
mod delete;
mod difference;
mod discovery;
pub mod drift;
mod error;
mod examine;
pub mod fields;
mod gvk;
mod lock;
mod lookup;
mod migrate;
mod namespace;
mod object;
mod observe;
pub mod order;
mod ownership;
mod path;
mod progress;
mod read;
mod request;
mod scope;
mod status;
mod store;
mod target;
mod throttle;
mod wait;
mod watch;

pub use apply::{Applied, ApplyOptions, Change, Conflicts, FieldValidation, Persistence};
pub use crds::{CrdError, CrdPolicy, kinds_of};
pub use delete::{DeleteOptions, Deletion, Propagation, is_kept};
pub use difference::{FieldChange, REDACTED, difference};
pub use discovery::{Discovery, Placement, Resource, ServerVersion};
pub use drift::{
    Drift, DriftEvent, DriftKind, DriftReport, DriftRules, DriftWatch, IgnoreRule, Registration, Signature,
    TargetSelector,
};
pub use error::{Cause, Class, Error, FieldConflict, Refusal};
pub use examine::{Action, Detail, ExamineOptions, Examined, Foreign, Means, Obstacle};
pub use gvk::{Gvk, ObjectKey, ObjectRef};
pub use kube;
pub use lock::{Lock, LockError, LockTiming, Locks};
pub use object::{Object, RESOURCE_POLICY};
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
};
