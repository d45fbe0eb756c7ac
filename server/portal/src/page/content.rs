//! What a page shows, by its kind.

use portolan_schema::{CatalogModel, Code, Error, Pointer, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::portal::PageKind;
use serde_json::{Value, json};

use crate::dashboard;
use crate::settings::frame_origins;
use crate::subject::Subject;

/// What is wanted of a page's content.
#[derive(Debug, Clone, Default)]
pub(super) struct Content<'a> {
    pub blueprint: Option<&'a str>,
    pub view: Option<&'a str>,
    pub dashboard: Option<&'a Value>,
}

/// The page's specification.
///
/// # Errors
/// All problems of what it would show; a fault.
pub(super) async fn specify(
    scope: &TenantScope,
    model: &CatalogModel,
    kind: PageKind,
    content: &Content<'_>,
    problems: &mut Problems,
) -> Result<Value> {
    let root = Pointer::root();
    let taken: &[&str] = match kind {
        PageKind::Folder => &[],
        PageKind::Table => &["blueprint", "view"],
        PageKind::Dashboard => &["dashboard"],
    };
    for (key, given) in [
        ("blueprint", content.blueprint.is_some()),
        ("view", content.view.is_some()),
        ("dashboard", content.dashboard.is_some()),
    ] {
        if given && !taken.contains(&key) {
            let message = format!("a page of the kind {} has no \"{key}\"", kind.as_str());
            problems.add(Code::UnknownField, root.key(key), message);
        }
    }
    match kind {
        PageKind::Folder => Ok(json!({})),
        PageKind::Table => table(scope, model, content, problems).await,
        PageKind::Dashboard => {
            let empty = json!({"widgets": []});
            let spec = content.dashboard.unwrap_or(&empty);
            let origins = frame_origins(scope).await?;
            dashboard::check(model, &origins, spec, &root.key("dashboard"), problems);
            Ok(spec.clone())
        }
    }
}

async fn table(
    scope: &TenantScope,
    model: &CatalogModel,
    content: &Content<'_>,
    problems: &mut Problems,
) -> Result<Value> {
    let root = Pointer::root();
    let Some(blueprint) = content.blueprint else {
        problems.add(Code::Required, root.key("blueprint"), "a table shows the entities of a \"blueprint\"");
        return Ok(json!({}));
    };
    Subject::find(model, blueprint, &root.key("blueprint"), problems);
    let Some(view) = content.view else { return Ok(json!({"blueprint": blueprint})) };
    let found = match view.parse() {
        Ok(id) => scope.saved_view(id).await?,
        Err(_) => None,
    };
    // Nobody hears of the views that others have alone.
    let found = found.filter(|found| found.owner.is_none() && found.blueprint == blueprint);
    if found.is_none() {
        let message = format!("there is no shared view \"{view}\" of the blueprint \"{blueprint}\"");
        problems.add(Code::NotFound, root.key("view"), message);
    }
    Ok(json!({"blueprint": blueprint, "view": view}))
}

/// The pages whose first view this is.
///
/// # Errors
/// A fault.
pub(crate) async fn pages_of_view(
    scope: &TenantScope,
    view: i64,
) -> Result<Vec<portolan_store::portal::Page>, Error> {
    let view = view.to_string();
    let pages = scope.pages(false).await?;
    Ok(pages.into_iter().filter(|page| page.spec["view"].as_str() == Some(view.as_str())).collect())
}
