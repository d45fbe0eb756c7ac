//! The AWS emulator, seeded over its own wire.

use std::fmt::Write;

/// What the emulator holds belongs to whoever's key is used: each test has an account of its own.
pub struct Aws {
    pub url: String,
    http: reqwest::Client,
    /// Before the names of this test's buckets, which are global.
    prefix: String,
    pub key: String,
    pub secret: String,
    pub session: String,
}

impl Aws {
    pub async fn new(account: &str) -> Self {
        let url = std::env::var("PORTOLAN_TEST_AWS_URL").expect(
            "PORTOLAN_TEST_AWS_URL is not set; run `make test`, or a command under infra/test/with-peers",
        );
        let mut aws = Self {
            url,
            http: reqwest::Client::new(),
            prefix: format!("b{account}"),
            key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI".into(),
            session: String::new(),
        };
        let role = format!("arn:aws:iam::{account}:role/reader");
        let answer = aws
            .query(
                "sts",
                &[
                    ("Action", "AssumeRole"),
                    ("Version", "2011-06-15"),
                    ("RoleArn", &role),
                    ("RoleSessionName", "t"),
                ],
            )
            .await;
        aws.key = between(&answer, "<AccessKeyId>");
        aws.secret = between(&answer, "<SecretAccessKey>");
        aws.session = between(&answer, "<SessionToken>");
        aws
    }

    fn authorization(&self, service: &str) -> String {
        // The emulator reads whose key it is and which service is meant; it does not check signatures.
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.key
        )
    }

    async fn query(&self, service: &str, form: &[(&str, &str)]) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let request = self
            .http
            .post(&self.url)
            .header("authorization", self.authorization(service))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish());
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{text}");
        text
    }

    pub async fn buckets(&self, numbers: std::ops::Range<usize>, exist: bool) {
        for number in numbers {
            let mut url = self.url.clone();
            write!(url, "/{}-{number}", self.prefix).unwrap();
            let request = if exist { self.http.put(url) } else { self.http.delete(url) };
            let request = request.header("authorization", self.authorization("s3"));
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        }
    }

    pub async fn instances(&self, count: usize) {
        let count = count.to_string();
        let form = [
            ("Action", "RunInstances"),
            ("Version", "2016-11-15"),
            ("ImageId", "ami-12c6146b"),
            ("MinCount", &count),
            ("MaxCount", &count),
            ("InstanceType", "t3.micro"),
        ];
        self.query("ec2", &form).await;
    }
}

fn between(text: &str, open: &str) -> String {
    let close = open.replace('<', "</");
    let rest = text.split_once(open).unwrap_or_else(|| panic!("{open} in {text}")).1;
    rest.split_once(&close).unwrap().0.to_owned()
}
