//! Pages and views follow changes of the model: what they name is told to whoever plans a change, and renamed with it.

use async_trait::async_trait;
use portolan_catalog::{ModelFollower, Rename};
use portolan_schema::Result;
use portolan_schema::references::{Definitions, Named, Part, Place, Reference, ReferenceKind, rename_named};
use portolan_store::TenantScope;

use crate::named;

/// The pages and views of all tenants.
pub(crate) struct Names;

#[async_trait]
impl ModelFollower for Names {
    /// Views that somebody has alone keep nothing from going away, and nobody else hears of them.
    async fn references(&self, scope: &TenantScope, definitions: &Definitions<'_>) -> Result<Vec<Reference>> {
        let mut found = Vec::new();
        for page in scope.pages(true).await? {
            let named = named::in_page(definitions, &page.spec);
            found.extend(references(ReferenceKind::Page, &page.identifier, "", named));
            for (widget, named) in named::in_widgets(definitions, &page.spec) {
                found.extend(references(ReferenceKind::Widget, &page.identifier, &widget, named));
            }
        }
        for view in scope.all_saved_views().await?.iter().filter(|view| view.owner.is_none()) {
            let mut named = named::in_view(definitions, &view.blueprint, &view.spec);
            let path = portolan_schema::Pointer::root().key("blueprint");
            named.insert(0, Named { path, to: Part::Blueprint(view.blueprint.clone()) });
            found.extend(references(ReferenceKind::View, &view.id.to_string(), &view.title, named));
        }
        Ok(found)
    }

    async fn rename(&self, scope: &TenantScope, before: &Definitions<'_>, renames: &[Rename]) -> Result<()> {
        for mut page in scope.pages(true).await? {
            let mut named = named::in_page(before, &page.spec);
            named.extend(named::in_widgets(before, &page.spec).into_iter().flat_map(|(_, named)| named));
            let mut changed = false;
            for Rename { part, to } in renames {
                changed |= rename_named(&mut page.spec, &named, part, to);
            }
            if changed {
                scope.update_page(&page).await?;
            }
        }
        for mut view in scope.all_saved_views().await? {
            let named = named::in_view(before, &view.blueprint, &view.spec);
            let mut changed = false;
            for Rename { part, to } in renames {
                changed |= rename_named(&mut view.spec, &named, part, to);
                if *part == Part::Blueprint(view.blueprint.clone()) {
                    view.blueprint.clone_from(to);
                    changed = true;
                }
            }
            if changed {
                scope.update_saved_view(&view).await?;
            }
        }
        Ok(())
    }

    async fn removed(&self, scope: &TenantScope, blueprints: &[&str]) -> Result<()> {
        for blueprint in blueprints {
            scope.delete_saved_views_of(blueprint).await?;
        }
        Ok(())
    }
}

fn references(
    kind: ReferenceKind,
    holder: &str,
    identifier: &str,
    named: Vec<Named>,
) -> impl Iterator<Item = Reference> {
    let (holder, identifier) = (holder.to_owned(), identifier.to_owned());
    named.into_iter().map(move |Named { path, to }| Reference {
        kind,
        holder: holder.clone(),
        identifier: identifier.clone(),
        path,
        place: Place::Text,
        to,
    })
}
