//! People and the operator: host commands beside a running server, what the environment turns on.

use portolan_store::testing::{Engine, TestDatabase};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::program::Program;

const OPERATOR: &str = "a token for the operator";

async fn host(program: &Program, arguments: &[&str]) -> String {
    let done = program.host(arguments).await;
    assert!(done.status.success(), "{arguments:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}

async fn host_json(program: &Program, arguments: &[&str]) -> Value {
    serde_json::from_str(&host(program, arguments).await).unwrap()
}

async fn send(program: &Program, method: Method, path: &str, token: &str, body: Value) -> reqwest::Response {
    let request = reqwest::Client::new().request(method, format!("{}{path}", program.url));
    request.bearer_auth(token).json(&body).send().await.unwrap()
}

async fn kids(program: &Program) -> Vec<Value> {
    let answer = reqwest::get(format!("{}/.well-known/jwks.json", program.url)).await.unwrap();
    let jwks: Value = answer.json().await.unwrap();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
}

async fn commands(engine: Engine) {
    let database = TestDatabase::new(engine).await;
    let options = [
        ["--operator-token", OPERATOR],
        ["--public-url", "https://portal.example/"],
        ["--requests-per-minute", "1234"],
    ];
    let options = [&options.concat()[..], &["--sign-up"]].concat();
    let program = Program::start_with(&database, &options).await;

    // A person is invited, gets in, and a reset of the password ends the session.
    let invite = ["user", "invite", "eve@acme.example", "--tenant", "acme", "--role", "viewer", "--json"];
    let link = host_json(&program, &invite).await["link"].as_str().unwrap().to_owned();
    let token = link.strip_prefix("http://127.0.0.1:8080/invite/").unwrap();
    let body = json!({"token": token, "password": "a long secret"});
    let joined = send(&program, Method::POST, "/api/invitations/accept", "", body).await;
    assert_eq!(joined.status(), StatusCode::CREATED);
    let cookie = joined.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-portolan_session=") && cookie.contains("; Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let shown = async || {
        let request = reqwest::Client::new().get(format!("{}/v1/blueprints", program.url));
        request.header("cookie", &cookie).send().await.unwrap()
    };
    let answer = shown().await;
    assert_eq!(
        (answer.status(), &answer.headers()["x-ratelimit-limit"]),
        (StatusCode::OK, &"1234".parse().unwrap())
    );
    let said =
        host(&program, &["user", "reset-password", "eve@acme.example", "--public-url", "https://p.example"])
            .await;
    let token = said.lines().next().unwrap().strip_prefix("https://p.example/reset/").unwrap();
    let body = json!({"token": token, "password": "another secret"});
    assert_eq!(send(&program, Method::POST, "/api/password-reset", "", body).await.status(), StatusCode::OK);
    assert_eq!(shown().await.status(), StatusCode::UNAUTHORIZED);
    let failed = program.host(&["user", "reset-password", "nobody@acme.example"]).await;
    assert!(
        !failed.status.success() && String::from_utf8_lossy(&failed.stderr).contains("NOT_FOUND"),
        "{failed:?}"
    );

    // Tenants, by command and by the operator's API.
    host(&program, &["tenant", "create", "other", "--admin-email", "eve@acme.example"]).await;
    host(&program, &["tenant", "suspend", "acme"]).await;
    let status = async || {
        let answer = send(&program, Method::GET, "/api/operator/tenants", OPERATOR, Value::Null).await;
        let body: Value = answer.json().await.unwrap();
        let tenants = body["tenants"].as_array().unwrap().clone();
        tenants
            .iter()
            .map(|tenant| format!("{} {}", tenant["slug"], tenant["status"]))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(status().await, "\"acme\" \"SUSPENDED\", \"other\" \"ACTIVE\"");
    let (id, secret) = (&program.client_id, &program.client_secret);
    let keys = json!({"clientId": id, "clientSecret": secret});
    let refused = send(&program, Method::POST, "/v1/auth/access_token", "", keys.clone()).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    host(&program, &["tenant", "resume", "acme"]).await;
    assert_eq!(
        send(&program, Method::POST, "/v1/auth/access_token", "", keys).await.status(),
        StatusCode::OK
    );
    host(&program, &["tenant", "delete", "other"]).await;
    assert_eq!(status().await, "\"acme\" \"ACTIVE\"");
    let body = json!({"tenant": "mine", "email": "eve@acme.example", "password": "another secret"});
    assert_eq!(send(&program, Method::POST, "/api/sign-up", "", body).await.status(), StatusCode::CREATED);
    let listed = host(&program, &["tenant", "list", "--json"]).await;
    let slugs: Vec<Value> =
        listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["tenant"].clone()).collect();
    assert_eq!(slugs, ["acme", "mine"]);

    // The key is rotated while the server runs.
    let before = kids(&program).await;
    let kid = host_json(&program, &["keys", "rotate", "--json"]).await["kid"].clone();
    assert_eq!(kids(&program).await, [kid, before[0].clone()]);
    assert_eq!(program.catalog("{ modelRevision }").await["modelRevision"], 1, "the old token");
    host(&program, &["keys", "rotate", "--revoke-old"]).await;
    let answer = program.post("/graphql", &json!({"query": "{ modelRevision }"})).await;
    assert_eq!(answer["error"], "unauthorized");
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn commands_and_settings_on_sqlite() {
    commands(Engine::Sqlite).await;
}

#[tokio::test]
async fn commands_and_settings_on_postgres() {
    commands(Engine::Postgres).await;
}

#[tokio::test]
async fn wrong_settings_stop_the_start() {
    let directory = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("PORTOLAN_OPERATOR_TOKEN", "short"),
        ("PORTOLAN_PUBLIC_URL", "portal.example"),
        ("PORTOLAN_TRUSTED_PROXIES", "everybody"),
        ("PORTOLAN_REQUESTS_PER_MINUTE", "0"),
        ("PORTOLAN_BODY_BYTES", "1"),
    ] {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(directory.path());
        let done = command.env_clear().env(name, value).kill_on_drop(true).output().await.unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let flag = name.trim_start_matches("PORTOLAN_").to_lowercase().replace('_', "-");
        assert!(!done.status.success() && (said.contains(name) || said.contains(&flag)), "{name}: {said}");
    }
}
