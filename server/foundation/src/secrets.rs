//! Secrets at rest: an AEAD under a key of the operator's, derived for each context; hashes of machine secrets.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hkdf, rand};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portolan_schema::{Error, Result};

const KEY_LENGTH: usize = 32;
const KEY_FILE: &str = "master.key";
/// First byte of everything sealed: how the rest is to be read.
const VERSION: u8 = 1;

/// Seals and opens secrets. Cheap to clone; prints nothing.
#[derive(Clone)]
pub struct Sealer {
    key: hkdf::Prk,
}

impl Sealer {
    pub fn from_key(key: [u8; KEY_LENGTH]) -> Self {
        Self { key: hkdf::Salt::new(hkdf::HKDF_SHA256, b"portolan master key").extract(&key) }
    }

    /// Takes the key given (64 hexadecimal digits or base64 of 32 bytes), or the one in `file`, or the one in the data
    /// directory, where it is made if missing, readable by its owner alone.
    ///
    /// # Errors
    /// Where a key cannot be read, is not 32 bytes, or none is given and there is no data directory.
    pub fn load(given: Option<&str>, file: Option<&Path>, data_directory: Option<&Path>) -> Result<Self> {
        if let Some(text) = given {
            return Ok(Self::from_key(parse(text, "PORTOLAN_MASTER_KEY")?));
        }
        if let Some(path) = file {
            return read(path).map(Self::from_key);
        }
        let Some(directory) = data_directory else {
            return Err(Error::unavailable("PORTOLAN_MASTER_KEY or PORTOLAN_MASTER_KEY_FILE is needed"));
        };
        let path = directory.join(KEY_FILE);
        if !path.exists() {
            make(directory, &path)?;
        }
        read(&path).map(Self::from_key)
    }

    /// Seals `plain` for one context, such as `tenant:7/integration:12`; it opens there only.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| Error::internal("no random bytes"))?;
        let mut text = plain.to_vec();
        self.derived(context)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                &mut text,
            )
            .map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok([&[VERSION][..], &nonce, &text].concat())
    }

    /// # Errors
    /// Where it was sealed for another context or with another key, or was changed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let failed = || {
            Error::internal(
                "a sealed secret cannot be opened: the master key is another one, or the data was changed",
            )
        };
        let (head, text) = sealed.split_at_checked(1 + NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| failed())?;
        if head[0] != VERSION {
            return Err(failed());
        }
        let mut text = text.to_vec();
        let plain = self
            .derived(context)?
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut text)
            .map_err(|_| failed())?;
        Ok(plain.to_vec())
    }

    /// A name that is always the same for a context and cannot be guessed from it: 32 hexadecimal digits. It may be shown
    /// and leads back to no key.
    pub fn name(&self, context: &str) -> Result<String> {
        let info = [b"name\0".as_slice(), context.as_bytes()];
        let mut bytes = [0; KEY_LENGTH];
        let made = self.key.expand(&info, hkdf::HKDF_SHA256).and_then(|key| key.fill(&mut bytes));
        made.map_err(|_| Error::internal("no name could be derived"))?;
        Ok(bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn derived(&self, context: &str) -> Result<LessSafeKey> {
        let info = [context.as_bytes()];
        let key =
            self.key.expand(&info, &AES_256_GCM).map_err(|_| Error::internal("no key could be derived"))?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

fn read(path: &Path) -> Result<[u8; KEY_LENGTH]> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::unavailable(format!("the key file {} cannot be read: {error}", path.display()))
    })?;
    parse(text.trim(), &path.display().to_string())
}

fn parse(text: &str, place: &str) -> Result<[u8; KEY_LENGTH]> {
    let bytes =
        from_hex(text).or_else(|| STANDARD.decode(text).ok()).or_else(|| URL_SAFE_NO_PAD.decode(text).ok());
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        Error::unavailable(format!("{place} must be 64 hexadecimal digits or base64 of {KEY_LENGTH} bytes"))
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|char| char.to_digit(16).and_then(|d| d.try_into().ok())).collect::<Option<_>>()?;
    (digits.len() == 2 * KEY_LENGTH).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Writes a new key beside its place and links it there, so that of two processes one wins and both read the same.
fn make(directory: &Path, path: &Path) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::unavailable(format!("the key file {} cannot be made: {error}", path.display()))
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    let draft = directory.join(format!("{KEY_FILE}.{}", random_token(8)));
    let mut key = [0; KEY_LENGTH];
    rand::fill(&mut key).map_err(|_| Error::internal("no random bytes"))?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = file.write_all(STANDARD.encode(key).as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    drop(std::fs::remove_file(&draft));
    linked.map_err(failed)
}

/// A random text of `bytes` × 8 bits, safe in URLs.
pub fn random_token(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    rand::fill(&mut buffer).expect("the system has random bytes");
    URL_SAFE_NO_PAD.encode(buffer)
}

/// The hash kept of a machine secret. The secret is random and long, so a fast hash is enough.
pub fn hash_secret(secret: &str) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"portolan secret\0");
    context.update(secret.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Compares in constant time.
pub fn secret_matches(secret: &str, hash: &[u8]) -> bool {
    verify_slices_are_equal(&hash_secret(secret), hash).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_context_only() {
        let sealer = Sealer::from_key([7; 32]);
        let sealed = sealer.seal("tenant:1/a", b"geheim").unwrap();
        assert_eq!(sealer.open("tenant:1/a", &sealed).unwrap(), b"geheim");
        assert!(sealer.open("tenant:2/a", &sealed).is_err());
        assert!(Sealer::from_key([8; 32]).open("tenant:1/a", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("tenant:1/a", &changed).is_err(), "byte {at}");
        }
        assert!(sealer.open("tenant:1/a", &sealed[..5]).is_err());
        assert_ne!(sealed, sealer.seal("tenant:1/a", b"geheim").unwrap());
    }

    #[test]
    fn names_stay_the_same_for_their_context_and_key_only() {
        let sealer = Sealer::from_key([7; 32]);
        let name = sealer.name("tenant:1").unwrap();
        assert_eq!(name.len(), 32);
        assert_eq!(name, Sealer::from_key([7; 32]).name("tenant:1").unwrap());
        assert_ne!(name, sealer.name("tenant:2").unwrap());
        assert_ne!(name, Sealer::from_key([8; 32]).name("tenant:1").unwrap());
    }

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let directory = tempfile::tempdir().unwrap();
        let made: Vec<Sealer> = std::thread::scope(|scope| {
            let load = || Sealer::load(None, None, Some(directory.path())).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let sealed = made[0].seal("c", b"x").unwrap();
        assert!(made.iter().all(|sealer| sealer.open("c", &sealed).is_ok()));
        let mode = std::fs::metadata(directory.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn keys_come_as_hex_or_base64() {
        let hex = "07".repeat(32);
        let base64 = STANDARD.encode([7; 32]);
        let sealed = Sealer::from_key([7; 32]).seal("c", b"x").unwrap();
        for text in [hex.as_str(), base64.as_str()] {
            assert!(Sealer::load(Some(text), None, None).unwrap().open("c", &sealed).is_ok());
        }
        for text in ["", "07", "not a key"] {
            assert!(Sealer::load(Some(text), None, None).is_err(), "{text}");
        }
    }

    #[test]
    fn machine_secrets_are_compared_by_hash() {
        assert!(secret_matches("a", &hash_secret("a")));
        assert!(!secret_matches("a", &hash_secret("b")));
        assert!(!secret_matches("a", b""));
        assert_ne!(random_token(32), random_token(32));
    }
}
