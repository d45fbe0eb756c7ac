//! The built program: how long until it is ready, and what it holds when idle.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use portolan_schema::{Error, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::{median, say};

const PROGRAM: &str = "target/release/portolan";
const ROUNDS: usize = 7;

pub async fn measure() -> Result<()> {
    if !Path::new(PROGRAM).exists() {
        return Err(Error::unavailable(format!("{PROGRAM} is missing; run `make bench`")));
    }
    let directory = tempfile::tempdir().map_err(Error::internal)?;
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let began = Instant::now();
        let mut server = Command::new(PROGRAM)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::internal)?;
        let output = server.stdout.take().ok_or_else(|| Error::internal("no output"))?;
        BufReader::new(output).lines().next_line().await.map_err(Error::internal)?;
        let ready = began.elapsed();
        tokio::time::sleep(Duration::from_millis(300)).await;
        // The first round makes the demo tenant.
        if round > 0 {
            starts.push(ready);
            memory.push(resident(server.id().unwrap_or(0))?);
        }
        server.kill().await.map_err(Error::internal)?;
    }
    memory.sort_unstable();
    let ready = median(starts).as_secs_f64() * 1e3;
    say(&format!("| start to ready, ms | Sqlite | {ready:.0} | | |"))?;
    say(&format!(
        "| resident memory, idle, demo tenant, MiB | Sqlite | {} | | |",
        memory[memory.len() / 2] / 1_024
    ))
}

/// In KiB, as Linux tells it.
fn resident(id: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).map_err(Error::internal)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse().ok());
    number.ok_or_else(|| Error::internal("no memory is told"))
}
