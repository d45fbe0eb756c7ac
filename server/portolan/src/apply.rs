//! `portolan apply`: documents to a server. Order within the set does not matter.

use portolan_schema::{Code, Error, Result};
use serde_json::{Value, json};

use crate::cli::{ApplyOptions, complain, say};
use crate::client::Client;
use crate::documents::Documents;

/// What becomes of a document.
const KINDS: [&str; 3] = ["created", "updated", "unchanged"];

pub async fn run(options: ApplyOptions) -> Result<()> {
    let documents = Documents::read(&options.paths, |name| std::env::var(name).ok())?;
    let client = Client::connect(&options.server).await?;
    let answer = documents.send(&client, options.dry_run).await?;
    if options.json {
        let entities: Value = KINDS.iter().map(|kind| ((*kind).to_owned(), answer[kind].clone())).collect();
        let done = json!({"dryRun": options.dry_run, "blueprints": documents.blueprints.len(),
            "entities": entities, "integrations": answer["integrations"]});
        return say(&done.to_string());
    }
    let would = if options.dry_run { "would be " } else { "" };
    say(&format!(
        "{} blueprints and {} entities {}applied: {} {would}created, {} {would}updated, {} unchanged",
        documents.blueprints.len(),
        documents.entities.len(),
        would,
        answer["created"],
        answer["updated"],
        answer["unchanged"]
    ))?;
    for kind in KINDS {
        let would = if kind == "unchanged" { "" } else { would };
        for identifier in answer["integrations"][kind].as_array().into_iter().flatten() {
            say(&format!("integration {} {would}{kind}", identifier.as_str().unwrap_or_default()))?;
        }
    }
    Ok(())
}

impl Documents {
    async fn send(&self, client: &Client, dry_run: bool) -> Result<Value> {
        let body = json!({"blueprints": self.blueprints, "entities": self.entities,
            "integrations": self.integrations, "dryRun": dry_run});
        let (status, answer) = client.send(reqwest::Method::POST, "/api/apply", &body).await?;
        if status == 200 {
            return Ok(answer);
        }
        for problem in answer["details"]["errors"].as_array().into_iter().flatten() {
            let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
            complain(&format!("{} at {}: {}", text("code"), text("path"), text("message")));
        }
        Err(Error::problem(Code::BadRequest, "the documents were refused"))
    }
}
