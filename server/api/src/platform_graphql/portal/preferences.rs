//! One's own preferences: the fields.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_portal as portal;
use portolan_portal::{Portal, PreferencesChange};
use portolan_schema::Pointer;

use super::super::problem::{ProblemObject, payload, refuse, under};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portal::Theme")]
pub enum Theme {
    /// As the system has it.
    System,
    Light,
    Dark,
}

/// How high the rows of tables are.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portal::Density")]
pub enum Density {
    Compact,
    Default,
    Comfortable,
}

impl Density {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Compact, "COMPACT"), (Self::Default, "DEFAULT"), (Self::Comfortable, "COMFORTABLE")];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(density, _)| *density == self).map_or("", |(_, word)| word)
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(density, _)| *density)
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portal::RecentKind")]
pub enum RecentKind {
    Entity,
    Blueprint,
    Page,
}

/// Something that was looked at lately.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RecentInput")]
pub struct Recent {
    kind: RecentKind,
    /// Of an entity.
    blueprint: Option<ID>,
    identifier: ID,
}

/// The steps from an empty tenant to a filled catalog.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portal::Step")]
pub enum OnboardingStep {
    ChooseModel,
    ConnectSource,
    SeePlan,
    OpenCatalog,
}

/// How far the first steps are done.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "OnboardingInput")]
pub struct Onboarding {
    done: Vec<OnboardingStep>,
    /// It is not to be shown any more.
    dismissed: bool,
}

/// What somebody prefers in a tenant.
#[derive(SimpleObject)]
pub struct Preferences {
    theme: Theme,
    density: Density,
    /// Keys without a modifier do something.
    shortcuts: bool,
    /// The latest first, at most 20.
    recent: Vec<Recent>,
    onboarding: Onboarding,
    /// Names of hints that are not to be shown any more.
    dismissed: Vec<String>,
}

impl From<portal::Preferences> for Preferences {
    fn from(preferences: portal::Preferences) -> Self {
        Self {
            theme: preferences.theme.into(),
            density: preferences.density.into(),
            shortcuts: preferences.shortcuts,
            recent: preferences
                .recent
                .into_iter()
                .map(|one| Recent {
                    kind: one.kind.into(),
                    blueprint: one.blueprint.map(ID::from),
                    identifier: one.identifier.into(),
                })
                .collect(),
            onboarding: Onboarding {
                done: preferences.onboarding.done.into_iter().map(OnboardingStep::from).collect(),
                dismissed: preferences.onboarding.dismissed,
            },
            dismissed: preferences.dismissed,
        }
    }
}

/// What is to change. What is not named stays; lists are replaced as wholes.
#[derive(InputObject)]
pub struct PreferencesInput {
    theme: Option<Theme>,
    density: Option<Density>,
    shortcuts: Option<bool>,
    recent: Option<Vec<Recent>>,
    onboarding: Option<Onboarding>,
    dismissed: Option<Vec<String>>,
}

impl PreferencesInput {
    fn read(self) -> PreferencesChange {
        let recent = |one: Recent| portal::Recent {
            kind: one.kind.into(),
            blueprint: one.blueprint.map(|id| id.0),
            identifier: one.identifier.0,
        };
        PreferencesChange {
            theme: self.theme.map(portal::Theme::from),
            density: self.density.map(portal::Density::from),
            shortcuts: self.shortcuts,
            recent: self.recent.map(|all| all.into_iter().map(recent).collect()),
            onboarding: self.onboarding.map(|onboarding| portal::Onboarding {
                done: onboarding.done.into_iter().map(portal::Step::from).collect(),
                dismissed: onboarding.dismissed,
            }),
            dismissed: self.dismissed,
        }
    }
}

#[derive(SimpleObject)]
struct PreferencesPayload {
    preferences: Option<Preferences>,
    errors: Vec<ProblemObject>,
}

#[derive(Default)]
pub struct PreferencesQuery;

#[Object]
impl PreferencesQuery {
    /// One's own, in this tenant.
    async fn preferences(&self, ctx: &Context<'_>) -> async_graphql::Result<Preferences> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(portal.preferences(who).await.map_err(refuse)?.into())
    }
}

#[derive(Default)]
pub struct PreferencesMutation;

#[Object]
impl PreferencesMutation {
    /// Changes what is named of one's own preferences.
    async fn update_preferences(
        &self,
        ctx: &Context<'_>,
        input: PreferencesInput,
    ) -> async_graphql::Result<PreferencesPayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let changed = portal.update_preferences(who, &input.read()).await;
        let outer = Pointer::root().key("input");
        let (preferences, errors) = payload(changed.map_err(|error| under(error, &outer)))?;
        Ok(PreferencesPayload { preferences: preferences.map(Preferences::from), errors })
    }
}
