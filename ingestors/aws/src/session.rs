//! One signed-in use of AWS: addresses, credentials, clients and the account they lead to.

use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::IdentityCache;
use aws_types::SdkConfig;
use aws_types::region::Region;
use portolan_ingestor_contract::{Clock, Context, Http, Retrying, SourceError};
use url::Url;

use crate::credentials::{self, Assumed, CredentialSource, Role};
use crate::fault;
use crate::sdk::SdkHttp;
use crate::settings::{Config, Keys};

/// Who the credentials are, as `aws sts get-caller-identity` prints it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub account: String,
    pub arn: String,
    pub user_id: String,
}

/// What the sessions of an integration have in common: its key, and how AWS is asked.
pub(crate) struct Access {
    http: Arc<dyn Http>,
    clock: Arc<dyn Clock>,
    home_region: String,
    page_size: Option<u32>,
    endpoint: Option<Url>,
    external_id: Option<String>,
    key: SharedCredentialsProvider,
    /// Signs with the key.
    sdk: SdkConfig,
    /// Whether several accounts are read, so that messages have to say which.
    many: bool,
}

/// Everything a kind needs to ask AWS.
pub(crate) struct Session {
    pub http: Arc<dyn Http>,
    pub clock: Arc<dyn Clock>,
    pub credentials: Arc<CredentialSource>,
    pub identity: Identity,
    pub home_region: String,
    pub page_size: Option<u32>,
    endpoint: Option<Url>,
    sdk: SdkConfig,
    many: bool,
}

impl Access {
    pub async fn new(config: &Config, keys: &Keys, context: &Context) -> Self {
        let clock = Arc::clone(&context.clock);
        let http: Arc<dyn Http> = Arc::new(Retrying::new(
            Arc::clone(&context.http),
            context.retry,
            Arc::clone(&clock),
            fault::judge,
        ));
        let home_region = config.home_region().to_owned();
        let key = credentials::base(keys, &home_region).await;
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(SdkHttp(Arc::clone(&http)))
            .region(Region::new(home_region.clone()))
            .credentials_provider(key.clone())
            .identity_cache(IdentityCache::no_cache())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let endpoint = config.endpoint();
        if let Some(url) = &endpoint {
            builder.set_endpoint_url(Some(url.as_str().to_owned()));
        }
        Self {
            http,
            clock,
            home_region,
            page_size: context.page_size,
            endpoint,
            external_id: context.external_id.clone(),
            key,
            sdk: builder.build(),
            many: !config.accounts.is_empty(),
        }
    }

    /// Assumes the role, if any, and asks AWS who we are.
    ///
    /// # Errors
    /// Where the address cannot be reached or the credentials are refused.
    pub async fn open(&self, role: Option<&str>) -> Result<Session, SourceError> {
        let sts_host = host(self.endpoint.as_ref(), "sts", &self.home_region);
        let role = role.map(|arn| Role {
            arn: arn.to_owned(),
            external_id: self.external_id.clone(),
            sts: aws_sdk_sts::Client::new(&self.sdk),
            target: sts_host.clone(),
        });
        let source = Arc::new(CredentialSource::new(self.key.clone(), role, Arc::clone(&self.clock)));
        // First of all: what a refused role or key says here is clearer than what a wrapped call says.
        source.current().await?;
        let sdk = self
            .sdk
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(Assumed(Arc::clone(&source))))
            .build();
        let identity = identify(&aws_sdk_sts::Client::new(&sdk), &sts_host).await?;
        Ok(Session {
            http: Arc::clone(&self.http),
            clock: Arc::clone(&self.clock),
            credentials: source,
            identity,
            home_region: self.home_region.clone(),
            page_size: self.page_size,
            endpoint: self.endpoint.clone(),
            sdk,
            many: self.many,
        })
    }
}

impl Session {
    /// The partition (`aws`, `aws-cn`, …) the account belongs to.
    pub fn partition(&self) -> &str {
        self.identity.arn.split(':').nth(1).filter(|part| !part.is_empty()).unwrap_or("aws")
    }

    /// An error with its account, where there are several.
    pub fn in_account(&self, error: SourceError) -> SourceError {
        if self.many { named(&self.identity.account, &error) } else { error }
    }

    /// Where a service is asked; the path is `/` or that of `endpointUrl`.
    pub fn address(&self, service: &str, region: &str) -> Result<Url, SourceError> {
        match &self.endpoint {
            Some(url) => Ok(url.clone()),
            None => {
                let host = host(None, service, region);
                Url::parse(&format!("https://{host}/"))
                    .map_err(|_| SourceError::failed(format!("{host} is no address")))
            }
        }
    }

    /// The host (and port) that is asked, for messages.
    pub fn host(&self, service: &str, region: &str) -> String {
        host(self.endpoint.as_ref(), service, region)
    }

    /// A client for S3 in a region.
    pub fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk)
            .region(Region::new(region.to_owned()))
            .force_path_style(self.endpoint.is_some())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// A link into AWS's console; none for an emulator, where it would lead astray.
    pub fn console(&self, region: &str, rest: &str) -> Option<String> {
        if self.endpoint.is_some() {
            return None;
        }
        let domain = match self.partition() {
            "aws" => "console.aws.amazon.com",
            "aws-cn" => "console.amazonaws.cn",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            _ => return None,
        };
        Some(format!("https://{region}.{domain}/{rest}"))
    }
}

/// An error with the account that it is about.
pub(crate) fn named(account: &str, error: &SourceError) -> SourceError {
    SourceError::new(error.code, format!("account {account}: {}", error.message))
}

/// Where requests are signed for. The regions of a partition share some services, which have one region of theirs.
pub(crate) fn signing_region<'r>(service: &str, region: &'r str) -> &'r str {
    match service {
        "iam" | "organizations" if region.starts_with("us-gov-") => "us-gov-west-1",
        "iam" if region.starts_with("cn-") => "cn-north-1",
        "organizations" if region.starts_with("cn-") => "cn-northwest-1",
        "iam" | "organizations" => "us-east-1",
        _ => region,
    }
}

fn host(endpoint: Option<&Url>, service: &str, region: &str) -> String {
    if let Some(url) = endpoint {
        let host = url.host_str().unwrap_or_default();
        return url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    }
    match (service, signing_region(service, region)) {
        ("iam", "us-east-1") => "iam.amazonaws.com".to_owned(),
        ("iam", "us-gov-west-1") => "iam.us-gov.amazonaws.com".to_owned(),
        (service, region) if region.starts_with("cn-") => format!("{service}.{region}.amazonaws.com.cn"),
        (service, region) => format!("{service}.{region}.amazonaws.com"),
    }
}

async fn identify(sts: &aws_sdk_sts::Client, target: &str) -> Result<Identity, SourceError> {
    let call = "sts:GetCallerIdentity";
    let answer =
        sts.get_caller_identity().send().await.map_err(|error| fault::from_sdk(call, target, &error))?;
    let account = answer.account().unwrap_or_default().to_owned();
    if account.is_empty() {
        // Something answered, but nothing that speaks AWS's protocol.
        return Err(SourceError::failed(format!("{target} does not answer {call} as AWS does")));
    }
    Ok(Identity {
        account,
        arn: answer.arn().unwrap_or_default().to_owned(),
        user_id: answer.user_id().unwrap_or_default().to_owned(),
    })
}
