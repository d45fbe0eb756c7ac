//! A way to a source that breaks, and refuses as it is told: the conformance suite's proxy before any of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portolan_ingestor_contract::conformance::{Answer, Deed, Failure, Peer, Proxy, Seen};
use portolan_ingestor_contract::{Ingestor, Settings};

/// One request in so many meets a fault.
const ONE_IN: usize = 12;

/// What the proxy needs to know of a source; the suite that asks for the rest does not run here.
struct Source {
    address: String,
    ingestor: Arc<dyn Ingestor>,
}

impl Peer for Source {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::clone(&self.ingestor)
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    fn settings(&self, _: &str) -> Settings {
        Settings::default()
    }

    fn strange_settings(&self, _: &str) -> Settings {
        Settings::default()
    }

    fn holds(&self, _: &str) -> usize {
        1
    }

    fn pages(&self, _: &str) -> bool {
        false
    }

    fn small_page(&self) -> u32 {
        1
    }

    fn lists(&self, _: &Seen) -> Option<&'static str> {
        None
    }

    fn says(&self, _: Failure, _: &Seen, message: &str) -> Vec<Answer> {
        vec![Answer::new(503, "text/plain", message.to_owned())]
    }

    fn amends(&self, seen: &Seen, mut answer: Answer) -> Answer {
        // Links lead to where was asked, which is the proxy.
        let here = format!("http://{}", seen.header("host"));
        for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "link" || name == "location") {
            *value = value.replace(&self.address, &here);
        }
        answer
    }
}

/// How the way is at present.
#[derive(Default)]
struct Weather {
    /// Whether requests with the way's own part are refused.
    refuses: AtomicBool,
}

/// A proxy before a source, with faults.
pub struct Way {
    proxy: Proxy,
    weather: Arc<Weather>,
}

impl Way {
    /// `refused` is a part of the requests, of path or body, that [`Way::refuse`] is about.
    pub async fn to(address: &str, ingestor: Arc<dyn Ingestor>, refused: &str) -> Self {
        let refused = refused.to_owned();
        let weather = Arc::new(Weather::default());
        let own = Arc::clone(&weather);
        let source = Source { address: address.trim_end_matches('/').to_owned(), ingestor };
        let plan = move |seen: &Seen| own.deed(seen, &refused);
        Self { proxy: Proxy::start(Arc::new(source), Arc::new(plan)).await, weather }
    }

    pub fn address(&self) -> &str {
        &self.proxy.address
    }

    pub fn refuse(&self, refuses: bool) {
        self.weather.refuses.store(refuses, Ordering::SeqCst);
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.proxy.seen()
    }
}

impl Weather {
    fn deed(&self, seen: &Seen, refused: &str) -> Deed {
        let asked = format!(
            "{} {} {}",
            seen.target,
            seen.header("x-amz-target"),
            String::from_utf8_lossy(&seen.body)
        );
        if self.refuses.load(Ordering::SeqCst) && asked.contains(refused) {
            return Deed::Say(Answer::new(403, "application/json", r#"{"message":"not now"}"#));
        }
        // Spread without a pattern that a repeated request would meet each time.
        let spread = seen.number.wrapping_mul(0x9e37_79b9) >> 7;
        if !spread.is_multiple_of(ONE_IN) {
            return Deed::Pass;
        }
        match spread / ONE_IN % 6 {
            0 => Deed::Say(Answer::new(503, "text/plain", "")),
            1 => Deed::Say(Answer::new(429, "text/plain", "").with("retry-after", "0")),
            2 => Deed::Cut,
            3 => Deed::Reset,
            4 => Deed::Truncate,
            _ => Deed::TruncateChunks,
        }
    }
}
