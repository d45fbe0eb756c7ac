//! The command line (api.md 7). Every flag also as an environment variable `PORTOLAN_…`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use portolan_foundation::secrets::Sealer;
use portolan_schema::{Error, Result};
use portolan_store::{Config, Role, Store};

use crate::access::{AccessOptions, PublicUrlOptions};
use crate::health::HealthOptions;
use crate::telemetry::TelemetryOptions;

/// Where a server is found that was started without options.
pub const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// A self-hosted internal developer portal.
#[derive(Parser)]
#[command(name = "portolan", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Migrate the database, then serve.
    Serve(Box<ServeOptions>),
    /// Make, list, suspend and delete tenants; on the machine that has the database, also while a server runs.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Make one-time links for people; on the machine that has the database.
    #[command(subcommand)]
    User(UserCommand),
    /// Change the keys that tokens are signed with; on the machine that has the database.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Send blueprints, entities and integrations from YAML or JSON files to a server, in any order.
    Apply(ApplyOptions),
    /// Write a tenant's blueprints, entities and integrations to YAML files that `apply` reads.
    Export(ExportOptions),
    /// Start a run of an integration.
    Resync(ResyncOptions),
    /// Ask the server on this machine whether it is ready.
    Health(HealthOptions),
    /// Evaluate jq for a server, which starts this itself.
    #[command(hide = true)]
    JqWorker,
}

/// Where the data is.
#[derive(Args, Clone)]
pub struct DataOptions {
    /// Directory of the SQLite database and, where none is given, of the master key.
    #[arg(long, env = "PORTOLAN_DATA_DIR", default_value = "./portolan-data")]
    pub data_dir: PathBuf,
    /// `postgres://…`, instead of SQLite.
    #[arg(long, env = "PORTOLAN_DATABASE", hide_env_values = true, conflicts_with = "database_file")]
    pub database: Option<String>,
    /// A file that holds the URL of the database, so that its password stands in no environment.
    #[arg(long, env = "PORTOLAN_DATABASE_FILE")]
    pub database_file: Option<PathBuf>,
    /// Largest size of the SQLite database, in MiB: writes beyond it are refused, reads go on.
    #[arg(long, env = "PORTOLAN_MAX_DATABASE_MIB")]
    pub max_database_mib: Option<u64>,
    /// 32 bytes in hexadecimal or base64 that secrets are sealed with. Without one, a key is made in the data directory.
    #[arg(long, env = "PORTOLAN_MASTER_KEY", hide_env_values = true)]
    pub master_key: Option<String>,
    /// A file that holds the master key.
    #[arg(long, env = "PORTOLAN_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
}

impl DataOptions {
    pub async fn open(&self) -> Result<(Store, Sealer)> {
        let config = match self.url()? {
            Some(url) => Config::Postgres { url, max_connections: 20 },
            None => Config::Sqlite { directory: self.data_dir.clone() },
        };
        let sealer =
            Sealer::load(self.master_key.as_deref(), self.master_key_file.as_deref(), Some(&self.data_dir))?;
        let max_bytes = self.max_database_mib.map(|size| size.saturating_mul(1 << 20));
        Ok((Store::open_bounded(&config, max_bytes).await?, sealer))
    }
}

impl DataOptions {
    fn url(&self) -> Result<Option<String>> {
        let Some(file) = &self.database_file else { return Ok(self.database.clone()) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::unavailable(format!("PORTOLAN_DATABASE_FILE: {} cannot be read: {error}", file.display()))
        })?;
        Ok(Some(text.trim().to_owned()))
    }
}

#[derive(Args)]
pub struct ServeOptions {
    /// Address to listen on.
    #[arg(long, env = "PORTOLAN_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub data: DataOptions,
    /// Ranges that integrations may reach beside public addresses: `127.0.0.0/8,10.0.0.0/8`.
    #[arg(long, env = "PORTOLAN_OUTBOUND_ALLOW", default_value = "")]
    pub outbound_allow: String,
    /// Directories that integrations of every tenant may read files from: `/srv/catalog,/srv/states`.
    #[arg(long, env = "PORTOLAN_FILES_ROOTS", default_value = "")]
    pub files_roots: String,
    /// Make a tenant `demo` with a catalog to look at, and say how to sign in. Changes nothing where it exists.
    #[arg(long, env = "PORTOLAN_DEMO")]
    pub demo: bool,
    #[command(flatten)]
    pub telemetry: TelemetryOptions,
    #[command(flatten)]
    pub access: AccessOptions,
}

#[derive(Subcommand)]
pub enum TenantCommand {
    /// Make a tenant with an administrator and a credential; the secrets are shown this once.
    Create {
        /// Lower-case letters, digits and `-`.
        slug: String,
        #[arg(long)]
        admin_email: String,
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataOptions,
    },
    /// List tenants.
    List {
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Refuse a tenant's tokens and sessions from now on.
    Suspend {
        slug: String,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Serve a suspended tenant again.
    Resume {
        slug: String,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Remove a tenant with all that it owns, for ever. Accounts of people stay.
    Delete {
        slug: String,
        #[command(flatten)]
        data: DataOptions,
    },
}

#[derive(Subcommand)]
pub enum UserCommand {
    /// Print a link that makes its reader a member of a tenant.
    Invite {
        email: String,
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
        /// VIEWER, MEMBER or ADMIN.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        public_url: PublicUrlOptions,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Print a link that sets a new password.
    ResetPassword {
        email: String,
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        public_url: PublicUrlOptions,
        #[command(flatten)]
        data: DataOptions,
    },
}

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Make a new key, which signs from now on, on every server.
    Rotate {
        /// Refuse every token that was issued before, as after a theft.
        #[arg(long)]
        revoke_old: bool,
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataOptions,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "a role is VIEWER, MEMBER or ADMIN".to_owned())
}

#[derive(Args)]
pub struct ApplyOptions {
    /// Files, or directories of `.yaml`, `.yml` and `.json` files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Check everything and say what would change; change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerOptions,
}

#[derive(Args)]
pub struct ExportOptions {
    /// A new or empty directory.
    pub directory: PathBuf,
    #[command(flatten)]
    pub server: ServerOptions,
}

#[derive(Args)]
pub struct ResyncOptions {
    /// The integration's identifier.
    pub integration: String,
    /// Wait for the end, show what would change and some of the changes; change nothing.
    #[arg(long)]
    pub plan: bool,
    /// Show the progress and, in the end, what happened; fails where the run does.
    #[arg(long)]
    pub follow: bool,
    /// Answer as JSON, without progress.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerOptions,
}

/// Which server to talk to, and as whom.
#[derive(Args, Clone)]
pub struct ServerOptions {
    #[arg(long, env = "PORTOLAN_URL", default_value = DEFAULT_URL)]
    pub url: String,
    #[arg(long, env = "PORTOLAN_CLIENT_ID")]
    pub client_id: String,
    #[arg(long, env = "PORTOLAN_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: String,
}

/// Prints a line for the user.
///
/// # Errors
/// Where nobody reads it.
pub fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(Error::internal)
}

/// Prints a line about a failure.
pub fn complain(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
