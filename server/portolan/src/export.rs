//! `portolan export`: a tenant as YAML files that people review and `apply` reads, here or elsewhere.
//!
//! Of entities it has what was written, in the order of their identifiers, so that two exports differ where the catalog
//! does. Names in GraphQL travel along, so that the schema is the same elsewhere. Secrets stay where they are, and so do
//! memberships: of people it has what the catalog knows beside them.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use portolan_schema::{Code, Error, Result, system};
use serde_json::{Map, Value, json};

use crate::cli::{ExportOptions, say};
use crate::client::Client;

const QUERY: &str = "{ blueprints { identifier json graphql }
    integrations { identifier ingestor remote config mapping guard } }";
/// Set by the server.
const STAMPS: [&str; 4] = ["createdAt", "createdBy", "updatedAt", "updatedBy"];

pub async fn run(options: ExportOptions) -> Result<()> {
    let client = Client::connect(&options.server).await?;
    let answer = client.ask(QUERY, &json!({})).await?;
    prepare(&options.directory)?;
    let list = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
    let blueprints = list("blueprints");
    let mut file = Documents::create(options.directory.join("blueprints.yaml"))?;
    for blueprint in &blueprints {
        file.add("Blueprint", definition(blueprint))?;
    }
    file.end()?;
    let mut files = HashSet::new();
    let mut entities = 0;
    for blueprint in &blueprints {
        let identifier = blueprint["identifier"].as_str().unwrap_or_default();
        let name = free_name(identifier, &mut files);
        let path = options.directory.join("entities").join(format!("{name}.yaml"));
        entities += export_entities(&client, identifier, path).await?;
    }
    let integrations = list("integrations");
    let own = integrations.iter().filter(|integration| integration["remote"] == false);
    let mut file = Documents::create(options.directory.join("integrations.yaml"))?;
    file.say("# Secrets are never exported: add them, as in `secrets: {token: \"${env:TOKEN}\"}`.")?;
    let mut count = 0;
    for integration in own {
        let mut fields = integration.as_object().cloned().unwrap_or_default();
        fields.shift_remove("remote");
        file.add("Integration", fields)?;
        count += 1;
    }
    file.end()?;
    say(&format!(
        "{} blueprints, {entities} entities and {count} integrations written to {}",
        blueprints.len(),
        options.directory.display()
    ))
}

/// # Errors
/// Where there is something: what an earlier export left would look as if it were part of this one.
fn prepare(directory: &Path) -> Result<()> {
    let entities = directory.join("entities");
    let is_empty = std::fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty {
        let message = format!("{} is not empty; export into a new directory", directory.display());
        return Err(Error::problem(Code::AlreadyExists, message));
    }
    std::fs::create_dir_all(&entities).map_err(|error| unwritable(&entities, &error))
}

/// What `apply` takes for a blueprint: of a system blueprint only what was added.
fn definition(blueprint: &Value) -> Map<String, Value> {
    let mut fields = match system::extension(&blueprint["json"]) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.retain(|key, _| !STAMPS.contains(&key.as_str()));
    fields.insert("graphql".to_owned(), blueprint["graphql"].clone());
    fields
}

/// A file name for a blueprint, that no other one has, also where the case of letters does not tell files apart.
fn free_name(identifier: &str, taken: &mut HashSet<String>) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "_-.".contains(c) { c } else { '-' };
    let base: String = identifier.chars().map(safe).collect();
    let mut name = base.clone();
    for number in 2.. {
        if taken.insert(name.to_lowercase()) {
            break;
        }
        name = format!("{base}-{number}");
    }
    name
}

/// Writes a blueprint's entities as they come. Answers how many.
async fn export_entities(client: &Client, blueprint: &str, path: PathBuf) -> Result<usize> {
    let mut url = url::Url::parse("http://any").map_err(Error::internal)?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(["api", "blueprints", blueprint, "entities.ndjson"]);
    }
    let mut answer = client.read(url.path()).await?;
    let mut file = Documents::create(path)?;
    let (mut rest, mut count) = (Vec::new(), 0);
    // An answer that is cut off is an error here.
    while let Some(piece) = answer.chunk().await.map_err(Error::unavailable)? {
        rest.extend_from_slice(&piece);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in rest[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut entity: Map<String, Value> = serde_json::from_slice(line).map_err(Error::internal)?;
            if blueprint == system::USER
                && let Some(properties) = entity.get_mut("properties").and_then(Value::as_object_mut)
            {
                properties.retain(|key, _| key != system::STATUS && key != system::ROLE);
            }
            file.add("Entity", entity)?;
            count += 1;
        }
        rest.drain(..whole);
    }
    file.end()?;
    Ok(count)
}

/// A file of documents.
struct Documents {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Documents {
    fn create(path: PathBuf) -> Result<Self> {
        let file = File::create_new(&path).map_err(|error| unwritable(&path, &error))?;
        Ok(Self { out: BufWriter::new(file), path })
    }

    fn add(&mut self, kind: &str, fields: Map<String, Value>) -> Result<()> {
        let mut document = Map::from_iter([("kind".to_owned(), kind.into())]);
        document.extend(fields);
        let text = serde_norway::to_string(&document).map_err(Error::internal)?;
        self.say("---")?;
        self.say(text.trim_end())
    }

    fn say(&mut self, line: &str) -> Result<()> {
        writeln!(self.out, "{line}").map_err(|error| unwritable(&self.path, &error))
    }

    fn end(mut self) -> Result<()> {
        self.out.flush().map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::problem(Code::BadRequest, format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe_and_differ() {
        let mut taken = HashSet::new();
        for (identifier, expected) in [
            ("service", "service"),
            ("Service", "Service-2"),
            ("a/b", "a-b"),
            ("a:b", "a-b-2"),
            ("größe", "größe"),
        ] {
            assert_eq!(free_name(identifier, &mut taken), expected);
        }
    }
}
