//! Signing keys: rotated while tokens of the old one live, known to every server.

use std::time::Duration;

use portolan_foundation::secrets::Sealer;
use portolan_identity::Identity;
use portolan_store::testing::on_each_engine;

use crate::support::{Server, token};

async fn kids(server: &Server) -> Vec<String> {
    let (_, jwks) = server.get("/.well-known/jwks.json").await;
    let keys = jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
    keys.collect()
}

#[tokio::test]
async fn old_keys_verify_until_their_tokens_are_dead() {
    on_each_engine(|store| async move {
        let server = Server::start(store.clone()).await;
        // A command on the machine, or another server.
        let other = Identity::open(store, &Sealer::from_key([1; 32])).await.unwrap();
        let old = kids(&server).await;
        let new = other.rotate_keys(false).await.unwrap();
        assert_eq!(kids(&server).await, [new.clone(), old[0].clone()]);
        assert_eq!(server.get("/v1/blueprints").await.0, 200, "a token of the old key");
        let fresh = token(&server.identity, &server.made.client_id, &server.made.client_secret).await;
        let header = jsonwebtoken_kid(&fresh);
        assert_eq!(header, new, "the server signs with the new key at once");
        assert!(other.authenticate(&fresh, "test", None).await.is_ok());
        // One server has not heard of a key that another made.
        let newest = other.rotate_keys(false).await.unwrap();
        let foreign = token(&other, &server.made.client_id, &server.made.client_secret).await;
        assert_eq!(jsonwebtoken_kid(&foreign), newest);
        assert_eq!(server.send("GET", "/v1/blueprints", &foreign, Vec::new()).await.0, 200);
        server.pass(Duration::from_secs(10_801));
        assert_eq!(server.get("/v1/blueprints").await.0, 401, "three hours are over");
        server.identity.keep_house().await.unwrap();
        assert_eq!(kids(&server).await, [newest]);
    })
    .await;
}

#[tokio::test]
async fn after_a_theft_every_token_is_refused() {
    on_each_engine(|store| async move {
        let server = Server::start(store.clone()).await;
        let other = Identity::open(store, &Sealer::from_key([1; 32])).await.unwrap();
        assert_eq!(server.get("/v1/blueprints").await.0, 200);
        let new = other.rotate_keys(true).await.unwrap();
        assert_eq!(server.get("/v1/blueprints").await.0, 401, "also by a server that knew the key");
        assert_eq!(kids(&server).await, [new]);
        let fresh = token(&server.identity, &server.made.client_id, &server.made.client_secret).await;
        assert_eq!(server.send("GET", "/v1/blueprints", &fresh, Vec::new()).await.0, 200);
    })
    .await;
}

fn jsonwebtoken_kid(token: &str) -> String {
    use base64::Engine;
    let header =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}
