//! Objects of a bucket of S3, or of something else that speaks as S3 does.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portolan_aws_signature::sign;
use portolan_ingestor_contract::{Clock, Context, Http, Outcome, Retrying, SourceError};
use portolan_schema::Code;

use super::far;
use super::listing::{self, texts};
use super::{Page, Part, Place, Source};
use crate::settings::{Bucket, is_key};

/// The bounds that S3 sets on a page; the largest is used unasked.
const PAGE: (u32, u32) = (1, 1_000);
/// What S3 leaves as it is in keys and values (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The key, its signature or its token is not accepted.
const UNAUTHORIZED: &[&str] = &[
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
];
/// The key is known but may not do this.
const FORBIDDEN: &[&str] = &["AccessDenied", "AllAccessDisabled", "AccountProblem"];
/// "Slow down."
const THROTTLED: &[&str] = &["SlowDown", "ServiceUnavailable", "Throttling", "RequestLimitExceeded"];
/// Sent with status 400 although the fault lies with the network.
const TRANSIENT: &[&str] = &["RequestTimeout"];

pub(crate) struct Objects {
    http: Retrying,
    clock: Arc<dyn Clock>,
    bucket: Bucket,
    page_size: Option<u32>,
}

impl Objects {
    /// Asks for an empty list where a prefix is meant, to see that bucket and key are good.
    ///
    /// # Errors
    /// Where they are not.
    pub async fn open(bucket: Bucket, context: &Context) -> Result<Self, SourceError> {
        let clock = Arc::clone(&context.clock);
        let http = Retrying::new(Arc::clone(&context.http), context.retry, Arc::clone(&clock), judge);
        let own = Self { http, clock, bucket, page_size: context.page_size };
        if own.bucket.is_prefix() {
            own.list(0, &Place::Start).await?;
        }
        Ok(own)
    }

    /// The directory that paths are seen from.
    fn base(&self) -> &str {
        let key = &self.bucket.key;
        key.rfind('/').map_or("", |at| &key[..=at])
    }

    fn key(&self, file: &str) -> String {
        format!("{}{file}", self.base())
    }

    /// `https://bucket.s3.region.amazonaws.com/` or, where that is no name, `https://s3.region.amazonaws.com/bucket/`.
    fn root(&self) -> String {
        let Bucket { name, region, endpoint, .. } = &self.bucket;
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        match endpoint {
            Some(url) => format!("{}/{name}/", url.as_str().trim_end_matches('/')),
            // Certificates cover one label before the service's.
            None if name.contains(['.', '_']) => format!("https://s3.{region}.{domain}/{name}/"),
            None => format!("https://{name}.s3.{region}.{domain}/"),
        }
    }

    async fn get(
        &self,
        path_and_query: &str,
        header: Option<(HeaderName, HeaderValue)>,
    ) -> Result<http::Response<Bytes>, SourceError> {
        let unsent = || SourceError::failed("a request to S3 cannot be written");
        let address = format!("{}{path_and_query}", self.root());
        let mut request = http::Request::get(&address).body(Bytes::new()).map_err(|_| unsent())?;
        request.headers_mut().extend(header);
        let host = request.uri().host().unwrap_or_default().to_owned();
        if let Some(credentials) = &self.bucket.credentials {
            let now = self.clock.now().into();
            sign(&mut request, credentials.clone(), "s3", &self.bucket.region, now).map_err(|_| unsent())?;
        }
        self.http.send(request).await.map_err(|error| SourceError::from_http(&host, &error))
    }

    async fn list(&self, most: u32, from: &Place) -> Result<listing::Objects, SourceError> {
        let name = &self.bucket.name;
        let call = format!("s3:ListBucket on {name}");
        let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let mut query = format!("?list-type=2&max-keys={most}&prefix={}", encoded(&self.bucket.key));
        match from {
            Place::Start => {}
            Place::After(file) => query += &format!("&start-after={}", encoded(&self.key(file))),
            Place::Token(token) => query += &format!("&continuation-token={}", encoded(token)),
        }
        let response = self.get(&query, None).await?;
        if response.status() != StatusCode::OK {
            return Err(self.refusal(&call, &response));
        }
        let cannot =
            || SourceError::failed(format!("the answer to {call} is no list of S3's, or not a whole one"));
        match most {
            // A list of nothing need not say how to go on.
            0 => {
                let read = texts(response.body()).ok_or_else(cannot)?;
                let is_list = read.iter().all(|(place, _)| place.starts_with("ListBucketResult/"));
                if is_list && !read.is_empty() { Ok(listing::Objects::default()) } else { Err(cannot()) }
            }
            _ => listing::objects(response.body()).ok_or_else(cannot),
        }
    }

    async fn object(
        &self,
        file: &str,
        range: Option<(HeaderName, HeaderValue)>,
    ) -> Result<(String, http::Response<Bytes>), SourceError> {
        let key = self.key(file);
        let call = format!("s3:GetObject of {key}");
        if !is_key(&key) {
            return Err(SourceError::failed(format!("{call} cannot be asked for: its name is no path")));
        }
        let path = key.split('/').map(|part| utf8_percent_encode(part, ENCODED).to_string());
        let response = self.get(&path.collect::<Vec<_>>().join("/"), range).await?;
        Ok((call, response))
    }

    /// What an answer says that brings nothing.
    fn refusal(&self, call: &str, response: &http::Response<Bytes>) -> SourceError {
        let status = response.status();
        let (code, message) = told(response);
        let name = code.clone().unwrap_or_else(|| format!("status {status}"));
        if let Some(region) =
            response.headers().get("x-amz-bucket-region").and_then(|name| name.to_str().ok())
            && region != self.bucket.region
        {
            let message =
                format!("the bucket {} is in {region}; say so in the settings' region", self.bucket.name);
            return SourceError::failed(message);
        }
        let said = message.map(|message| format!(": {message}")).unwrap_or_default();
        match (status.as_u16(), code.as_deref().unwrap_or_default()) {
            // S3 repeats the signed headers here, a session token among them.
            (_, code) if UNAUTHORIZED.contains(&code) => {
                SourceError::unauthorized(format!("S3 refused the credentials for {call} ({name})"))
            }
            (401, _) => SourceError::unauthorized(format!("S3 refused the credentials for {call} ({name})")),
            (_, code) if THROTTLED.contains(&code) => {
                SourceError::throttled(format!("S3 keeps asking to slow down calls of {call} ({name})"))
            }
            (429, _) => {
                SourceError::throttled(format!("S3 keeps asking to slow down calls of {call} ({name})"))
            }
            (_, code) if FORBIDDEN.contains(&code) => {
                SourceError::forbidden(format!("the credentials may not call {call} ({name}){said}"))
            }
            (403, _) => SourceError::forbidden(format!("the credentials may not call {call} ({name})")),
            _ => SourceError::new(Code::UpstreamFailed, format!("{call} failed ({name}){said}")),
        }
    }
}

/// S3's own word and sentence.
fn told(response: &http::Response<Bytes>) -> (Option<String>, Option<String>) {
    let all = texts(response.body()).unwrap_or_default();
    let find = |place: &str| all.iter().find(|(found, _)| found == place).map(|(_, text)| text.clone());
    (find("Error/Code"), find("Error/Message").filter(|text| !text.trim().is_empty()))
}

fn judge(response: &http::Response<Bytes>) -> Outcome {
    if portolan_ingestor_contract::judge(response) == Outcome::Again {
        return Outcome::Again;
    }
    if response.status().as_u16() < 400 {
        return Outcome::Final;
    }
    let code = told(response).0.unwrap_or_default();
    let again = THROTTLED.contains(&code.as_str()) || TRANSIENT.contains(&code.as_str());
    if again { Outcome::Again } else { Outcome::Final }
}

#[async_trait]
impl Source for Objects {
    fn has_answered(&self) -> bool {
        self.bucket.is_prefix()
    }

    fn is_listed(&self) -> bool {
        self.bucket.is_prefix()
    }

    fn is_remote(&self) -> bool {
        true
    }

    async fn page(&self, from: &Place) -> Result<Page, SourceError> {
        let base = self.base();
        if !self.bucket.is_prefix() {
            let name = self.bucket.key.strip_prefix(base).unwrap_or_default().to_owned();
            return Ok(Page { files: vec![name], next: None });
        }
        let most = self.page_size.unwrap_or(PAGE.1).clamp(PAGE.0, PAGE.1);
        let found = self.list(most, from).await?;
        let next = found.token.map(Place::Token);
        if next.as_ref() == Some(from) {
            return Err(SourceError::failed("S3 does not come to the end of the list of objects"));
        }
        let files = found.keys.iter().filter_map(|key| key.strip_prefix(base));
        // What ends with a slash stands for a directory.
        let files = files.filter(|file| !file.is_empty() && !file.ends_with('/')).map(ToOwned::to_owned);
        Ok(Page { files: files.collect(), next })
    }

    async fn whole(&self, file: &str) -> Result<Bytes, SourceError> {
        let (call, response) = self.object(file, None).await?;
        match response.status() {
            StatusCode::OK => far::bounded(file, response.into_body()),
            _ => Err(self.refusal(&call, &response)),
        }
    }

    async fn part(&self, file: &str, from: u64, most: usize) -> Result<Part, SourceError> {
        let (call, response) = self.object(file, far::range(from, most)).await?;
        far::part(&call, from, &response)?.ok_or_else(|| self.refusal(&call, &response))
    }
}
