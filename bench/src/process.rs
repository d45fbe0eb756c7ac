//! What a process has used, as Linux tells it.

use std::time::Duration;

use portolan_schema::{Error, Result};

/// Clock ticks a second in `/proc`: a constant of Linux's interface on every machine that Rust runs on there.
const TICKS: f64 = 100.0;

fn read(id: u32, file: &str) -> Result<String> {
    let id = if id == 0 { "self".to_owned() } else { id.to_string() };
    std::fs::read_to_string(format!("/proc/{id}/{file}")).map_err(Error::internal)
}

/// Processor time of a process (0: this one), user and system.
pub fn cpu(id: u32) -> Result<Duration> {
    let text = read(id, "stat")?;
    // The name in parentheses may hold anything; what is wanted comes after it.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok(Duration::from_secs_f64((user + system) / TICKS)),
        _ => Err(Error::internal("no processor time is told")),
    }
}

/// Resident memory in MiB.
pub fn resident(id: u32) -> Result<u64> {
    let status = read(id, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib =
        line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    kib.map(|kib| kib / 1_024).ok_or_else(|| Error::internal("no memory is told"))
}
