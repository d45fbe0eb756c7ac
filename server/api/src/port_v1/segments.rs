//! Identifiers in paths. They come percent-encoded and may hold `/`, so routes match the encoded path; a `+` is a plus,
//! for no identifier holds a space (port-api.md 0.5).

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use portolan_schema::Error;
use serde::de::DeserializeOwned;

use crate::answer::Refusal;

/// The parameters of a path, decoded.
pub(crate) struct Segments<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let found = Path::from_request_parts(parts, state).await;
        // What is not UTF-8 names nothing.
        found.map(|Path(found)| Self(found)).map_err(|_| Error::not_found("what the address names").into())
    }
}
