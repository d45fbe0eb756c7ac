//! The operator's API: tenants from outside, and what deleting one leaves.

use portolan_identity::Identity;
use portolan_store::identity::TenantTable;
use portolan_store::testing::on_each_engine;
use portolan_store::{Store, TenantId};
use serde_json::{Value, json};

use crate::page::{Page, join, machine, operator};
use crate::support::Server;

#[tokio::test]
async fn tenants_are_made_listed_and_changed() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let body = json!({"slug": "third", "title": "The third", "adminEmail": "A@third.example"});
        let made = operator(&server, "POST", "/api/operator/tenants", body.clone()).await;
        assert_eq!(
            (made.status, &made.body["adminEmail"]),
            (201, &json!("a@third.example")),
            "{}",
            made.body
        );
        let mut page =
            Page::of(&server, "a@third.example", made.body["adminPassword"].as_str().unwrap()).await;
        assert_eq!(page.get("/v1/organization").await.body["organization"]["name"], "The third");
        let keys = json!({"clientId": made.body["clientId"], "clientSecret": made.body["clientSecret"]});
        assert_eq!(server.post("/v1/auth/access_token", "", &keys).await.0, 200);
        assert_eq!(operator(&server, "POST", "/api/operator/tenants", body).await.status, 409);
        let list = operator(&server, "GET", "/api/operator/tenants", Value::Null).await.body;
        let slugs: Vec<&str> = list["tenants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tenant| tenant["slug"].as_str().unwrap())
            .collect();
        assert_eq!(slugs, ["acme", "other", "third"]);
        let path = "/api/operator/tenants/third";
        let change = json!({"title": "3", "limits": {"requestsPerMinute": 100, "bodyBytes": 5_000}});
        let changed = operator(&server, "PATCH", path, change).await.body["tenant"].clone();
        assert_eq!(
            (&changed["title"], &changed["limits"]),
            (&json!("3"), &json!({"requestsPerMinute": 100, "bodyBytes": 5_000}))
        );
        let change = json!({"limits": {"bodyBytes": null}});
        let changed = operator(&server, "PATCH", path, change).await.body["tenant"].clone();
        assert_eq!(changed["limits"], json!({"requestsPerMinute": 100}), "what is not named stays");
        for (method, path, body, status, at) in [
            ("POST", "/api/operator/tenants", json!({}), 422, "/slug"),
            ("POST", "/api/operator/tenants", json!({"slug": "-", "adminEmail": "a@b"}), 422, "/slug"),
            ("POST", "/api/operator/tenants", json!({"slug": "x", "adminEmail": "a"}), 422, "/adminEmail"),
            ("PATCH", path, json!({"status": "GONE"}), 422, "/status"),
            ("PATCH", path, json!({"limits": 1}), 422, "/limits"),
            ("PATCH", path, json!({"limits": {"more": 1}}), 422, "/limits/more"),
            ("PATCH", path, json!({"limits": {"bodyBytes": "x"}}), 422, "/limits/bodyBytes"),
            ("PATCH", path, json!({"limits": {"bodyBytes": 1}}), 422, "/limits/bodyBytes"),
            ("PATCH", path, json!({"limits": {"requestsPerMinute": 0}}), 422, "/limits/requestsPerMinute"),
            ("PATCH", path, json!({"statsu": "ACTIVE"}), 422, "/statsu"),
            ("PATCH", "/api/operator/tenants/nope", json!({}), 404, ""),
            ("DELETE", "/api/operator/tenants/nope", Value::Null, 404, ""),
        ] {
            let answer = operator(&server, method, path, body.clone()).await;
            assert_eq!(
                (answer.status, answer.body["details"]["path"].as_str()),
                (status, Some(at)),
                "{body}: {}",
                answer.body
            );
        }
        assert_eq!(
            operator(&server, "GET", "/v1/blueprints", Value::Null).await.status,
            401,
            "no tenant's data"
        );
    })
    .await;
}

#[tokio::test]
async fn without_a_token_there_is_no_operator() {
    on_each_engine(|store| async move {
        let sealer = portolan_foundation::secrets::Sealer::from_key([1; 32]);
        let identity = Identity::open(store, &sealer).await.unwrap();
        for token in ["", "the operator's own token"] {
            let refused = identity.check_operator(token, &Default::default()).err().unwrap().into_error();
            assert_eq!(refused.code().as_str(), "NOT_FOUND");
        }
        assert!(portolan_identity::OperatorToken::new("short").is_err());
    })
    .await;
}

async fn tables(store: &Store, tenant: TenantId) -> Vec<TenantTable> {
    store.read(tenant).await.unwrap().tenant_tables().await.unwrap()
}

/// Rows of a tenant in all tables; the scope is dropped, so nothing is removed.
async fn rows(store: &Store, tenant: TenantId) -> u64 {
    let tables = tables(store, tenant).await;
    let scope = store.write(tenant).await.unwrap();
    let mut rows = 0;
    for table in &tables {
        rows += scope.delete_slice(table, &mut None, usize::MAX).await.unwrap();
    }
    rows
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_tenant() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store.clone()).await;
        let mut page = join(&server, "eve@acme.example", "MEMBER").await;
        let entities: Vec<Value> = (0..1_500)
            .map(|number| {
                json!({"blueprint": "service", "identifier": format!("s{number}"), "title": "S",
                    "properties": {"tier": "gold", "open_issues": number, "languages": ["a", "b"]},
                    "relations": {"dependsOn": ["s0"]}})
            })
            .collect();
        for part in entities.chunks(500) {
            let answer = server.post("/api/apply", &server.member, &json!({"entities": part})).await;
            assert_eq!(answer.0, 200, "{}", answer.1);
        }
        let neighbour = server.identity.required_tenant("other").await.unwrap().id;
        let (tenant, before) = (server.made.tenant.id, rows(&store, neighbour).await);
        assert!(rows(&store, tenant).await > 10_000 && before > 3);
        let names: Vec<String> = tables(&store, tenant).await.into_iter().map(|table| table.name).collect();
        let owned = portolan_store::testing::TENANT_TABLES.iter().copied().flatten().copied();
        for name in owned.chain(["memberships", "credentials", "one_time_links", "jobs"]) {
            assert!(names.iter().any(|found| found == name), "{name}");
        }
        let answer = operator(&server, "DELETE", "/api/operator/tenants/acme", Value::Null).await;
        assert_eq!((answer.status, &answer.body["deleted"]), (200, &json!(true)));
        assert_eq!((rows(&store, tenant).await, rows(&store, neighbour).await), (0, before));
        assert_eq!(server.get("/v1/blueprints").await.0, 401);
        assert_eq!(page.get("/v1/blueprints").await.status, 403, "the account belongs to no tenant");
        assert_eq!(operator(&server, "DELETE", "/api/operator/tenants/acme", Value::Null).await.status, 404);
        // The slug is free again, and begins empty.
        let body = json!({"slug": "acme", "adminEmail": "eve@acme.example"});
        let made = operator(&server, "POST", "/api/operator/tenants", body).await;
        assert_eq!(
            (made.status, &made.body["adminPassword"]),
            (201, &Value::Null),
            "the account keeps its password"
        );
        let blueprints = page.get("/v1/blueprints").await.body["blueprints"].clone();
        let names: Vec<&Value> =
            blueprints.as_array().unwrap().iter().map(|blueprint| &blueprint["identifier"]).collect();
        assert_eq!(names, ["_user", "_team"]);
    })
    .await;
}

#[tokio::test]
async fn slices_walk_every_kind_of_key() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store.clone()).await;
        for number in 0..25 {
            server.put("service", json!({"identifier": format!("s{number}"), "properties": {"languages": ["a", "b"]}})).await;
            let name = json!({"query": format!("mutation {{ createCredential(role: VIEWER, name: \"{number}\") {{ clientId }} }}")});
            machine(&server, &server.admin, "POST", "/api/graphql", name).await;
            crate::page::invite(&server, &format!("p{number}@acme.example"), "VIEWER").await;
        }
        let (tenant, all) = (server.made.tenant.id, rows(&store, server.made.tenant.id).await);
        let tables = tables(&store, tenant).await;
        let scope = store.write(tenant).await.unwrap();
        let mut removed = 0;
        for table in &tables {
            let mut position = None;
            loop {
                let slice = scope.delete_slice(table, &mut position, 7).await.unwrap();
                assert!(slice <= 7, "{}", table.name);
                removed += slice;
                if position.is_none() {
                    break;
                }
            }
        }
        assert_eq!(removed, all);
        for table in &tables {
            assert_eq!(scope.delete_slice(table, &mut None, 7).await.unwrap(), 0, "{}", table.name);
        }
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_deletion_is_finished_and_refuses_everybody() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store.clone()).await;
        server.put("service", json!({"identifier": "a"})).await;
        let mut page = join(&server, "eve@acme.example", "ADMIN").await;
        let tenant = server.identity.begin_deletion("acme").await.unwrap();
        assert_eq!(server.get("/v1/blueprints").await.0, 401);
        assert_eq!(page.get("/v1/blueprints").await.status, 403);
        for status in ["ACTIVE", "SUSPENDED"] {
            let answer =
                operator(&server, "PATCH", "/api/operator/tenants/acme", json!({"status": status})).await;
            assert_eq!(answer.status, 404, "nothing brings it back");
        }
        let list = operator(&server, "GET", "/api/operator/tenants", Value::Null).await.body;
        assert_eq!(list["tenants"][0]["status"], "DELETING");
        server.identity.keep_house().await.unwrap();
        assert_eq!(rows(&store, tenant).await, 0);
        assert!(server.identity.tenant_by_slug("acme").await.unwrap().is_none());
    })
    .await;
}
