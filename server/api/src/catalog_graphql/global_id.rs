//! The `id` of an entity in GraphQL: opaque, of one length, the same for as long as the entity lives.
//!
//! It hides how many entities a server has; it is no secret. Rights are checked where an id is used.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
const INVERSE: u64 = inverse(FACTOR);

/// The multiplicative inverse modulo 2^64 of an odd number, by Newton's iteration.
const fn inverse(odd: u64) -> u64 {
    let mut x = odd;
    let mut round = 0;
    while round < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x)));
        round += 1;
    }
    x
}

fn mix(mut x: u64) -> u64 {
    for _ in 0..3 {
        x = x.wrapping_mul(FACTOR);
        x ^= x >> 32;
    }
    x
}

fn unmix(mut x: u64) -> u64 {
    for _ in 0..3 {
        x ^= x >> 32;
        x = x.wrapping_mul(INVERSE);
    }
    x
}

/// The text for an entity's number.
pub fn encode(id: i64) -> String {
    URL_SAFE_NO_PAD.encode(mix(id.cast_unsigned()).to_be_bytes())
}

/// The entity's number, if the text can be one.
pub fn decode(text: &str) -> Option<i64> {
    let bytes: [u8; 8] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let id = unmix(u64::from_be_bytes(bytes)).cast_signed();
    (id > 0).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_and_look_alike() {
        for id in [1, 2, 3, 1_000_000, i64::MAX] {
            assert_eq!(decode(&encode(id)), Some(id));
            assert_eq!(encode(id).len(), 11);
        }
        for wrong in ["", "1", "e_1", "AAAAAAAAAAA", "ÄÖÜ", &encode(1)[1..]] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
