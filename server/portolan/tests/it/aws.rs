//! The AWS emulator, with what the tour needs in it.

use portolan_ingestor_aws::testing::Emulator;

const REGION: &str = "us-east-1";

/// An account of its own for a test.
pub struct Aws {
    pub emulator: Emulator,
    pub url: String,
    pub key: String,
    pub secret: String,
    pub session: String,
    /// Before the names of this test's buckets, which are global.
    prefix: String,
}

impl Aws {
    pub async fn new(account: &str) -> Self {
        let emulator = Emulator::account(account).await;
        Self {
            url: emulator.url.clone(),
            key: emulator.key.clone(),
            secret: emulator.secret.clone(),
            session: emulator.session.clone(),
            prefix: format!("b{account}"),
            emulator,
        }
    }

    pub fn bucket(&self, number: usize) -> String {
        format!("{}-{number}", self.prefix)
    }

    pub async fn buckets(&self, numbers: std::ops::Range<usize>, exist: bool) {
        for number in numbers {
            match exist {
                true => self.emulator.create_bucket(REGION, &self.bucket(number)).await,
                false => self.emulator.delete_bucket(REGION, &self.bucket(number)).await,
            }
        }
    }

    pub async fn instances(&self, count: usize) {
        self.emulator.run_instances(REGION, count, "web").await;
    }
}
