//! What a tenant's admins set for its portal.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Pointer, Problem, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::portal::Settings;
use serde_json::json;
use url::{Host, Url};

use crate::{Portal, expect_revision, now};

/// Most origins of embedded pages.
const MAX_ORIGINS: usize = 50;
/// Longest origin, in characters.
const MAX_ORIGIN: usize = 300;

/// The settings of one tenant's portal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortalSettings {
    /// Where pages that dashboards embed may come from: `https://grafana.example`.
    pub frame_origins: Vec<String>,
    /// Counts their changes; 0 before the first.
    pub revision: i64,
}

/// What is to change; None stays.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    pub frame_origins: Option<Vec<String>>,
}

impl Portal {
    pub async fn settings(&self, ctx: &OpContext) -> Result<PortalSettings> {
        ctx.require(Role::Viewer)?;
        read(&self.store.look(ctx.tenant()).await?).await
    }

    /// Needs Admin. A widget whose origin is no longer named shows nothing, and keeps its dashboard from being saved.
    ///
    /// # Errors
    /// `CONFLICT`; `INVALID_VALUE` for what is no origin.
    pub async fn update_settings(
        &self,
        ctx: &OpContext,
        change: &SettingsChange,
        if_revision: Option<i64>,
    ) -> Result<PortalSettings> {
        ctx.require(Role::Admin)?;
        let mut problems = Problems::default();
        let origins = change.frame_origins.as_ref().map(|given| check(given, &mut problems));
        problems.into_result(())?;
        let (scope, _) = self.begin(ctx).await?;
        let present = read(&scope).await?;
        expect_revision("the settings", present.revision, if_revision)?;
        let mut settings = present.clone();
        settings.frame_origins = origins.unwrap_or(settings.frame_origins);
        if settings == present {
            return Ok(present);
        }
        settings.revision += 1;
        let stored = Settings {
            settings: json!({"frameOrigins": settings.frame_origins}),
            revision: settings.revision,
        };
        scope.save_portal_settings(&stored, now(), &ctx.actor().stamp()).await?;
        scope.commit().await?;
        Ok(settings)
    }
}

async fn read(scope: &TenantScope) -> Result<PortalSettings> {
    let Some(stored) = scope.portal_settings().await? else { return Ok(PortalSettings::default()) };
    let origins = stored.settings["frameOrigins"].as_array().into_iter().flatten();
    let origins = origins.filter_map(|origin| origin.as_str().map(str::to_owned)).collect();
    Ok(PortalSettings { frame_origins: origins, revision: stored.revision })
}

/// Where embedded pages may come from.
pub(crate) async fn frame_origins(scope: &TenantScope) -> Result<Vec<String>> {
    Ok(read(scope).await?.frame_origins)
}

/// Origins as browsers write them, each once.
fn check(given: &[String], problems: &mut Problems) -> Vec<String> {
    let path = Pointer::root().key("frameOrigins");
    if given.len() > MAX_ORIGINS {
        let over = Problem::over(Code::TooManyItems, path, "number of origins", MAX_ORIGINS, given.len());
        problems.0.push(over);
        return Vec::new();
    }
    let mut origins = Vec::new();
    for (index, text) in given.iter().enumerate() {
        match origin(text) {
            Some(origin) if origins.contains(&origin) => {}
            Some(origin) => origins.push(origin),
            None => {
                let message = "an origin is a scheme, a host and perhaps a port: https://grafana.example; \
                               plain http is for this machine's own addresses";
                problems.add(Code::InvalidValue, path.index(index), message);
            }
        }
    }
    origins
}

/// None for what is no origin, and for one that anybody on the way could answer for.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|_| text.chars().count() <= MAX_ORIGIN)?;
    let bare = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let local = match url.host() {
        // A star is a wildcard where browsers read a list of origins.
        Some(Host::Domain(name)) if name.contains('*') => return None,
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return None,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && local);
    (bare && safe).then(|| url.origin().ascii_serialization())
}

/// The origin of an address, as [`PortalSettings::frame_origins`] has it.
pub(crate) fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_those_of_browsers() {
        for (text, expected) in [
            ("https://Grafana.Example", Some("https://grafana.example")),
            ("https://grafana.example:443/", Some("https://grafana.example")),
            ("https://grafana.example:8443", Some("https://grafana.example:8443")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("http://[::1]:3000", Some("http://[::1]:3000")),
            ("http://grafana.example", None),
            ("https://grafana.example/d/1", None),
            ("https://grafana.example?x", None),
            ("https://user@grafana.example", None),
            ("https://*.example", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("grafana.example", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }
}
