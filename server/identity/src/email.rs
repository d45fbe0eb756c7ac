//! E-mail addresses: the names of accounts. They are compared in lower case.

use portolan_schema::{Code, Pointer, Problem};

/// Longest address, in bytes (RFC 5321).
const MAX_EMAIL: usize = 254;

/// The address as it is kept.
///
/// # Errors
/// `INVALID_VALUE` at `/{key}` where this is no e-mail address.
pub(crate) fn normal(email: &str, key: &str) -> Result<String, Problem> {
    let email = plain(email);
    let parts: Vec<&str> = email.split('@').collect();
    let sound = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
    if !sound || email.len() > MAX_EMAIL || email.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let message = "this is not an e-mail address";
        return Err(Problem::new(Code::InvalidValue, Pointer::root().key(key), message));
    }
    Ok(email)
}

/// What is looked for: nothing is said about an address that nobody can have.
pub(crate) fn plain(email: &str) -> String {
    email.trim().to_lowercase()
}
