//! Staged items in batches that the catalog takes: a bounded number, and not too many bytes.

use portolan_catalog::{Change, EntityWrite, MAX_CHANGES};
use portolan_schema::{BlueprintNo, Problems, Result};
use portolan_store::integration::{Place, StagedItem};

use super::attempt::Attempt;

/// Items read at a time.
const READ: usize = 250;
/// Bytes of a batch, from which on it is full.
const FULL: usize = 8 << 20;

impl Attempt {
    /// The next items of a blueprint. With `whole`, all items of one identifier are in one batch, unless they fill it alone.
    pub(crate) async fn page(
        &self,
        blueprint: BlueprintNo,
        after: Option<&Place>,
        whole: bool,
    ) -> Result<Vec<StagedItem>> {
        let scope = self.read().await?;
        let mut page: Vec<StagedItem> = Vec::new();
        let mut bytes = 0;
        loop {
            let last = page.last().map(StagedItem::place);
            let wanted = READ.min(MAX_CHANGES - page.len());
            let more = scope.staged_items(self.run.id, blueprint, last.as_ref().or(after), wanted).await?;
            let is_last = more.len() < wanted;
            bytes += more.iter().map(|item| item.entity.len()).sum::<usize>();
            page.extend(more);
            if is_last {
                return Ok(page);
            }
            if page.len() == MAX_CHANGES || bytes >= FULL {
                break;
            }
        }
        if whole && let Some(last) = page.last().map(|item| item.identifier.clone()) {
            let kept = page.iter().take_while(|item| item.identifier != last).count();
            if kept > 0 {
                page.truncate(kept);
            }
        }
        Ok(page)
    }

    /// The next items with search queries.
    pub(crate) async fn late_page(&self, after: i64) -> Result<Vec<StagedItem>> {
        self.read().await?.late_items(self.run.id, after, READ).await
    }

    /// What an item asks of the catalog.
    pub(crate) fn change(&self, blueprint: &str, item: &StagedItem) -> Result<Change> {
        let body = serde_json::from_str(&item.entity).map_err(portolan_schema::Error::internal)?;
        let write = EntityWrite::from_json(blueprint, &body).map_err(|problems: Problems| problems)?;
        Ok(Change::Write(self.mode(), Box::new(write)))
    }
}
