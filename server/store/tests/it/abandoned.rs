//! Whoever goes away in the middle leaves nothing behind: no connection of the pool stays inside a transaction.
//!
//! On PostgreSQL only; SQLite has one writer, which rolls back what it lent.

use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;

use portolan_store::testing::{Engine, TestDatabase};
use portolan_store::{Config, Store, TenantId};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{ConnectOptions, Connection, Executor, Row};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

const TENANT: TenantId = TenantId(1);

/// A way to a server that can hold its answers back.
struct Relay {
    port: u16,
    open: watch::Sender<bool>,
    /// Told whenever something was asked while answers are held back.
    asked: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Relay {
    async fn to(host: String, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near_port = listener.local_addr().unwrap().port();
        let (open, is_open) = watch::channel(true);
        let asked = Arc::new(Notify::new());
        let told = asked.clone();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect((host.as_str(), port)).await.unwrap();
                tokio::spawn(pass(near, far, is_open.clone(), told.clone()));
            }
        });
        Self { port: near_port, open, asked, task }
    }

    /// Polls a future until its question is on the way, then gives it up; the answer comes afterwards.
    async fn abandon(&self, question: impl Future) {
        self.open.send_replace(false);
        {
            let mut question = pin!(question);
            tokio::select! {
                _ = &mut question => panic!("it was answered while answers are held back"),
                () = self.asked.notified() => {}
            }
        }
        self.open.send_replace(true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(near: TcpStream, far: TcpStream, mut open: watch::Receiver<bool>, asked: Arc<Notify>) {
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    let is_open = open.clone();
    let questions = async {
        let mut buffer = [0; 8_192];
        while let Ok(count @ 1..) = near_read.read(&mut buffer).await {
            if far_write.write_all(&buffer[..count]).await.is_err() {
                return;
            }
            if !*is_open.borrow() {
                asked.notify_one();
            }
        }
    };
    let answers = async {
        let mut buffer = [0; 8_192];
        while let Ok(count @ 1..) = far_read.read(&mut buffer).await {
            if open.wait_for(|open| *open).await.is_err()
                || near_write.write_all(&buffer[..count]).await.is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        () = questions => {}
        () = answers => {}
    }
}

/// A store with one connection, by way of a relay, and a connection of the test's own.
struct Fixture {
    database: TestDatabase,
    relay: Relay,
    store: Store,
    beside: PgConnection,
}

impl Fixture {
    async fn new() -> Self {
        let database = TestDatabase::new(Engine::Postgres).await;
        let Config::Postgres { url, .. } = &database.config else { panic!("it is no URL") };
        let options = PgConnectOptions::from_str(url).unwrap();
        let relay = Relay::to(options.get_host().to_owned(), options.get_port()).await;
        let through = options.clone().host("127.0.0.1").port(relay.port).to_url_lossy().to_string();
        let store = Store::open(&Config::Postgres { url: through, max_connections: 1 }).await.unwrap();
        let scope = store.write(TENANT).await.unwrap();
        scope.create_head().await.unwrap();
        scope.commit().await.unwrap();
        // The fixture's own connections of the same program would be counted with the relay's.
        database.store.close().await;
        Self { relay, store, beside: options.connect().await.unwrap(), database }
    }

    /// What the server's connections of the pool are in the middle of.
    async fn open_transactions(&mut self) -> Vec<String> {
        // There is one connection: whoever gets an answer had it after everybody before.
        self.store.ping().await.unwrap();
        let sql = "SELECT state || ': ' || query FROM pg_stat_activity WHERE datname = current_database() AND
                     application_name = 'portolan' AND state LIKE 'idle in transaction%'";
        self.beside.fetch_all(sql).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// Everything works as if nothing had been.
    async fn check(&mut self, after: &str) {
        assert_eq!(self.open_transactions().await, Vec::<String>::new(), "{after}");
        let head = self.store.read(TENANT).await.unwrap().head().await.unwrap();
        let scope = self.store.write(TENANT).await.unwrap();
        assert!(scope.take_seq(head, 1).await.unwrap().is_some(), "{after}");
        scope.commit().await.unwrap();
        let now = self.store.read(TENANT).await.unwrap().head().await.unwrap();
        assert_eq!(now.seq, head.seq + 1, "{after}");
    }

    async fn remove(self) {
        self.store.close().await;
        self.beside.close().await.unwrap();
        self.database.remove().await;
    }
}

#[tokio::test]
async fn who_gives_up_leaves_no_transaction_in_the_pool() {
    let mut fixture = Fixture::new().await;
    let Fixture { relay, store, .. } = &fixture;
    relay.abandon(store.read(TENANT)).await;
    fixture.check("a reader that gave up while it began").await;
    let Fixture { relay, store, .. } = &fixture;
    relay.abandon(store.write(TENANT)).await;
    fixture.check("a writer that gave up while it began").await;
    let Fixture { relay, store, .. } = &fixture;
    relay.abandon(store.ping()).await;
    fixture.check("a question without a transaction that was given up").await;
    let Fixture { relay, store, .. } = &fixture;
    let scope = store.write(TENANT).await.unwrap();
    relay.abandon(async move { scope.lock_head().await }).await;
    fixture.check("a statement that was given up").await;
    let Fixture { relay, store, .. } = &fixture;
    let scope = store.write(TENANT).await.unwrap();
    scope.lock_head().await.unwrap();
    relay.abandon(scope.commit()).await;
    fixture.check("a commit that was given up").await;
    fixture.remove().await;
}

#[tokio::test]
async fn a_statement_that_fails_leaves_no_transaction_in_the_pool() {
    let mut fixture = Fixture::new().await;
    // A statement that waits for a lock is cancelled, as one is that runs too long.
    fixture.beside.execute("BEGIN").await.unwrap();
    fixture.beside.execute("UPDATE tenant_heads SET seq = seq").await.unwrap();
    let scope = fixture.store.write(TENANT).await.unwrap();
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND
                    application_name = 'portolan' AND wait_event_type = 'Lock'";
    let (failed, ()) = tokio::join!(scope.lock_head(), async {
        while fixture.beside.fetch_optional(cancel).await.unwrap().is_none() {}
    });
    assert!(failed.is_err());
    // Inside of the transaction nothing goes on; the next one knows nothing of it.
    assert!(scope.head().await.is_err());
    drop(scope);
    fixture.beside.execute("ROLLBACK").await.unwrap();
    fixture.check("a statement that was cancelled").await;
    // A connection that was ended is left for another one.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND
                 application_name = 'portolan'";
    fixture.beside.execute(end).await.unwrap();
    drop(fixture.store.read(TENANT).await.unwrap());
    fixture.check("a connection that was ended").await;
    fixture.remove().await;
}
