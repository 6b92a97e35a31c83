//! Keeps Flux's `HelmRelease` objects installed in the clusters that they name, and their objects as declared.
//!
//! This is the library behind the program `pintle-controller`; it is linked against the engine like any other
//! controller would be. Each module does one part of a reconciliation and can be used by itself:
//!
//! | module | part |
//! |---|---|
//! | [`api`] | the custom resources and their definitions |
//! | [`conditions`], [`status`], [`events`], [`finalizer`] | what is said about an object, and written to it |
//! | [`kubeconfig`], [`tenant`] | from a Secret to a client for the cluster that it describes |
//! | [`values`], [`naming`], [`unsupported`] | from a `HelmRelease` to what the engine is told |
//! | [`sources`], [`syntax`] | repositories and charts, fetched once for all; values as Helm reads them |
//! | [`queue`], [`key`], [`references`] | which release is worked on when, and that no cluster holds up another |
//! | [`mod@run`], [`flags`], [`metrics`], [`serve`] | the program around it |

pub mod api;
pub mod conditions;
mod context;
pub mod duration;
pub mod events;
pub mod finalizer;
pub mod flags;
pub mod key;
pub mod kubeconfig;
pub mod metrics;
pub mod naming;
pub mod queue;
pub mod references;
mod release;
mod repository;
pub mod run;
pub mod serve;
pub mod sources;
pub mod status;
pub mod syntax;
pub mod tenant;
pub mod unsupported;
pub mod values;
mod watches;
