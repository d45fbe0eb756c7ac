//! What subscriptions stand on: the log of changes, followed from a place in it. Nothing is buffered but one small read.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt, try_unfold};
use portolan_catalog::{Catalog, Follower, LogEntry, OpContext, check_live, matches_live};
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
    read: VecDeque<LogEntry>,
}

/// Changes of one blueprint's entities that match the filter before or after, each once, from `after` or from now on.
///
/// # Errors
/// `NOT_SUPPORTED` for conditions that a state cannot decide.
pub async fn changes(
    catalog: &Catalog,
    ctx: &OpContext,
    blueprint: BlueprintNo,
    filter: Filter,
    after: Option<i64>,
) -> Result<BoxStream<'static, Result<LogEntry>>> {
    let model = catalog.present_model(ctx).await?;
    let filter = catalog.for_caller(ctx, &model, filter).await?;
    if let Some(blueprint) = model.by_no(blueprint) {
        check_live(blueprint, &filter)?;
    }
    let follower = catalog.follow(ctx, after).await?;
    let following = Following {
        catalog: catalog.clone(),
        ctx: ctx.clone(),
        follower,
        blueprint,
        filter,
        read: VecDeque::new(),
    };
    Ok(try_unfold(following, |mut following| async move {
        loop {
            if let Some(entry) = following.read.pop_front() {
                return Ok(Some((entry, following)));
            }
            let found = following.follower.next(BATCH, WAIT).await?;
            // Renames since then are seen by numbers, which stay.
            let model = following.catalog.present_model(&following.ctx).await?;
            let Some(blueprint) = model.by_no(following.blueprint) else { return Ok(None) };
            let matches = |entry: &LogEntry| {
                if entry.blueprint != following.blueprint {
                    return false;
                }
                // Relative dates are counted from the change, whenever it is read.
                let filter = following.filter.at(entry.at);
                let mut states = entry.before.iter().chain(&entry.after);
                states.any(|state| matches_live(blueprint, &filter, state))
            };
            following.read = found.into_iter().filter(matches).collect();
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
