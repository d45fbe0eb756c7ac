//! Any other kind: resource types of AWS's registry (`AWS::Logs::LogGroup`), read by the Cloud Control API.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use portolan_ingestor_contract::{KindRequest, SourceError};
use portolan_schema::Code;
use serde_json::{Map, Value, json};

use super::regional::{ITEMS_AT_ONCE, Page, Place, Regional, items_at, token_at};
use super::unread::Unread;
use crate::item::{Added, tags, text};
use crate::signed::{self, JsonService, Refused};

/// What AWS calls the right to these calls. The caller needs those of the type's own service as well.
pub(crate) const PERMISSIONS: &[&str] = &["cloudformation:ListResources", "cloudformation:GetResource"];

const CLOUD_CONTROL: JsonService = JsonService {
    name: "cloudcontrolapi",
    target: "CloudApiService",
    content_type: "application/x-amz-json-1.0",
    is_terse: false,
};

/// AWS's largest page.
const LARGEST_PAGE: u32 = 100;
/// Services whose resources belong to no region: each region would list them all.
const GLOBAL: &[&str] = &[
    "Budgets",
    "CloudFront",
    "GlobalAccelerator",
    "IAM",
    "NetworkManager",
    "Organizations",
    "Route53",
    "Shield",
    "WAF",
];
/// The resource was deleted since it was listed.
const GONE: &[&str] = &["ResourceNotFoundException"];
/// The type has no way to read a single resource.
const UNREADABLE: &[&str] = &["UnsupportedActionException"];
/// The region does not know the type.
const UNKNOWN: &[&str] = &["TypeNotFoundException"];
/// How services word it, which AWS passes on as a general failure.
const NOT_AUTHORIZED: &str = "not authorized to perform";

/// Whether a kind has the form of a type: `AWS::Service::Resource`.
pub(crate) fn is_type(kind: &str) -> bool {
    let parts: Vec<&str> = kind.split("::").collect();
    let is_name = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    matches!(parts.as_slice(), ["AWS", rest @ ..] if rest.len() == 2 && rest.iter().all(is_name))
}

/// Whether a type's resources belong to no region.
pub(crate) fn is_global(kind: &str) -> bool {
    kind.split("::").nth(1).is_some_and(|service| GLOBAL.contains(&service))
}

/// The resources of a type.
pub(crate) struct Resources {
    kind: String,
    /// What the type wants to know before it lists anything, as JSON.
    model: Option<String>,
    unread: Unread,
    asked: Mutex<Asked>,
}

/// What regions said of the type.
#[derive(Default)]
struct Asked {
    is_known: bool,
    unknown: Option<SourceError>,
}

impl Resources {
    /// # Errors
    /// Where `resourceModel` of the selector is no object.
    pub fn new(request: &KindRequest) -> Result<Self, SourceError> {
        let kind = request.kind.clone();
        let model = match request.selector.get("resourceModel") {
            None | Some(Value::Null) => None,
            Some(model @ Value::Object(_)) => Some(model.to_string()),
            Some(_) => {
                let message =
                    format!("resourceModel of {kind} is an object of properties that the list needs");
                return Err(SourceError::new(Code::InvalidMapping, message));
            }
        };
        let unread = Unread::new(&kind, "resources");
        Ok(Self { kind, model, unread, asked: Mutex::default() })
    }

    fn note(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl Regional for Resources {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn unread(&self) -> Option<&Unread> {
        Some(&self.unread)
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let mut asked = json!({ "TypeName": self.kind });
        if let Some(model) = &self.model {
            asked["ResourceModel"] = model.as_str().into();
        }
        if let Some(size) = session.page_size {
            asked["MaxResults"] = size.clamp(1, LARGEST_PAGE).into();
        }
        if let Some(token) = token {
            asked["NextToken"] = token.into();
        }
        let answer = match signed::post_json(session, &CLOUD_CONTROL, region, "ListResources", &asked).await {
            // Not every region has every service.
            Err(refused) if refused.says(UNKNOWN) && token.is_none() => {
                self.note(|asked| asked.unknown = Some(refused.into()));
                return Ok(Page::default());
            }
            answer => answer.map_err(explained)?,
        };
        self.note(|asked| asked.is_known = true);
        let resources = items_at(&answer, "/ResourceDescriptions", "cloudformation:ListResources")?;
        let reads: Vec<_> = resources.into_iter().map(|listed| self.describe(at, listed)).collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next: token_at(&answer, "/NextToken") })
    }

    /// A type that no region knows does not exist.
    fn verdict(&self) -> Result<(), SourceError> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match &asked.unknown {
            Some(error) if !asked.is_known => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

impl Resources {
    /// The resource's item; none where it has gone since it was listed. Many lists give little more than identifiers; where
    /// a resource may not be read by itself, that is what its item has.
    async fn describe(&self, at: Place<'_>, listed: Value) -> Result<Option<Value>, SourceError> {
        let Place { session, region, .. } = at;
        let identifier = listed.get("Identifier").and_then(Value::as_str).unwrap_or_default().to_owned();
        if identifier.is_empty() {
            let message = "the answer to cloudformation:ListResources has a resource without an identifier";
            return Err(SourceError::failed(message));
        }
        let asked = json!({ "TypeName": self.kind, "Identifier": identifier });
        let found = signed::post_json(session, &CLOUD_CONTROL, region, "GetResource", &asked).await;
        let described = match found {
            Ok(mut answer) => match answer.get_mut("ResourceDescription").map(Value::take) {
                Some(resource @ Value::Object(_)) => resource,
                _ => {
                    let message = "the answer to cloudformation:GetResource has no resource";
                    return Err(SourceError::failed(message));
                }
            },
            Err(refused) if refused.says(GONE) => return Ok(None),
            Err(refused) if refused.says(UNREADABLE) => listed,
            Err(refused) => {
                let error = explained(refused);
                if error.code != Code::UpstreamForbidden {
                    return Err(error);
                }
                self.unread.note("cloudformation:GetResource", &identifier, &error);
                listed
            }
        };
        let properties = described.get("Properties").and_then(Value::as_str).unwrap_or("{}");
        let Ok(Value::Object(mut properties)) = serde_json::from_str(properties) else {
            let message = format!("what cloudformation:GetResource tells of {identifier} is no JSON object");
            return Err(SourceError::failed(message));
        };
        hide_variables(&mut properties);
        let arn = Some(text(&properties, "Arn")).filter(|arn| arn.starts_with("arn:")).unwrap_or_default();
        let (arn, tags) = (arn.to_owned(), tags(properties.get("Tags")));
        let mut item = Map::new();
        item.insert("TypeName".to_owned(), self.kind.clone().into());
        item.insert("Identifier".to_owned(), identifier.into());
        item.insert("Properties".to_owned(), properties.into());
        let region = (!is_global(&self.kind)).then_some(region);
        Added { session, region, arn, console: None, tags }.to(&mut item);
        Ok(Some(Value::Object(item)))
    }
}

/// An error in which a service's own "not authorized" counts as that.
fn explained(refused: Refused) -> SourceError {
    let denied = refused.mentions(NOT_AUTHORIZED);
    let error = SourceError::from(refused);
    if denied { SourceError::new(Code::UpstreamForbidden, error.message) } else { error }
}

/// Environment variables keep their names only: their values often are secrets.
fn hide_variables(properties: &mut Map<String, Value>) {
    for (key, value) in properties.iter_mut() {
        if matches!(key.as_str(), "Environment" | "EnvironmentVariables") {
            hide(value);
        }
        match value {
            Value::Object(entries) => hide_variables(entries),
            Value::Array(items) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(hide_variables);
            }
            _ => {}
        }
    }
}

/// `{"Variables": {name: value}}`, `{name: value}` or `[{"Name": name, "Value": value}]`.
fn hide(variables: &mut Value) {
    if let Some(inner) = variables.get_mut("Variables") {
        return hide(inner);
    }
    match variables {
        Value::Object(entries) => {
            entries.values_mut().filter(|value| value.is_string()).for_each(|value| *value = Value::Null);
        }
        Value::Array(items) => {
            for value in items.iter_mut().filter_map(|item| item.get_mut("Value")) {
                *value = Value::Null;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_from_other_kinds() {
        for (kind, expected) in [
            ("AWS::Logs::LogGroup", (true, false)),
            ("AWS::Route53::HostedZone", (true, true)),
            ("AWS::Route53Resolver::ResolverRule", (true, false)),
            ("AWS::Logs", (false, false)),
            ("AWS::Logs::LogGroup::MODULE", (false, false)),
            ("AWS::Logs::", (false, false)),
            ("Datadog::Monitors::Monitor", (false, false)),
            ("s3-bucket", (false, false)),
        ] {
            assert_eq!((is_type(kind), is_type(kind) && is_global(kind)), expected, "{kind}");
        }
    }

    #[test]
    fn variables_are_hidden_wherever_they_are() {
        let mut properties = json!({
            "Environment": { "Variables": { "PASSWORD": "x" } },
            "ContainerDefinitions": [{ "Image": "i", "Environment": [{ "Name": "PASSWORD", "Value": "x" }] }],
            "Build": { "EnvironmentVariables": { "TOKEN": "x" }, "ComputeType": "SMALL" },
            "EnvironmentName": "prod",
        });
        hide_variables(properties.as_object_mut().expect("it is an object"));
        let expected = json!({
            "Environment": { "Variables": { "PASSWORD": null } },
            "ContainerDefinitions": [{ "Image": "i", "Environment": [{ "Name": "PASSWORD", "Value": null }] }],
            "Build": { "EnvironmentVariables": { "TOKEN": null }, "ComputeType": "SMALL" },
            "EnvironmentName": "prod",
        });
        assert_eq!(properties, expected);
    }
}
