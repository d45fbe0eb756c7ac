//! What the web portal keeps: pages, views, preferences, settings. The fields; what they mean is `portolan-portal`'s.

mod page;
mod page_object;
mod preferences;
mod settings;
mod starter;
mod usage;
mod view;
mod view_object;

use async_graphql::MergedObject;

#[derive(MergedObject, Default)]
pub struct PortalQuery(
    page::PageQuery,
    view::ViewQuery,
    preferences::PreferencesQuery,
    settings::SettingsQuery,
    starter::StarterQuery,
    usage::UsageQuery,
);

#[derive(MergedObject, Default)]
pub struct PortalMutation(
    page::PageMutation,
    view::ViewMutation,
    preferences::PreferencesMutation,
    settings::SettingsMutation,
    starter::StarterMutation,
);
