//! What is added to AWS's own fields so that a mapping has all it needs: keys that start with two underscores.

use serde_json::{Map, Value};

use crate::session::Session;

/// Puts the added keys into an item, whose own fields stay as AWS gave them.
pub(crate) struct Added<'a> {
    pub session: &'a Session,
    pub region: Option<&'a str>,
    /// Empty where it is not known.
    pub arn: String,
    /// Path of the item's page in AWS's console.
    pub console: Option<String>,
    pub tags: Map<String, Value>,
}

impl Added<'_> {
    pub fn to(self, item: &mut Map<String, Value>) {
        // What belongs to no region has its page in each.
        let place = self.region.unwrap_or(&self.session.home_region);
        let link = self.console.and_then(|rest| self.session.console(place, &rest));
        item.insert("__AccountId".to_owned(), self.session.identity.account.clone().into());
        item.insert("__Region".to_owned(), self.region.map_or(Value::Null, Into::into));
        item.insert("__Partition".to_owned(), self.session.partition().into());
        let arn = Some(self.arn).filter(|arn| !arn.is_empty());
        item.insert("__Arn".to_owned(), arn.map_or(Value::Null, Into::into));
        item.insert("__ConsoleUrl".to_owned(), link.map_or(Value::Null, Into::into));
        item.insert("__Tags".to_owned(), Value::Object(self.tags));
    }
}

/// Tags as `{k: v, …}`, which services write as that or as `[{"Key": k, "Value": v}, …]`, some in lower case.
pub(crate) fn tags(found: Option<&Value>) -> Map<String, Value> {
    let entries = match found {
        Some(Value::Object(tags)) => return tags.clone(),
        Some(Value::Array(entries)) => entries.as_slice(),
        _ => &[],
    };
    let of = |tag: &Value, [upper, lower]: [&str; 2]| tag.get(upper).or_else(|| tag.get(lower)).cloned();
    entries
        .iter()
        .filter_map(|tag| {
            let key = of(tag, ["Key", "key"])?.as_str()?.to_owned();
            Some((key, of(tag, ["Value", "value"]).unwrap_or_else(|| "".into())))
        })
        .collect()
}

/// A text field of an item, or the empty text.
pub(crate) fn text<'a>(item: &'a Map<String, Value>, key: &str) -> &'a str {
    item.get(key).and_then(Value::as_str).unwrap_or_default()
}
