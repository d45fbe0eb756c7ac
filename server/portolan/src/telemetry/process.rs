//! The measures of the process itself that every Prometheus client has, from Linux' `/proc`. Where there is none they
//! are left out.

use std::fmt::Write;
use std::fs;
use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

/// Ticks of a second in `/proc/self/stat`: the kernel's interface has had 100 on every architecture that Rust's
/// standard library runs on.
const TICKS: f64 = 100.0;

/// Seconds since 1970. Not from `/proc`, where a sandbox may hide the time of the boot that it needs.
static STARTED: LazyLock<Option<f64>> =
    LazyLock::new(|| UNIX_EPOCH.elapsed().ok().map(|passed| passed.as_secs_f64()));

/// Tells when the process began.
pub fn begin() {
    LazyLock::force(&STARTED);
}

pub fn render(text: &mut String) {
    let stat = fs::read_to_string("/proc/self/stat").ok();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = |key: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let ticks = |field: usize| stat.as_deref().and_then(|stat| stat_field(stat, field));
    let measures = [
        (
            "process_cpu_seconds_total",
            "counter",
            "Time of the processor that the process has used.",
            ticks(14).zip(ticks(15)).map(|(user, system)| (user + system) / TICKS),
        ),
        (
            "process_resident_memory_bytes",
            "gauge",
            "Memory of the process that is in use, without its jq workers.",
            kibibytes("VmRSS:").map(|kibibytes| kibibytes * 1_024.0),
        ),
        (
            "process_open_fds",
            "gauge",
            "Open file descriptors.",
            fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64),
        ),
        (
            "process_start_time_seconds",
            "gauge",
            "When the process was started, in seconds since 1970.",
            *STARTED,
        ),
    ];
    for (name, kind, help, value) in measures {
        if let Some(value) = value {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n");
        }
    }
}

/// A field of `/proc/self/stat` by its number in proc(5). The second, the program's name, may hold spaces.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_behind_any_name() {
        assert_eq!(stat_field("7 (a) b c) S 1 2 3", 4), Some(1.0));
        assert_eq!(stat_field("7 (a) S", 14), None);
    }

    #[test]
    fn this_process_has_measures() {
        let mut text = String::new();
        render(&mut text);
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_start_time_seconds",
        ] {
            assert!(text.contains(&format!("\n{name} ")), "{text}");
        }
    }
}
