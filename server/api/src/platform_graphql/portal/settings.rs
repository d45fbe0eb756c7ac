//! The portal's settings: the fields.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_portal::{Portal, SettingsChange};
use portolan_schema::Pointer;

use super::super::problem::{ProblemObject, payload, refuse, under};

/// What a tenant's admins set for its portal.
#[derive(SimpleObject)]
struct PortalSettings {
    /// Where pages that dashboards embed may come from, such as `https://grafana.example`.
    frame_origins: Vec<String>,
    /// Counts their changes, from 0; what `ifRevision` is compared with.
    revision: i64,
}

impl From<portolan_portal::PortalSettings> for PortalSettings {
    fn from(settings: portolan_portal::PortalSettings) -> Self {
        Self { frame_origins: settings.frame_origins, revision: settings.revision }
    }
}

/// What is to change. What is not named stays.
#[derive(InputObject)]
struct PortalSettingsInput {
    frame_origins: Option<Vec<String>>,
}

#[derive(SimpleObject)]
struct PortalSettingsPayload {
    settings: Option<PortalSettings>,
    errors: Vec<ProblemObject>,
}

#[derive(Default)]
pub struct SettingsQuery;

#[Object]
impl SettingsQuery {
    async fn portal_settings(&self, ctx: &Context<'_>) -> async_graphql::Result<PortalSettings> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(portal.settings(who).await.map_err(refuse)?.into())
    }
}

#[derive(Default)]
pub struct SettingsMutation;

#[Object]
impl SettingsMutation {
    async fn update_portal_settings(
        &self,
        ctx: &Context<'_>,
        input: PortalSettingsInput,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<PortalSettingsPayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let change = SettingsChange { frame_origins: input.frame_origins };
        let changed = portal.update_settings(who, &change, if_revision).await;
        let outer = Pointer::root().key("input");
        let (settings, errors) = payload(changed.map_err(|error| under(error, &outer)))?;
        Ok(PortalSettingsPayload { settings: settings.map(PortalSettings::from), errors })
    }
}
