//! What the HTTP ingestor says of itself, and the blueprint and mapping that ship with it.

use portolan_ingestor_contract::{Descriptor, KindDescription, Live, schema_of};
use serde_json::Value;

use crate::settings::{Config, Keys};

const BLUEPRINT: &str = include_str!("../defaults/blueprints/http-item.yaml");
const MAPPING: &str = include_str!("../defaults/mapping.yaml");

/// The list at `url` itself. Further kinds are named by the settings' `resources`.
pub(crate) const ITEM: KindDescription = KindDescription {
    name: "item",
    title: "Items",
    description: "One entry of the list at the settings' url, as the API shows it. Lists of other names are kinds that the settings' resources name.",
    permissions: &["reading the list at the settings' url"],
};

pub(crate) fn descriptor() -> Descriptor {
    Descriptor {
        name: "http",
        title: "HTTP",
        kinds: vec![ITEM],
        permissions: vec!["reading each list that the settings name, with the headers they give"],
        config_schema: schema_of::<Config>(),
        secrets_schema: schema_of::<Keys>(),
        default_mapping: shipped(MAPPING),
        default_blueprints: vec![shipped(BLUEPRINT)],
        live: Live::default(),
    }
}

/// A file of this crate. That each is well-formed is what the conformance suite checks first.
fn shipped(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_default()
}
