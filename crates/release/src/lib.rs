//! What was deployed: the release record, its codec and the trait of its stores.
//!
//! A [`Record`] is Helm's release object (`pkg/release/v1` of Helm 4.3.1): what Helm 3 and Helm 4 wrote is read, what
//! this crate writes they read and continue. [`codec`] turns it into the bytes that stand in a Secret, and a
//! [`Store`] keeps records: [`MemoryStore`] here, the ones in a cluster in `pintle-cluster`; a [`SealedStore`] keeps them
//! under a key.
//!
//! ```
//! use pintle_release::{Record, Status, codec};
//!
//! let mut record = Record::new("web", "shop", 1);
//! record.info.status = Status::Deployed;
//! let bytes = codec::encode(&record)?;
//! assert_eq!(codec::decode(&bytes, codec::Limits::default())?, record);
//! # Ok::<(), codec::CodecError>(())
//! ```

pub mod codec;
pub mod envelope;
mod head;
mod hook;
mod memory;
mod record;
mod sealed;
mod status;
mod store;

pub use head::Head;
pub use hook::{DeletePolicy, Hook, HookEvent, HookExecution, HookPhase, OutputLogPolicy};
pub use memory::MemoryStore;
pub use record::{ApplyMethod, Info, Record};
pub use sealed::{Seal, SealError, SealedStore};
pub use status::Status;
pub use store::{Filter, Standing, Store, StoreError, Stored, Summary, Version, record_key};
