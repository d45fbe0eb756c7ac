//! Members: who they are, what admins may do with them, and what no admin of another tenant can.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::page::{invite, join, machine, member_id};
use crate::support::Server;

async fn mutate(server: &Server, token: &str, mutation: &str) -> Value {
    let query =
        format!("mutation {{ result: {mutation} {{ member {{ email role }} errors {{ code path }} }} }}");
    let answer = machine(server, token, "POST", "/api/graphql", json!({"query": query})).await;
    assert!(answer.body["errors"].is_null(), "{}", answer.body);
    answer.body["data"]["result"].clone()
}

#[tokio::test]
async fn admins_invite_change_and_remove() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        join(&server, "eve@acme.example", "VIEWER").await;
        invite(&server, "bob@acme.example", "MEMBER").await;
        let query = json!({"query": "{ members { email role invitedUntil lastSignInAt } }"});
        let answer = machine(&server, &server.viewer, "POST", "/api/graphql", query).await;
        let shown: Vec<String> = answer.body["data"]["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|member| {
                let is_set = |key: &str| !member[key].is_null();
                format!(
                    "{} {} {} {}",
                    member["email"],
                    member["role"],
                    is_set("invitedUntil"),
                    is_set("lastSignInAt")
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "\"admin@acme.example\" \"ADMIN\" false false",
                "\"bob@acme.example\" \"MEMBER\" true false",
                "\"eve@acme.example\" \"VIEWER\" false true",
            ]
        );
        let (eve, bob) =
            (member_id(&server, "eve@acme.example").await, member_id(&server, "bob@acme.example").await);
        for (mutation, role) in [
            (format!("setRole(member: \"{eve}\", role: MEMBER)"), "MEMBER"),
            (format!("setRole(member: \"{bob}\", role: VIEWER)"), "VIEWER"),
            (format!("removeMember(member: \"{bob}\")"), "VIEWER"),
            (format!("removeMember(member: \"{eve}\")"), "MEMBER"),
        ] {
            let result = mutate(&server, &server.admin, &mutation).await;
            assert_eq!(
                (&result["member"]["role"], &result["errors"]),
                (&json!(role), &json!([])),
                "{mutation}"
            );
        }
        for (mutation, code) in [
            (format!("removeMember(member: \"{eve}\")"), "NOT_FOUND"),
            ("removeMember(member: \"nobody\")".to_owned(), "NOT_FOUND"),
            ("inviteMember(email: \"nobody\", role: VIEWER)".to_owned(), "INVALID_VALUE"),
            ("inviteMember(email: \"Admin@acme.example\", role: VIEWER)".to_owned(), "ALREADY_EXISTS"),
        ] {
            let result = mutate(&server, &server.admin, &mutation).await;
            assert_eq!(result["errors"][0]["code"], code, "{mutation}: {result}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_admin_stays() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let first = member_id(&server, "admin@acme.example").await;
        let expected = json!([{"code": "LAST_ADMIN", "path": "/member"}]);
        for mutation in [
            format!("setRole(member: \"{first}\", role: MEMBER)"),
            format!("removeMember(member: \"{first}\")"),
        ] {
            assert_eq!(mutate(&server, &server.admin, &mutation).await["errors"], expected, "{mutation}");
        }
        // Somebody who was invited is no admin yet.
        invite(&server, "eve@acme.example", "ADMIN").await;
        let demote = format!("setRole(member: \"{first}\", role: MEMBER)");
        assert_eq!(mutate(&server, &server.admin, &demote).await["errors"], expected);
        join(&server, "eve@acme.example", "ADMIN").await;
        let second = member_id(&server, "eve@acme.example").await;
        // Of two who remove each other at once, one stays.
        let remove = [&first, &second].map(|id| format!("removeMember(member: \"{id}\")"));
        let (one, other) = tokio::join!(
            mutate(&server, &server.admin, &remove[0]),
            mutate(&server, &server.admin, &remove[1]),
        );
        let refused = [&one, &other].iter().filter(|result| result["errors"] == expected).count();
        assert_eq!(refused, 1, "{one} {other}");
    })
    .await;
}

#[tokio::test]
async fn another_tenants_members_are_not_found() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        join(&server, "eve@acme.example", "MEMBER").await;
        invite(&server, "bob@acme.example", "MEMBER").await;
        for email in ["eve@acme.example", "bob@acme.example", "admin@acme.example"] {
            let id = member_id(&server, email).await;
            for mutation in
                [format!("setRole(member: \"{id}\", role: ADMIN)"), format!("removeMember(member: \"{id}\")")]
            {
                let result = mutate(&server, &server.stranger, &mutation).await;
                assert_eq!(result["errors"][0]["code"], "NOT_FOUND", "{mutation}: {result}");
            }
            member_id(&server, email).await;
        }
        let query = json!({"query": "{ members { email } }"});
        let answer = machine(&server, &server.stranger, "POST", "/api/graphql", query).await;
        assert_eq!(answer.body["data"]["members"], json!([{"email": "admin@other.example"}]));
    })
    .await;
}
