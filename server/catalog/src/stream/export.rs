//! All entities of a blueprint, page by page, for as long as it takes.

use std::sync::Arc;

use portolan_schema::rules::{self, Unknown};
use portolan_schema::{
    BlueprintModel, BlueprintNo, CatalogModel, Code, Error, Field, Filter, Meta, Pointer, Result,
};
use portolan_store::query::{EntityQuery, NodeQuery, Order, Page};
use portolan_store::{OpContext, TenantScope};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Catalog, Entity, asking};

/// Entities of a page.
const PAGE: usize = 500;
/// Exports of this process that hold a snapshot at the same time: each keeps a connection. The others read page by page.
static SNAPSHOTS: Semaphore = Semaphore::const_new(2);

/// An export under way: all entities of a blueprint that match, by identifier or in the order that was asked for.
pub struct Export {
    catalog: Catalog,
    ctx: OpContext,
    model: Arc<CatalogModel>,
    blueprint: BlueprintNo,
    filter: Filter,
    order: Vec<Order>,
    after: Option<String>,
    ended: bool,
    snapshot: Option<(TenantScope, SemaphorePermit<'static>)>,
}

impl Catalog {
    /// Begins an export. `order` names properties, or meta-properties such as `$title`, and whether they descend; without
    /// any, it is by identifier.
    ///
    /// # Errors
    /// `NOT_FOUND` for the blueprint; problems of the rules; `UNKNOWN_PROPERTY` in the order.
    pub async fn export(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        rules: Option<&Value>,
        order: &[(String, bool)],
    ) -> Result<Export> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        let found =
            model.get(blueprint).ok_or_else(|| Error::not_found(format!("the blueprint \"{blueprint}\"")))?;
        let filter = match rules {
            None => Filter::always(),
            Some(rules) => {
                rules::parse(rules, &Pointer::root().key("rules"))?.resolve(&model, found, Unknown::Refuse)?
            }
        };
        let order = order.iter().enumerate().map(|(at, key)| read_key(found, at, key));
        let order = order.collect::<Result<_>>()?;
        // However long it takes, all of it is of one time.
        let filter = asking::settled(&scope, ctx, &model, &filter).await?.into_owned();
        let blueprint = found.no();
        let snapshot = SNAPSHOTS.try_acquire().ok().map(|permit| (scope, permit));
        Ok(Export {
            catalog: self.clone(),
            ctx: ctx.clone(),
            model,
            blueprint,
            filter,
            order,
            after: None,
            ended: false,
            snapshot,
        })
    }
}

impl Export {
    /// The model that the entities follow.
    pub fn model(&self) -> &CatalogModel {
        &self.model
    }

    pub fn blueprint(&self) -> BlueprintNo {
        self.blueprint
    }

    /// The next entities, relations filled; none at the end.
    pub async fn next(&mut self) -> Result<Vec<Entity>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let query = EntityQuery {
            blueprint: self.blueprint,
            filter: self.filter.clone(),
            order: self.order.clone(),
            page: Page { limit: PAGE, after: self.after.take(), ..Page::default() },
            count: false,
            nodes: NodeQuery::whole(),
        };
        let page = match &self.snapshot {
            Some((scope, _)) => scope.list(&self.model, &query).await?,
            None => self.catalog.list(&self.ctx, &self.model, &query).await?,
        };
        self.after = page.nodes.last().map(|node| node.cursor.clone());
        self.ended = !page.has_next;
        if self.ended {
            self.snapshot = None;
        }
        Ok(page.nodes.into_iter().map(|node| node.entity).collect())
    }

    /// Lets go of the snapshot, as where the reader is slow: later pages show what is stored by then. None is skipped
    /// or repeated that is there throughout, with the values that it is ordered by.
    pub fn let_go(&mut self) {
        self.snapshot = None;
    }
}

fn read_key(blueprint: &BlueprintModel, at: usize, (name, descending): &(String, bool)) -> Result<Order> {
    let meta = Meta::parse(name).map(Field::Meta);
    let found = meta.or_else(|| blueprint.property(name).map(|property| Field::Property(property.no)));
    let field = found.ok_or_else(|| {
        let path = Pointer::root().key("orderBy").index(at).key("property");
        let message = format!("the blueprint \"{}\" has no property \"{name}\"", blueprint.identifier());
        Error::at(Code::UnknownProperty, path, message)
    })?;
    Ok(Order { field, descending: *descending })
}
