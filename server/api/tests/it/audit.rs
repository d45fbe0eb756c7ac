//! The audit log: what it tells, to whom, and what it never holds.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::page::{Page, join, machine, member_id, operator, password};
use crate::support::Server;

/// The log of `acme`, oldest first, waiting until `action` is in it: a refused sign-in is written beside its answer.
async fn log_with(server: &Server, action: &str) -> Vec<Value> {
    for _ in 0..200 {
        let log = log(
            server,
            "{ auditLog(first: 500) { nodes { action actor target address userAgent details } } }",
        )
        .await;
        if log.iter().any(|event| event["action"] == action) {
            return log;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{action} was never written");
}

async fn log(server: &Server, query: &str) -> Vec<Value> {
    let answer = machine(server, &server.admin, "POST", "/api/graphql", json!({"query": query})).await;
    let mut log = answer.body["data"]["auditLog"]["nodes"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", answer.body))
        .clone();
    log.reverse();
    log
}

#[tokio::test]
async fn it_tells_who_did_what_from_where() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let email = "eve@acme.example";
        join(&server, email, "VIEWER").await;
        let mut page = Page::from(&server, "192.0.2.7");
        page.headers.push(("user-agent", "firefox".to_owned()));
        assert_eq!(page.sign_in(email, "not the password").await.status, 401);
        assert_eq!(page.sign_in(email, &password(email)).await.status, 200);
        assert_eq!(page.sign_in("nobody@acme.example", "not the password").await.status, 401);
        let id = member_id(&server, email).await;
        let client = server.made.client_id.clone();
        for mutation in [
            format!("setRole(member: \"{id}\", role: MEMBER)"),
            format!("setRole(member: \"{id}\", role: MEMBER)"),
            format!("removeMember(member: \"{id}\")"),
        ] {
            let query = json!({"query": format!("mutation {{ {mutation} {{ errors {{ code }} }} }}")});
            machine(&server, &server.admin, "POST", "/api/graphql", query).await;
        }
        let wrong = json!({"clientId": client, "clientSecret": "wrong"});
        assert_eq!(page.send("POST", "/v1/auth/access_token", wrong).await.status, 401);
        operator(&server, "PATCH", "/api/operator/tenants/acme", json!({"limits": {"requestsPerMinute": 5_000}})).await;
        let log = log_with(&server, "TOKEN_REFUSED").await;
        let shown: Vec<String> = log
            .iter()
            .map(|event| {
                let text = |key: &str| event[key].as_str().unwrap_or("-").replace(&client, "ID");
                format!("{} {} {} {} {}", text("action"), text("actor"), text("target"), text("address"), event["details"])
            })
            .filter(|line| !line.starts_with("CREDENTIAL_CREATED") && !line.starts_with("TOKEN_ISSUED"))
            .collect();
        let mut expected = vec![
            "TENANT_CREATED system:operator acme - null".to_owned(),
            "MEMBER_JOINED system:operator admin@acme.example - {\"role\":\"ADMIN\"}".to_owned(),
            format!("MEMBER_INVITED ID {email} - {{\"role\":\"VIEWER\"}}"),
            format!("MEMBER_JOINED {email} {email} - {{\"role\":\"VIEWER\",\"invitedBy\":\"{client}\"}}"),
            format!("SIGNED_IN {email} {email} - null"),
            format!("SIGN_IN_FAILED {email} {email} 192.0.2.7 null"),
            format!("SIGNED_IN {email} {email} 192.0.2.7 null"),
            format!("ROLE_CHANGED ID {email} - {{\"before\":\"VIEWER\",\"after\":\"MEMBER\"}}"),
            format!("MEMBER_REMOVED ID {email} - {{\"role\":\"MEMBER\"}}"),
            "TOKEN_REFUSED ID ID 192.0.2.7 {\"revoked\":false,\"tenant\":\"ACTIVE\"}".to_owned(),
            "TENANT_LIMITS_CHANGED system:operator acme - {\"before\":{},\"after\":{\"requestsPerMinute\":5000}}".to_owned(),
        ];
        // What is written beside an answer may come a little later.
        let mut shown = shown;
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected);
        let failed = log.iter().find(|event| event["action"] == "SIGN_IN_FAILED").unwrap();
        assert_eq!(failed["userAgent"], "firefox");
        let text = json!(log).to_string();
        for secret in ["not the password", &password(email), &server.made.client_secret, "wrong\""] {
            assert!(!text.contains(secret), "{secret}");
        }
    })
    .await;
}

#[tokio::test]
async fn it_is_filtered_and_paged() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        for number in 0..7 {
            let query = format!("mutation {{ createCredential(role: VIEWER, name: \"c{number}\") {{ errors {{ code }} }} }}");
            machine(&server, &server.admin, "POST", "/api/graphql", json!({"query": query})).await;
        }
        let mut after = "null".to_owned();
        let mut names = Vec::new();
        let filter = "{ actions: [CREDENTIAL_CREATED, CREDENTIAL_ROTATED] }";
        loop {
            let query = format!("{{ auditLog(filter: {filter}, first: 3, after: {after}) {{ edges {{ cursor node {{ id details }} }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let answer = machine(&server, &server.admin, "POST", "/api/graphql", json!({"query": query})).await;
            let page = answer.body["data"]["auditLog"].clone();
            names.extend(page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["details"]["name"].clone()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].to_string();
        }
        assert_eq!(names, ["c6", "c5", "c4", "c3", "c2", "c1", "c0", "VIEWER", "MEMBER"]);
        for (filter, count) in [
            ("{ actor: \"system:operator\" }", 2),
            ("{ target: \"acme\" }", 1),
            ("{ actor: \"nobody\" }", 0),
            ("{ from: \"2001-01-01\", until: \"2002-01-01\" }", 0),
            ("{ from: \"2001-01-01\", actions: [TENANT_CREATED] }", 1),
        ] {
            let found = log(&server, &format!("{{ auditLog(filter: {filter}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(found.len(), count, "{filter}");
        }
        for (arguments, code) in [
            ("after: \"nonsense\"", "INVALID_CURSOR"),
            ("first: -1", "INVALID_VALUE"),
            ("filter: { from: \"yesterday\" }", "INVALID_VALUE"),
        ] {
            let query = json!({"query": format!("{{ auditLog({arguments}) {{ nodes {{ id }} }} }}")});
            let answer = machine(&server, &server.admin, "POST", "/api/graphql", query).await;
            assert_eq!(answer.body["errors"][0]["extensions"]["code"], code, "{arguments}");
        }
        let query = json!({"query": "{ auditLog(first: 500) { nodes { target } } }"});
        let answer = machine(&server, &server.stranger, "POST", "/api/graphql", query).await;
        assert!(!answer.body.to_string().contains("acme"), "{}", answer.body);
    })
    .await;
}
