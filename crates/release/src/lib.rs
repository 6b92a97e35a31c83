//! What was deployed: the release record, its codec and the trait of its stores.
//!
//! A [`Record`] is Helm's release object (`pkg/release/v1` of Helm 4.3.1): what Helm 3 and Helm 4 wrote is read, what
//! this crate writes they read and continue. [`codec`] turns it into the bytes that stand in a Secret, and a
//! [`Store`] keeps records: [`MemoryStore`] here, the ones in a cluster in `pintle-cluster`.
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
mod hook;
mod memory;
mod record;
mod status;
mod store;

pub use hook::{DeletePolicy, Hook, HookEvent, HookExecution, HookPhase, OutputLogPolicy};
pub use memory::MemoryStore;
pub use record::{ApplyMethod, Info, Record};
pub use status::Status;
pub use store::{Filter, Store, StoreError, Stored, Summary, Version, record_key};
