//! Kind `repository`: the repositories of the organizations, each with what the selector asks for beside it.

mod files;

use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{KindDescription, KindRequest, MAX_BATCH, send};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Run;
use super::warnings::Warnings;
use crate::fault::{Fault, Trouble};
use crate::item;
use crate::pages::Pages;
use crate::repositories::{Repository, list};
use crate::selector::{self, Filter};
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "repository",
    title: "Repositories",
    description: "A repository as GET /orgs/ORG/repos lists it (GET /installation/repositories for an App), with \
        __organization; where the selector asks for them with __languages (bytes by language), __readme (its text) and \
        __includedFiles (texts by path). What there is not is null.",
    permissions: &[
        "repo (classic token; public_repo for public ones only)",
        "Metadata: read (fine-grained token, App)",
        "Contents: read (fine-grained token, App; for readme and includedFiles)",
    ],
};

/// Repositories whose details are read at the same time.
const AT_ONCE: usize = 4;

/// What to read of repositories.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// Which ones; all unless given.
    #[serde(default)]
    pub repositories: Filter,
    /// Whether their languages are read, with one request each.
    #[serde(default)]
    languages: bool,
    /// Whether their README is read, with one request each.
    #[serde(default)]
    pub readme: bool,
    /// Paths of files to read from the default branch, with one request each.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub included_files: Vec<String>,
}

pub(crate) async fn collect(run: &Run<'_>, request: &KindRequest) -> Result<(), Trouble> {
    let selector: Selector = selector::parse(request)?;
    let warnings = Warnings::new(KIND.name, run.sink);
    for owner in &run.session.owners {
        let (url, key) = list(&run.session, &owner.login, "full_name")?;
        let mut pages = Pages::at(&run.session, url, key);
        while let Some(page) = pages.next().await? {
            for batch in chosen(page, &selector)?.chunks(MAX_BATCH) {
                let reads: Vec<_> =
                    batch.iter().map(|item| describe(&run.session, &selector, item, &warnings)).collect();
                let mut items = Vec::with_capacity(batch.len());
                let mut reads = stream::iter(reads).buffered(AT_ONCE);
                while let Some(item) = reads.next().await {
                    items.push(item?);
                }
                send(run.sink, KIND.name, items).await?;
            }
        }
    }
    warnings.close().await?;
    Ok(())
}

fn chosen(page: Vec<Value>, selector: &Selector) -> Result<Vec<Value>, Fault> {
    let mut chosen = Vec::with_capacity(page.len());
    for item in page {
        let Some(repository) = Repository::read(&item) else {
            return Err(Fault::nonsense("an entry of the list of repositories is no repository"));
        };
        if selector.repositories.takes(&repository, true) {
            chosen.push(item);
        }
    }
    Ok(chosen)
}

/// The repository as a run hands it over.
pub(crate) async fn describe(
    session: &Session,
    selector: &Selector,
    item: &Value,
    warnings: &Warnings<'_>,
) -> Result<Value, Trouble> {
    let Some(repository) = Repository::read(item) else {
        return Err(Fault::nonsense("what should be a repository is none").into());
    };
    let mut item = item::with(item.clone(), [("__organization", json!(repository.owner))]);
    let mut add = |key: &str, value: Value| {
        if let Some(object) = item.as_object_mut() {
            object.insert(key.to_owned(), value);
        }
    };
    if selector.languages {
        let languages = detail(session, &repository, "/languages").await;
        let languages = known(languages, "__languages", &repository, warnings).await?;
        if !languages.as_ref().is_none_or(Value::is_object) {
            return Err(Fault::nonsense(format!("the languages of {} are none", repository.full_name)).into());
        }
        add("__languages", languages.unwrap_or_default());
    }
    if selector.readme {
        let readme = detail(session, &repository, "/readme").await;
        let readme = known(readme, "__readme", &repository, warnings).await?;
        add("__readme", files::text(readme, "__readme", &repository, warnings).await?);
    }
    if !selector.included_files.is_empty() {
        let mut texts = Map::new();
        for path in &selector.included_files {
            let file = detail(session, &repository, &files::path(path)).await;
            let file = known(file, path, &repository, warnings).await?;
            texts.insert(path.clone(), files::text(file, path, &repository, warnings).await?);
        }
        add("__includedFiles", Value::Object(texts));
    }
    Ok(item)
}

async fn detail(session: &Session, repository: &Repository, rest: &str) -> Result<Value, Fault> {
    Ok(session.get(&repository.path(rest)).await?.body)
}

/// What is not there is none. What may not be read is none as well, and said.
async fn known(
    detail: Result<Value, Fault>,
    what: &str,
    repository: &Repository,
    warnings: &Warnings<'_>,
) -> Result<Option<Value>, Trouble> {
    match detail {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.is_missing() => Ok(None),
        Err(fault) if fault.is_forbidden() || fault.status == 451 => {
            warnings.empty(what, &repository.full_name, &fault).await?;
            Ok(None)
        }
        Err(fault) => Err(fault.into()),
    }
}
