//! The calls about a single bucket. Each may be forbidden without spoiling the others; S3 wants them in the bucket's region.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use portolan_ingestor_contract::SourceError;
use portolan_schema::Code;
use serde_json::{Map, Value, json};

use super::KIND;
use crate::fault;
use crate::kinds::unread::Unread;
use crate::session::Session;

/// What a bucket's own calls tell. Null (or nothing) where it may not be read.
#[derive(Default)]
pub(super) struct Details {
    pub region: Option<String>,
    pub tags: Map<String, Value>,
    /// `Enabled`, `Suspended` or `Disabled`.
    pub versioning: Option<String>,
    /// The algorithm of the bucket's default encryption, such as `AES256`.
    pub encryption: Option<String>,
    /// The four flags, all false where none was ever set.
    pub public_access_block: Option<Value>,
}

/// The answer to one call.
enum Answer<T> {
    Told(T),
    /// Nothing of the sort is set.
    Unset,
    /// The credentials may not see it.
    Hidden,
    /// The bucket has gone.
    Gone,
}

/// Reads details, with one client a region, and remembers what it could not read.
pub(super) struct Reader<'a> {
    session: &'a Session,
    pub target: String,
    clients: Mutex<HashMap<String, Client>>,
    pub unread: Unread,
}

/// Unwraps what a call told; leaves the function where the bucket has gone.
macro_rules! told {
    ($answer:expr) => {
        match $answer {
            Answer::Told(value) => Some(value),
            Answer::Unset | Answer::Hidden => None,
            Answer::Gone => return Ok(None),
        }
    };
}

impl<'a> Reader<'a> {
    pub fn new(session: &'a Session) -> Self {
        let target = session.host("s3", &session.home_region);
        Self { session, target, clients: Mutex::default(), unread: Unread::new(KIND.name, "buckets") }
    }

    /// All details of a bucket; none where it has gone.
    pub async fn read(&self, name: &str, region: Option<&str>) -> Result<Option<Details>, SourceError> {
        let region = match region {
            Some(region) => Some(region.to_owned()),
            None => told!(self.region(name).await?),
        };
        let client = self.client(region.as_deref().unwrap_or(&self.session.home_region));
        let tags = told!(self.tags(&client, name).await?).unwrap_or_default();
        let versioning = told!(self.versioning(&client, name).await?);
        let encryption = told!(self.encryption(&client, name).await?);
        let public_access_block = told!(self.public_access_block(&client, name).await?);
        Ok(Some(Details { region, tags, versioning, encryption, public_access_block }))
    }

    fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.to_owned()).or_insert_with(|| self.session.s3(region)).clone()
    }

    async fn region(&self, name: &str) -> Result<Answer<String>, SourceError> {
        let result = self.client(&self.session.home_region).get_bucket_location().bucket(name).send().await;
        // Asked in the wrong region, S3 answers with the right one.
        if let Err(error) = &result
            && let Some(region) =
                error.raw_response().and_then(|raw| raw.headers().get("x-amz-bucket-region"))
        {
            return Ok(Answer::Told(region.to_owned()));
        }
        let answer = self.sort("s3:GetBucketLocation", name, &[], result)?;
        Ok(answer.map(|location| match location.location_constraint().map(|place| place.as_str()) {
            // Names from before regions had codes.
            None | Some("" | "US") => "us-east-1".to_owned(),
            Some("EU") => "eu-west-1".to_owned(),
            Some(region) => region.to_owned(),
        }))
    }

    async fn tags(&self, client: &Client, name: &str) -> Result<Answer<Map<String, Value>>, SourceError> {
        let result = client.get_bucket_tagging().bucket(name).send().await;
        let answer = self.sort("s3:GetBucketTagging", name, &["NoSuchTagSet"], result)?;
        Ok(answer.map(|tagging| {
            tagging.tag_set().iter().map(|tag| (tag.key().to_owned(), tag.value().into())).collect()
        }))
    }

    async fn versioning(&self, client: &Client, name: &str) -> Result<Answer<String>, SourceError> {
        let result = client.get_bucket_versioning().bucket(name).send().await;
        let answer = self.sort("s3:GetBucketVersioning", name, &[], result)?;
        Ok(answer.map(|versioning| {
            versioning.status().map_or_else(|| "Disabled".to_owned(), |status| status.as_str().to_owned())
        }))
    }

    async fn encryption(&self, client: &Client, name: &str) -> Result<Answer<String>, SourceError> {
        let result = client.get_bucket_encryption().bucket(name).send().await;
        let unset = ["ServerSideEncryptionConfigurationNotFoundError"];
        Ok(match self.sort("s3:GetBucketEncryption", name, &unset, result)? {
            Answer::Told(encryption) => encryption
                .server_side_encryption_configuration()
                .and_then(|configuration| configuration.rules().first())
                .and_then(|rule| rule.apply_server_side_encryption_by_default())
                .map_or(Answer::Unset, |default| Answer::Told(default.sse_algorithm().as_str().to_owned())),
            other => other.map(|_| String::new()),
        })
    }

    async fn public_access_block(&self, client: &Client, name: &str) -> Result<Answer<Value>, SourceError> {
        let result = client.get_public_access_block().bucket(name).send().await;
        let unset = ["NoSuchPublicAccessBlockConfiguration"];
        let flags = |flag: [Option<bool>; 4]| {
            json!({
                "BlockPublicAcls": flag[0].unwrap_or_default(),
                "IgnorePublicAcls": flag[1].unwrap_or_default(),
                "BlockPublicPolicy": flag[2].unwrap_or_default(),
                "RestrictPublicBuckets": flag[3].unwrap_or_default(),
            })
        };
        Ok(match self.sort("s3:GetPublicAccessBlock", name, &unset, result)? {
            Answer::Unset => Answer::Told(flags([None; 4])),
            told => told.map(|block| match block.public_access_block_configuration() {
                None => flags([None; 4]),
                Some(block) => flags([
                    block.block_public_acls(),
                    block.ignore_public_acls(),
                    block.block_public_policy(),
                    block.restrict_public_buckets(),
                ]),
            }),
        })
    }

    /// Sorts a result; `unset` are the codes that mean "nothing is set".
    fn sort<T, E>(
        &self,
        call: &'static str,
        bucket: &str,
        unset: &[&str],
        result: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Answer<T>, SourceError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let error = match result {
            Ok(value) => return Ok(Answer::Told(value)),
            Err(error) => error,
        };
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
        if code == "NoSuchBucket" {
            return Ok(Answer::Gone);
        }
        if unset.contains(&code) {
            return Ok(Answer::Unset);
        }
        // A success that cannot be read, as some S3 look-alikes send: the bucket is there all the same.
        let unreadable = error.raw_response().is_some_and(|raw| raw.status().is_success());
        let error = fault::from_sdk(&format!("{call} of {bucket}"), &self.target, &error);
        if error.code != Code::UpstreamForbidden && !unreadable {
            return Err(error);
        }
        self.unread.note(call, bucket, &error);
        Ok(Answer::Hidden)
    }
}

impl<T> Answer<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Told(value) => Answer::Told(change(value)),
            Self::Unset => Answer::Unset,
            Self::Hidden => Answer::Hidden,
            Self::Gone => Answer::Gone,
        }
    }
}
