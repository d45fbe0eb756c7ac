//! Amazon EKS, whose lists give names only.

pub(crate) mod cluster;
pub(crate) mod node_group;

use super::regional::{Place, texts_at, token_at};
use crate::signed::{self, Refused};

const EKS: &str = "eks";
/// AWS's largest page, which is also what it gives unasked.
const LARGEST_PAGE: u32 = 100;
/// The thing was deleted since it was listed.
const GONE: &[&str] = &["ResourceNotFoundException"];

/// The names of one page.
struct Names {
    names: Vec<String>,
    next: Option<String>,
}

/// Asks for a page of a list, `size` names if that is given.
async fn names(
    at: Place<'_>,
    action: &'static str,
    path: &str,
    list: &str,
    size: Option<u32>,
    token: Option<&str>,
) -> Result<Names, Refused> {
    let mut parameters = Vec::new();
    if let Some(size) = size {
        parameters.push(("maxResults", size.clamp(1, LARGEST_PAGE).to_string()));
    }
    parameters.extend(token.map(|token| ("nextToken", token.to_owned())));
    let answer = signed::get_json(at.session, EKS, at.region, action, path, &parameters).await?;
    let names = texts_at(&answer, &format!("/{list}"), &format!("eks:{action}"))?;
    Ok(Names { names, next: token_at(&answer, "/nextToken") })
}
