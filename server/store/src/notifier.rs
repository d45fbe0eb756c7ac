//! Who waits for changes hears of commits: of this server's at once, on PostgreSQL of the other servers' too.
//!
//! It is a wake-up and nothing more. What has changed is read from the log by sequence number, so a wake-up that is lost
//! (a server that stops, a listener that lags) costs time and no change; who waits looks again now and then.

use std::collections::BTreeSet;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgListener, PgPool};
use tokio::sync::{broadcast, mpsc};

use crate::TenantId;

/// Wake-ups that a slow listener may be behind; beyond, it looks at the log by itself.
const BACKLOG: usize = 256;
/// The channel of PostgreSQL's notifications. The payload is a tenant's number.
const CHANNEL: &str = "portolan_changes";
/// Commits of one tenant within this time are told to other servers once.
const GATHER: Duration = Duration::from_millis(20);
/// Between attempts to listen again after a failure.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Notifier {
    local: broadcast::Sender<TenantId>,
    /// To the other servers.
    remote: Option<mpsc::UnboundedSender<TenantId>>,
}

/// One who waits for a tenant's changes. What was committed after it was made is not missed.
pub struct Watch {
    tenant: TenantId,
    receiver: broadcast::Receiver<TenantId>,
}

impl Notifier {
    pub(crate) fn local() -> Self {
        Self { local: broadcast::Sender::new(BACKLOG), remote: None }
    }

    /// Tells the other servers on the same database, and hears them. The tasks end with the pool.
    pub(crate) fn across(pool: PgPool) -> Self {
        let local = broadcast::Sender::new(BACKLOG);
        let (sender, told) = mpsc::unbounded_channel();
        tokio::spawn(tell(pool.clone(), told));
        tokio::spawn(hear(pool, local.clone()));
        Self { local, remote: Some(sender) }
    }

    pub(crate) fn tell(&self, tenant: TenantId) {
        // Nobody may be listening.
        drop(self.local.send(tenant));
        if let Some(remote) = &self.remote {
            let _ = remote.send(tenant);
        }
    }

    pub(crate) fn watch(&self, tenant: TenantId) -> Watch {
        Watch { tenant, receiver: self.local.subscribe() }
    }
}

impl Watch {
    /// Waits for a commit of the tenant, for `longest` at most: there may have been one that nobody told of.
    pub async fn moved(&mut self, longest: Duration) {
        let heard = async {
            loop {
                match self.receiver.recv().await {
                    Ok(tenant) if tenant != self.tenant => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        drop(tokio::time::timeout(longest, heard).await);
    }
}

async fn tell(pool: PgPool, mut told: mpsc::UnboundedReceiver<TenantId>) {
    while let Some(first) = told.recv().await {
        let mut tenants = BTreeSet::from([first]);
        tokio::time::sleep(GATHER).await;
        while let Ok(more) = told.try_recv() {
            tenants.insert(more);
        }
        for tenant in tenants {
            let sql = "SELECT pg_notify($1, $2)";
            let sent =
                sea_orm::sqlx::query(sql).bind(CHANNEL).bind(tenant.0.to_string()).execute(&pool).await;
            if let Err(error) = sent {
                if pool.is_closed() {
                    return;
                }
                tracing::debug!(%error, "other servers were not told of a commit");
            }
        }
    }
}

async fn hear(pool: PgPool, local: broadcast::Sender<TenantId>) {
    while !pool.is_closed() {
        if let Err(error) = listen(&pool, &local).await
            && !pool.is_closed()
        {
            tracing::debug!(%error, "commits of other servers are not heard");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen(pool: &PgPool, local: &broadcast::Sender<TenantId>) -> Result<(), sea_orm::sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let notification = listener.recv().await?;
        if let Ok(number) = notification.payload().parse() {
            drop(local.send(TenantId(number)));
        }
    }
}
