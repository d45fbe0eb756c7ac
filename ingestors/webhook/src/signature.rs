//! Whether a request is signed with the secret. Compares in constant time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use portolan_ingestor_contract::Delivery;
use secrecy::{ExposeSecret, SecretString};

use crate::settings::{Algorithm, Signature};

pub(crate) fn is_right(signature: &Signature, secret: &SecretString, delivery: &Delivery) -> bool {
    let mut values = delivery.headers.get_all(signature.header.as_str()).iter();
    // Of two signatures nobody knows which one counts.
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let prefix = signature.prefix.as_deref().unwrap_or_default().as_bytes();
    let Some(value) = value.as_bytes().strip_prefix(prefix) else { return false };
    let key = secret.expose_secret().as_bytes();
    let algorithm = match signature.algorithm {
        Algorithm::Sha256 => hmac::HMAC_SHA256,
        Algorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        // Their digests, so that not even the length is told by the time.
        Algorithm::Plain => {
            let (given, wanted) = (digest(&SHA256, value), digest(&SHA256, key));
            return verify_slices_are_equal(given.as_ref(), wanted.as_ref()).is_ok();
        }
    };
    let Some(tag) = from_hex(value) else { return false };
    hmac::verify(&hmac::Key::new(algorithm, key), &delivery.body, &tag).is_ok()
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
