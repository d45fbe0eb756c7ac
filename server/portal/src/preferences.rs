//! What a person, or a program with a credential, prefers in a tenant: theme, density, what was looked at lately, how far
//! the first steps are done. Small, and of a fixed shape.

use portolan_catalog::{Actor, OpContext, Role};
use portolan_schema::{Code, Error, Pointer, Problem, Problems, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::texts;
use crate::{Portal, now};

/// Most things that were looked at lately.
const MAX_RECENT: usize = 20;
/// Most hints that were dismissed.
const MAX_DISMISSED: usize = 100;
/// Longest name of a hint, in characters.
const MAX_HINT: usize = 100;
/// Longest identifier of something that was looked at, in characters.
const MAX_IDENTIFIER: usize = 1_000;
/// Most that is kept, in bytes.
const MAX_BYTES: usize = 32 << 10;

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    Light,
    Dark,
}

/// How high the rows of tables are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Density {
    Compact,
    #[default]
    Default,
    Comfortable,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecentKind {
    Entity,
    Blueprint,
    Page,
}

/// Something that was looked at lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    pub kind: RecentKind,
    /// Of an entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blueprint: Option<String>,
    pub identifier: String,
}

/// The steps from an empty tenant to a filled catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    ChooseModel,
    ConnectSource,
    SeePlan,
    OpenCatalog,
}

/// How far the first steps are done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Onboarding {
    pub done: Vec<Step>,
    /// It is not to be shown any more.
    pub dismissed: bool,
}

/// All of one's preferences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    pub theme: Theme,
    pub density: Density,
    /// Keys without a modifier do something.
    pub shortcuts: bool,
    /// The latest first.
    pub recent: Vec<Recent>,
    pub onboarding: Onboarding,
    /// Names of hints.
    pub dismissed: Vec<String>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            density: Density::default(),
            shortcuts: true,
            recent: Vec::new(),
            onboarding: Onboarding::default(),
            dismissed: Vec::new(),
        }
    }
}

/// What is to change; None stays.
#[derive(Debug, Clone, Default)]
pub struct PreferencesChange {
    pub theme: Option<Theme>,
    pub density: Option<Density>,
    pub shortcuts: Option<bool>,
    pub recent: Option<Vec<Recent>>,
    pub onboarding: Option<Onboarding>,
    pub dismissed: Option<Vec<String>>,
}

impl Portal {
    /// One's own preferences.
    pub async fn preferences(&self, ctx: &OpContext) -> Result<Preferences> {
        let owner = owner(ctx)?;
        let stored = self.store.look(ctx.tenant()).await?.preferences(&owner).await?;
        Ok(stored.map(read).unwrap_or_default())
    }

    /// Changes what is named of one's own preferences. Needs no more than Viewer.
    ///
    /// # Errors
    /// `TOO_MANY_ITEMS`, `TOO_LONG`, `REQUIRED` and `NUL_CHARACTER` with paths in the change.
    pub async fn update_preferences(
        &self,
        ctx: &OpContext,
        change: &PreferencesChange,
    ) -> Result<Preferences> {
        let owner = owner(ctx)?;
        check(change).into_result(())?;
        let scope = self.store.write(ctx.tenant()).await?;
        let mut preferences = read(scope.lock_preferences(&owner, now()).await?);
        let change = change.clone();
        preferences.theme = change.theme.unwrap_or(preferences.theme);
        preferences.density = change.density.unwrap_or(preferences.density);
        preferences.shortcuts = change.shortcuts.unwrap_or(preferences.shortcuts);
        preferences.recent = change.recent.unwrap_or(preferences.recent);
        preferences.onboarding = change.onboarding.unwrap_or(preferences.onboarding);
        preferences.dismissed = change.dismissed.unwrap_or(preferences.dismissed);
        let stored = serde_json::to_value(&preferences).map_err(Error::internal)?;
        let bytes = stored.to_string().len();
        if bytes > MAX_BYTES {
            let over = Problem::over(Code::TooLong, Pointer::root(), "size in bytes", MAX_BYTES, bytes);
            return Err(over.into());
        }
        scope.save_preferences(&owner, &stored).await?;
        scope.commit().await?;
        Ok(preferences)
    }
}

/// Whose preferences these are.
fn owner(ctx: &OpContext) -> Result<String> {
    ctx.require(Role::Viewer)?;
    match ctx.actor() {
        Actor::Account(_) | Actor::Credential(_) => Ok(ctx.actor().stamp()),
        Actor::Integration(_) | Actor::System(_) => {
            Err(Error::problem(Code::NotSupported, "background work prefers nothing"))
        }
    }
}

/// What cannot be read any more is as if it had not been saved.
fn read(stored: Value) -> Preferences {
    serde_json::from_value(stored).unwrap_or_default()
}

fn check(change: &PreferencesChange) -> Problems {
    let (mut problems, root) = (Problems::default(), Pointer::root());
    let mut bound = |key: &str, maximum: usize, actual: usize| {
        if actual > maximum {
            let what = format!("length of \"{key}\"");
            problems.0.push(Problem::over(Code::TooManyItems, root.key(key), what, maximum, actual));
        }
    };
    let recent = change.recent.as_deref().unwrap_or_default();
    let dismissed = change.dismissed.as_deref().unwrap_or_default();
    bound("recent", MAX_RECENT, recent.len());
    bound("dismissed", MAX_DISMISSED, dismissed.len());
    for (index, one) in recent.iter().enumerate() {
        let at = root.key("recent").index(index);
        texts::check(&one.identifier, MAX_IDENTIFIER, &at.key("identifier"), &mut problems);
        let blueprint = one.blueprint.as_deref();
        texts::check(blueprint.unwrap_or_default(), MAX_HINT, &at.key("blueprint"), &mut problems);
        if (one.kind == RecentKind::Entity) != blueprint.is_some() {
            let message = "an entity, and nothing else, is named with its \"blueprint\"";
            problems.add(Code::InvalidValue, at.key("blueprint"), message);
        }
    }
    for (index, hint) in dismissed.iter().enumerate() {
        texts::check(hint, MAX_HINT, &root.key("dismissed").index(index), &mut problems);
    }
    if let Some(onboarding) = &change.onboarding {
        for (index, step) in onboarding.done.iter().enumerate() {
            if onboarding.done[..index].contains(step) {
                let at = root.key("onboarding").key("done").index(index);
                problems.add(Code::DuplicateName, at, "a step is done once");
            }
        }
    }
    problems
}
