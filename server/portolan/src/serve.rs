//! `portolan serve`.

use std::net::SocketAddr;
use std::time::Duration;

use portolan_api::{App, router};
use portolan_catalog::Catalog;
use portolan_foundation::files::FileRoots;
use portolan_foundation::jq::{JqConfig, JqPool};
use portolan_foundation::outbound::{Outbound, OutboundPolicy};
use portolan_identity::Identity;
use portolan_integrations::{Descriptor, Integrations, Reach};
use portolan_portal::{Portal, Source, Supplies};
use portolan_schema::{Error, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::{ServeOptions, say};
use crate::{demo, portal, telemetry};

/// How long open requests may go on after a signal to stop.
const DRAIN: Duration = Duration::from_secs(9);
/// Time between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(600);
/// How long runs may take to come to a place where they can be left, once requests are done.
const RUNS_DRAIN: Duration = Duration::from_millis(900);
const JQ_WORKERS: usize = 2;
/// Longest time for one batch of at most 100 items.
const JQ_DEADLINE: Duration = Duration::from_secs(5);

pub async fn run(options: ServeOptions) -> Result<()> {
    let metrics = telemetry::begin(&options.telemetry)?;
    let (store, sealer) = options.data.open().await?;
    let settings = options.access.settings(&format!("http://{}", options.listen))?;
    let proxies = options.access.proxies()?;
    let jq = jq_workers()?;
    let catalog = Catalog::new(store.clone(), Some(jq.clone()));
    let identity = Identity::open_with(store.clone(), catalog.clone(), &sealer, settings).await?;
    identity.complete_tenants().await?;
    tokio::spawn(keep_house(identity.clone()));
    let integrations = Integrations::new(
        store.clone(),
        catalog.clone(),
        sealer,
        jq,
        Reach {
            outbound: Outbound::new(OutboundPolicy::parse(&options.outbound_allow)?)?,
            files: FileRoots::parse(&options.files_roots)?,
        },
        vec![
            Box::new(portolan_ingestor_aws::Aws::new()),
            Box::new(portolan_ingestor_github::Github::new()),
            Box::new(portolan_ingestor_kubernetes::Kubernetes::new()),
            Box::new(portolan_ingestor_http::HttpPull::new()),
            Box::new(portolan_ingestor_webhook::Webhook::new()),
            Box::new(portolan_ingestor_files::Files::new()),
        ],
    );
    // Before anything changes a model: it follows.
    let portal = Portal::new(store.clone(), catalog.clone(), supplies(&integrations)?);
    let background = [
        tokio::spawn(catalog.computing().work()),
        tokio::spawn(catalog.sweeping().work()),
        tokio::spawn(catalog.migrating().work()),
    ];
    let stop = CancellationToken::new();
    let (runs, runs_stop) = (integrations.clone(), stop.clone());
    let running = tokio::spawn(async move { runs.work(runs_stop).await });
    let signing_in = if options.demo { demo::prepare(&identity, &catalog, &portal).await? } else { None };
    let app = App::new(catalog, identity, integrations, portal).behind(proxies);
    let routes = portal::beside(metrics.serve(router(app)).await?);
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .map_err(|error| Error::unavailable(format!("cannot listen on {}: {error}", options.listen)))?;
    let address = listener.local_addr().map_err(Error::internal)?;
    say(&format!("portolan is ready on http://{address}"))?;
    if let Some(made) = signing_in {
        say(&demo::welcome(&made, &address.to_string()))?;
    }
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        wait_for_signal().await;
        tracing::info!("stopping: open requests are finished, no new ones are taken");
        stop.cancel();
        stopping.send_replace(true);
    });
    let overdue = async {
        drop(stopped.wait_for(|stopping| *stopping).await);
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = async { server.await } => result.map_err(Error::internal)?,
        () = overdue => tracing::warn!("requests were still open when the time to stop was over"),
    }
    if tokio::time::timeout(RUNS_DRAIN, running).await.is_err() {
        tracing::warn!("runs were still at work when the time to stop was over; they are taken up later");
    }
    background.iter().for_each(tokio::task::JoinHandle::abort);
    store.close().await;
    Ok(())
}

/// What tenants can begin with: what the ingestors fill, and the demo's catalog to look at.
fn supplies(integrations: &Integrations) -> Result<Supplies> {
    let source = |descriptor: &Descriptor| Source {
        ingestor: descriptor.name.to_owned(),
        title: descriptor.title.to_owned(),
        blueprints: descriptor.default_blueprints.clone(),
    };
    Ok(Supplies { sources: integrations.ingestors().map(source).collect(), sample: demo::sample()? })
}

/// Removes what is over, until the server stops.
async fn keep_house(identity: Identity) {
    loop {
        if let Err(error) = identity.keep_house().await {
            tracing::warn!(error = ?error, "housekeeping was not finished; it is tried again later");
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

/// This program again, as `portolan jq-worker`.
fn jq_workers() -> Result<JqPool> {
    let program = std::env::current_exe().map_err(Error::internal)?;
    let arguments = vec!["jq-worker".into()];
    Ok(JqPool::new(JqConfig { program, arguments, workers: JQ_WORKERS, deadline: JQ_DEADLINE }))
}

async fn wait_for_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
