//! Who wrote each value of an entity last, read in one statement for all entities of an answer that ask.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use portolan_catalog::Origin;
use portolan_schema::{Error, Result};

use super::history::Histories;

/// The entity whose values are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValuesOf(pub i64);

/// One value's last change.
#[derive(Debug, Clone)]
pub struct ValueOrigin {
    /// The property's or relation's identifier.
    pub name: String,
    pub origin: Origin,
}

impl ValueOrigin {
    /// The integration whose run wrote it.
    pub fn integration(&self) -> Option<&str> {
        self.origin.run?;
        self.origin.actor.strip_prefix("integration:")
    }
}

impl Loader<ValuesOf> for Histories {
    type Value = BTreeMap<String, Origin>;
    type Error = Arc<Error>;

    async fn load(&self, entities: &[ValuesOf]) -> Result<HashMap<ValuesOf, Self::Value>, Arc<Error>> {
        let ids: Vec<i64> = entities.iter().map(|ValuesOf(id)| *id).collect();
        let found = self.catalog.origins(&self.ctx, &ids).await?;
        Ok(found.into_iter().map(|(id, origins)| (ValuesOf(id), origins)).collect())
    }
}

/// By name.
pub async fn read(loader: &DataLoader<Histories>, entity: i64) -> Result<Vec<ValueOrigin>> {
    let found = loader.load_one(ValuesOf(entity)).await.map_err(super::history::shared)?;
    let found = found.unwrap_or_default().into_iter();
    Ok(found.map(|(name, origin)| ValueOrigin { name, origin }).collect())
}
