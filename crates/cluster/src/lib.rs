//! The target cluster: discovery, apply, prune, wait, status and drift, and the stores in Secrets and ConfigMaps.

mod discovery;
mod error;
mod gvk;
mod object;
mod observe;
pub mod order;
mod ownership;
mod path;
mod request;
mod scope;
mod target;
mod throttle;

pub use discovery::{Discovery, Placement, Resource, ServerVersion};
pub use error::{Cause, Class, Error, FieldConflict, Refusal};
pub use gvk::{Gvk, ObjectKey, ObjectRef};
pub use object::{Object, RESOURCE_POLICY};
pub use observe::{Counts, RequestObserver, Sent, Verb};
pub use ownership::{
    MANAGED_BY, MANAGED_BY_HELM, Owner, OwnershipError, RELEASE_NAME, RELEASE_NAMESPACE, owner_of,
};
pub use scope::Scope;
pub use target::{HELM_MANAGER, Target, TargetBuilder};
