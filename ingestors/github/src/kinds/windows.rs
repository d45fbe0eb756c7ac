//! How far back lists are read that grow for ever.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::fault::Fault;
use crate::item::text;
use crate::pages::Pages;

/// The moment `days` before another.
pub(crate) fn before(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    now - TimeDelta::days(i64::from(days))
}

/// Takes from a list that begins with the newest, until its items are older than `since` by their `key`, or there are
/// `most`.
pub(crate) struct Window<'a> {
    pub pages: Pages<'a>,
    pub key: &'static str,
    pub since: Option<DateTime<Utc>>,
    pub most: u32,
    pub over: bool,
}

impl<'a> Window<'a> {
    pub fn new(pages: Pages<'a>, key: &'static str, since: Option<DateTime<Utc>>, most: u32) -> Self {
        Self { pages, key, since, most, over: false }
    }

    /// The next items that `wanted` wants; none after the last.
    pub async fn next(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Option<Vec<Value>>, Fault> {
        if self.over || self.most == 0 {
            return Ok(None);
        }
        let Some(page) = self.pages.next().await? else { return Ok(None) };
        let mut taken = Vec::new();
        for item in page {
            if self.most == 0 || self.is_too_old(&item) {
                self.over = true;
                break;
            }
            if wanted(&item) {
                self.most -= 1;
                taken.push(item);
            }
        }
        Ok(Some(taken))
    }

    fn is_too_old(&self, item: &Value) -> bool {
        let at = DateTime::parse_from_rfc3339(text(item, self.key)).ok();
        self.since.zip(at).is_some_and(|(since, at)| at < since)
    }
}
