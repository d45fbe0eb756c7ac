//! Kind `team`: the teams of the organizations, with their members.

use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{KindDescription, KindRequest, MAX_BATCH, send};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Run;
use super::warnings::Warnings;
use crate::fault::Trouble;
use crate::item::{self, fields, text};
use crate::pages::Pages;
use crate::selector;
use crate::session::{Session, segment};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "team",
    title: "Teams",
    description: "A team as GET /orgs/ORG/teams lists it, with __organization and __members: login, id, type and (where \
        GitHub tells it) role of each, those of child teams included. Members that may not be read are null.",
    permissions: &["read:org (classic token)", "Members: read (fine-grained token, App)"],
};

/// Teams whose members are read at the same time.
const AT_ONCE: usize = 4;

/// What to read of teams.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// Whether members are read, with one request for each hundred; they are unless this is false.
    #[serde(default = "yes")]
    members: bool,
}

fn yes() -> bool {
    true
}

pub(crate) async fn collect(run: &Run<'_>, request: &KindRequest) -> Result<(), Trouble> {
    let selector: Selector = selector::parse(request)?;
    let warnings = Warnings::new(KIND.name, run.sink);
    for login in &run.session.organization_logins().await {
        let mut pages = Pages::new(&run.session, &format!("/orgs/{}/teams", segment(login)), &[], None)?;
        while let Some(page) = pages.next().await? {
            for batch in page.chunks(MAX_BATCH) {
                let reads: Vec<_> = batch
                    .iter()
                    .map(|team| describe(&run.session, &selector, login, team, &warnings))
                    .collect();
                let mut items = Vec::with_capacity(batch.len());
                let mut reads = stream::iter(reads).buffered(AT_ONCE);
                while let Some(item) = reads.next().await {
                    items.extend(item?);
                }
                send(run.sink, KIND.name, items).await?;
            }
        }
    }
    warnings.close().await?;
    Ok(())
}

/// The team as a run hands it over; none where it has gone since it was listed.
pub(crate) async fn describe(
    session: &Session,
    selector: &Selector,
    organization: &str,
    team: &Value,
    warnings: &Warnings<'_>,
) -> Result<Option<Value>, Trouble> {
    let item = item::with(team.clone(), [("__organization", json!(organization))]);
    if !selector.members {
        return Ok(Some(item));
    }
    let slug = text(team, "slug");
    let path = format!("/orgs/{}/teams/{}/members", segment(organization), segment(slug));
    let members = match Pages::new(session, &path, &[], None)?.all().await {
        Ok(members) => {
            members.iter().map(|member| fields(member, &["login", "id", "type", "role"])).collect()
        }
        Err(fault) if fault.is_missing() => return Ok(None),
        Err(fault) if fault.is_forbidden() => {
            warnings.empty("__members", &format!("{organization}/{slug}"), &fault).await?;
            Value::Null
        }
        Err(fault) => return Err(fault.into()),
    };
    Ok(Some(item::with(item, [("__members", members)])))
}
