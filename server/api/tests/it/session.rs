//! Sessions of people: beginning, what they may do, and every way in which they end.

use std::time::Duration;

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::page::{Page, invite, join, machine, member_id, operator, password};
use crate::support::Server;

const WHO: &str = "{ me { email clientId role tenant { slug } } }";

#[tokio::test]
async fn a_person_signs_in_and_out() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let email = server.made.admin_email.clone();
        let secret = server.made.admin_password.clone().unwrap();
        let mut page = Page::new(&server);
        assert_eq!((page.get("/api/session").await.status, page.platform(WHO).await.status), (401, 401));
        let answer = page.sign_in(" ADMIN@acme.example ", &secret).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["account"], json!({"email": email, "name": null}));
        let tenants = json!([{"slug": "acme", "title": "acme", "status": "ACTIVE", "role": "ADMIN"}]);
        assert_eq!(answer.body["tenants"], tenants);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
        assert!(!answer.body.to_string().contains(&page.cookies["portolan_session"]));
        let shown = page.get("/api/session").await;
        assert_eq!((shown.status, &shown.body["csrfToken"]), (200, &answer.body["csrfToken"]));
        let me = page.platform(WHO).await.body["data"]["me"].clone();
        assert_eq!(
            me,
            json!({"email": email, "clientId": null, "role": "ADMIN", "tenant": {"slug": "acme"}})
        );
        // All edges take the cookie.
        assert_eq!(page.get("/v1/blueprints").await.status, 200);
        assert_eq!(page.send("POST", "/graphql", json!({"query": "{ modelRevision }"})).await.status, 200);
        let stolen = page.clone();
        assert_eq!(page.send("DELETE", "/api/session", Value::Null).await.status, 200);
        assert!(!page.cookies.contains_key("portolan_session"));
        for path in ["/api/session", "/v1/blueprints"] {
            assert_eq!(stolen.clone().get(path).await.status, 401, "the session itself is over");
        }
        let me = machine(&server, &server.viewer, "POST", "/api/graphql", json!({"query": WHO})).await;
        assert!(me.body["data"]["me"]["clientId"].is_string(), "{}", me.body);
    })
    .await;
}

#[tokio::test]
async fn changes_by_cookie_need_their_proof() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let good = join(&server, "eve@acme.example", "ADMIN").await;
        let other = join(&server, "mallory@acme.example", "ADMIN").await;
        let blueprint = json!({"identifier": "x", "title": "X", "schema": {"properties": {}}});
        for csrf in [None, Some(String::new()), Some("AAAA".to_owned()), other.csrf.clone()] {
            let mut page = Page { csrf: csrf.clone(), ..good.clone() };
            for (method, path, body) in [
                ("POST", "/v1/blueprints", blueprint.clone()),
                ("POST", "/api/graphql", json!({"query": "{ me { role } }"})),
                ("POST", "/graphql", json!({"query": "{ modelRevision }"})),
                ("DELETE", "/v1/blueprints/x", Value::Null),
                ("DELETE", "/api/session", Value::Null),
                ("POST", "/api/session/password", json!({"currentPassword": "a", "newPassword": "b"})),
            ] {
                let answer = page.send(method, path, body).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (403, "CSRF_TOKEN_INVALID"),
                    "{method} {path} {csrf:?}"
                );
            }
            assert_eq!(page.get("/v1/blueprints").await.status, 200, "reading needs none");
        }
        let mut page = good.clone();
        assert_eq!(page.send("POST", "/v1/blueprints", blueprint).await.status, 201);
        // A token needs no proof, and a bad one is not rescued by a cookie.
        page.csrf = None;
        page.headers.push(("authorization", "Bearer nonsense".to_owned()));
        assert_eq!(page.get("/v1/blueprints").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn another_site_signs_nobody_in() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let secret = server.made.admin_password.clone().unwrap();
        let mut page = Page::new(&server);
        page.headers.push(("sec-fetch-site", "cross-site".to_owned()));
        assert_eq!(page.sign_in("admin@acme.example", &secret).await.status, 403);
        assert!(page.cookies.is_empty());
        let request = axum::http::Request::post("/api/session")
            .header("content-type", "text/plain")
            .body(axum::body::Body::from(
                json!({"email": "admin@acme.example", "password": secret}).to_string(),
            ))
            .unwrap();
        let answer = tower::ServiceExt::oneshot(server.router.clone(), request).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("set-cookie")), (422, None));
    })
    .await;
}

#[tokio::test]
async fn a_session_is_never_the_one_that_was_there_before() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let secret = server.made.admin_password.clone().unwrap();
        // A planted cookie does not become a session.
        let mut page = Page::new(&server);
        page.cookies.insert("portolan_session".to_owned(), "planted".to_owned());
        assert_eq!(page.sign_in("admin@acme.example", &secret).await.status, 200);
        let first = page.clone();
        assert_ne!(first.cookies["portolan_session"], "planted");
        // Signing in again replaces the session of this browser, also one of somebody else.
        let mut planted = join(&server, "eve@acme.example", "MEMBER").await;
        let before = planted.clone();
        assert_eq!(planted.sign_in("admin@acme.example", &secret).await.status, 200);
        assert_ne!(planted.cookies["portolan_session"], before.cookies["portolan_session"]);
        assert_eq!(before.clone().get("/api/session").await.status, 401);
        assert_eq!(first.clone().get("/api/session").await.status, 200, "other browsers go on");
        // Over https the cookie has a name that other hosts cannot set.
        let mut https = Page::new(&server);
        https.headers.push(("x-forwarded-proto", "https".to_owned()));
        let answer = https.sign_in("admin@acme.example", &secret).await;
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-portolan_session=") && cookie.ends_with("; Secure"), "{cookie}");
        let mut planted = first.clone();
        planted.headers.push(("x-forwarded-proto", "https".to_owned()));
        assert_eq!(planted.get("/api/session").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_idle_and_in_the_end() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let (hour, page) = (Duration::from_hours(1), join(&server, "eve@acme.example", "MEMBER").await);
        let mut used = page.clone();
        let mut idle = join(&server, "bob@acme.example", "MEMBER").await;
        for _ in 0..15 {
            server.pass(11 * hour);
            assert_eq!(used.get("/v1/blueprints").await.status, 200);
        }
        assert_eq!(idle.get("/v1/blueprints").await.status, 401, "nobody used it for twelve hours");
        server.pass(4 * hour);
        assert_eq!(used.get("/v1/blueprints").await.status, 401, "seven days are over");
        server.identity.keep_house().await.unwrap();
        assert_eq!(used.get("/api/session").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_password_ends_all_sessions() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let email = "eve@acme.example";
        let mut page = join(&server, email, "MEMBER").await;
        let mut elsewhere = Page::of(&server, email, &password(email)).await;
        for (present, new, status, code) in [
            ("wrong password", "a long new secret", 401, "UNAUTHENTICATED"),
            (password(email).as_str(), "short", 422, "INVALID_VALUE"),
            (password(email).as_str(), "x".repeat(1_001).as_str(), 422, "INVALID_VALUE"),
            (password(email).as_str(), "a long new secret", 200, ""),
        ] {
            let body = json!({"currentPassword": present, "newPassword": new});
            let answer = page.send("POST", "/api/session/password", body).await;
            assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
        }
        assert_eq!(elsewhere.get("/api/session").await.status, 401);
        assert_eq!(page.get("/api/session").await.status, 200, "this browser has a new one");
        assert_eq!(Page::new(&server).sign_in(email, &password(email)).await.status, 401);
        assert_eq!(Page::new(&server).sign_in(email, "a long new secret").await.status, 200);
        // The operator's link does the same, once.
        let link = server.identity.new_password_reset(email).await.unwrap();
        let token = link.url.strip_prefix("http://portal.example/reset/").unwrap().to_owned();
        let path = format!("/api/password-reset/{token}");
        assert_eq!(Page::new(&server).get(&path).await.body["email"], email);
        let mut anybody = Page::new(&server);
        let mut body = json!({"token": token, "password": "short"});
        assert_eq!(anybody.send("POST", "/api/password-reset", body.clone()).await.status, 422);
        body["password"] = json!("yet another secret");
        assert_eq!(anybody.send("POST", "/api/password-reset", body.clone()).await.status, 200);
        assert!(!anybody.cookies.contains_key("portolan_session"));
        assert_eq!(page.get("/api/session").await.status, 401);
        assert_eq!(anybody.send("POST", "/api/password-reset", body).await.status, 404, "used up");
        assert_eq!(Page::new(&server).get(&path).await.status, 404);
        assert_eq!(anybody.sign_in(email, "yet another secret").await.status, 200);
        let late = server.identity.new_password_reset(email).await.unwrap();
        server.pass(Duration::from_hours(25));
        let token = late.url.rsplit('/').next().unwrap();
        let body = json!({"token": token, "password": "one more secret"});
        assert_eq!(anybody.send("POST", "/api/password-reset", body).await.status, 404, "too old");
    })
    .await;
}

#[tokio::test]
async fn who_belongs_to_several_tenants_names_one() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let email = "eve@acme.example";
        let mut page = join(&server, email, "VIEWER").await;
        let link = server.identity.invite_into("other", email, portolan_identity::Role::Admin).await.unwrap();
        let body = json!({"token": link.url.rsplit('/').next().unwrap(), "password": password(email)});
        let answer = page.send("POST", "/api/invitations/accept", body).await;
        let roles = answer.body["tenants"].as_array().unwrap().iter().map(|tenant| tenant["role"].clone());
        assert_eq!(roles.collect::<Vec<_>>(), [json!("VIEWER"), json!("ADMIN")], "{}", answer.body);
        let answer = page.get("/v1/blueprints").await;
        assert_eq!((answer.status, answer.code()), (422, "REQUIRED"));
        let blueprint = json!({"identifier": "x", "title": "X", "schema": {"properties": {}}});
        for (tenant, status) in [("acme", 403), ("other", 201), ("nope", 404)] {
            let answer = page.clone().within(tenant).send("POST", "/v1/blueprints", blueprint.clone()).await;
            assert_eq!(answer.status, status, "{tenant}: {}", answer.body);
        }
        // A token is for one tenant, whatever the header says.
        for (tenant, status) in [("acme", 200), ("other", 404), ("nope", 404)] {
            let mut page = Page::new(&server).within(tenant);
            page.headers.push(("authorization", format!("Bearer {}", server.viewer)));
            assert_eq!(page.get("/v1/blueprints").await.status, status, "{tenant}");
        }
        // Members of one tenant only name none, and cannot name another.
        let mut single = join(&server, "bob@acme.example", "VIEWER").await;
        assert_eq!(single.get("/v1/blueprints").await.status, 200);
        assert_eq!(single.within("other").get("/v1/blueprints").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn removal_and_suspension_end_what_is_open() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let mut page = join(&server, "eve@acme.example", "MEMBER").await;
        let mut viewer = join(&server, "bob@acme.example", "VIEWER").await;
        assert_eq!(page.get("/v1/blueprints").await.status, 200);
        let id = member_id(&server, "eve@acme.example").await;
        let query = format!(
            "mutation {{ removeMember(member: \"{id}\") {{ member {{ email }} errors {{ code }} }} }}"
        );
        let answer = machine(&server, &server.admin, "POST", "/api/graphql", json!({"query": query})).await;
        assert_eq!(answer.body["data"]["removeMember"]["member"]["email"], "eve@acme.example");
        for path in ["/v1/blueprints", "/api/session"] {
            assert_eq!(page.get(path).await.status, 401, "{path}");
        }
        // The account stays, and belongs nowhere.
        assert_eq!(
            page.sign_in("eve@acme.example", &password("eve@acme.example")).await.body["tenants"],
            json!([])
        );
        assert_eq!(page.get("/v1/blueprints").await.status, 403);
        // A role that changes counts from the next request on.
        let id = member_id(&server, "bob@acme.example").await;
        let blueprint = json!({"identifier": "x", "title": "X", "schema": {"properties": {}}});
        assert_eq!(viewer.send("POST", "/v1/blueprints", blueprint.clone()).await.status, 403);
        let query = format!("mutation {{ setRole(member: \"{id}\", role: ADMIN) {{ errors {{ code }} }} }}");
        machine(&server, &server.admin, "POST", "/api/graphql", json!({"query": query})).await;
        assert_eq!(viewer.send("POST", "/v1/blueprints", blueprint).await.status, 201);
        for (status, session, token) in [("SUSPENDED", 403, 401), ("ACTIVE", 200, 200)] {
            let answer =
                operator(&server, "PATCH", "/api/operator/tenants/acme", json!({"status": status})).await;
            assert_eq!(answer.body["tenant"]["status"], status, "{}", answer.body);
            assert_eq!(viewer.get("/v1/blueprints").await.status, session);
            assert_eq!(server.get("/v1/blueprints").await.0, token);
            assert_eq!(viewer.get("/api/session").await.body["tenants"][0]["status"], status);
        }
    })
    .await;
}

#[tokio::test]
async fn anybody_signs_up_where_the_operator_allows_it() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let mut page = Page::new(&server);
        let bad = json!({"tenant": "Bad Slug", "email": "x", "password": "short", "name": " ", "more": 1});
        let answer = page.send("POST", "/api/sign-up", bad).await;
        assert_eq!((answer.status, answer.code()), (422, "UNKNOWN_FIELD"));
        let bad = json!({"tenant": "Bad Slug", "email": "x", "password": "short", "name": " "});
        let answer = page.send("POST", "/api/sign-up", bad).await;
        let paths: Vec<&str> = answer.body["details"]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["path"].as_str().unwrap())
            .collect();
        assert_eq!(paths, ["/tenant", "/name", "/password", "/email"]);
        let body = json!({"tenant": "new", "title": "New", "email": "Eve@New.example", "password": "a long secret", "name": "Eve"});
        let answer = page.send("POST", "/api/sign-up", body.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.body["account"], json!({"email": "eve@new.example", "name": "Eve"}));
        let blueprint = json!({"identifier": "x", "title": "X", "schema": {"properties": {}}});
        assert_eq!(page.send("POST", "/v1/blueprints", blueprint).await.status, 201);
        let mut again = Page::new(&server);
        assert_eq!(again.send("POST", "/api/sign-up", body).await.status, 409);
        // Who has an account proves it, and then has two tenants.
        for (secret, status) in [("another secret", 401), ("a long secret", 201)] {
            let body = json!({"tenant": "newer", "email": "eve@new.example", "password": secret});
            assert_eq!(again.send("POST", "/api/sign-up", body).await.status, status);
        }
        assert_eq!(again.get("/api/session").await.body["tenants"].as_array().unwrap().len(), 2);
        let sealer = portolan_foundation::secrets::Sealer::from_key([1; 32]);
        let closed = portolan_identity::Identity::open(server.store.clone(), &sealer);
        let request = portolan_identity::SignUp {
            tenant: "third".to_owned(),
            title: None,
            email: "eve@new.example".to_owned(),
            password: "a long secret".into(),
            name: None,
        };
        let refused = closed.await.unwrap().sign_up(&request, &Default::default(), &Default::default()).await;
        assert_eq!(refused.err().unwrap().into_error().code().as_str(), "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_is_good_once_for_one() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let email = "eve@acme.example";
        let replaced = invite(&server, email, "VIEWER").await;
        let token = invite(&server, "Eve@ACME.example", "MEMBER").await;
        let mut page = Page::new(&server);
        assert_eq!(page.get(&format!("/api/invitations/{replaced}")).await.status, 404);
        let view = page.get(&format!("/api/invitations/{token}")).await;
        let expected = json!({"ok": true, "email": email, "role": "MEMBER", "hasAccount": false, "tenant": {"slug": "acme", "title": "acme"}});
        assert_eq!((view.status, view.body), (200, expected));
        for (token, password, status) in [
            (token.as_str(), "short", 422),
            (replaced.as_str(), "a long secret", 404),
            ("nonsense", "a long secret", 404),
            (token.as_str(), "a long secret", 201),
            (token.as_str(), "a long secret", 404),
        ] {
            let body = json!({"token": token, "password": password});
            let answer = page.send("POST", "/api/invitations/accept", body).await;
            assert_eq!(answer.status, status, "{}", answer.body);
        }
        assert_eq!(page.get("/v1/blueprints").await.status, 200);
        // Who has an account is asked for its password: the link alone opens nothing.
        let link = server.identity.invite_into("other", email, portolan_identity::Role::Viewer).await.unwrap();
        let token = link.url.rsplit('/').next().unwrap();
        let mut thief = Page::new(&server);
        assert_eq!(thief.get(&format!("/api/invitations/{token}")).await.body["hasAccount"], true);
        let body = json!({"token": token, "password": "a password of mine"});
        assert_eq!(thief.send("POST", "/api/invitations/accept", body).await.status, 401);
        let reset = json!({"token": token, "password": "a password of mine"});
        assert_eq!(thief.send("POST", "/api/password-reset", reset).await.status, 404);
        // Cancelled, too old, or into a tenant that is suspended.
        let cancelled = invite(&server, "bob@acme.example", "VIEWER").await;
        let id = member_id(&server, "bob@acme.example").await;
        let query = format!("mutation {{ removeMember(member: \"{id}\") {{ errors {{ code }} }} }}");
        machine(&server, &server.admin, "POST", "/api/graphql", json!({"query": query})).await;
        let suspended = invite(&server, "dan@acme.example", "VIEWER").await;
        for (token, status) in [(&cancelled, "ACTIVE"), (&suspended, "SUSPENDED")] {
            operator(&server, "PATCH", "/api/operator/tenants/acme", json!({"status": status})).await;
            let body = json!({"token": token, "password": "a long secret"});
            assert_eq!(Page::new(&server).send("POST", "/api/invitations/accept", body).await.status, 404);
        }
        operator(&server, "PATCH", "/api/operator/tenants/acme", json!({"status": "ACTIVE"})).await;
        server.pass(Duration::from_hours(7 * 24 + 1));
        let body = json!({"token": suspended, "password": "a long secret"});
        assert_eq!(Page::new(&server).send("POST", "/api/invitations/accept", body).await.status, 404);
    })
    .await;
}
