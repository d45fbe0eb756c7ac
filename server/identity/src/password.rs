//! Passwords: argon2id, beside the async threads, a few at a time. A password is never logged.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use portolan_schema::{Code, Error, Pointer, Problem, Result};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

/// Lengths of a password, in characters.
pub const MIN_PASSWORD: usize = 10;
pub const MAX_PASSWORD: usize = 1_000;
/// Hashes made at a time: each takes 19 MiB and about 20 ms of a core.
const AT_ONCE: usize = 2;
/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    turns: Semaphore,
    /// What a password is compared with where there is no account, so that it takes the same time.
    nobody: OnceCell<String>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Semaphore::new(AT_ONCE), nobody: OnceCell::new() }
    }

    pub(crate) async fn hash(&self, password: &SecretString) -> Result<String> {
        let _turn = self.turn().await?;
        hash(password.clone()).await
    }

    /// Waits until a password may be checked.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        match tokio::time::timeout(PATIENCE, self.turns.acquire()).await {
            Ok(turn) => turn.map_err(Error::internal),
            Err(_) => Err(Error::unavailable("too many passwords wait to be checked")),
        }
    }

    /// Whether it is the password of `hash`. None takes as long and is never right. The caller holds a turn.
    pub(crate) async fn verify(&self, password: &SecretString, stored: Option<&str>) -> Result<bool> {
        let nobody = self.nobody.get_or_try_init(|| hash(SecretString::from("nobody's"))).await?;
        let (known, text) = (stored.is_some(), stored.unwrap_or(nobody).to_owned());
        let password = password.clone();
        let right = tokio::task::spawn_blocking(move || {
            let stored = PasswordHash::new(&text).map_err(|error| Error::internal(error.to_string()))?;
            let given = password.expose_secret().as_bytes();
            Ok::<_, Error>(Argon2::default().verify_password(given, &stored).is_ok())
        });
        Ok(right.await.map_err(Error::internal)?? && known)
    }
}

async fn hash(password: SecretString) -> Result<String> {
    let hash = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.expose_secret().as_bytes()).map(|hash| hash.to_string())
    });
    hash.await.map_err(Error::internal)?.map_err(|error| Error::internal(error.to_string()))
}

/// Checks a new password at `/{key}`.
pub(crate) fn check(password: &SecretString, key: &str) -> Result<(), Problem> {
    if is_possible(password) {
        return Ok(());
    }
    let message = format!("a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters");
    Err(Problem::new(Code::InvalidValue, Pointer::root().key(key), message))
}

/// Whether somebody could have it. What is longer is not worth hashing.
pub(crate) fn is_possible(password: &SecretString) -> bool {
    let text = password.expose_secret();
    // A character has at most four bytes.
    text.len() <= 4 * MAX_PASSWORD && (MIN_PASSWORD..=MAX_PASSWORD).contains(&text.chars().count())
}
