//! The built program: how long until it is ready, and what it holds when idle.

use std::time::Duration;

use portolan_schema::Result;
use portolan_store::Config;

use crate::process;
use crate::served::Served;
use crate::table::{median, row};

const ROUNDS: usize = 7;

/// On a database; `what` says which.
pub async fn starts(config: &Config, engine: &str, what: &str, arguments: &[&str]) -> Result<()> {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let served = Served::start(config, arguments).await?;
        starts.push(served.ready);
        tokio::time::sleep(Duration::from_millis(300)).await;
        memory.push(process::resident(served.id())?);
        served.stop().await?;
    }
    memory.sort_unstable();
    let ready = median(starts).as_secs_f64() * 1e3;
    row(&format!("start to ready, {what}, ms"), engine, &format!("{ready:.0}"), "", "")?;
    row(&format!("resident, idle, {what}, MiB"), engine, &memory[memory.len() / 2].to_string(), "", "")
}

/// With the demo tenant.
pub async fn measure() -> Result<()> {
    let directory = tempfile::tempdir().map_err(portolan_schema::Error::internal)?;
    let config = Config::Sqlite { directory: directory.path().to_owned() };
    Served::start(&config, &["--demo"]).await?.stop().await?;
    starts(&config, "SQLite", "demo tenant", &["--demo"]).await
}
