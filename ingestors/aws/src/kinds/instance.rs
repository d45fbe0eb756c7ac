//! Kind `ec2-instance`.

use async_trait::async_trait;
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::Value;

use super::region::EC2;
use super::regional::{Page, Place, Regional, items_at, token_at};
use crate::item::{Added, tags, text};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "ec2-instance",
    title: "EC2 instances",
    description: "An instance as ec2:DescribeInstances lists it below Reservations[].Instances[]. AWS lists a terminated \
        instance for about an hour.",
    permissions: &["ec2:DescribeInstances"],
};

/// Instances a page, and the bounds AWS sets. Without a page size AWS answers with everything at once.
const PAGE: (u32, u32, u32) = (100, 5, 1000);

pub(crate) struct Instances;

#[async_trait]
impl Regional for Instances {
    fn kind(&self) -> &str {
        KIND.name
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let (usual, least, most) = PAGE;
        let size = session.page_size.unwrap_or(usual).clamp(least, most);
        let mut parameters = vec![("MaxResults", size.to_string())];
        parameters.extend(token.map(|token| ("NextToken", token.to_owned())));
        let answer = signed::query(session, &EC2, region, "DescribeInstances", &parameters).await?;
        let reservations = items_at(&answer, "/Reservations", "ec2:DescribeInstances")?;
        let mut items = Vec::new();
        for reservation in &reservations {
            let owner =
                reservation.get("OwnerId").and_then(Value::as_str).unwrap_or(&session.identity.account);
            for instance in items_at(reservation, "/Instances", "ec2:DescribeInstances")? {
                items.push(complete(session, region, owner, instance));
            }
        }
        // EC2 writes both spellings of the token's element in its reference; JSON has one.
        Ok(Page { items, next: token_at(&answer, "/NextToken") })
    }
}

fn complete(session: &Session, region: &str, owner: &str, instance: Value) -> Value {
    let Value::Object(mut item) = instance else { return instance };
    let id = text(&item, "InstanceId").to_owned();
    let arn = format!("arn:{}:ec2:{region}:{owner}:instance/{id}", session.partition());
    let console = Some(format!("ec2/home?region={region}#InstanceDetails:instanceId={id}"));
    let tags = tags(item.get("Tags"));
    Added { session, region: Some(region), arn, console, tags }.to(&mut item);
    Value::Object(item)
}
