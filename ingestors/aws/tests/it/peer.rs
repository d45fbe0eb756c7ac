//! An account of moto, as the conformance suite wants it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use portolan_ingestor_aws::Aws;
use portolan_ingestor_aws::testing::Emulator;
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Failure, Peer, Run, Seen};
use portolan_ingestor_contract::{Ingestor, Settings};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::answers;

/// The key that the stand-in for AWS's sign-in does not know: moto takes any.
const STRANGE: &str = "AKIASTRANGESTRANGE00";
/// Where the shared account's regional things are.
pub const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// An account.
#[derive(Clone)]
pub struct Moto {
    ingestor: Arc<Aws>,
    url: String,
    pub secrets: Value,
    pub account: String,
    /// Beside `endpointUrl`.
    pub config: Value,
    /// moto's answers about this account, which does not change while it is read: moto answers each question once, a
    /// run of the suite asks it hundreds of times.
    answers: Arc<Mutex<HashMap<String, Answer>>>,
}

/// What an answer is remembered by; none where each is another.
fn question(seen: &Seen) -> Option<String> {
    let reads = seen.field("Action").is_none_or(|action| !action.starts_with("Assume"));
    reads.then(|| format!("{} {:?}", answers::action(seen), seen.question()))
}

/// Twelve digits that nobody else has.
pub fn any_account() -> String {
    rand::random_range(100_000_000_000_u64..999_999_999_999).to_string()
}

impl Moto {
    pub fn new(emulator: &Emulator, config: Value) -> Self {
        Self {
            ingestor: Arc::new(Aws::new()),
            url: emulator.url.clone(),
            secrets: emulator.secrets(),
            account: emulator.account.clone(),
            config,
            answers: Arc::default(),
        }
    }

    /// A bench with other regions, or whatever else the settings say.
    pub async fn bench(&self, config: Value, plan: impl Fn(&Seen) -> Deed + Send + Sync + 'static) -> Bench {
        Bench::with(Arc::new(Self { config, ..self.clone() }), plan).await
    }
}

impl Peer for Moto {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::clone(&self.ingestor) as Arc<dyn Ingestor>
    }

    fn address(&self) -> String {
        self.url.clone()
    }

    fn settings(&self, address: &str) -> Settings {
        let mut config = self.config.clone();
        config["endpointUrl"] = address.into();
        Settings::new(config, self.secrets.clone())
    }

    fn strange_settings(&self, address: &str) -> Settings {
        let mut secrets = self.secrets.clone();
        secrets["accessKeyId"] = STRANGE.into();
        Settings::new(self.settings(address).config, secrets)
    }

    fn holds(&self, kind: &str) -> usize {
        match kind {
            "account" => 1,
            "region" => 10,
            "s3-bucket" => 7,
            "ec2-instance" => 12,
            "lambda-function" | "dynamodb-table" | "sqs-queue" | "sns-topic" => 7,
            "ecs-cluster" | "ecs-service" | "ecs-task-definition" | "eks-cluster" | "eks-node-group" => 7,
            // Each function has one.
            "iam-role" => 7,
            _ => 22,
        }
    }

    fn pages(&self, kind: &str) -> bool {
        // Of topics AWS sends as many as it likes, whatever is asked: there are several pages in any case.
        !matches!(kind, "account" | "region" | "sns-topic")
    }

    fn small_page(&self) -> u32 {
        5
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        let path = seen.target.split('?').next().unwrap_or_default();
        // What the lists of clusters go by is listed in pages of a hundred.
        let is_own = || answers::parameter(seen, "maxResults").is_none_or(|size| size != "100");
        match (answers::service(seen).as_str(), answers::action(seen).as_str()) {
            ("ec2", "DescribeInstances") => Some("ec2-instance"),
            ("ec2", "DescribeRegions") => Some("region"),
            ("rds", "DescribeDBInstances") => Some("rds-instance"),
            ("iam", "ListAccountAliases") => Some("account"),
            ("iam", "ListRoles") => Some("iam-role"),
            ("dynamodb", "ListTables") => Some("dynamodb-table"),
            ("sqs", "ListQueues") => Some("sqs-queue"),
            ("sns", "ListTopics") => Some("sns-topic"),
            ("lambda", "ListFunctions") => Some("lambda-function"),
            ("ecs", "ListClusters") if is_own() => Some("ecs-cluster"),
            ("ecs", "ListServices") => Some("ecs-service"),
            ("ecs", "ListTaskDefinitionFamilies") => Some("ecs-task-definition"),
            ("eks", "ListClusters") if is_own() => Some("eks-cluster"),
            ("eks", "ListNodegroups") => Some("eks-node-group"),
            ("s3", _) if path == "/" => Some("s3-bucket"),
            _ => None,
        }
    }

    fn says(&self, failure: Failure, request: &Seen, message: &str) -> Vec<Answer> {
        answers::failure(failure, request, message)
    }

    fn stands_in(&self, seen: &Seen) -> Option<Answer> {
        if answers::key(seen) == STRANGE {
            return Some(answers::failure(Failure::Refused, seen, "No such key.").remove(0));
        }
        self.answers.lock().unwrap().get(&question(seen)?).cloned()
    }

    fn asks_for(&self, seen: &Seen) -> String {
        // moto cuts the list at `max-buckets` and gives no token: ask for everything, and cut it here.
        match answers::service(seen).as_str() {
            "s3" if seen.target.starts_with("/?") => "/".to_owned(),
            _ => seen.target.clone(),
        }
    }

    fn amends(&self, seen: &Seen, answer: Answer) -> Answer {
        let answer = answers::amended(seen, answer);
        if let Some(question) = question(seen).filter(|_| answer.status < 500) {
            self.answers.lock().unwrap().insert(question, answer.clone());
        }
        answer
    }
}

/// An account that all tests read and none changes: filled once.
pub async fn shared() -> Arc<Moto> {
    static FILLED: OnceCell<Moto> = OnceCell::const_new();
    Arc::new(FILLED.get_or_init(fill).await.clone())
}

async fn fill() -> Moto {
    let aws = Emulator::account(&any_account()).await;
    let (home, other) = (REGIONS[0], REGIONS[1]);
    aws.query("iam", home, "CreateAccountAlias", &[("AccountAlias", &format!("shop-{}", aws.account))]).await;
    for number in 0..6 {
        aws.create_bucket(home, &format!("b{}-{number}", aws.account)).await;
    }
    let full = format!("b{}-full", aws.account);
    aws.create_bucket(other, &full).await;
    let parts = [
        ("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
        ("tagging", "<Tagging><TagSet><Tag><Key>team</Key><Value>a &amp; b</Value></Tag></TagSet></Tagging>"),
        (
            "encryption",
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
        ),
        (
            "publicAccessBlock",
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
        ),
    ];
    for (part, body) in parts {
        aws.put(other, &format!("{full}?{part}"), body.to_owned()).await;
    }
    // moto pages by reservation, as many as there are calls.
    for number in 0..11 {
        aws.run_instances(home, 1, &format!("web-{number}")).await;
    }
    aws.run_instances(other, 2, "R&D <1>").await;
    for number in 0..6 {
        let variables = json!({ "LOG_LEVEL": "debug", "DATABASE_PASSWORD": "hunter2-hunter2" });
        aws.create_function(home, &format!("greet-{number}"), &variables).await;
    }
    aws.create_function(other, "greet-afar", &json!({})).await;
    for number in 0..21 {
        aws.create_database(home, &format!("db-{number}"), "hunter2-hunter2").await;
    }
    aws.create_database(other, "db-afar", "hunter2-hunter2").await;
    let dead = aws.create_queue(home, "orders-dead", None).await;
    for number in 0..5 {
        aws.create_queue(home, &format!("orders-{number}"), Some(&dead)).await;
    }
    aws.create_queue(other, "orders-afar", None).await;
    for (region, name) in
        (0..6).map(|number| (home, format!("orders-{number}"))).chain([(other, "orders-afar".to_owned())])
    {
        aws.create_table(region, &name).await;
        aws.create_topic(region, &name).await;
    }
    for number in 0..6 {
        aws.create_ecs_cluster(home, &format!("shop-{number}")).await;
        aws.create_eks_cluster(home, &format!("shop-{number}")).await;
        let variables = json!([{ "name": "DATABASE_PASSWORD", "value": "hunter2-hunter2" }]);
        aws.register_task_definition(home, &format!("orders-{number}"), &variables).await;
    }
    for number in 0..6 {
        aws.create_ecs_service(home, "shop-5", &format!("orders-{number}"), &format!("orders-{number}"))
            .await;
        aws.create_node_group(home, "shop-5", &format!("workers-{number}")).await;
    }
    aws.create_ecs_cluster(other, "afar").await;
    aws.register_task_definition(other, "orders-afar", &json!([])).await;
    aws.create_ecs_service(other, "afar", "orders-afar", "orders-afar").await;
    aws.create_eks_cluster(other, "afar").await;
    aws.create_node_group(other, "afar", "workers-afar").await;
    Moto::new(&aws, json!({ "regions": REGIONS }))
}

/// A kind's only item with a value at a key.
#[track_caller]
pub fn item(run: &Run, kind: &str, key: &str, value: &str) -> Value {
    let found: Vec<Value> = run.record.values(kind).into_iter().filter(|item| item[key] == value).collect();
    assert_eq!(found.len(), 1, "{kind} with {key} {value}: {run:?}");
    found[0].clone()
}
