//! A tenant with a small model, its people, and short ways to say what a test means.

use portolan_catalog::{Actor, Catalog, OpContext, Role, TenantId};
use portolan_portal::{NewPage, Page, PageKind, Portal, Sample, Source, Supplies};
use portolan_schema::{Error, Result};
use portolan_store::Store;
use serde_json::{Value, json};

pub struct Fixture {
    pub portal: Portal,
    pub catalog: Catalog,
    pub admin: OpContext,
    pub member: OpContext,
    pub viewer: OpContext,
    /// An admin of another tenant with the same model.
    pub stranger: OpContext,
}

impl Fixture {
    pub async fn new(store: Store) -> Self {
        let catalog = Catalog::new(store.clone(), None);
        let portal = Portal::new(store.clone(), catalog.clone(), supplies());
        for tenant in [1, 2] {
            let scope = store.write(TenantId(tenant)).await.unwrap();
            scope.create_head().await.unwrap();
            scope.commit().await.unwrap();
            catalog
                .apply_blueprints(&person(tenant, "admin", Role::Admin), &blueprints(), false)
                .await
                .unwrap();
        }
        Self {
            portal,
            catalog,
            admin: person(1, "admin", Role::Admin),
            member: person(1, "member", Role::Member),
            viewer: person(1, "viewer", Role::Viewer),
            stranger: person(2, "stranger", Role::Admin),
        }
    }

    /// Makes a page and answers it.
    pub async fn page(&self, kind: PageKind, title: &str, parent: Option<&str>) -> Page {
        let wanted = NewPage {
            parent: parent.map(str::to_owned),
            blueprint: (kind == PageKind::Table).then(|| "service".to_owned()),
            ..NewPage::new(kind, title)
        };
        self.portal.create_page(&self.admin, &wanted).await.unwrap()
    }

    /// The tree, as text: `ops(services, teams) home`.
    pub async fn tree(&self) -> String {
        let pages = self.portal.pages(&self.viewer, false).await.unwrap();
        shown(&pages, None)
    }
}

pub fn shown(pages: &[Page], folder: Option<&str>) -> String {
    let inside = pages.iter().filter(|page| page.folder.as_deref() == folder);
    let texts = inside.enumerate().map(|(at, page)| {
        assert_eq!(usize::try_from(page.position).unwrap(), at, "{}", page.identifier);
        match page.kind {
            PageKind::Folder => format!("{}({})", page.identifier, shown(pages, Some(&page.identifier))),
            _ => page.identifier.clone(),
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

pub fn person(tenant: i64, name: &str, role: Role) -> OpContext {
    OpContext::verified(TenantId(tenant), Actor::Account(format!("{name}@x.example")), role, "test", None)
}

/// `CODE /path` of each problem.
pub fn problems<T>(result: Result<T>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(Error::Problems(problems)) => {
            problems.0.iter().map(|one| format!("{} {}", one.code, one.path).trim().to_owned()).collect()
        }
        Err(fault) => panic!("{fault:?}"),
    }
}

fn blueprints() -> Vec<Value> {
    vec![
        json!({"identifier": "system", "title": "System", "schema": {"properties": {"area": {"type": "string"}}}}),
        json!({"identifier": "service", "title": "Service",
        "schema": {"properties": {
            "tier": {"type": "string", "enum": ["gold", "silver"]},
            "issues": {"type": "number"},
            "since": {"type": "string", "format": "date-time"},
            "readme": {"type": "string", "format": "markdown"},
            "extra": {"type": "object"}
        }},
        "relations": {"system": {"target": "system", "title": "System"}}}),
    ]
}

fn supplies() -> Supplies {
    let bare = |identifier: &str, title: &str| json!({"identifier": identifier, "title": title, "schema": {"properties": {}}});
    let mut lid = bare("lid", "Lid");
    lid["relations"] = json!({"box": {"target": "box"}});
    let boxes =
        Source { ingestor: "boxes".into(), title: "Boxes".into(), blueprints: vec![bare("box", "Box"), lid] };
    let empty = Source { ingestor: "empty".into(), title: "Empty".into(), blueprints: Vec::new() };
    let files = Source {
        ingestor: "files".into(),
        title: "Files".into(),
        blueprints: vec![bare("backstageApi", "API"), bare("csvRow", "Row")],
    };
    let mut deployment = bare("deployment", "Deployment");
    deployment["relations"] = json!({"service": {"target": "service", "required": true}});
    let mut service = bare("service", "Service");
    service["aggregationProperties"] = json!({"deployments": {"title": "Deployments", "target": "deployment",
        "calculationSpec": {"calculationBy": "entities", "func": "count"}}});
    let sample = Sample {
        blueprints: vec![service, deployment],
        entities: vec![
            json!({"blueprint": "deployment", "identifier": "d", "team": ["ops"], "relations": {"service": "a"}}),
            json!({"blueprint": "service", "identifier": "a"}),
            json!({"blueprint": "service", "identifier": "b"}),
            json!({"blueprint": "_team", "identifier": "ops"}),
        ],
        dashboard: json!({"widgets": [{"identifier": "n", "kind": "NUMBER", "title": "Services", "blueprint": "service",
            "func": "SUM", "property": "deployments", "grid": {"x": 0, "y": 0, "width": 3, "height": 2}}]}),
    };
    Supplies { sources: vec![boxes, empty, files], sample }
}
