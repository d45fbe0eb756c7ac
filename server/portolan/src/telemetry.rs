//! What operators see of a running server: its log, and `/metrics` in Prometheus' text format.

mod measures;
mod process;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use clap::{Args, ValueEnum};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use portolan_schema::{Error, Result};
use tracing_subscriber::EnvFilter;

use self::measures::{MEASURES, Measure};

/// How often samples are folded into buckets, so that they take no room while nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Args)]
pub struct TelemetryOptions {
    /// What is logged, to standard error: a level, or a list of `module=level`.
    #[arg(long, env = "PORTOLAN_LOG", default_value = "info,sea_orm_migration=warn,sqlx=warn")]
    pub log: String,
    /// How a line of the log is written.
    #[arg(long, env = "PORTOLAN_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Where `/metrics` is: `on` (beside everything else), `off`, or an address of its own such as `127.0.0.1:9090`.
    #[arg(long, env = "PORTOLAN_METRICS", default_value = "on")]
    pub metrics: MetricsPlace,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsPlace {
    On,
    Off,
    Own(SocketAddr),
}

impl FromStr for MetricsPlace {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "on" | "true" => Ok(Self::On),
            "off" | "false" => Ok(Self::Off),
            _ => text.parse().map(Self::Own).map_err(|_| {
                format!("\"{text}\" is neither on nor off nor an address such as 127.0.0.1:9090")
            }),
        }
    }
}

/// Begins to log and to measure. Once a process.
///
/// # Errors
/// Where the filter of the log cannot be read.
pub fn begin(options: &TelemetryOptions) -> Result<Metrics> {
    process::begin();
    log(options)?;
    let handle = record()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(Metrics { handle, place: options.metrics })
}

fn log(options: &TelemetryOptions) -> Result<()> {
    let filter = EnvFilter::try_new(&options.log).map_err(|error| {
        Error::unavailable(format!("PORTOLAN_LOG: \"{}\" is not a filter: {error}", options.log))
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match options.log_format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    begun.map_err(Error::internal)
}

fn record() -> Result<PrometheusHandle> {
    let mut builder = PrometheusBuilder::new();
    for measure in MEASURES {
        if let Measure::Histogram { name, buckets, .. } = measure {
            let matcher = Matcher::Full((*name).to_owned());
            builder = builder.set_buckets_for_metric(matcher, buckets).map_err(Error::internal)?;
        }
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| Error::internal(error.to_string()))?;
    measures::describe();
    Ok(handle)
}

/// The measures of this process.
pub struct Metrics {
    handle: PrometheusHandle,
    place: MetricsPlace,
}

impl Metrics {
    /// Adds `/metrics` to the server's routes, or serves it at its own address, or neither.
    ///
    /// # Errors
    /// Where its own address cannot be listened on.
    pub async fn serve(self, router: Router) -> Result<Router> {
        let page = Router::new().route("/metrics", get(answer).with_state(self.handle));
        let address = match self.place {
            MetricsPlace::On => return Ok(router.merge(page)),
            MetricsPlace::Off => return Ok(router),
            MetricsPlace::Own(address) => address,
        };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
            Error::unavailable(format!("PORTOLAN_METRICS: cannot listen on {address}: {error}"))
        })?;
        let address = listener.local_addr().map_err(Error::internal)?;
        tracing::info!("metrics are on http://{address}/metrics");
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, page).await {
                tracing::error!(error = ?error, "metrics are not served any more");
            }
        });
        Ok(router)
    }
}

async fn answer(State(handle): State<PrometheusHandle>) -> impl IntoResponse {
    let mut text = handle.render();
    process::render(&mut text);
    ([(CONTENT_TYPE, TEXT_FORMAT)], text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_on_off_or_an_address() {
        assert_eq!("on".parse(), Ok(MetricsPlace::On));
        assert_eq!("false".parse(), Ok(MetricsPlace::Off));
        assert_eq!("[::1]:9".parse(), Ok(MetricsPlace::Own(([0, 0, 0, 0, 0, 0, 0, 1], 9).into())));
        assert!("yes".parse::<MetricsPlace>().is_err());
    }
}
