//! What an ingestor says of itself: from this come the settings form, its documentation and the defaults.

use serde_json::Value;

/// An ingestor's description, the same for every tenant.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// Stable name, as in an integration's `ingestor`: lower case, `-` between words.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Every kind of item it can read.
    pub kinds: Vec<KindDescription>,
    /// What the source must allow for anything to work at all, in the source's own words.
    pub permissions: Vec<&'static str>,
    /// JSON Schema of `config`; closed, so that unknown keys are refused.
    pub config_schema: Value,
    /// JSON Schema of `secrets`; closed.
    pub secrets_schema: Value,
    /// A mapping (`resources` and its options) that covers every kind.
    pub default_mapping: Value,
    /// The blueprints the default mapping fills, in Port's JSON; they compile together, without any other blueprint.
    pub default_blueprints: Vec<Value>,
    /// How changes are heard of between runs.
    pub live: Live,
}

/// How a source tells of changes between runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Live {
    /// It sends webhooks: [`crate::Ingestor::authenticate`] and [`crate::Ingestor::events`].
    pub deliveries: bool,
    /// It can be followed: [`crate::Ingestor::follow`].
    pub follows: bool,
}

impl Descriptor {
    /// The description of a kind.
    pub fn kind(&self, name: &str) -> Option<&KindDescription> {
        self.kinds.iter().find(|kind| kind.name == name)
    }
}

/// One kind of raw item.
#[derive(Debug, Clone, Copy)]
pub struct KindDescription {
    /// Stable name, as in a mapping's `kind`.
    pub name: &'static str,
    /// Name for people, in the plural.
    pub title: &'static str,
    /// One or two sentences: what an item is and what it carries.
    pub description: &'static str,
    /// What the source must allow for this kind, in the source's own words.
    pub permissions: &'static [&'static str],
}
