//! The tenant `demo`: a believable catalog, applied by the code that `portolan apply` ends in.

use portolan_catalog::{Actor, Catalog, OpContext};
use portolan_identity::{Identity, NewTenant, NewTenantRequest};
use portolan_portal::{NewPage, PageKind, Portal, Sample};
use portolan_schema::{Error, Problems, Result};

use crate::documents::Documents;

const SLUG: &str = "demo";
const ADMIN: &str = "admin@demo.example";
/// A dashboard about the demo's blueprints.
const OVERVIEW: &str = include_str!("demo/overview.yaml");
/// `demo/*.yaml`, part of the program.
const FILES: &[(&str, &str)] = &[
    ("blueprints.yaml", include_str!("../demo/blueprints.yaml")),
    ("people.yaml", include_str!("../demo/people.yaml")),
    ("teams.yaml", include_str!("../demo/teams.yaml")),
    ("services.yaml", include_str!("../demo/services.yaml")),
    ("operations.yaml", include_str!("../demo/operations.yaml")),
];

/// Makes the tenant. None where it exists: nothing is changed then.
pub async fn prepare(identity: &Identity, catalog: &Catalog, portal: &Portal) -> Result<Option<NewTenant>> {
    if identity.tenant_by_slug(SLUG).await?.is_some() {
        tracing::info!(
            "the tenant demo exists already; its password and credential were shown when it was made"
        );
        return Ok(None);
    }
    let documents = documents()?;
    let request = NewTenantRequest {
        slug: SLUG.to_owned(),
        title: Some("Demo".to_owned()),
        admin_email: ADMIN.to_owned(),
    };
    let made = identity.create_tenant(&request).await?;
    let ctx = OpContext::background(made.tenant.id, Actor::System("demo"));
    catalog.apply(&ctx, &documents.blueprints, &documents.entities, false).await?;
    let overview = NewPage { dashboard: Some(overview()?), ..NewPage::new(PageKind::Dashboard, "Overview") };
    portal.create_page(&ctx, &overview).await?;
    for blueprint in &documents.blueprints {
        let text = |key: &str| blueprint[key].as_str().map(str::to_owned);
        let title = text("title").unwrap_or_default();
        let page = NewPage {
            blueprint: text("identifier"),
            icon: text("icon"),
            ..NewPage::new(PageKind::Table, &title)
        };
        portal.create_page(&ctx, &page).await?;
    }
    Ok(Some(made))
}

fn overview() -> Result<serde_json::Value> {
    serde_norway::from_str(OVERVIEW).map_err(Error::internal)
}

fn documents() -> Result<Documents> {
    let mut documents = Documents::default();
    let mut problems = Problems::default();
    for (name, text) in FILES {
        documents.add(name, text, &mut problems);
    }
    Ok(problems.into_result(documents)?)
}

/// The same as a sample for other tenants.
pub fn sample() -> Result<Sample> {
    let documents = documents()?;
    Ok(Sample { blueprints: documents.blueprints, entities: documents.entities, dashboard: overview()? })
}

/// How to sign in.
pub fn welcome(made: &NewTenant, address: &str) -> String {
    let NewTenant { client_id, client_secret, .. } = made;
    let email = ADMIN;
    let password = made.admin_password.as_deref().unwrap_or("the one that this account has already");
    format!(
        "
The tenant demo is ready. Open http://{address}/ and sign in:

  e-mail         {email}
  password       {password}

For programs it has a credential. Password and secret are shown this once:

  client id      {client_id}
  client secret  {client_secret}

A first question:

  TOKEN=$(curl -s http://{address}/v1/auth/access_token -H 'content-type: application/json' \\
    -d '{{\"clientId\":\"{client_id}\",\"clientSecret\":\"{client_secret}\"}}' | sed 's/.*accessToken\":\"\\([^\"]*\\).*/\\1/')
  curl -s http://{address}/graphql -H \"Authorization: Bearer $TOKEN\" -H 'content-type: application/json' \\
    -d '{{\"query\":\"{{ services(where: {{ tier: {{ eq: GOLD }} }}, first: 3) {{ totalCount nodes {{ title system {{ title }} deployments {{ nodes {{ title }} }} }} }} }}\"}}'
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_is_worth_looking_at() {
        let documents = documents().unwrap();
        let count = |blueprint: &str| {
            documents.entities.iter().filter(|entity| entity["blueprint"] == blueprint).count()
        };
        assert_eq!(count("service"), 40);
        for (blueprint, least) in [
            ("team", 6),
            ("_team", 6),
            ("_user", 12),
            ("deployment", 40),
            ("cluster", 3),
            ("incident", 8),
            ("system", 6),
        ] {
            assert!(count(blueprint) >= least, "{blueprint}");
        }
        // Whoever owns something is a team of people.
        let people = documents.entities.iter().filter(|entity| entity["blueprint"] == "_team");
        let teams: Vec<&serde_json::Value> = people.map(|team| &team["identifier"]).collect();
        for owner in documents.entities.iter().filter_map(|entity| entity["team"].as_array()).flatten() {
            assert!(teams.contains(&owner), "{owner}");
        }
    }
}
