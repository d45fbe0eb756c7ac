//! Deleting what is planned: last, in batches, and only what belongs to the integration.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use portolan_catalog::{Change, Companion, Deletion, MAX_CHANGES, Outcome, Target};
use portolan_schema::{CatalogModel, Code, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{Gone, KindCounts, LogLevel, Verdict};

use super::attempt::{Attempt, Step};
use super::coverage::targets_first;
use super::log::About;
use super::plan::name;

impl Attempt {
    /// Deletes what is planned, in batches.
    pub(crate) async fn delete(&self) -> Step<()> {
        let model = self.own.0.catalog.model(&self.ctx).await?;
        let mut order = targets_first(&model);
        order.reverse();
        let mut is_last = false;
        loop {
            let mut deleted = 0;
            for blueprint in &order {
                loop {
                    self.go_on()?;
                    let page = self.read().await?.deletions(self.run.id, *blueprint, MAX_CHANGES).await?;
                    if page.is_empty() {
                        break;
                    }
                    deleted += self.delete_page(&model, &page, is_last).await?;
                }
            }
            let scope = self.write().await?;
            let again = scope.retry_deletions(self.run.id).await?;
            scope.commit().await?;
            if again == 0 {
                return Ok(());
            }
            // Only a pass that got nowhere is worth giving up after.
            is_last = deleted == 0;
        }
    }

    async fn delete_page(&self, model: &CatalogModel, page: &[Gone], is_last: bool) -> Step<usize> {
        let changes =
            page.iter().map(|gone| deletion(name(model, gone.blueprint), &gone.identifier)).collect();
        let companion = DeletedPage { attempt: self, model, page, is_last };
        let results =
            self.own.0.catalog.write_with(&self.ctx, changes, &self.options(false), &companion).await?;
        Ok(results.iter().filter(|result| result.is_ok()).count())
    }
}

/// Takes along only what the same batch deletes.
pub(crate) fn deletion(blueprint: &str, identifier: &str) -> Change {
    Change::Delete(Deletion {
        blueprint: blueprint.to_owned(),
        identifier: identifier.to_owned(),
        dependents: true,
        if_revision: None,
    })
}

/// Keeps books of a batch of deletions.
struct DeletedPage<'a> {
    attempt: &'a Attempt,
    model: &'a CatalogModel,
    page: &'a [Gone],
    /// What is held is not tried again.
    is_last: bool,
}

#[async_trait]
impl Companion for DeletedPage<'_> {
    async fn expects(&self, _: &TenantScope, _: &[Target]) -> Result<HashSet<Target>> {
        Ok(HashSet::new())
    }

    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        let Self { attempt, model, page, is_last } = self;
        attempt.hold(scope).await?;
        let deleted: HashSet<&(String, String)> =
            results.iter().flatten().flat_map(|outcome| &outcome.deleted).collect();
        let (mut done, mut again) = (Vec::new(), Vec::new());
        let mut counts: BTreeMap<i32, (KindCounts, Option<(String, String)>)> = BTreeMap::new();
        for (gone, result) in page.iter().zip(results) {
            let (counts, first) = counts.entry(gone.kind).or_default();
            let key = (name(model, gone.blueprint).to_owned(), gone.identifier.clone());
            done.push(gone.no);
            match result {
                _ if deleted.contains(&key) => counts.deleted += 1,
                Ok(_) => {}
                // Somebody else was faster, or made another one in its place.
                Err(error) if error.code() == Code::NotFound => {}
                Err(error) if error.code() == Code::HasDependents && !is_last => {
                    done.pop();
                    again.push(gone.no);
                }
                Err(error) => {
                    let message = error.public().to_string();
                    let about = About {
                        kind: Some(attempt.kind_name(gone.kind)),
                        item: Some(&gone.identifier),
                        ..About::default()
                    };
                    attempt.log.about(LogLevel::Warning, &about, &message);
                    counts.failed += 1;
                    first.get_or_insert((error.code().as_str().to_owned(), message));
                }
            }
        }
        scope.remove_items(attempt.run.id, &done).await?;
        scope.set_verdict(attempt.run.id, Verdict::Again, &again).await?;
        for (kind, (counts, error)) in counts {
            scope.add_to_run_kind(attempt.run.id, kind, &counts, error.as_ref()).await?;
        }
        Ok(())
    }
}
