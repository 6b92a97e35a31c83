//! Where charts come from: repositories over HTTP, with their indexes, archives and credentials.
//!
//! A [`Repository`] is one chart repository over HTTP: it reads the index (conditionally, so that an unchanged index
//! costs one small answer), chooses a version by Helm's rules, downloads the archive and checks its digest.
//! Everything foreign has a limit ([`Limits`]), credentials never go to another origin unless
//! [`RepositoryBuilder::pass_credentials`] says so, and nothing is read from the environment but what the caller
//! hands in.
//!
//! ```no_run
//! # async fn example() -> Result<(), pintle_registry::RegistryError> {
//! use pintle_registry::{Http, Repository};
//!
//! let repository = Repository::builder("https://charts.example.com")?.build(&Http::new()?);
//! let found = repository.resolve("web", ">=1.2, <2").await?;
//! let archive = repository.download(&found).await?;
//! println!("{} {}: {} bytes", found.name, found.version, archive.len());
//! # Ok(())
//! # }
//! ```

mod address;
mod credentials;
mod download;
mod error;
mod http;
mod index;
mod limits;
mod repository;
mod tls;

pub use bytes::Bytes;
pub use credentials::Credentials;
pub use download::Download;
pub use error::{Class, RegistryError};
pub use http::Http;
pub use index::{Index, IndexEntry};
pub use limits::Limits;
pub use repository::{Fetched, Found, Repository, RepositoryBuilder};
pub use tls::Tls;
