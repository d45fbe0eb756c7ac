//! An account of the AWS emulator, filled over AWS's own wire. For tests; the product does not call it.
//!
//! The emulator is found by `PORTOLAN_TEST_AWS_URL`, which `make test` sets. What it holds belongs to whoever's key is
//! used, so each test takes an account of its own. It checks no signatures, so these requests have none.

use bytes::Bytes;
use portolan_ingestor_contract::Http;
use portolan_ingestor_contract::conformance::Client;
use serde_json::{Value, json};

const URL: &str = "PORTOLAN_TEST_AWS_URL";
/// An empty ZIP file, in Base64.
const NO_CODE: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";

/// One account of the emulator.
pub struct Emulator {
    pub url: String,
    /// Twelve digits.
    pub account: String,
    pub key: String,
    pub secret: String,
    pub session: String,
    http: Client,
}

impl Emulator {
    /// Takes an account, by assuming a role in it.
    ///
    /// # Panics
    /// As everything here: where the emulator is missing or does not do what it is told.
    pub async fn account(account: &str) -> Self {
        let url = std::env::var(URL)
            .unwrap_or_else(|_| panic!("{URL} is not set; run `make test`, or under infra/test/with-peers"));
        let mut emulator = Self {
            url: url.trim_end_matches('/').to_owned(),
            account: account.to_owned(),
            key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG".to_owned(),
            session: String::new(),
            http: Client::new(std::time::Duration::from_secs(60)),
        };
        let role = format!("arn:aws:iam::{account}:role/reader");
        let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", "tests")];
        let answer = emulator.query("sts", "us-east-1", "AssumeRole", &parameters).await;
        emulator.key = between(&answer, "AccessKeyId");
        emulator.secret = between(&answer, "SecretAccessKey");
        emulator.session = between(&answer, "SessionToken");
        emulator
    }

    /// The secrets of an integration that reads this account.
    pub fn secrets(&self) -> Value {
        json!({ "accessKeyId": self.key, "secretAccessKey": self.secret, "sessionToken": self.session })
    }

    /// Calls an action of a Query service.
    pub async fn query(
        &self,
        service: &str,
        region: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> String {
        let version = match service {
            "ec2" => "2016-11-15",
            "rds" => "2014-10-31",
            "iam" => "2010-05-08",
            "sns" => "2010-03-31",
            _ => "2011-06-15",
        };
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("Action", action), ("Version", version)])
            .extend_pairs(parameters)
            .finish();
        let request = http::Request::post(format!("{}/", self.url))
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(service, region, request, body).await
    }

    /// Makes a bucket. Names are global.
    pub async fn create_bucket(&self, region: &str, name: &str) {
        let body = match region {
            "us-east-1" => String::new(),
            place => format!(
                "<CreateBucketConfiguration><LocationConstraint>{place}</LocationConstraint></CreateBucketConfiguration>"
            ),
        };
        self.put(region, name, body).await;
    }

    /// Sets a part of a bucket, such as `name?versioning`.
    pub async fn put(&self, region: &str, path: &str, body: String) {
        self.send("s3", region, http::Request::put(format!("{}/{path}", self.url)), body).await;
    }

    pub async fn delete_bucket(&self, region: &str, name: &str) {
        let request = http::Request::delete(format!("{}/{name}", self.url));
        self.send("s3", region, request, String::new()).await;
    }

    /// Starts instances in one reservation; answers the id of the first.
    pub async fn run_instances(&self, region: &str, count: usize, name: &str) -> String {
        let count = count.to_string();
        let parameters = [
            ("ImageId", "ami-12c6146b"),
            ("MinCount", &count),
            ("MaxCount", &count),
            ("InstanceType", "t3.micro"),
            ("TagSpecification.1.ResourceType", "instance"),
            ("TagSpecification.1.Tag.1.Key", "Name"),
            ("TagSpecification.1.Tag.1.Value", name),
        ];
        between(&self.query("ec2", region, "RunInstances", &parameters).await, "instanceId")
    }

    /// Makes a function, and the role it needs.
    pub async fn create_function(&self, region: &str, name: &str, variables: &Value) {
        let role = format!("arn:aws:iam::{}:role/{name}", self.account);
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": "lambda.amazonaws.com" } }] });
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", &policy.to_string())];
        self.query("iam", "us-east-1", "CreateRole", &parameters).await;
        let function = json!({
            "FunctionName": name, "Runtime": "python3.13", "Role": role, "Handler": "main.handle",
            "Description": "Greets & waves", "Timeout": 7, "MemorySize": 256, "Code": { "ZipFile": NO_CODE },
            "Environment": { "Variables": variables }, "Tags": { "team": "greeters" },
        });
        self.post("lambda", region, "/2015-03-31/functions", &function).await;
    }

    /// Adds tags to a function.
    pub async fn tag_function(&self, region: &str, name: &str, tags: &Value) {
        let arn = format!("arn:aws:lambda:{region}:{}:function:{name}", self.account);
        self.post("lambda", region, &format!("/2017-03-31/tags/{arn}"), &json!({ "Tags": tags })).await;
    }

    /// Makes a cluster of ECS; answers its ARN.
    pub async fn create_ecs_cluster(&self, region: &str, name: &str) -> String {
        let cluster = json!({
            "clusterName": name, "capacityProviders": ["FARGATE"], "tags": [{ "key": "team", "value": "orders" }],
            "settings": [{ "name": "containerInsights", "value": "enabled" }],
        });
        let made = self.ecs(region, "CreateCluster", &cluster).await;
        made["cluster"]["clusterArn"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// Registers a revision of a task definition with one container.
    pub async fn register_task_definition(&self, region: &str, family: &str, variables: &Value) {
        let role = format!("arn:aws:iam::{}:role/{family}", self.account);
        let definition = json!({
            "family": family, "cpu": "256", "memory": "512", "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"], "taskRoleArn": role, "executionRoleArn": role,
            "containerDefinitions": [{ "name": "web", "image": "registry.example/web:1", "environment": variables }],
            "tags": [{ "key": "team", "value": "orders" }],
        });
        self.ecs(region, "RegisterTaskDefinition", &definition).await;
    }

    /// Makes a service of ECS.
    pub async fn create_ecs_service(&self, region: &str, cluster: &str, name: &str, family: &str) {
        let service = json!({
            "cluster": cluster, "serviceName": name, "taskDefinition": family, "desiredCount": 2,
            "launchType": "FARGATE", "tags": [{ "key": "team", "value": "orders" }],
        });
        self.ecs(region, "CreateService", &service).await;
    }

    async fn ecs(&self, region: &str, action: &str, parameters: &Value) -> Value {
        self.json("ecs", region, &format!("AmazonEC2ContainerServiceV20141113.{action}"), parameters).await
    }

    /// Makes a cluster of EKS.
    pub async fn create_eks_cluster(&self, region: &str, name: &str) {
        let cluster = json!({
            "name": name, "version": "1.33", "roleArn": format!("arn:aws:iam::{}:role/eks", self.account),
            "resourcesVpcConfig": { "subnetIds": ["subnet-1"], "endpointPublicAccess": false, "vpcId": "vpc-1" },
            "tags": { "team": "platform" },
        });
        self.post("eks", region, "/clusters", &cluster).await;
    }

    /// Makes a group of nodes in a cluster of EKS.
    pub async fn create_node_group(&self, region: &str, cluster: &str, name: &str) {
        let group = json!({
            "nodegroupName": name, "nodeRole": format!("arn:aws:iam::{}:role/node", self.account),
            "subnets": ["subnet-1"], "instanceTypes": ["m7g.large"], "tags": { "team": "platform" },
            "scalingConfig": { "minSize": 1, "maxSize": 5, "desiredSize": 3 },
        });
        self.post("eks", region, &format!("/clusters/{cluster}/node-groups"), &group).await;
    }

    /// Makes the account the first of an organisation, with an account of each name; answers their numbers.
    pub async fn create_organization(&self, names: &[&str]) -> Vec<String> {
        self.organizations("CreateOrganization", &json!({ "FeatureSet": "ALL" })).await;
        let mut accounts = Vec::new();
        for name in names {
            let wanted = json!({ "AccountName": name, "Email": format!("{name}@example.com") });
            let made = self.organizations("CreateAccount", &wanted).await;
            let account = made["CreateAccountStatus"]["AccountId"].as_str();
            accounts.push(account.unwrap_or_else(|| panic!("{made}")).to_owned());
        }
        accounts
    }

    /// Closes an account of the organisation.
    pub async fn close_account(&self, account: &str) {
        self.organizations("CloseAccount", &json!({ "AccountId": account })).await;
    }

    async fn organizations(&self, action: &str, parameters: &Value) -> Value {
        self.json("organizations", "us-east-1", &format!("AWSOrganizationsV20161128.{action}"), parameters)
            .await
    }

    async fn post(&self, service: &str, region: &str, path: &str, body: &Value) {
        let request = http::Request::post(format!("{}{path}", self.url));
        self.send(service, region, request, body.to_string()).await;
    }

    /// Makes a database instance.
    pub async fn create_database(&self, region: &str, name: &str, password: &str) {
        let parameters = [
            ("DBInstanceIdentifier", name),
            ("DBInstanceClass", "db.t3.medium"),
            ("Engine", "postgres"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "root"),
            ("MasterUserPassword", password),
            ("MultiAZ", "true"),
            ("Tags.Tag.1.Key", "team"),
            ("Tags.Tag.1.Value", "storage"),
        ];
        self.query("rds", region, "CreateDBInstance", &parameters).await;
    }

    /// Calls an action of a JSON service, such as `DynamoDB_20120810.CreateTable`; answers what it says.
    ///
    /// # Panics
    /// Also where the answer is not JSON.
    pub async fn json(&self, service: &str, region: &str, target: &str, parameters: &Value) -> Value {
        let request = http::Request::post(format!("{}/", self.url))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target);
        let text = self.send(service, region, request, parameters.to_string()).await;
        if text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{target}: {error} in {text}"))
    }

    /// Makes a table with a partition and a sort key, paid by request.
    pub async fn create_table(&self, region: &str, name: &str) {
        let table = json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "customer", "AttributeType": "S" },
                { "AttributeName": "placed", "AttributeType": "N" },
            ],
            "KeySchema": [
                { "AttributeName": "customer", "KeyType": "HASH" },
                { "AttributeName": "placed", "KeyType": "RANGE" },
            ],
            "Tags": [{ "Key": "team", "Value": "orders" }],
        });
        self.json("dynamodb", region, "DynamoDB_20120810.CreateTable", &table).await;
    }

    /// Makes a queue, with a dead-letter queue if there is one; answers its ARN.
    pub async fn create_queue(&self, region: &str, name: &str, dead_letters: Option<&str>) -> String {
        let mut attributes = json!({ "VisibilityTimeout": "45" });
        if let Some(arn) = dead_letters {
            let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "3" });
            attributes["RedrivePolicy"] = policy.to_string().into();
        }
        let queue = json!({ "QueueName": name, "Attributes": attributes, "tags": { "team": "orders" } });
        self.json("sqs", region, "AmazonSQS.CreateQueue", &queue).await;
        format!("arn:aws:sqs:{region}:{}:{name}", self.account)
    }

    /// Makes a topic; answers its ARN.
    pub async fn create_topic(&self, region: &str, name: &str) -> String {
        let parameters = [
            ("Name", name),
            ("Attributes.entry.1.key", "DisplayName"),
            ("Attributes.entry.1.value", "Orders & more"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "orders"),
        ];
        between(&self.query("sns", region, "CreateTopic", &parameters).await, "TopicArn")
    }

    async fn send(
        &self,
        service: &str,
        region: &str,
        request: http::request::Builder,
        body: String,
    ) -> String {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.key
        );
        let request = request.header("authorization", authorization).body(Bytes::from(body));
        let answer = self.http.send(request.expect("a request can be written")).await;
        let answer = answer.unwrap_or_else(|error| panic!("the emulator at {}: {error}", self.url));
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(answer.status().is_success(), "{service}: {text}");
        text
    }
}

/// The text of the first element of a name.
fn between(text: &str, name: &str) -> String {
    let found = crate::xml::first_text(text.as_bytes(), name);
    found.unwrap_or_else(|| panic!("no {name} in {text}"))
}
