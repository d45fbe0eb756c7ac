//! Settings are checked without asking anybody, all mistakes at once, each with its place and without the value.

use std::sync::Arc;

use portolan_schema::{Code, Problems};
use serde_json::{Value, json};

use super::{Bench, Peer};
use crate::Settings;

/// What can be no valid setting of any ingestor and is easily found again.
const CANARY: &str = "canary-that-must-not-sing";

fn validate(bench: &Bench, settings: &Settings) -> Result<(), Problems> {
    let found = bench.ingestor().validate(settings, &bench.context());
    assert_eq!(bench.http.sent(), 0, "validate must not ask the source");
    found
}

/// The working settings have no problem.
pub async fn good_ones_pass(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let found = validate(&bench, &bench.settings());
    assert!(found.is_ok(), "{found:?}");
}

/// A key that is not known is named with its place, beside whatever else is wrong; so is a part that is no object.
pub async fn unknown_keys_are_refused(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let good = bench.settings();
    let (mut config, mut secrets) = (good.config.clone(), good.secrets.expose());
    config["unheardOf"] = json!(1);
    secrets["un/heardOf"] = json!(CANARY);
    let problems = validate(&bench, &Settings::new(config, secrets)).expect_err("keys are not known");
    for path in ["/config/unheardOf", "/secrets/un~1heardOf"] {
        let told = problems.0.iter().any(|p| p.code == Code::UnknownField && p.path.as_str() == path);
        assert!(told, "{path} is missing in {problems}");
    }
    assert_eq!(problems.0.len(), 2, "{problems}");
    let problems = validate(&bench, &Settings::new(json!([]), json!(CANARY))).expect_err("no objects");
    let places: Vec<&str> = problems.0.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(places, ["/config", "/secrets"], "{problems}");
    silent(&problems);
}

/// Whatever is wrong with a secret, no problem repeats it.
pub async fn secrets_are_not_repeated(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let good = bench.settings();
    let secrets = good.secrets.expose();
    let keys: Vec<String> = secrets.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    assert!(!keys.is_empty(), "the peer's settings have secrets");
    for key in &keys {
        for value in [json!([CANARY]), json!({ CANARY: CANARY }), json!(7), json!(true)] {
            let mut bad = secrets.clone();
            bad[key] = value;
            let settings = Settings::new(good.config.clone(), bad);
            let problems = validate(&bench, &settings).expect_err("a secret of the wrong type");
            let at = format!("/secrets/{key}");
            assert!(problems.0.iter().any(|p| p.path.as_str().starts_with(&at)), "{at}: {problems}");
            silent(&problems);
            assert!(!format!("{settings:?}").contains(CANARY), "settings print their secrets");
        }
    }
    // The other settings are wrong as well: messages that quote more than their own value would show it.
    let config: Value = keys.iter().map(|key| (key.clone(), json!(CANARY))).collect();
    let problems = validate(&bench, &Settings::new(config, secrets.clone())).expect_err("no such settings");
    assert!(!problems.to_string().contains(CANARY), "{problems}");
}

#[track_caller]
fn silent(problems: &Problems) {
    assert!(!format!("{problems} {problems:?}").contains(CANARY), "a secret was repeated: {problems}");
}
