//! The program: its command line, and nothing else. See `portolan --help`.

mod access;
mod apply;
mod cli;
mod client;
mod demo;
mod documents;
mod export;
mod health;
mod keys;
mod portal;
mod resync;
mod serve;
mod telemetry;
mod tenant;
mod user;

use std::process::ExitCode;

use clap::Parser;
use portolan_schema::Error;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Command::JqWorker = cli.command {
        return portolan_foundation::jq::worker_main();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Error::internal(error)),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve(options) => serve::run(*options).await,
            Command::Tenant(command) => tenant::run(command).await,
            Command::User(command) => user::run(command).await,
            Command::Keys(command) => keys::run(command).await,
            Command::Apply(options) => apply::run(options).await,
            Command::Export(options) => export::run(options).await,
            Command::Health(options) => health::run(options).await,
            Command::Resync(options) => resync::run(options).await,
            Command::JqWorker => Ok(()),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// The operator reads this, so it shows a fault's detail too.
fn fail(error: &Error) -> ExitCode {
    cli::complain(&format!("portolan: {error:?}"));
    ExitCode::FAILURE
}
