//! Kind `iam-role`: the account's roles, which no region has for itself.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use percent_encoding::percent_decode_str;
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value};

use super::account::IAM;
use super::regional::{ITEMS_AT_ONCE, Page, Place, Regional, items_at, token_at};
use super::unread::Unread;
use crate::item::{Added, tags, text};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "iam-role",
    title: "IAM roles",
    description: "A role as iam:GetRole describes it, with its tags and last use, or where that is not allowed as \
        iam:ListRoles lists it, without them. AssumeRolePolicyDocument is an object.",
    permissions: &["iam:ListRoles", "iam:GetRole (optional)"],
};

/// The bounds AWS sets on a page; it gives 100 unasked.
const PAGE: (u32, u32) = (1, 1000);
/// The role was deleted since it was listed.
const GONE: &[&str] = &["NoSuchEntity"];

pub(crate) struct Roles {
    unread: Unread,
}

impl Default for Roles {
    fn default() -> Self {
        Self { unread: Unread::new(KIND.name, "roles") }
    }
}

#[async_trait]
impl Regional for Roles {
    fn kind(&self) -> &str {
        KIND.name
    }

    fn unread(&self) -> Option<&Unread> {
        Some(&self.unread)
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let mut parameters = Vec::new();
        if let Some(size) = session.page_size {
            parameters.push(("MaxItems", size.clamp(PAGE.0, PAGE.1).to_string()));
        }
        parameters.extend(token.map(|token| ("Marker", token.to_owned())));
        let answer = signed::query(session, &IAM, region, "ListRoles", &parameters).await?;
        let roles = items_at(&answer, "/ListRolesResult/Roles", "iam:ListRoles")?;
        let reads: Vec<_> = roles.into_iter().map(|role| self.describe(session, region, role)).collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page {
            items: items.into_iter().flatten().collect(),
            next: token_at(&answer, "/ListRolesResult/Marker"),
        })
    }
}

impl Roles {
    /// The role's item; none where it has gone since it was listed.
    async fn describe(
        &self,
        session: &Session,
        region: &str,
        listed: Value,
    ) -> Result<Option<Value>, SourceError> {
        let Value::Object(listed) = listed else {
            return Err(SourceError::failed("the answer to iam:ListRoles has a role that is none"));
        };
        let name = text(&listed, "RoleName").to_owned();
        let answer = signed::query(session, &IAM, region, "GetRole", &[("RoleName", name.clone())]).await;
        if answer.as_ref().is_err_and(|refused| refused.says(GONE)) {
            return Ok(None);
        }
        let answer = self.unread.optional("iam:GetRole", &name, &[], answer)?;
        let described = answer.and_then(|mut it| it.pointer_mut("/GetRoleResult/Role").map(Value::take));
        let mut item = match described {
            Some(Value::Object(role)) => role,
            _ => listed,
        };
        decode(&mut item, "AssumeRolePolicyDocument");
        let arn = text(&item, "Arn").to_owned();
        let console = Some(format!("iam/home#/roles/details/{name}"));
        let tags = tags(item.get("Tags"));
        Added { session, region: None, arn, console, tags }.to(&mut item);
        Ok(Some(Value::Object(item)))
    }
}

/// IAM sends policies as JSON, percent-encoded; AWS's command line prints what they say. What cannot be read stays.
fn decode(item: &mut Map<String, Value>, key: &str) {
    let document = percent_decode_str(text(item, key)).decode_utf8().ok();
    if let Some(policy) = document.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
        item.insert(key.to_owned(), policy);
    }
}
