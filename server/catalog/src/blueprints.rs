//! Blueprints: create, read, replace, merge, rename, delete. Each change makes a new model, checked as a whole.

use portolan_schema::Result;
use portolan_schema::model::StoredBlueprint;
use serde_json::Value;

use crate::{Catalog, OpContext};

impl Catalog {
    /// Needs Admin. `ALREADY_EXISTS`, or all problems of the definition and of the model it would make.
    pub async fn create_blueprint(&self, _ctx: &OpContext, _definition: &Value) -> Result<StoredBlueprint> {
        unimplemented!()
    }

    /// Needs Admin. Creates or replaces several blueprints in one step, in any order; one new model revision.
    /// Existing ones are replaced. What `portolan apply` and default models use.
    pub async fn apply_blueprints(
        &self,
        _ctx: &OpContext,
        _definitions: &[Value],
        _dry_run: bool,
    ) -> Result<Vec<StoredBlueprint>> {
        unimplemented!()
    }

    /// Needs Admin. Replaces (PUT) the definition; `merge` (PATCH) keeps what is not named.
    pub async fn update_blueprint(
        &self,
        _ctx: &OpContext,
        _identifier: &str,
        _definition: &Value,
        _merge: bool,
        _if_revision: Option<i64>,
    ) -> Result<StoredBlueprint> {
        unimplemented!()
    }

    /// Needs Admin. Properties, relations and the blueprint itself keep their numbers; stored entities follow.
    pub async fn rename_property(
        &self,
        _ctx: &OpContext,
        _blueprint: &str,
        _from: &str,
        _to: &str,
    ) -> Result<StoredBlueprint> {
        unimplemented!()
    }

    pub async fn rename_relation(
        &self,
        _ctx: &OpContext,
        _blueprint: &str,
        _from: &str,
        _to: &str,
    ) -> Result<StoredBlueprint> {
        unimplemented!()
    }

    pub async fn rename_blueprint(
        &self,
        _ctx: &OpContext,
        _from: &str,
        _to: &str,
    ) -> Result<StoredBlueprint> {
        unimplemented!()
    }

    /// Needs Admin. `IN_USE` while entities, relations of other blueprints or mappings use it.
    pub async fn delete_blueprint(&self, _ctx: &OpContext, _identifier: &str) -> Result<()> {
        unimplemented!()
    }

    /// The definition in Port's JSON with stamps: what every edge shows.
    pub fn blueprint_json(stored: &StoredBlueprint) -> Value {
        let mut json = stored.blueprint.definition.clone();
        let stamps = &stored.stamps;
        json.insert("createdAt".into(), stamps.created_at.to_rfc3339().into());
        json.insert("createdBy".into(), stamps.created_by.clone().into());
        json.insert("updatedAt".into(), stamps.updated_at.to_rfc3339().into());
        json.insert("updatedBy".into(), stamps.updated_by.clone().into());
        Value::Object(json)
    }
}
