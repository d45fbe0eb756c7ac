//! Kind `user`: the members of the organizations.

use std::collections::HashMap;

use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{KindDescription, KindRequest, MAX_BATCH, send};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Run;
use super::warnings::Warnings;
use crate::fault::{Fault, Trouble};
use crate::item::{self, text};
use crate::pages::Pages;
use crate::selector;
use crate::session::{Session, segment};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "user",
    title: "Users",
    description: "A member of an organization as GET /users/USER answers, with __organizations: names and the member's \
        role (admin, member) in each. Without details, as GET /orgs/ORG/members lists them: no name and no e-mail.",
    permissions: &["read:org (classic token)", "Members: read (fine-grained token, App)"],
};

/// Users whose details are read at the same time.
const AT_ONCE: usize = 4;
/// GitHub lists the members of a role at a time, and does not tell the role.
const ROLES: [&str; 2] = ["admin", "member"];

/// What to read of users.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// Whether name, e-mail address and the like are read, with one request each; they are unless this is false.
    #[serde(default = "yes")]
    pub details: bool,
}

fn yes() -> bool {
    true
}

/// Organizations and roles by login.
type Memberships = HashMap<String, Vec<(String, &'static str)>>;

pub(crate) async fn collect(run: &Run<'_>, request: &KindRequest) -> Result<(), Trouble> {
    let selector: Selector = selector::parse(request)?;
    let warnings = Warnings::new(KIND.name, run.sink);
    let logins = run.session.organization_logins().await;
    let several = logins.len() > 1;
    let mut memberships =
        if several { memberships(&run.session, &logins).await? } else { Memberships::new() };
    for login in &logins {
        for role in ROLES {
            let mut pages = members(&run.session, login, role)?;
            while let Some(page) = pages.next().await? {
                let mut batch = Vec::with_capacity(page.len());
                for member in page {
                    let here = || vec![(login.clone(), role)];
                    let of = match memberships.get_mut(text(&member, "login")) {
                        // With the first organization they were handed over for all.
                        Some(of) if of.is_empty() => continue,
                        Some(of) => std::mem::take(of),
                        None => here(),
                    };
                    batch.push((member, of));
                }
                for batch in batch.chunks(MAX_BATCH) {
                    let reads: Vec<_> = batch
                        .iter()
                        .map(|(member, of)| read(run, &selector, member, of, &warnings))
                        .collect();
                    let mut items = Vec::with_capacity(batch.len());
                    let mut reads = stream::iter(reads).buffered(AT_ONCE);
                    while let Some(item) = reads.next().await {
                        items.push(item?);
                    }
                    send(run.sink, KIND.name, items).await?;
                }
            }
        }
    }
    warnings.close().await?;
    Ok(())
}

/// Who is where: only names are kept, since there may be many.
async fn memberships(session: &Session, logins: &[String]) -> Result<Memberships, Fault> {
    let mut memberships = Memberships::new();
    for login in logins {
        for role in ROLES {
            let mut pages = members(session, login, role)?;
            while let Some(page) = pages.next().await? {
                for member in page {
                    let of = memberships.entry(text(&member, "login").to_owned()).or_default();
                    of.push((login.clone(), role));
                }
            }
        }
    }
    Ok(memberships)
}

fn members<'a>(session: &'a Session, login: &str, role: &str) -> Result<Pages<'a>, Fault> {
    Pages::new(session, &format!("/orgs/{}/members", segment(login)), &[("role", role)], None)
}

async fn read(
    run: &Run<'_>,
    selector: &Selector,
    member: &Value,
    of: &[(String, &str)],
    warnings: &Warnings<'_>,
) -> Result<Value, Trouble> {
    let item = match selector.details {
        true => describe(&run.session, member, warnings).await?,
        false => member.clone(),
    };
    Ok(belonging(item, of))
}

/// The user with what the user's own call tells.
pub(crate) async fn describe(
    session: &Session,
    member: &Value,
    warnings: &Warnings<'_>,
) -> Result<Value, Trouble> {
    let login = text(member, "login");
    match session.get(&format!("/users/{}", segment(login))).await {
        Ok(answer) => {
            answer.object(&["login", "id"])?;
            Ok(answer.body)
        }
        Err(fault) if fault.is_forbidden() || fault.is_missing() => {
            warnings.empty("what is known of the user", login, &fault).await?;
            Ok(member.clone())
        }
        Err(fault) => Err(fault.into()),
    }
}

/// The user as a run hands it over.
pub(crate) fn belonging(user: Value, of: &[(String, &str)]) -> Value {
    let of: Vec<Value> = of.iter().map(|(login, role)| json!({ "login": login, "role": role })).collect();
    item::with(user, [("__organizations", of.into())])
}
