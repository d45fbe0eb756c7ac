use portolan_catalog::{Actor, OpContext, TenantId};
use portolan_portal::{Density, Onboarding, Preferences, PreferencesChange, Recent, RecentKind, Step, Theme};
use portolan_store::testing::on_each_engine;

use crate::support::{Fixture, person, problems};

fn recent(kind: RecentKind, blueprint: Option<&str>, identifier: &str) -> Recent {
    Recent { kind, blueprint: blueprint.map(str::to_owned), identifier: identifier.to_owned() }
}

#[tokio::test]
async fn everybody_has_preferences_of_their_own_in_each_tenant() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let portal = &fixture.portal;
        assert_eq!(portal.preferences(&fixture.viewer).await.unwrap(), Preferences::default());
        let change = PreferencesChange {
            theme: Some(Theme::Dark),
            recent: Some(vec![
                recent(RecentKind::Entity, Some("service"), "a"),
                recent(RecentKind::Page, None, "ops"),
            ]),
            onboarding: Some(Onboarding {
                done: vec![Step::ChooseModel, Step::ConnectSource],
                dismissed: false,
            }),
            ..PreferencesChange::default()
        };
        let changed = portal.update_preferences(&fixture.viewer, &change).await.unwrap();
        assert_eq!(
            (changed.theme, changed.density, changed.recent.len()),
            (Theme::Dark, Density::Default, 2)
        );
        let more = PreferencesChange {
            density: Some(Density::Compact),
            dismissed: Some(vec!["welcome".into()]),
            ..PreferencesChange::default()
        };
        let changed = portal.update_preferences(&fixture.viewer, &more).await.unwrap();
        assert_eq!(
            (changed.theme, changed.density, changed.onboarding.done.len()),
            (Theme::Dark, Density::Compact, 2)
        );
        assert_eq!(portal.preferences(&fixture.viewer).await.unwrap(), changed);
        for other in [&fixture.member, &person(2, "viewer", portolan_catalog::Role::Viewer)] {
            assert_eq!(portal.preferences(other).await.unwrap(), Preferences::default());
        }
    })
    .await;
}

#[tokio::test]
async fn preferences_are_small() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let with_recent = |list| PreferencesChange { recent: Some(list), ..PreferencesChange::default() };
        let with_hints = |list| PreferencesChange { dismissed: Some(list), ..PreferencesChange::default() };
        let page = recent(RecentKind::Page, None, "ops");
        let long = recent(RecentKind::Entity, Some("service"), &"é".repeat(1_000));
        let twice = Onboarding { done: vec![Step::SeePlan, Step::SeePlan], dismissed: true };
        for (change, expected) in [
            (with_recent(vec![page.clone(); 21]), "TOO_MANY_ITEMS /recent"),
            (
                with_recent(vec![page, recent(RecentKind::Page, Some("service"), "a")]),
                "INVALID_VALUE /recent/1/blueprint",
            ),
            (with_recent(vec![recent(RecentKind::Entity, None, "a")]), "INVALID_VALUE /recent/0/blueprint"),
            (
                with_recent(vec![recent(RecentKind::Page, None, &"x".repeat(1_001))]),
                "TOO_LONG /recent/0/identifier",
            ),
            (with_recent(vec![long; 20]), "TOO_LONG"),
            (with_hints(vec!["x".into(); 101]), "TOO_MANY_ITEMS /dismissed"),
            (with_hints(vec!["a".into(), "b\0".into()]), "NUL_CHARACTER /dismissed/1"),
            (
                PreferencesChange { onboarding: Some(twice), ..PreferencesChange::default() },
                "DUPLICATE_NAME /onboarding/done/1",
            ),
        ] {
            assert_eq!(
                problems(fixture.portal.update_preferences(&fixture.member, &change).await),
                [expected]
            );
        }
        assert_eq!(fixture.portal.preferences(&fixture.member).await.unwrap(), Preferences::default());
        let nobody = OpContext::background(TenantId(1), Actor::System("test"));
        assert_eq!(problems(fixture.portal.preferences(&nobody).await), ["NOT_SUPPORTED"]);
    })
    .await;
}
