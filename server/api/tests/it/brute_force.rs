//! Guessing is slowed down; nobody is kept out by the guesses of others.

use std::time::Duration;

use portolan_store::testing::on_each_engine;
use serde_json::json;

use crate::page::{Page, join, password};
use crate::support::Server;

#[tokio::test]
async fn guesses_of_a_password_are_slowed_down() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        server.freeze();
        let email = "eve@acme.example";
        let known = join(&server, email, "MEMBER").await;
        let mut statuses = Vec::new();
        for number in 0..8 {
            // Each from somewhere else.
            let mut page = Page::from(&server, &format!("192.0.2.{number}"));
            let answer = page.sign_in(email, "a wrong password").await;
            statuses.push(answer.status);
            if answer.status == 429 {
                assert_eq!(answer.code(), "RATE_LIMITED");
                assert!((1..=300).contains(&answer.number("retry-after")), "{:?}", answer.headers);
            }
        }
        assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429, 429]);
        // Not even the right one, from a browser that nobody knows; the one that signed in before goes on.
        let mut stranger = Page::from(&server, "198.51.100.1");
        assert_eq!(stranger.sign_in(email, &password(email)).await.status, 429);
        let mut browser = Page::from(&server, "198.51.100.1");
        browser.cookies.clone_from(&known.cookies);
        assert_eq!(browser.sign_in(email, &password(email)).await.status, 200);
        // Its mark is good for one account, and its own failures count.
        let other = join(&server, "bob@acme.example", "MEMBER").await;
        let mut thief = Page::new(&server);
        thief.cookies.insert("portolan_browser".to_owned(), other.cookies["portolan_browser"].clone());
        assert_eq!(thief.sign_in(email, "a wrong password").await.status, 429);
        for _ in 0..6 {
            assert_eq!(browser.sign_in(email, "a wrong password").await.status, 401);
        }
        assert_eq!(browser.sign_in(email, &password(email)).await.status, 429);
        // Everybody waits for an end that comes.
        server.pass(Duration::from_secs(2));
        assert_eq!(browser.sign_in(email, &password(email)).await.status, 200);
        assert_eq!(stranger.sign_in(email, &password(email)).await.status, 200);
        for _ in 0..5 {
            assert_eq!(
                stranger.sign_in(email, "a wrong password").await.status,
                401,
                "a success starts anew"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn accounts_that_do_not_exist_answer_alike() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        server.freeze();
        join(&server, "eve@acme.example", "MEMBER").await;
        let mut answers = Vec::new();
        for email in ["eve@acme.example", "nobody@acme.example"] {
            let mut page = Page::new(&server);
            for _ in 0..7 {
                let answer = page.sign_in(email, "a wrong password").await;
                answers.push((answer.status, answer.body));
            }
        }
        let (known, unknown) = answers.split_at(7);
        assert_eq!(known, unknown);
        assert_eq!(known[6].0, 429);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_is_slowed_down() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        server.freeze();
        let mut page = Page::from(&server, "2001:db8::1");
        let mut statuses = Vec::new();
        for number in 0..33 {
            statuses
                .push(page.sign_in(&format!("nobody{number}@acme.example"), "a wrong password").await.status);
        }
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 31, "{statuses:?}");
        let secret = server.made.admin_password.clone().unwrap();
        let mut neighbour = Page::from(&server, "2001:db8::2");
        assert_eq!(neighbour.sign_in("admin@acme.example", &secret).await.status, 429, "the same network");
        let mut elsewhere = Page::from(&server, "2001:db8:0:1::1");
        assert_eq!(elsewhere.sign_in("admin@acme.example", &secret).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn wrong_secrets_are_slowed_down_and_right_ones_pass() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        server.freeze();
        let mut page = Page::from(&server, "192.0.2.1");
        let wrong = json!({"clientId": server.made.client_id, "clientSecret": "wrong"});
        let mut statuses = Vec::new();
        for _ in 0..13 {
            let answer = page.send("POST", "/v1/auth/access_token", wrong.clone()).await;
            statuses.push(answer.status);
            assert_eq!(answer.status == 429, answer.header("retry-after").is_some());
        }
        assert_eq!(statuses, [[401; 11].as_slice(), &[429, 429]].concat());
        let right = json!({"clientId": server.made.client_id, "clientSecret": server.made.client_secret});
        assert_eq!(page.send("POST", "/v1/auth/access_token", right).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn guesses_of_the_operators_token_are_slowed_down() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        server.freeze();
        let mut page = Page::from(&server, "192.0.2.1");
        page.headers.push(("authorization", "Bearer a guess of mine".to_owned()));
        let mut statuses = Vec::new();
        for _ in 0..32 {
            statuses.push(page.get("/api/operator/tenants").await.status);
        }
        assert_eq!((statuses[0], statuses[30], statuses[31]), (401, 401, 429), "{statuses:?}");
    })
    .await;
}
