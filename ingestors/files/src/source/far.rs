//! Files over HTTP: whole, and in the parts that a server gives (RFC 9110, 14).

use bytes::Bytes;
use http::header::{CONTENT_RANGE, ETAG, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use portolan_ingestor_contract::SourceError;

use super::Part;
use crate::format::MAX_DOCUMENT;

/// The header that asks for a part.
pub(crate) fn range(from: u64, most: usize) -> Option<(http::HeaderName, HeaderValue)> {
    let last = from.checked_add(most as u64)?.checked_sub(1)?;
    Some((RANGE, HeaderValue::try_from(format!("bytes={from}-{last}")).ok()?))
}

/// What came for a part: the part, the whole file, or that there is nothing there. None where it is an error of the
/// server's, which the caller explains.
///
/// # Errors
/// Where the answer contradicts itself.
pub(crate) fn part(
    what: &str,
    from: u64,
    response: &http::Response<Bytes>,
) -> Result<Option<Part>, SourceError> {
    let contradiction =
        || SourceError::failed(format!("{what} answered with another part than it was asked for"));
    let version = version(response.headers());
    let size = |bytes: &Bytes| bytes.len() as u64;
    match response.status() {
        StatusCode::OK if from == 0 => {
            let bytes = response.body().clone();
            Ok(Some(Part { size: size(&bytes), bytes, version }))
        }
        StatusCode::OK => Err(SourceError::failed(format!("{what} no longer gives parts of the file"))),
        StatusCode::PARTIAL_CONTENT => {
            let told = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
            let (first, last, all) = told.and_then(content_range).ok_or_else(contradiction)?;
            let bytes = response.body().clone();
            if first != from
                || last.checked_sub(first).map(|length| length + 1) != Some(size(&bytes))
                || last >= all
            {
                return Err(contradiction());
            }
            Ok(Some(Part { bytes, size: all, version }))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => Ok(Some(Part { bytes: Bytes::new(), size: from, version })),
        _ => Ok(None),
    }
}

/// `bytes 0-99/1234`.
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, all) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, all.parse().ok()?))
}

fn version(headers: &HeaderMap) -> Option<String> {
    let found = headers.get(ETAG).or_else(|| headers.get(LAST_MODIFIED))?;
    found.to_str().ok().map(ToOwned::to_owned)
}

/// The bytes of an answer that is to hold a whole file.
///
/// # Errors
/// Where it is too large.
pub(crate) fn bounded(file: &str, bytes: Bytes) -> Result<Bytes, SourceError> {
    if bytes.len() > MAX_DOCUMENT {
        let message = format!("\"{file}\" has {} bytes; at most {MAX_DOCUMENT} are read", bytes.len());
        return Err(SourceError::failed(message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, range: &str, body: &'static str, from: u64, expected: Option<(&str, u64)>) {
        let response = http::Response::builder().status(status).header("content-range", range);
        let response = response.header("etag", "\"7\"").body(Bytes::from_static(body.as_bytes()));
        let found = part("GET a", from, &response.expect("an answer"));
        match expected {
            Some((bytes, size)) => {
                let part = found.expect("it fits").expect("a part");
                assert_eq!((part.bytes.as_ref(), part.size), (bytes.as_bytes(), size));
                assert_eq!(part.version.as_deref(), Some("\"7\""));
            }
            None => assert!(found.is_err(), "{found:?}"),
        }
    }

    #[test]
    fn parts_are_those_that_were_asked_for() {
        check(200, "", "whole", 0, Some(("whole", 5)));
        check(200, "", "whole", 3, None);
        check(206, "bytes 3-6/10", "abcd", 3, Some(("abcd", 10)));
        check(206, "bytes 3-6/10", "abc", 3, None);
        check(206, "bytes 0-3/10", "abcd", 3, None);
        check(206, "bytes 3-6/5", "abcd", 3, None);
        check(206, "bytes 3-6/*", "abcd", 3, None);
        check(206, "", "abcd", 3, None);
        check(416, "bytes */0", "", 0, Some(("", 0)));
        check(416, "bytes */3", "", 3, Some(("", 3)));
    }
}
