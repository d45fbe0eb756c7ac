//! The entities that a batch of changes touches, loaded once and changed in memory.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use portolan_schema::{BlueprintModel, BlueprintNo, CatalogModel, Error, Result};
use portolan_store::TenantScope;
use portolan_store::entity::Entity;
use portolan_store::stored_entity::StoredEntity;

use crate::change::RunOrigin;
use crate::draft::Draft;

/// The key of an entity in a batch: blueprint and identifier as stored before the batch (or as created by it).
pub(crate) type Key = (BlueprintNo, String);

pub(crate) struct Batch<'a> {
    pub scope: &'a TenantScope,
    pub model: &'a CatalogModel,
    /// In the order in which they were first touched.
    pub drafts: IndexMap<Key, Draft>,
    /// The run that writes, if one does.
    pub run: Option<RunOrigin>,
    /// What the batch's deletions name.
    pub deleted: HashSet<Key>,
    by_id: HashMap<i64, Key>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(scope: &'a TenantScope, model: &'a CatalogModel, run: Option<RunOrigin>) -> Self {
        Self { scope, model, drafts: IndexMap::new(), run, deleted: HashSet::new(), by_id: HashMap::new() }
    }

    pub(crate) fn blueprint(&self, no: BlueprintNo) -> Result<&'a BlueprintModel> {
        let found = self.model.by_no(no);
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| Error::internal("a batch names a blueprint that its model lacks"))
    }

    /// Loads entities that are not loaded yet; those that do not exist become absent drafts.
    pub(crate) async fn load(&mut self, keys: &[Key]) -> Result<()> {
        let stored = self.fetch(keys).await?;
        self.adopt(keys.iter(), stored)
    }

    /// Reads entities that are not loaded yet.
    pub(crate) async fn fetch(&self, keys: &[Key]) -> Result<HashMap<Key, StoredEntity>> {
        let mut wanted: IndexMap<BlueprintNo, Vec<&str>> = IndexMap::new();
        for (blueprint, identifier) in keys.iter().filter(|key| !self.drafts.contains_key(*key)) {
            wanted.entry(*blueprint).or_default().push(identifier);
        }
        let mut found = HashMap::new();
        for (blueprint, identifiers) in &wanted {
            let stored = self.scope.stored_entities(self.model, *blueprint, identifiers).await?;
            found.extend(stored.into_iter().map(|(identifier, entity)| ((*blueprint, identifier), entity)));
        }
        Ok(found)
    }

    /// Makes drafts of what was fetched, absent ones where nothing is stored.
    pub(crate) fn adopt<'k>(
        &mut self,
        keys: impl Iterator<Item = &'k Key>,
        mut stored: HashMap<Key, StoredEntity>,
    ) -> Result<()> {
        for key in keys {
            if self.drafts.contains_key(key) {
                continue;
            }
            let draft = match stored.remove(key) {
                Some(found) => {
                    let waits = found.waits;
                    let entity = found.into_entity(self.blueprint(key.0)?)?;
                    self.by_id.insert(entity.id, key.clone());
                    Draft::stored(entity, waits)
                }
                None => Draft::absent(),
            };
            self.drafts.insert(key.clone(), draft);
        }
        Ok(())
    }

    /// Loads entities by id.
    pub(crate) async fn load_ids(&mut self, ids: &[i64]) -> Result<()> {
        let missing: Vec<i64> = ids.iter().copied().filter(|id| !self.by_id.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut entities = self.scope.entities_by_id(self.model, &missing).await?;
        let mut borrowed: Vec<&mut Entity> = entities.iter_mut().collect();
        let waiting = self.scope.fill_relations(self.model, &mut borrowed).await?;
        for entity in entities {
            let key = (entity.blueprint, entity.state.identifier.clone());
            let waits = waiting.contains(&entity.id);
            self.by_id.insert(entity.id, key.clone());
            self.drafts.entry(key).or_insert_with(|| Draft::stored(entity, waits));
        }
        Ok(())
    }

    pub(crate) fn key_of(&self, id: i64) -> Option<&Key> {
        self.by_id.get(&id)
    }

    /// Identifiers under which entities of this batch exist after it, by blueprint; the value is the draft's key.
    pub(crate) fn present(&self) -> HashMap<(BlueprintNo, &str), &Key> {
        self.drafts
            .iter()
            .filter_map(|(key, draft)| Some(((key.0, draft.after.as_ref()?.identifier.as_str()), key)))
            .collect()
    }

    /// Identifiers that were stored before and are not any more after this batch (deleted or renamed).
    pub(crate) fn vanished(&self, blueprint: BlueprintNo, identifier: &str) -> bool {
        self.drafts.get(&(blueprint, identifier.to_owned())).is_some_and(|draft| {
            draft.before.is_some() && draft.after.as_ref().is_none_or(|after| after.identifier != identifier)
        })
    }
}
