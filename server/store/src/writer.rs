//! SQLite's one writer: hands out savepoints of a shared transaction, so that waiting writers share one durable commit.
//!
//! Writers are served one after the other. A slice of work is committed when nobody waits or after [`SLICE`]; only then
//! do those who committed their savepoint in it hear of it. A lease that is dropped is rolled back to its savepoint.

use std::time::{Duration, Instant};

use portolan_schema::{Error, Result};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

use crate::fault::{fault, shared_fault};

/// Longest time that finished writers wait for others to join their commit.
const SLICE: Duration = Duration::from_millis(50);

/// The queue to the writer. Cheap to clone; the writer ends when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::UnboundedSender<oneshot::Sender<Result<Lease>>>);

/// A savepoint, for one writer.
pub(crate) struct Lease {
    transaction: Option<DatabaseTransaction>,
    finish: Option<oneshot::Sender<Finish>>,
}

enum Finish {
    Commit(DatabaseTransaction, oneshot::Sender<Result<()>>),
    RollBack(DatabaseTransaction),
}

impl Lease {
    pub(crate) fn transaction(&self) -> Option<&DatabaseTransaction> {
        self.transaction.as_ref()
    }

    /// Returns when the work is durable.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let (sender, done) = oneshot::channel();
        match (self.transaction.take(), self.finish.take()) {
            (Some(transaction), Some(finish)) => {
                finish.send(Finish::Commit(transaction, sender)).map_err(|_| gone())?;
            }
            _ => return Err(gone()),
        }
        done.await.map_err(|_| gone())?
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(transaction), Some(finish)) = (self.transaction.take(), self.finish.take()) {
            drop(finish.send(Finish::RollBack(transaction)));
        }
    }
}

fn gone() -> Error {
    Error::unavailable("the database writer has stopped")
}

impl Writer {
    /// Starts the writer on a connection pool that nobody else uses.
    pub(crate) fn start(connection: DatabaseConnection) -> Self {
        let (sender, queue) = mpsc::unbounded_channel();
        tokio::spawn(run(connection, queue));
        Self(sender)
    }

    /// Waits for its turn.
    pub(crate) async fn lease(&self) -> Result<Lease> {
        let (sender, lease) = oneshot::channel();
        self.0.send(sender).map_err(|_| gone())?;
        lease.await.map_err(|_| gone())?
    }
}

type Waiting = oneshot::Sender<Result<Lease>>;

async fn run(connection: DatabaseConnection, mut queue: mpsc::UnboundedReceiver<Waiting>) {
    while let Some(first) = queue.recv().await {
        if first.is_closed() {
            continue;
        }
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        match connection.begin_with_options(options).await {
            Ok(outer) => slice(outer, first, &mut queue).await,
            Err(error) => drop(first.send(Err(fault(error)))),
        }
    }
}

/// One durable commit: the first writer and those who come while it is at work.
async fn slice(outer: DatabaseTransaction, first: Waiting, queue: &mut mpsc::UnboundedReceiver<Waiting>) {
    let began = Instant::now();
    let mut next = Some(first);
    let mut committed: Vec<oneshot::Sender<Result<()>>> = Vec::new();
    while let Some(waiting) = next {
        if let Err(error) = serve(&outer, waiting, &mut committed).await {
            tracing::error!(error = ?error, "a slice of writes was given up");
            drop(outer.rollback().await);
            for done in committed {
                drop(done.send(Err(shared_fault(&error, "the shared commit failed"))));
            }
            return;
        }
        next = if began.elapsed() < SLICE { queue.try_recv().ok() } else { None };
    }
    let result = outer.commit().await.map_err(fault);
    if let Err(error) = &result {
        tracing::error!(error = ?error, "a commit failed");
    }
    for done in committed {
        drop(done.send(match &result {
            Ok(()) => Ok(()),
            Err(error) => Err(shared_fault(error, "the shared commit failed")),
        }));
    }
}

/// Serves one writer.
///
/// # Errors
/// Where a savepoint cannot be made or ended: the state of the whole slice is unknown then.
async fn serve(
    outer: &DatabaseTransaction,
    waiting: Waiting,
    committed: &mut Vec<oneshot::Sender<Result<()>>>,
) -> Result<()> {
    let savepoint = match outer.begin().await {
        Ok(savepoint) => savepoint,
        Err(error) => {
            drop(waiting.send(Err(Error::unavailable("no savepoint could be made"))));
            return Err(fault(error));
        }
    };
    let (finish, finished) = oneshot::channel();
    let lease = Lease { transaction: Some(savepoint), finish: Some(finish) };
    // Where nobody waits any more, the lease comes back in the error and is dropped, which rolls it back.
    drop(waiting.send(Ok(lease)));
    match finished.await {
        Ok(Finish::Commit(savepoint, done)) => match savepoint.commit().await {
            Ok(()) => {
                committed.push(done);
                Ok(())
            }
            Err(error) => {
                let error = fault(error);
                drop(done.send(Err(shared_fault(&error, "the savepoint could not be kept"))));
                Err(error)
            }
        },
        Ok(Finish::RollBack(savepoint)) => savepoint.rollback().await.map_err(fault),
        Err(_) => Err(Error::internal("a lease was lost")),
    }
}
