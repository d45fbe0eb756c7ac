//! The keys that tokens are signed with: Ed25519, sealed at rest, known by `kid`.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use portolan_foundation::secrets::{Sealer, random_token};
use portolan_schema::{Error, Result};
use portolan_store::Store;
use portolan_store::identity::SigningKeyRow;
use serde_json::{Value, json};

use crate::now;

/// All keys. The first signs; every one verifies.
pub(crate) struct Keys(Vec<Key>);

pub(crate) struct Key {
    pub kid: String,
    pub signing: EncodingKey,
    pub verifying: DecodingKey,
    public: Value,
}

impl Keys {
    pub(crate) async fn open(store: &Store, sealer: &Sealer) -> Result<Self> {
        let mut rows = store.read_global().await?.signing_keys().await?;
        if rows.iter().all(|row| row.retired_at.is_some()) {
            let row = generate(sealer)?;
            let scope = store.write_global().await?;
            scope.add_first_signing_key(&row, now()).await?;
            scope.commit().await?;
            rows = store.read_global().await?.signing_keys().await?;
        }
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

    pub(crate) fn jwks(&self) -> Value {
        let keys: Vec<&Value> = self.0.iter().map(|key| &key.public).collect();
        json!({ "keys": keys })
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
