//! `portolan apply`: documents to a server. Order within the set does not matter.

use portolan_catalog::Applied;
use portolan_schema::{Code, Error, Result};

use crate::cli::{ApplyOptions, complain, say};
use crate::client::Client;
use crate::documents::Documents;

pub async fn run(options: ApplyOptions) -> Result<()> {
    let documents = Documents::read(&options.paths)?;
    let client = Client::connect(&options.server).await?;
    let counts = documents.send(&client, options.dry_run).await?;
    let done = if options.dry_run { "would be " } else { "" };
    say(&format!(
        "{} blueprints and {} entities applied: {} {done}created, {} {done}updated, {} unchanged",
        documents.blueprints.len(),
        documents.entities.len(),
        counts.created,
        counts.updated,
        counts.unchanged
    ))
}

impl Documents {
    async fn send(&self, client: &Client, dry_run: bool) -> Result<Applied> {
        let body =
            serde_json::json!({"blueprints": self.blueprints, "entities": self.entities, "dryRun": dry_run});
        let (status, answer) = client.send(reqwest::Method::POST, "/api/apply", &body).await?;
        if status != 200 {
            for problem in answer["details"]["errors"].as_array().into_iter().flatten() {
                let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
                complain(&format!("{} at {}: {}", text("code"), text("path"), text("message")));
            }
            return Err(Error::problem(Code::BadRequest, "nothing was applied"));
        }
        let count =
            |key: &str| answer[key].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        Ok(Applied { created: count("created"), updated: count("updated"), unchanged: count("unchanged") })
    }
}
