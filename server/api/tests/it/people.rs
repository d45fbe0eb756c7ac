//! People in the catalog: members have entities of `_user` that follow them; what follows from memberships is set by
//! those alone.

use std::time::Duration;

use portolan_catalog::{Actor, OpContext};
use portolan_identity::Role;
use portolan_schema::Instant;
use portolan_store::Store;
use portolan_store::identity::{NewAccount, Tenant, TenantStatus};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::page::{invite, join, machine, member_id};
use crate::support::Server;

/// Everybody as the catalog shows them: identifier, title, status, role.
async fn people(server: &Server) -> Vec<String> {
    let answer = server.graphql("{ _users { nodes { identifier title status portRole } } }").await;
    let nodes = answer["data"]["_users"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    let text = |node: &Value, key: &str| node[key].as_str().unwrap_or("-").to_owned();
    let shown =
        |node: &Value| ["identifier", "title", "status", "portRole"].map(|key| text(node, key)).join(" ");
    nodes.iter().map(shown).collect()
}

async fn mutate(server: &Server, mutation: &str) {
    let answer = server
        .platform_as(
            &server.admin,
            &format!("mutation {{ r: {mutation} {{ errors {{ code }} }} }}"),
            json!({}),
        )
        .await;
    assert_eq!(answer["data"]["r"]["errors"], json!([]), "{mutation}: {answer}");
}

#[tokio::test]
async fn members_are_in_the_catalog_as_they_come_and_go() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        const ADMIN: &str = "admin@acme.example - ACTIVE ADMIN";
        assert_eq!(people(&server).await, [ADMIN]);
        let seen = server.get("/api/changes").await.1["next"].clone();
        invite(&server, "bob@acme.example", "MEMBER").await;
        assert_eq!(people(&server).await, [ADMIN, "bob@acme.example - INVITED MEMBER"]);
        // What catalog people write about somebody stays, whoever they become.
        let about = json!({"identifier": "bob@acme.example", "title": "Bob", "icon": "Star"});
        let (status, answer) =
            server.post("/v1/blueprints/_user/entities?upsert=true&merge=true", &server.member, &about).await;
        assert_eq!(status, 200, "{answer}");
        let bob = member_id(&server, "bob@acme.example").await;
        mutate(&server, &format!("setRole(member: \"{bob}\", role: VIEWER)")).await;
        assert_eq!(people(&server).await, [ADMIN, "bob@acme.example Bob INVITED VIEWER"]);
        join(&server, "bob@acme.example", "MEMBER").await;
        let bob = member_id(&server, "bob@acme.example").await;
        assert_eq!(people(&server).await[1].split(' ').skip(2).collect::<Vec<_>>(), ["ACTIVE", "MEMBER"]);
        mutate(&server, &format!("setRole(member: \"{bob}\", role: ADMIN)")).await;
        mutate(&server, &format!("removeMember(member: \"{bob}\")")).await;
        assert_eq!(people(&server).await[1].split(' ').skip(2).collect::<Vec<_>>(), ["DISABLED", "-"]);
        // Each step is in the log, by whoever made it; nothing else is.
        let (_, page) = server.get(&format!("/api/changes?after={seen}")).await;
        let steps: Vec<String> = page["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| {
                assert_eq!(change["blueprint"], "_user");
                format!(
                    "{} {}",
                    change["kind"].as_str().unwrap(),
                    change["after"]["properties"]["status"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(
            steps,
            [
                "CREATED Invited",
                "UPDATED Invited",
                "UPDATED Invited",
                "UPDATED Invited",
                "UPDATED Active",
                "UPDATED Active",
                "UPDATED Disabled"
            ]
        );
        assert_eq!(page["changes"][6]["actor"], json!(server.made.client_id));
        // An invitation that is cancelled or too old leaves somebody whom only the catalog knows.
        invite(&server, "cid@acme.example", "MEMBER").await;
        let cid = member_id(&server, "cid@acme.example").await;
        mutate(&server, &format!("removeMember(member: \"{cid}\")")).await;
        invite(&server, "dan@acme.example", "ADMIN").await;
        server.pass(Duration::from_secs(8 * 24 * 3_600));
        server.identity.keep_house().await.unwrap();
        server.identity.keep_house().await.unwrap();
        let ctx = OpContext::background(server.made.tenant.id, Actor::System("test"));
        let users = server.catalog.present_model(&ctx).await.unwrap().get("_user").unwrap().no();
        for name in ["cid@acme.example", "dan@acme.example"] {
            let found = server.catalog.entity(&ctx, users, name).await.unwrap().unwrap();
            assert_eq!(Value::Object(found.state.properties), json!({"status": "Staged", "port_role": null}));
        }
    })
    .await;
}

#[tokio::test]
async fn a_person_who_signs_up_is_known_by_name() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let mut page = crate::page::Page::new(&server);
        let body = json!({"tenant": "fresh", "email": "Ada@Fresh.example", "password": "a long password", "name": "Ada"});
        let answer = page.send("POST", "/api/sign-up", body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let found = page.get("/v1/blueprints/_user/entities/ada@fresh.example").await;
        assert_eq!(
            (&found.body["entity"]["title"], &found.body["entity"]["properties"]),
            (&json!("Ada"), &json!({"status": "Active", "port_role": "Admin"})), "{}", found.body
        );
    })
    .await;
}

#[tokio::test]
async fn only_memberships_say_who_is_a_member() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let path = "/v1/blueprints/_user/entities";
        let (admin, own) = ("admin@acme.example", format!("{path}/admin@acme.example"));
        const STATUS: &str = "/properties/status";
        const ROLE: &str = "/properties/port_role";
        const NAME: &str = "/identifier";
        for (method, path, body, refused) in [
            ("POST", path, json!({"identifier": "x@y.z", "properties": {"status": "Active"}}), STATUS),
            ("POST", path, json!({"identifier": "x@y.z", "properties": {"port_role": "Admin"}}), ROLE),
            ("POST", path, json!({"identifier": "x@y.z", "title": "X"}), ""),
            ("PATCH", &own, json!({"properties": {"status": "Disabled"}}), STATUS),
            ("PATCH", &own, json!({"properties": {"port_role": null}}), ROLE),
            ("PATCH", &own, json!({"identifier": "other@acme.example"}), NAME),
            ("DELETE", &own, Value::Null, NAME),
            // What is there may be sent back, and what is replaced as a whole keeps it.
            (
                "PATCH",
                &own,
                json!({"title": "A", "properties": {"status": "Active", "port_role": "Admin"}}),
                "",
            ),
            ("PUT", &own, json!({"identifier": admin, "title": "B", "properties": {}}), ""),
            ("PATCH", &format!("{path}/x@y.z"), json!({"identifier": "x@y.zz"}), ""),
            ("DELETE", &format!("{path}/x@y.zz"), Value::Null, ""),
        ] {
            // Not even an admin does it here.
            let answer = machine(&server, &server.admin, method, path, body.clone()).await;
            let found = answer.body["details"]["path"].as_str().unwrap_or_default();
            assert_eq!(found, refused, "{method} {path} {body}: {}", answer.body);
            assert_eq!(
                answer.body["details"]["code"].as_str().unwrap_or_default() == "PROTECTED",
                !refused.is_empty()
            );
            assert_eq!(
                answer.status == 409,
                !refused.is_empty(),
                "{method} {path} {body}: {}",
                answer.status
            );
        }
        assert_eq!(people(&server).await, ["admin@acme.example B ACTIVE ADMIN"]);
        // Nobody is made by being pointed at, nor goes with what they need.
        for (blueprint, relations) in [
            ("service", json!({"keeper": {"target": "_user"}, "crew": {"target": "_team"}})),
            ("_user", json!({"home": {"target": "system", "required": true}})),
        ] {
            let answer = machine(
                &server,
                &server.admin,
                "PATCH",
                &format!("/v1/blueprints/{blueprint}"),
                json!({"relations": relations}),
            )
            .await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        for relation in ["keeper", "crew"] {
            let entity = json!({"identifier": "s", "relations": {relation: "nobody"}});
            let path = "/v1/blueprints/service/entities?create_missing_related_entities=true";
            let answer = machine(&server, &server.member, "POST", path, entity).await;
            assert_eq!(
                (answer.status, &answer.body["details"]["path"]),
                (404, &json!(format!("/relations/{relation}"))),
                "{}",
                answer.body
            );
        }
        server.put("system", json!({"identifier": "desk"})).await;
        let answer =
            machine(&server, &server.member, "PATCH", &own, json!({"relations": {"home": "desk"}})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = machine(
            &server,
            &server.member,
            "DELETE",
            "/v1/blueprints/system/entities/desk?delete_dependents=true",
            Value::Null,
        )
        .await;
        assert_eq!(
            (answer.status, &answer.body["details"]["code"]),
            (409, &json!("HAS_DEPENDENTS")),
            "{}",
            answer.body
        );
        // A new member has not what an extension requires; they are let in all the same, and listed.
        join(&server, "eve@acme.example", "VIEWER").await;
        let answer =
            server.platform("{ invalidEntities(blueprint: \"_user\") { nodes { identifier } } }").await;
        assert_eq!(answer["data"]["invalidEntities"]["nodes"], json!([{"identifier": "eve@acme.example"}]));
    })
    .await;
}

#[tokio::test]
async fn a_limit_of_entities_keeps_nobody_out() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store.clone()).await;
        let path = "/api/operator/tenants/acme";
        let answer = crate::page::operator(&server, "PATCH", path, json!({"limits": {"entities": 1}})).await;
        assert_eq!(answer.status, 200);
        let count =
            async || store.read(server.made.tenant.id).await.unwrap().head().await.unwrap().entity_count;
        server.put("system", json!({"identifier": "one"})).await;
        invite(&server, "bob@acme.example", "MEMBER").await;
        assert_eq!(count().await, 1, "members do not count");
        let staged = json!({"identifier": "x@y.z"});
        let answer = machine(&server, &server.member, "POST", "/v1/blueprints/_user/entities", staged).await;
        assert_eq!(answer.code(), "ENTITY_LIMIT_REACHED", "others do");
        let bob = member_id(&server, "bob@acme.example").await;
        mutate(&server, &format!("removeMember(member: \"{bob}\")")).await;
        assert_eq!(count().await, 2);
    })
    .await;
}

#[tokio::test]
async fn system_blueprints_are_extended_and_stay() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let slack = json!({"identifier": "_user", "schema": {"properties": {"slack": {"type": "string"}}},
            "relations": {"manager": {"target": "_user"}}});
        // Extended by a document that names what it adds alone.
        let answer = machine(&server, &server.admin, "POST", "/api/apply", json!({"blueprints": [slack]})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let read = async || server.get("/v1/blueprints/_user").await.1["blueprint"].clone();
        let whole = read().await;
        let names = |part: &Value| part.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&whole["schema"]["properties"]), "status port_role slack");
        assert_eq!((names(&whole["relations"]), &whole["title"]), ("manager".into(), &json!("User")));
        let path = "/v1/blueprints/_user";
        let mut changed = whole.clone();
        changed["schema"]["properties"]["status"]["enum"] = json!(["Active"]);
        let mut required = whole.clone();
        required["schema"]["required"] = json!(["slack", "port_role"]);
        for (method, path, body, refused) in [
            ("PUT", path, whole.clone(), None),
            ("PUT", path, changed, Some("/schema/properties/status")),
            ("PUT", path, required, Some("/schema/required/1")),
            ("PATCH", path, json!({"identifier": "_person"}), Some("")),
            ("PATCH", "/v1/blueprints/service", json!({"identifier": "_service"}), Some("/_service/identifier")),
            ("PATCH", "/v1/blueprints/_user/properties/status/rename", json!({"newPropertyName": "state"}), Some("/_user/schema/properties/status")),
            ("PATCH", "/v1/blueprints/_team/relations/members/rename", json!({"newRelationIdentifier": "people"}), Some("/_team/relations/members")),
            ("PATCH", "/v1/blueprints/_user/properties/slack/rename", json!({"newPropertyName": "chat"}), None),
            ("DELETE", "/v1/blueprints/_team", Value::Null, Some("")),
            ("DELETE", "/v1/blueprints/_team/all-entities?delete_blueprint=true", Value::Null, Some("")),
            ("POST", "/v1/blueprints", json!({"identifier": "_mine", "title": "M", "schema": {"properties": {}}}), Some("/identifier")),
        ] {
            let answer = machine(&server, &server.admin, method, path, body.clone()).await;
            let found = &answer.body["details"];
            let code = found["code"].as_str().unwrap_or_default();
            assert_eq!(code == "PROTECTED", refused.is_some(), "{method} {path} {body}: {}", answer.body);
            assert_eq!(found["path"].as_str(), refused, "{method} {path} {body}: {}", answer.body);
        }
        // What is left out stays; what an admin added may go.
        let bare = json!({"title": "Person", "schema": {"properties": {}}, "relations": {}});
        assert_eq!(machine(&server, &server.admin, "PUT", path, bare).await.status, 200);
        let left = read().await;
        assert_eq!((names(&left["schema"]["properties"]), &left["title"]), ("status port_role".into(), &json!("Person")));
        let plan = json!({"input": {"identifier": "_team", "title": "T", "schema": {"properties": {}}, "relations": {"members": {"target": "service"}}}});
        let query = "query ($input: JSON!) { planBlueprintChange(input: $input) { errors { code path } } }";
        let answer = server.platform_as(&server.admin, query, plan).await;
        assert_eq!(answer["data"]["planBlueprintChange"]["errors"], json!([{"code": "PROTECTED", "path": "/input/relations/members"}]));
    })
    .await;
}

#[tokio::test]
async fn teams_have_members() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        join(&server, "eve@acme.example", "MEMBER").await;
        // Not every e-mail address has the characters that identifiers have elsewhere.
        join(&server, "o'brien@acme.example", "VIEWER").await;
        server.put("_user", json!({"identifier": "o'brien@acme.example", "title": "O'Brien"})).await;
        for (team, members) in [("payments", json!(["eve@acme.example"])), ("growth", json!([])),
            ("core", json!(["o'brien@acme.example", "eve@acme.example"]))]
        {
            server.put("_team", json!({"identifier": team, "title": team, "relations": {"members": members}})).await;
        }
        let answer = server.graphql("{ _user(identifier: \"eve@acme.example\") { teams(orderBy: [{field: IDENTIFIER}]) { nodes { identifier } } }
            _teams(where: {members: {some: {status: {eq: ACTIVE}}}}) { nodes { identifier members { totalCount } } } }").await;
        assert_eq!(answer["data"], json!({
            "_user": {"teams": {"nodes": [{"identifier": "core"}, {"identifier": "payments"}]}},
            "_teams": {"nodes": [{"identifier": "core", "members": {"totalCount": 2}}, {"identifier": "payments", "members": {"totalCount": 1}}]},
        }), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn inherited_teams_are_filtered_by_like_own_ones() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let ownership = json!({"ownership": {"type": "Inherited", "path": "service"}});
        let answer = machine(&server, &server.admin, "PATCH", "/v1/blueprints/deployment", ownership).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        server.put("_team", json!({"identifier": "payments"})).await;
        for (name, team) in [("a", json!(["payments", "nobody's"])), ("b", json!([]))] {
            server.put("service", json!({"identifier": name, "team": team})).await;
            let own = format!("{name}-prod");
            server.put("deployment", json!({"identifier": own, "properties": {"env": "prod"}, "relations": {"service": name}})).await;
        }
        let query = "{ deployments(where: {team: {has: \"payments\"}}) { nodes { identifier team } } }";
        let answer = server.graphql(query).await;
        let nodes = json!([{"identifier": "a-prod", "team": ["payments", "nobody's"]}]);
        assert_eq!(answer["data"]["deployments"]["nodes"], nodes, "{answer}");
        let rules = json!({"combinator": "and", "rules": [{"property": "$team", "operator": "containsAny", "value": ["payments"]}]});
        let path = "/v1/blueprints/deployment/entities/search";
        let (_, answer) = server.post(path, &server.viewer, &json!({"query": rules})).await;
        assert_eq!(answer["entities"][0]["identifier"], "a-prod");
        assert_eq!(answer["entities"].as_array().unwrap().len(), 1);
    })
    .await;
}

/// A tenant as older servers made them, with one member, and a blueprint of its own.
async fn old_tenant(store: &Store, slug: &str) -> OpContext {
    let at = Instant(1_700_000_000_000_000);
    let first = store.reserve_ids(2).await.unwrap();
    let id = portolan_identity::TenantId(first);
    let tenant = Tenant {
        id,
        slug: slug.to_owned(),
        title: slug.to_owned(),
        status: TenantStatus::Active,
        created_at: at,
        limits: Default::default(),
        model_revision: 0,
    };
    let scope = store.write_global().await.unwrap();
    scope.create_tenant(&tenant).await.unwrap();
    let account = NewAccount {
        id: first + 1,
        email: "eve@old.example".into(),
        name: Some("Eve".into()),
        password_hash: String::new(),
    };
    let (account, _) = scope.ensure_account(&account, at).await.unwrap();
    scope.add_membership(id, account, Role::Member, at).await.unwrap();
    scope.commit().await.unwrap();
    OpContext::background(id, Actor::System("test"))
}

#[tokio::test]
async fn tenants_of_older_servers_are_completed() {
    on_each_engine(|store| async move {
        let server = Server::start(store.clone()).await;
        let plain = old_tenant(&store, "plain").await;
        let own = old_tenant(&store, "own").await;
        let clash = old_tenant(&store, "clash").await;
        let blueprint = |properties: Value| json!({"identifier": "person", "title": "P", "schema": {"properties": properties}});
        // As it was allowed once: renamed below the guard, in the store.
        for (ctx, properties) in [(&own, json!({"slack": {"type": "string"}})), (&clash, json!({"status": {"type": "number"}}))] {
            let mut made = server.catalog.create_blueprint(ctx, &blueprint(properties)).await.unwrap();
            made.blueprint.identifier = "_user".into();
            made.blueprint.definition["identifier"] = json!("_user");
            let scope = store.write(ctx.tenant()).await.unwrap();
            let head = scope.lock_head().await.unwrap();
            scope.save_blueprint(&made).await.unwrap();
            scope.advance_model(head.model_revision + 1, head.next_no).await.unwrap();
            scope.commit().await.unwrap();
        }
        for _ in 0..2 {
            server.identity.complete_tenants().await.unwrap();
            for (ctx, properties) in [(&plain, "status port_role"), (&own, "status port_role slack")] {
                let model = server.catalog.present_model(ctx).await.unwrap();
                let users = model.get("_user").unwrap();
                let names: Vec<&str> = users.blueprint().properties.keys().map(String::as_str).collect();
                assert_eq!((names.join(" ").as_str(), model.get("_team").is_some()), (properties, true));
                let eve = server.catalog.entity(ctx, users.no(), "eve@old.example").await.unwrap().unwrap();
                assert_eq!(
                    (eve.state.title.as_deref(), &eve.state.properties["status"], eve.revision),
                    (Some("Eve"), &json!("Active"), 1)
                );
            }
        }
        // What stands in the way is for the tenant's admins to solve; the others did not wait for it.
        let model = server.catalog.present_model(&clash).await.unwrap();
        assert_eq!((model.blueprints().len(), model.get("_team").is_some()), (1, false));
    })
    .await;
}
