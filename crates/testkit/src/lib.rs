//! For tests: real control planes, a chart server and the Helm oracle.
//!
//! Nothing here imitates a cluster. A [`Bed`] is etcd, kube-apiserver and, where asked for, the
//! controller-manager, the scheduler and kwok, built from their Go modules or taken from the machine; what a
//! test sees of apply, merge and field ownership is the server's own word. [`Helm`] is the real Helm, and says
//! what compatible means. [`ChartServer`] is a chart repository on loopback.
//!
//! ```no_run
//! use pintle_testkit::{Bed, ChartServer, Helm};
//!
//! # fn main() -> Result<(), pintle_testkit::Error> {
//! // One bed for all tests; booted here when `cargo xtask test` has not handed one on.
//! let bed = Bed::shared()?;
//! let tenant = bed.tenant("tenant1")?;
//! let namespace = tenant.namespace("install")?;
//!
//! let server = ChartServer::start()?;
//! server.add_files("web", &[("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")])?;
//!
//! let helm = Helm::v4()?.on(&tenant);
//! helm.run(["install", "web", "web", "--repo", &server.url(), "-n", &namespace])?.success()?;
//! assert_eq!(server.count("/index.yaml"), 1);
//! assert!(tenant.kubectl(["get", "secrets", "-n", &namespace])?.success()?.contains("sh.helm.release.v1.web.v1"));
//! # Ok(())
//! # }
//! ```
//!
//! # What it needs
//!
//! Programs are looked for in the folder that `KUBEBUILDER_ASSETS` names, then on `PATH` (Helm only when it is
//! exactly the version asked for), and else built with `go` into `$PINTLE_CACHE` (the user's cache folder
//! otherwise). Only what a test asks for is built: a test of rendering that asks Helm builds no API server.
//! `docs/testing.md` of the repository says more.

mod api;
mod archive;
mod audit;
mod bed;
mod cache;
mod chart_server;
mod cluster;
mod digest;
mod error;
mod fault_proxy;
pub mod fixtures;
mod helm;
mod kamaji;
mod kubeconfig;
mod launch;
mod namespace;
mod output;
mod parts;
mod pki;
mod ports;
mod process;
mod programs;
mod tenant;
mod toolchain;

pub use api::Api;
pub use archive::files_of;
pub use audit::{AuditEvent, AuditEvents, AuditLog, Mark};
pub use bed::{BED_VARIABLE, Bed, BedBuilder};
pub use chart_server::{ChartServer, ChartServerBuilder, Entry, Fault, Request};
pub use cluster::{Cluster, Machinery};
pub use error::Error;
pub use fault_proxy::{FaultProxy, Mishap};
pub use helm::Helm;
pub use namespace::Namespace;
pub use output::Output;
pub use parts::HELM_LDFLAGS;
pub use programs::{helm_render, program};
pub use tenant::{Tenant, TenantOptions};

/// The page on testing, so that its example is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
struct TestingPage;
