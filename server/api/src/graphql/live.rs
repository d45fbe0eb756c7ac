//! What subscriptions stand on: the log of changes, followed from a place in it. Nothing is buffered but one small read.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt, try_unfold};
use portolan_catalog::{Catalog, Follower, LogEntry, OpContext, looks_at_computed};
use portolan_schema::{BlueprintNo, Filter, Result};

/// Changes read at a time.
const BATCH: usize = 100;
/// How long one wait for changes lasts; it is begun again.
const WAIT: Duration = Duration::from_secs(3_600);

struct Following {
    catalog: Catalog,
    ctx: OpContext,
    follower: Follower,
    blueprint: BlueprintNo,
    filter: Filter,
    computed: bool,
    read: VecDeque<LogEntry>,
}

/// Changes of one blueprint's entities for which the filter holds before or after, each once, from `after` or from now on.
/// Where somebody looks at computed values, which is said by `computed` or by the filter, a change is told of once these have
/// followed it, or after five seconds.
///
/// # Errors
/// Problems of rules that refer to the caller.
pub async fn changes(
    catalog: &Catalog,
    ctx: &OpContext,
    blueprint: BlueprintNo,
    filter: Filter,
    computed: bool,
    after: Option<i64>,
) -> Result<BoxStream<'static, Result<LogEntry>>> {
    // Relative dates stay open: they are counted from each change, whenever it is read.
    let model = catalog.present_model(ctx).await?;
    let filter = catalog.for_caller(ctx, &model, filter).await?;
    let follower = catalog.follow(ctx, after).await?;
    let following = Following {
        catalog: catalog.clone(),
        ctx: ctx.clone(),
        follower,
        blueprint,
        filter: filter.simplified(),
        computed,
        read: VecDeque::new(),
    };
    Ok(try_unfold(following, |mut following| async move {
        loop {
            if let Some(entry) = following.read.pop_front() {
                return Ok(Some((entry, following)));
            }
            let mut found = following.follower.next(BATCH, WAIT).await?;
            found.retain(|entry| entry.blueprint == following.blueprint);
            let Some(last) = found.last() else { continue };
            // Renames since then are seen by numbers, which stay.
            let (catalog, ctx) = (&following.catalog, &following.ctx);
            let model = catalog.present_model(ctx).await?;
            let Some(blueprint) = model.by_no(following.blueprint) else { return Ok(None) };
            if following.computed || looks_at_computed(&model, blueprint, &following.filter) {
                catalog.computed_to(ctx, &model, last.seq).await?;
            }
            let holds = catalog.holding(ctx, &model, blueprint, &following.filter, &found).await?;
            let told = found.into_iter().zip(holds).filter_map(|(entry, holds)| holds.then_some(entry));
            following.read = told.collect();
        }
    })
    .boxed())
}

/// Revisions of the model, each once, behind `after` or from now on.
pub async fn model_revisions(
    catalog: &Catalog,
    ctx: &OpContext,
    after: Option<i64>,
) -> Result<BoxStream<'static, Result<i64>>> {
    let follower = catalog.follow(ctx, None).await?;
    let present = catalog.present_model(ctx).await?.revision();
    // No revision is before the first.
    let seen = after.unwrap_or(present).max(0);
    let state = (catalog.clone(), ctx.clone(), follower, seen, present);
    Ok(try_unfold(state, |(catalog, ctx, mut follower, seen, mut present)| async move {
        while present <= seen {
            follower.moved(WAIT).await;
            present = catalog.present_model(&ctx).await?.revision();
        }
        let next = seen + 1;
        Ok(Some((next, (catalog, ctx, follower, next, present))))
    })
    .boxed())
}
