//! Clients for the clusters that releases are installed into, shared by all releases of a cluster.

mod cache;
mod connect;

pub use cache::{SecretLocation, TenantCache};
pub(crate) use connect::user_agent;
pub use connect::{ConnectError, ConnectOptions, connect};
