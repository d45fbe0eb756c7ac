//! What a process has used, as Linux tells it.

use std::time::Duration;

use portolan_schema::{Error, Result};

/// Processor time of a process (0: this one), user and system: of all threads that it has now.
pub fn cpu(id: u32) -> Result<Duration> {
    let name = if id == 0 { "self".to_owned() } else { id.to_string() };
    let mut spent = Duration::ZERO;
    for thread in std::fs::read_dir(format!("/proc/{name}/task")).map_err(Error::internal)? {
        let path = thread.map_err(Error::internal)?.path().join("schedstat");
        // A thread may end meanwhile.
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let nanoseconds = text.split_whitespace().next().and_then(|field| field.parse().ok());
        spent +=
            Duration::from_nanos(nanoseconds.ok_or_else(|| Error::internal("no processor time is told"))?);
    }
    Ok(spent)
}

/// Resident memory in MiB.
pub fn resident(id: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).map_err(Error::internal)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib =
        line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    kib.map(|kib| kib / 1_024).ok_or_else(|| Error::internal("no memory is told"))
}
