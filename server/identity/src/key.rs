//! The keys that tokens are signed with: Ed25519, sealed at rest, known by `kid`. One signs; those retired lately verify.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use portolan_foundation::secrets::{Sealer, random_token};
use portolan_schema::{Error, Instant, Result};
use portolan_store::identity::SigningKeyRow;
use portolan_store::{GlobalScope, Store};
use serde_json::{Value, json};

use crate::Identity;
use crate::token::LIFE_MICROS;

/// All keys. The first signs; every one verifies.
pub(crate) struct Keys(Vec<Key>);

pub(crate) struct Key {
    pub kid: String,
    pub signing: EncodingKey,
    pub verifying: DecodingKey,
    public: Value,
}

/// The keys as they were read last.
pub(crate) struct KeyRing(ArcSwap<Keys>);

impl KeyRing {
    /// Reads the keys, or makes the first.
    pub(crate) async fn open(store: &Store, sealer: &Sealer, at: Instant) -> Result<Self> {
        let rows = store.read_global().await?.signing_keys().await?;
        if rows.iter().all(|row| row.retired_at.is_some()) {
            let row = generate(sealer)?;
            let scope = store.write_global().await?;
            scope.lock_signing_keys().await?;
            // Another server that starts now may have been faster.
            if scope.signing_kid().await?.is_none() {
                scope.add_signing_key(&row, at).await?;
            }
            scope.commit().await?;
        }
        let keys = Keys::read(&store.read_global().await?, sealer).await?;
        Ok(Self(ArcSwap::from_pointee(keys)))
    }

    pub(crate) fn present(&self) -> Arc<Keys> {
        self.0.load_full()
    }

    async fn read(&self, scope: &GlobalScope, sealer: &Sealer) -> Result<Arc<Keys>> {
        let keys = Arc::new(Keys::read(scope, sealer).await?);
        self.0.store(keys.clone());
        Ok(keys)
    }
}

impl Identity {
    /// The keys, of which the first is the one that signs now, whoever rotated them.
    pub(crate) async fn signing_keys(&self, scope: &GlobalScope) -> Result<Arc<Keys>> {
        let kid = scope.signing_kid().await?;
        let keys = self.keys.present();
        if kid.as_deref() == Some(keys.signing().kid.as_str()) {
            return Ok(keys);
        }
        self.keys.read(scope, &self.sealer).await
    }

    /// The keys, with `kid` among them if there is such a key: another server may have made it. A forged `kid` costs what
    /// a good one does, one small read.
    pub(crate) async fn verifying_keys(&self, kid: &str) -> Result<Arc<Keys>> {
        let keys = self.keys.present();
        if keys.find(kid).is_some() {
            return Ok(keys);
        }
        self.keys.read(&self.store.read_global().await?, &self.sealer).await
    }

    /// The public keys as a JSON Web Key Set (RFC 7517), read anew.
    pub async fn jwks(&self) -> Result<Value> {
        let keys = self.keys.read(&self.store.read_global().await?, &self.sealer).await?;
        let public: Vec<&Value> = keys.0.iter().map(|key| &key.public).collect();
        Ok(json!({ "keys": public }))
    }

    /// Makes a new key, which signs from now on, on every server. What the old ones signed stays good until it ends,
    /// unless `revoke_old`: then every token that was ever issued is refused from now on. Answers the new `kid`.
    pub async fn rotate_keys(&self, revoke_old: bool) -> Result<String> {
        let row = generate(&self.sealer)?;
        let at = self.now();
        let scope = self.store.write_global().await?;
        scope.lock_signing_keys().await?;
        scope.add_signing_key(&row, at).await?;
        scope.retire_other_keys(&row.kid, at).await?;
        scope.delete_retired_keys(if revoke_old { at } else { Instant(at.0 - LIFE_MICROS) }).await?;
        scope.commit().await?;
        self.keys.read(&self.store.read_global().await?, &self.sealer).await?;
        Ok(row.kid)
    }
}

impl Keys {
    async fn read(scope: &GlobalScope, sealer: &Sealer) -> Result<Self> {
        let rows = scope.signing_keys().await?;
        let keys: Vec<Key> = rows.iter().map(|row| Key::read(row, sealer)).collect::<Result<_>>()?;
        if keys.is_empty() {
            return Err(Error::internal("there is no signing key"));
        }
        Ok(Self(keys))
    }

    pub(crate) fn signing(&self) -> &Key {
        &self.0[0]
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.kid == kid)
    }
}

impl Key {
    fn read(row: &SigningKeyRow, sealer: &Sealer) -> Result<Self> {
        let private = sealer.open(&context(&row.kid), &row.private_sealed)?;
        let public: Value = serde_json::from_str(&row.public_jwk).map_err(Error::internal)?;
        let x = public["x"].as_str().unwrap_or_default();
        Ok(Self {
            kid: row.kid.clone(),
            signing: EncodingKey::from_ed_der(&private),
            verifying: DecodingKey::from_ed_components(x).map_err(Error::internal)?,
            public,
        })
    }
}

fn generate(sealer: &Sealer) -> Result<SigningKeyRow> {
    let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(Error::internal)?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(Error::internal)?;
    let kid = random_token(9);
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let public = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x});
    Ok(SigningKeyRow {
        private_sealed: sealer.seal(&context(&kid), document.as_ref())?,
        public_jwk: public.to_string(),
        kid,
        retired_at: None,
    })
}

fn context(kid: &str) -> String {
    format!("signing-key:{kid}")
}
