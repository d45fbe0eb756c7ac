//! Kind `organization`: the organizations that are read.

use portolan_ingestor_contract::{KindDescription, KindRequest};
use serde_json::Value;

use super::Run;
use crate::fault::{Fault, Trouble};
use crate::session::{Session, segment};
use crate::{item, selector};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "organization",
    title: "Organizations",
    description: "An organization as GET /orgs/ORG answers. What only owners may know of it is there for owners.",
    permissions: &["read:org (classic token)", "Metadata: read (fine-grained token, App)"],
};

pub(crate) async fn collect(run: &Run<'_>, request: &KindRequest) -> Result<(), Trouble> {
    selector::nothing(request)?;
    let mut failure = None;
    for found in run.session.described_organizations().await {
        match found {
            Ok(item) => run.sink.items(KIND.name, vec![item.clone()]).await?,
            Err(fault) => {
                failure.get_or_insert_with(|| fault.clone());
            }
        }
    }
    failure.map_or(Ok(()), |fault| Err(fault.into()))
}

/// The organization as a run hands it over.
pub(crate) async fn read(session: &Session, login: &str) -> Result<Value, Fault> {
    let answer = session.get(&format!("/orgs/{}", segment(login))).await?;
    answer.object(&["login", "id"])?;
    Ok(item::with(answer.body, []))
}
