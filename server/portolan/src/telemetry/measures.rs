//! Every measure: its name, its meaning, and a histogram's buckets. A test compares this with what is served and with
//! `docs/running.md`.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

pub enum Measure {
    Counter { name: &'static str, help: &'static str, has_labels: bool },
    Gauge { name: &'static str, help: &'static str },
    Histogram { name: &'static str, help: &'static str, buckets: &'static [f64] },
}

/// For what a caller waits for, in seconds.
const WAITED_FOR: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// For what goes on behind, in seconds: up to some hours.
const BEHIND: &[f64] =
    &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0];

pub const MEASURES: &[Measure] = &[
    Measure::Counter {
        name: "portolan_http_requests_total",
        help: "Requests answered, by route (its template), method and status.",
        has_labels: true,
    },
    Measure::Histogram {
        name: "portolan_http_request_duration_seconds",
        help: "Time until the head of an answer was sent, by route and method.",
        buckets: WAITED_FOR,
    },
    Measure::Gauge { name: "portolan_http_requests_in_flight", help: "Requests that are being answered." },
    Measure::Counter {
        name: "portolan_graphql_operations_total",
        help: "GraphQL operations, by API (catalog, platform) and outcome (answered, refused, failed).",
        has_labels: true,
    },
    Measure::Histogram {
        name: "portolan_graphql_operation_duration_seconds",
        help: "Time that a GraphQL operation took, by API.",
        buckets: WAITED_FOR,
    },
    Measure::Counter {
        name: "portolan_entity_changes_total",
        help: "Changes of entities that were asked for in batches that were committed, by result (created, updated, \
               unchanged, deleted, refused).",
        has_labels: true,
    },
    Measure::Counter {
        name: "portolan_write_batches_total",
        help: "Batches of the write path, by outcome (committed, given_up).",
        has_labels: true,
    },
    Measure::Histogram {
        name: "portolan_write_batch_duration_seconds",
        help: "Time from the start of a batch until it was durable or given up.",
        buckets: WAITED_FOR,
    },
    Measure::Counter {
        name: "portolan_database_transactions_total",
        help: "Transactions begun, by access (read, write).",
        has_labels: true,
    },
    Measure::Counter {
        name: "portolan_database_refusals_total",
        help: "Transactions that could not be begun, by access.",
        has_labels: true,
    },
    Measure::Histogram {
        name: "portolan_database_wait_seconds",
        help: "Time until a transaction could begin: for a connection or for SQLite's one writer, by access.",
        buckets: WAITED_FOR,
    },
    Measure::Counter {
        name: "portolan_runs_total",
        help: "Ends of runs, by the integration's ingestor (`remote` where it runs elsewhere) and status (succeeded, \
               partial, failed, cancelled; blocked, which ends once more when a person has decided).",
        has_labels: true,
    },
    Measure::Counter {
        name: "portolan_deliveries_received_total",
        help: "Deliveries of sources that were signed rightly, by ingestor and outcome (kept, repeated, refused).",
        has_labels: true,
    },
    Measure::Counter {
        name: "portolan_deliveries_total",
        help: "Deliveries that were worked off, by ingestor and status (done, failed).",
        has_labels: true,
    },
    Measure::Histogram {
        name: "portolan_delivery_lag_seconds",
        help: "Age of a delivery when what it makes was stored.",
        buckets: BEHIND,
    },
    Measure::Gauge { name: "portolan_followings", help: "Sources that this server follows." },
    Measure::Counter {
        name: "portolan_followed_events_total",
        help: "Events of sources that were followed, by ingestor and status (done, failed).",
        has_labels: true,
    },
    Measure::Counter {
        name: "portolan_jq_workers_stopped_total",
        help: "Worker processes for jq that were stopped because an expression took too long or too much memory.",
        has_labels: false,
    },
    Measure::Counter {
        name: "portolan_computed_passes_total",
        help: "Passes over a tenant's computed values, by outcome (up_to_date, more, failed).",
        has_labels: true,
    },
    Measure::Histogram {
        name: "portolan_computed_pass_duration_seconds",
        help: "Time that a pass over computed values took.",
        buckets: BEHIND,
    },
    Measure::Histogram {
        name: "portolan_computed_lag_seconds",
        help: "Age of the oldest change that a pass took up, when the values that follow from it were stored.",
        buckets: BEHIND,
    },
    Measure::Gauge { name: "portolan_build_info", help: "1, with the version as a label." },
];

/// Tells the recorder what there is. Counters without labels begin at 0.
pub fn describe() {
    for measure in MEASURES {
        match measure {
            Measure::Counter { name, help, has_labels } => {
                describe_counter!(*name, Unit::Count, *help);
                if !has_labels {
                    metrics::counter!(*name).increment(0);
                }
            }
            Measure::Gauge { name, help } => describe_gauge!(*name, Unit::Count, *help),
            Measure::Histogram { name, help, .. } => describe_histogram!(*name, Unit::Seconds, *help),
        }
    }
    metrics::gauge!("portolan_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_measures_are_all_measures() {
        let mut table = "| measure | kind | |\n|---|---|---|\n".to_owned();
        for measure in MEASURES {
            let (name, kind, help) = match measure {
                Measure::Counter { name, help, .. } => (name, "counter", help),
                Measure::Gauge { name, help } => (name, "gauge", help),
                Measure::Histogram { name, help, .. } => (name, "histogram", help),
            };
            table.push_str(&format!("| `{name}` | {kind} | {help} |\n"));
        }
        let page = include_str!("../../../../docs/running.md");
        assert!(page.contains(&table), "docs/running.md is stale; its measures should be:\n{table}");
    }
}
