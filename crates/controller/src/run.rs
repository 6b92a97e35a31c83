//! The controller itself: its watches, its queue, and its end.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::runtime::reflector::store;
use pintle::Engine;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::api::{HelmRelease, HelmRepository};
use crate::context::{Context, CrossNamespace, Settings, Tenant};
use crate::events::Events;
use crate::flags::{Address, RunFlags};
use crate::key::Key;
use crate::metrics::Metrics;
use crate::queue::{Queue, QueueOptions};
use crate::references::References;
use crate::serve::{Endpoint, Readiness, Server};
use crate::sources::Sources;
use crate::tenant::{ConnectOptions, TenantCache, user_agent};
use crate::watches::{self, Scope};
use crate::{release, repository};

/// Why the controller could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no way to the management cluster.
    #[error("the management cluster cannot be reached: {0}")]
    Kubeconfig(String),
    /// The client for the management cluster could not be made.
    #[error("the management cluster cannot be reached: {0}")]
    Client(#[from] kube::Error),
    /// The client for chart repositories could not be made.
    #[error(transparent)]
    Http(#[from] pintle::Error),
    /// An endpoint's address cannot be served on.
    #[error("{flag}: {address} cannot be served on: {source}")]
    Address {
        /// The flag that sets it.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A controller that has its addresses, and is to be run.
pub struct Controller {
    client: Client,
    engine: Engine,
    http: pintle::registry::Http,
    flags: RunFlags,
    metrics: Arc<Metrics>,
    readiness: Readiness,
    servers: Vec<Server>,
    metrics_address: Option<SocketAddr>,
    health_address: Option<SocketAddr>,
}

impl Controller {
    /// Makes the client of the management cluster and takes the endpoints' addresses. Nothing is asked for yet.
    ///
    /// kube needs rustls' crypto provider to be installed for the process; this installs ring's where there is none.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(flags: RunFlags) -> Result<Self, StartError> {
        // Somebody else's is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = config(&flags).await?;
        config.headers.push((http::header::USER_AGENT, user_agent()));
        let client = Client::try_from(config)?;
        let metrics = Arc::new(Metrics::default());
        let mut engine = Engine::builder().render_limits(flags.render_limits()).meter(metrics.clone());
        if let Some(holder) = &flags.holder {
            engine = engine.holder(holder.as_str());
        }
        let engine = engine.build();
        let http = engine.http()?;
        let readiness = Readiness::default();
        let mut servers = Vec::new();
        let mut addresses = [None, None];
        let endpoints = [
            ("--metrics-addr", flags.metrics_addr, Endpoint::Metrics(Arc::clone(&metrics))),
            ("--health-addr", flags.health_addr, Endpoint::Health(readiness.clone())),
        ];
        for ((flag, address, endpoint), taken) in endpoints.into_iter().zip(&mut addresses) {
            let Address::On(address) = address else { continue };
            let failed = |source| StartError::Address { flag, address, source };
            let server = Server::bind(address, endpoint).await.map_err(failed)?;
            *taken = Some(server.address().map_err(failed)?);
            servers.push(server);
        }
        let [metrics_address, health_address] = addresses;
        Ok(Self { client, engine, http, flags, metrics, readiness, servers, metrics_address, health_address })
    }

    /// Where `/metrics` is served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Where `/healthz` and `/readyz` are served.
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.health_address
    }

    /// Works until `stop` is cancelled, and then until the runs that are going on have written their final records.
    pub async fn run(self, stop: CancellationToken) {
        let (releases, releases_writer) = store::<HelmRelease>();
        let (repositories, repositories_writer) = store::<HelmRepository>();
        let queue_options =
            QueueOptions { per_lane: usize::from(self.flags.concurrent), ..QueueOptions::default() };
        let (queue, trigger) = Queue::new(queue_options);
        let flags = &self.flags;
        let connect = ConnectOptions {
            connect_timeout: flags.tenant_connect_timeout,
            response_timeout: flags.tenant_timeout,
            ..ConnectOptions::default()
        };
        let scope = Scope {
            namespace: flags.namespace.clone(),
            selector: flags.watch_label_selector.clone().filter(|selector| !selector.is_empty()),
        };
        let settings = Settings {
            retry_interval: flags.retry_interval,
            tenant_timeout: flags.tenant_timeout,
            cross_namespace: if flags.no_cross_namespace_refs {
                CrossNamespace::Refused
            } else {
                CrossNamespace::Allowed
            },
            scale_managers: flags.scale_managers.clone(),
        };
        let management = Tenant::new(
            &self.engine,
            self.client.clone(),
            ("management", settings.tenant_timeout),
            &self.metrics,
        );
        let context = Arc::new(Context {
            events: Events::new(self.client.clone(), std::env::var("POD_NAME").ok()),
            client: self.client,
            engine: self.engine,
            sources: Sources::new(self.http, flags.source_limits()),
            tenants: TenantCache::new(connect),
            management: Arc::new(management),
            releases,
            repositories,
            selected: scope.selector.is_some().then(|| Mutex::new(HashSet::new())),
            references: References::default(),
            trigger,
            metrics: self.metrics,
            settings,
            stop: stop.clone(),
            memories: Mutex::new(HashMap::new()),
            readings: Mutex::new(HashMap::new()),
        });

        let mut tasks = tokio::task::JoinSet::new();
        for server in self.servers {
            tasks.spawn(server.run(stop.clone()));
        }
        let (releases_read, have_releases) = watch::channel(false);
        let (repositories_read, have_repositories) = watch::channel(false);
        // Repositories first: a release that finds its own unread has to come back.
        tasks.spawn(watches::repositories(
            Arc::clone(&context),
            scope.clone(),
            repositories_writer,
            repositories_read,
        ));
        tasks.spawn(watches::selected_repositories(Arc::clone(&context), scope.clone()));
        tasks.spawn(watches::releases(Arc::clone(&context), scope.clone(), releases_writer, releases_read));
        tasks.spawn(watches::secrets(Arc::clone(&context), scope.clone()));
        tasks.spawn(watches::config_maps(Arc::clone(&context), scope));

        let readiness = self.readiness;
        let ready = have_all([have_repositories, have_releases]);
        let work = async {
            tokio::select! {
                () = stop.cancelled() => return,
                read = ready => if !read { return },
            }
            readiness.set_ready();
            tracing::info!("all declarations have been read");
            let context = Arc::clone(&context);
            queue
                .run(
                    move |key| {
                        let context = Arc::clone(&context);
                        async move {
                            match key {
                                Key::Repository(name) => repository::reconcile(context, name).await,
                                Key::Release(name) => Box::pin(release::reconcile(context, name)).await,
                            }
                        }
                    },
                    stop.clone(),
                )
                .await;
        };
        work.await;
        tasks.shutdown().await;
        tracing::info!("stopped");
    }
}

/// Waits until everything has been read once; false when a watch has ended before that.
async fn have_all(watches: [watch::Receiver<bool>; 2]) -> bool {
    for mut watch in watches {
        if watch.wait_for(|read| *read).await.is_err() {
            return false;
        }
    }
    true
}

async fn config(flags: &RunFlags) -> Result<Config, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Kubeconfig(error.to_string());
    let Some(file) = &flags.kubeconfig else {
        return Config::incluster()
            .map_err(|error| failed(&format!("{error}; outside of a cluster, give --kubeconfig FILE")));
    };
    let kubeconfig = Kubeconfig::read_from(file).map_err(|error| failed(&error))?;
    let options = KubeConfigOptions { context: flags.context.clone(), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| failed(&error))
}
