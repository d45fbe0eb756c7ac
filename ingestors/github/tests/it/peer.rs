//! The stand-in, as the conformance suite wants it.

use std::sync::Arc;

use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Failure, Peer, Run, Seen};
use portolan_ingestor_contract::{Ingestor, Settings};
use portolan_ingestor_github::Github;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::stand_in::access::{STRANGE, TOKEN};
use crate::stand_in::data::filled;
use crate::stand_in::{Known, StandIn};

pub const WEBHOOK_SECRET: &str = "It's a Secret to Everybody";

/// GitHub, as far as it stands here.
#[derive(Clone)]
pub struct Stand {
    ingestor: Arc<Github>,
    pub github: StandIn,
    /// Beside `baseUrl`.
    pub config: Value,
    pub secrets: Value,
    /// What follows the address in `baseUrl`.
    pub prefix: &'static str,
}

impl Stand {
    pub async fn new(known: Known) -> Self {
        Self {
            ingestor: Arc::new(Github::new()),
            github: StandIn::start(known).await,
            config: json!({ "organizations": ["octo-org", "acme"] }),
            secrets: json!({ "token": TOKEN, "webhookSecret": WEBHOOK_SECRET }),
            prefix: "",
        }
    }

    /// One of a test's own, filled as the shared one is.
    pub async fn own() -> Self {
        Self::new(Known { data: filled(), ..Known::default() }).await
    }

    /// A bench in front of it, whose proxy changes nothing.
    pub async fn bench(&self) -> Bench {
        Bench::with(Arc::new(self.clone()), |_| Deed::Pass).await
    }
}

/// One that all tests read and none changes, and that has enough for all of them.
pub async fn shared() -> Arc<Stand> {
    static FILLED: OnceCell<Stand> = OnceCell::const_new();
    let fill = || async {
        let stand = Stand::own().await;
        stand.github.known().limits.left = u32::MAX;
        stand
    };
    Arc::new(FILLED.get_or_init(fill).await.clone())
}

/// The parts of a request's path, without an enterprise's prefix.
fn parts(seen: &Seen) -> Vec<&str> {
    let path = seen.target.split('?').next().unwrap_or_default();
    path.trim_start_matches("/api/v3").trim_matches('/').split('/').collect()
}

impl Peer for Stand {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::clone(&self.ingestor) as Arc<dyn Ingestor>
    }

    fn address(&self) -> String {
        self.github.address.clone()
    }

    fn settings(&self, address: &str) -> Settings {
        let mut config = self.config.clone();
        config["baseUrl"] = format!("{address}{}", self.prefix).into();
        Settings::new(config, self.secrets.clone())
    }

    fn strange_settings(&self, address: &str) -> Settings {
        let mut secrets = self.secrets.clone();
        secrets["token"] = STRANGE.into();
        Settings::new(self.settings(address).config, secrets)
    }

    fn holds(&self, kind: &str) -> usize {
        match kind {
            "organization" => 2,
            "repository" | "team" => 4,
            "user" => 6,
            _ => 8,
        }
    }

    fn pages(&self, kind: &str) -> bool {
        kind != "organization"
    }

    fn small_page(&self) -> u32 {
        2
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        match parts(seen).as_slice() {
            ["orgs", _] => Some("organization"),
            // What the kinds of repositories go by is listed in another order.
            ["orgs" | "organizations", _, "repos"] if seen.field("sort").as_deref() == Some("full_name") => {
                Some("repository")
            }
            ["orgs" | "organizations", _, "members"] => Some("user"),
            ["orgs" | "organizations", _, "teams"] => Some("team"),
            ["repos", _, _, rest @ ..] | ["repositories", _, rest @ ..] => match rest {
                ["pulls"] => Some("pull-request"),
                ["issues"] => Some("issue"),
                ["releases"] => Some("release"),
                ["actions", "workflows"] => Some("workflow"),
                ["actions", "runs"] => Some("workflow-run"),
                ["environments"] => Some("environment"),
                ["deployments"] => Some("deployment"),
                _ => None,
            },
            _ => None,
        }
    }

    fn says(&self, failure: Failure, _request: &Seen, message: &str) -> Vec<Answer> {
        let say = |status: u16| {
            let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest" });
            Answer::new(status, "application/json; charset=utf-8", body.to_string())
        };
        match failure {
            Failure::Refused | Failure::Expired => vec![say(401)],
            Failure::Denied => {
                let sso = "required; url=https://github.com/orgs/octo-org/sso?authorization_request=A";
                vec![say(403), say(403).with("x-github-sso", sso)]
            }
            Failure::Busy => {
                let limit = json!({ "message": "API rate limit exceeded for user ID 1." }).to_string();
                vec![
                    say(403).with("retry-after", "0"),
                    say(429).with("retry-after", "0"),
                    say(403).with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", "1600000000"),
                    say(429).with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", "1600000000"),
                    Answer::new(403, "application/json", limit),
                    say(503),
                ]
            }
        }
    }

    fn amends(&self, seen: &Seen, mut answer: Answer) -> Answer {
        // GitHub's links lead to where it was asked, which is the proxy.
        let here = format!("http://{}", seen.header("host"));
        for (name, value) in &mut answer.headers {
            if name == "link" || name == "location" {
                *value = value.replace(&self.github.address, &here);
            }
        }
        answer
    }
}

/// A kind's only item with a value at a key.
#[track_caller]
pub fn item(run: &Run, kind: &str, key: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    let found: Vec<Value> = run.record.values(kind).into_iter().filter(|item| item[key] == value).collect();
    assert_eq!(found.len(), 1, "{kind} with {key} {value}: {:?}", run.record.failed);
    found[0].clone()
}
