//! The portal's cookies: the session, and the mark of a browser that signed in before. No script can read them, no
//! other site's page can make a browser send them with a change.

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use portolan_identity::{Browser, SignedIn};
use portolan_schema::{Error, Result};

const SESSION: &str = "portolan_session";
const MARK: &str = "portolan_browser";
/// As long as browsers keep a cookie.
const MARK_LIFE: Duration = Duration::from_hours(400 * 24);

/// The session's token. Over https a cookie counts only with the prefix that keeps other hosts of the domain, and plain
/// http, from setting it.
pub(crate) fn session(headers: &HeaderMap, is_https: bool) -> Option<&str> {
    find(headers, &name(SESSION, is_https))
}

pub(crate) fn browser(headers: &HeaderMap, is_https: bool) -> Browser {
    Browser {
        session: session(headers, is_https).map(str::to_owned),
        mark: find(headers, &name(MARK, is_https)).map(str::to_owned),
    }
}

fn name(name: &str, is_https: bool) -> String {
    if is_https { format!("__Host-{name}") } else { name.to_owned() }
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

/// Headers that begin a session.
pub(crate) fn begin(signed_in: &SignedIn, life: Duration, is_https: bool) -> Result<HeaderMap> {
    let mut headers = private();
    set(&mut headers, SESSION, &signed_in.token, life, is_https)?;
    set(&mut headers, MARK, &signed_in.mark, MARK_LIFE, is_https)?;
    Ok(headers)
}

/// Headers that mark a browser.
pub(crate) fn mark(mark: &str, is_https: bool) -> Result<HeaderMap> {
    let mut headers = private();
    set(&mut headers, MARK, mark, MARK_LIFE, is_https)?;
    Ok(headers)
}

/// Headers that end a session.
pub(crate) fn end(is_https: bool) -> Result<HeaderMap> {
    let mut headers = private();
    set(&mut headers, SESSION, "", Duration::ZERO, is_https)?;
    Ok(headers)
}

/// Nothing on the way keeps such an answer.
pub(crate) fn private() -> HeaderMap {
    HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-store"))])
}

fn set(headers: &mut HeaderMap, key: &str, value: &str, life: Duration, is_https: bool) -> Result<()> {
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        name(key, is_https),
        life.as_secs()
    );
    headers.append(SET_COOKIE, HeaderValue::try_from(text).map_err(Error::internal)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers
            .append(COOKIE, HeaderValue::from_static("a=1; xportolan_session=no;portolan_session=yes=; b"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-portolan_session=secure"));
        assert_eq!(session(&headers, false), Some("yes="));
        assert_eq!(session(&headers, true), Some("secure"));
        assert_eq!(session(&HeaderMap::new(), false), None);
    }

    #[test]
    fn cookies_are_kept_from_scripts_and_other_sites() {
        let signed_in = SignedIn { token: "t".to_owned(), mark: "m".to_owned() };
        let shown = |is_https| {
            let headers = begin(&signed_in, Duration::from_secs(60), is_https).unwrap();
            let all = headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned());
            all.collect::<Vec<_>>()
        };
        assert_eq!(shown(false)[0], "portolan_session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
        assert_eq!(
            shown(true)[0],
            "__Host-portolan_session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(shown(true)[1].starts_with("__Host-portolan_browser=m; "));
    }
}
