//! The built program serving a database, and requests to it over loopback.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portolan_identity::NewTenant;
use portolan_schema::{Error, Result};
use portolan_store::Config;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::process;
use crate::table::{median, percentile_99};

pub const PROGRAM: &str = "target/release/portolan";
/// The master key of everything that is measured.
pub const KEY: [u8; 32] = [7; 32];

/// A server that ends with this value.
pub struct Served {
    child: Child,
    /// Kept open: a program whose output nobody takes would stop.
    _output: Lines<BufReader<ChildStdout>>,
    pub url: String,
    pub ready: Duration,
    _keys: tempfile::TempDir,
    client: reqwest::Client,
    token: String,
}

/// What a number of equal requests came to.
pub struct Load {
    /// Processor time of the server, for each request.
    pub cpu: Duration,
    pub median: Duration,
    pub percentile_99: Duration,
}

impl Served {
    /// Starts a server and waits until it is ready.
    pub async fn start(config: &Config, arguments: &[&str]) -> Result<Self> {
        let keys = tempfile::tempdir().map_err(Error::internal)?;
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).env_clear();
        command.env("PORTOLAN_MASTER_KEY", KEY.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        command.env("RUST_LOG", "error");
        match config {
            Config::Sqlite { directory } => command.arg("--data-dir").arg(directory),
            Config::Postgres { url, .. } => {
                command.args(["--database", url]).arg("--data-dir").arg(keys.path())
            }
        };
        let began = Instant::now();
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().map_err(
                |error| Error::unavailable(format!("{PROGRAM} cannot be started; run `make bench`: {error}")),
            )?;
        let output = child.stdout.take().ok_or_else(|| Error::internal("no output"))?;
        let mut output = BufReader::new(output).lines();
        let ready = output.next_line().await.map_err(Error::internal)?;
        let ready = ready.ok_or_else(|| Error::internal("the server ended before it was ready"))?;
        let url = ready.rsplit(' ').next().unwrap_or_default().to_owned();
        Ok(Self {
            child,
            _output: output,
            url,
            ready: began.elapsed(),
            _keys: keys,
            client: reqwest::Client::builder().pool_max_idle_per_host(64).build().map_err(Error::internal)?,
            token: String::new(),
        })
    }

    pub async fn sign_in(&mut self, tenant: &NewTenant) -> Result<()> {
        self.token = self.token_of(tenant).await?;
        Ok(())
    }

    pub async fn token_of(&self, tenant: &NewTenant) -> Result<String> {
        let body = json!({"clientId": tenant.client_id, "clientSecret": tenant.client_secret});
        let answer = self.post("/v1/auth/access_token", "", &body).await?;
        let token = answer["accessToken"].as_str().map(str::to_owned);
        token.ok_or_else(|| Error::internal(format!("no token: {answer}")))
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(token).json(body);
        let answer = request.send().await.map_err(Error::internal)?;
        answer.json().await.map_err(Error::internal)
    }

    /// A GraphQL request; an error in the answer is an error.
    pub async fn ask(&self, token: &str, query: &str) -> Result<Value> {
        let answer = self.post("/graphql", token, &json!({"query": query})).await?;
        if answer["errors"].is_null() {
            Ok(answer)
        } else {
            Err(Error::internal(format!("{query}: {answer}")))
        }
    }

    /// A request of the platform's API; an error in the answer is an error.
    pub async fn platform(&self, query: &str, variables: &Value) -> Result<Value> {
        let body = json!({"query": query, "variables": variables});
        let answer = self.post("/api/graphql", &self.token, &body).await?;
        if answer["errors"].is_null() {
            Ok(answer["data"].clone())
        } else {
            Err(Error::internal(format!("{query}: {answer}")))
        }
    }

    pub async fn query(&self, query: &str) -> Result<Value> {
        self.ask(&self.token, query).await
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends the same query `count` times over `connections`, each one after the other.
    pub async fn load(&self, query: &str, connections: usize, count: usize) -> Result<Load> {
        self.query(query).await?;
        for _ in 0..20 {
            self.query(query).await?;
        }
        let left = Arc::new(AtomicUsize::new(count));
        let before = process::cpu(self.id())?;
        let tasks = (0..connections).map(|_| {
            let left = left.clone();
            async move {
                let mut times = Vec::new();
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    let began = Instant::now();
                    self.query(query).await?;
                    times.push(began.elapsed());
                }
                Ok::<_, Error>(times)
            }
        });
        let mut times = Vec::new();
        for found in futures::future::join_all(tasks).await {
            times.extend(found?);
        }
        let cpu = process::cpu(self.id())?.saturating_sub(before);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Load { cpu: cpu / count, median: median(times.clone()), percentile_99: percentile_99(times) })
    }

    /// Waits until the server does nothing by itself: started on a catalog that was filled without it, it first catches up
    /// with the log. A second in which it needs less than a fiftieth of a core is taken for rest; ten minutes are enough.
    pub async fn rest(&self) -> Result<()> {
        let second = Duration::from_secs(1);
        for _ in 0..600 {
            let before = process::cpu(self.id())?;
            tokio::time::sleep(second).await;
            if process::cpu(self.id())?.saturating_sub(before) < second / 50 {
                return Ok(());
            }
        }
        Err(Error::unavailable("the server does not come to rest"))
    }

    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await.map_err(Error::internal)
    }
}
