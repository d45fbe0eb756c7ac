//! One use of GitHub's API: address, credentials, pace, and the accounts that are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{ACCEPT, AUTHORIZATION, ETAG, HeaderValue, IF_NONE_MATCH, LINK, LOCATION, USER_AGENT};
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portolan_ingestor_contract::{Clock, Context, Http, Retrying, SourceError};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::sync::mpsc::UnboundedSender;
use url::Url;

use crate::answer::Answer;
use crate::credentials::{Credentials, unknown};
use crate::fault::{self, Fault};
use crate::kinds::organization;
use crate::link;
use crate::pace::{Paced, State};
use crate::pages::Pages;
use crate::settings::{Access, Config};

/// The bounds GitHub sets on a page; the largest is used unasked.
const PAGE: (u32, u32) = (1, 100);
/// The version of the API that this was written for.
const VERSION: &str = "2022-11-28";
/// Moves of a renamed repository that are followed.
const MAX_MOVES: usize = 3;
/// In every answer of GitHub's.
const MARK: &str = "x-github-request-id";
/// What stays as it is in a part of a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An account whose things are read.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub login: String,
    /// Organizations have teams and members; a person's account has repositories only.
    pub is_organization: bool,
}

/// Everything a kind needs to ask GitHub.
pub(crate) struct Session {
    pub clock: Arc<dyn Clock>,
    /// When the session began: the same for everything that is read in it.
    pub began: DateTime<Utc>,
    pub page_size: u32,
    pub owners: Vec<Owner>,
    /// Whether the owners are what people wrote, which GitHub may write in other cases.
    is_named: bool,
    /// The organizations among the owners, once they were asked for.
    organizations: OnceCell<Vec<Result<Value, Fault>>>,
    credentials: Credentials,
    http: Arc<dyn Http>,
    base: Url,
    /// Whether GitHub's mark was on the first answer. Then an answer without it is somebody else's, such as a proxy's: an
    /// empty list from there would mean that everything is gone.
    is_marked: AtomicBool,
}

impl Session {
    /// A session that asked nothing yet and knows of no owners.
    pub fn new(
        config: &Config,
        access: Access,
        context: &Context,
        notices: Option<UnboundedSender<String>>,
    ) -> Result<Self, SourceError> {
        let base = config.base().ok_or_else(|| SourceError::failed("the API's address is none"))?;
        let clock = Arc::clone(&context.clock);
        let host = base.host_str().unwrap_or_default();
        let paced = Paced {
            inner: Arc::clone(&context.http),
            clock: Arc::clone(&clock),
            longest: config.longest_wait(),
            public: host == "api.github.com" || host.ends_with(".ghe.com"),
            notices,
            state: State::default().into(),
        };
        let http = Retrying::new(Arc::new(paced), context.retry, Arc::clone(&clock), fault::judge);
        Ok(Self {
            began: clock.now(),
            clock,
            page_size: context.page_size.unwrap_or(PAGE.1).clamp(PAGE.0, PAGE.1),
            owners: Vec::new(),
            is_named: false,
            organizations: OnceCell::new(),
            credentials: Credentials::new(access),
            http: Arc::new(http),
            base,
            is_marked: AtomicBool::new(false),
        })
    }

    /// Signs in and finds out whose things are read.
    ///
    /// # Errors
    /// Where the address cannot be reached, the credentials are refused, or there is nothing to read.
    pub async fn open(mut self, config: &Config) -> Result<Self, Fault> {
        if !self.is_app() {
            self.get("/user").await?.object(&["login", "id"])?;
        }
        self.owners = self.find_owners(config).await?;
        // An installation that is suspended is known, and gets no token.
        self.credentials.header(&self).await?;
        self.is_named = !config.organizations.is_empty() && !self.is_app();
        Ok(self)
    }

    /// The account that the App is installed on.
    async fn installed(&self, number: u64, config: &Config) -> Result<Vec<Owner>, Fault> {
        let header = self.credentials.app_header(self.clock.now())?;
        let url = self.url(&format!("/app/installations/{number}"))?;
        let answer = self.ask(Method::GET, url, Some(header), None).await;
        let answer = answer.map_err(|fault| unknown(fault, number))?;
        let body = answer.object(&["id", "account"])?;
        let login = body["account"]["login"].as_str().unwrap_or_default().to_owned();
        if login.is_empty() {
            return Err(SourceError::forbidden("the App's installation belongs to no account").into());
        }
        if !config.names(&login) {
            let message = format!(
                "the App's installation {number} is on {login}, which is not among the organizations to read"
            );
            return Err(SourceError::forbidden(message).into());
        }
        Ok(vec![Owner { is_organization: body["account"]["type"] != "User", login }])
    }

    /// The organizations that were named, or all that the token's user is a member of.
    async fn organizations(&self, config: &Config) -> Result<Vec<Owner>, Fault> {
        let organization = |login: &str| Owner { login: login.to_owned(), is_organization: true };
        if !config.organizations.is_empty() {
            return Ok(config.organizations.iter().map(|name| organization(name)).collect());
        }
        let mut owners = Vec::new();
        let mut pages = Pages::new(self, "/user/orgs", &[], None)?;
        while let Some(page) = pages.next().await? {
            owners.extend(page.iter().filter_map(|item| item["login"].as_str().map(organization)));
        }
        if owners.is_empty() {
            // Fine-grained tokens are not told of any; to take that for the truth would delete everything.
            let message = "GitHub shows this token no organization: name them in \"organizations\"";
            return Err(SourceError::forbidden(message).into());
        }
        Ok(owners)
    }

    /// Whose things are read, as GitHub tells it.
    ///
    /// # Errors
    /// Where there is nothing to read, or GitHub does not tell.
    pub async fn find_owners(&self, config: &Config) -> Result<Vec<Owner>, Fault> {
        match self.credentials.installation() {
            Some(number) => self.installed(number, config).await,
            None => self.organizations(config).await,
        }
    }

    /// The organizations that are read, as GitHub answers them, or why it does not. They are asked for once.
    pub async fn described_organizations(&self) -> &[Result<Value, Fault>] {
        let read = || async {
            let mut described: Vec<Result<Value, Fault>> = Vec::new();
            for owner in self.owners.iter().filter(|owner| owner.is_organization) {
                let hopeless =
                    described.last().and_then(|last| last.as_ref().err()).filter(|it| it.is_hopeless());
                let one = match hopeless {
                    Some(fault) => Err(fault.clone()),
                    None => organization::read(self, &owner.login).await,
                };
                described.push(one);
            }
            described
        };
        self.organizations.get_or_init(read).await
    }

    /// The names of the owners that have teams and members, as GitHub writes them where it tells them.
    pub async fn organization_logins(&self) -> Vec<String> {
        let written =
            self.owners.iter().filter(|owner| owner.is_organization).map(|owner| owner.login.clone());
        if !self.is_named {
            return written.collect();
        }
        let login = |found: &Result<Value, Fault>| Some(found.as_ref().ok()?["login"].as_str()?.to_owned());
        let described = self.described_organizations().await;
        written.zip(described).map(|(written, found)| login(found).unwrap_or(written)).collect()
    }

    /// Whether an App asks, which sees what it was installed for, and nothing else.
    pub fn is_app(&self) -> bool {
        self.credentials.installation().is_some()
    }

    /// The address of a path of the API, which begins with a slash.
    pub fn url(&self, path: &str) -> Result<Url, Fault> {
        let base = self.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|_| Fault::nonsense(format!("{path} is no path")))
    }

    /// An address that GitHub gave: only its own are asked.
    fn own(&self, url: &Url, call: &str, target: &str) -> Result<Url, Fault> {
        let found = url.join(target).ok().filter(|found| found.origin() == self.base.origin());
        let found = found.filter(|found| found.username().is_empty() && found.password().is_none());
        found.ok_or_else(|| {
            Fault::nonsense(format!(
                "the answer to {call} leads to another host than the API's, {}",
                self.host()
            ))
        })
    }

    fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Fault> {
        self.get_url(self.url(path)?, None).await
    }

    /// Asks for an address; where the tag is given and nothing has changed since, GitHub says just that.
    pub async fn get_url(&self, url: Url, etag: Option<&str>) -> Result<Answer, Fault> {
        self.ask(Method::GET, url, None, etag).await
    }

    /// For what an App does in its own name.
    pub async fn post(&self, path: &str, authorization: HeaderValue) -> Result<Answer, Fault> {
        self.ask(Method::POST, self.url(path)?, Some(authorization), None).await
    }

    async fn ask(
        &self,
        method: Method,
        mut url: Url,
        authorization: Option<HeaderValue>,
        etag: Option<&str>,
    ) -> Result<Answer, Fault> {
        for _ in 0..=MAX_MOVES {
            let call = format!("{method} {}", url.path());
            let authorization = match &authorization {
                Some(header) => header.clone(),
                // Credentials ask with what they have.
                None => Box::pin(self.credentials.header(self)).await?,
            };
            let mut request = http::Request::builder()
                .method(method.clone())
                .uri(url.as_str())
                .header(ACCEPT, "application/vnd.github+json")
                .header(USER_AGENT, "portolan")
                .header("x-github-api-version", VERSION)
                .header(AUTHORIZATION, authorization);
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            let request = request.body(Bytes::new());
            let request = request.map_err(|_| Fault::nonsense(format!("{call} cannot be sent")))?;
            let response = self.http.send(request).await;
            let response = response.map_err(|error| SourceError::from_http(&self.host(), &error))?;
            match response.status() {
                StatusCode::OK | StatusCode::CREATED => return self.read(call, &url, &response),
                StatusCode::NOT_MODIFIED if etag.is_some() => {
                    let etag = etag.map(ToOwned::to_owned);
                    let (linked, next) = self.linked(&call, &url, &response)?;
                    return Ok(Answer { call, body: Value::Null, next, etag, unchanged: true, linked });
                }
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT
                    if method == Method::GET =>
                {
                    let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                    url = self.own(&url, &call, target.unwrap_or_default())?;
                }
                _ => {
                    let mut fault = fault::from_answer(&call, &response);
                    fault.error.message = self.credentials.hide(&fault.error.message);
                    return Err(fault);
                }
            }
        }
        Err(Fault::nonsense(format!("GitHub moves {} on and on", url.path())))
    }

    fn read(&self, call: String, url: &Url, response: &http::Response<Bytes>) -> Result<Answer, Fault> {
        let body = serde_json::from_slice(response.body())
            .map_err(|_| Fault::nonsense(format!("the answer to {call} is no JSON")))?;
        if response.headers().contains_key(MARK) {
            self.is_marked.store(true, Ordering::Relaxed);
        } else if self.is_marked.load(Ordering::Relaxed) {
            return Err(Fault::nonsense(format!(
                "the answer to {call} does not come from GitHub: no {MARK}"
            )));
        }
        let (linked, next) = self.linked(&call, url, response)?;
        let etag = response.headers().get(ETAG).and_then(|value| Some(value.to_str().ok()?.to_owned()));
        Ok(Answer { call, body, next, etag, unchanged: false, linked })
    }

    /// Whether there is a `Link` header, and where it says that the list goes on.
    fn linked(
        &self,
        call: &str,
        url: &Url,
        response: &http::Response<Bytes>,
    ) -> Result<(bool, Option<Url>), Fault> {
        let Some(header) = response.headers().get(LINK) else { return Ok((false, None)) };
        let target = header.to_str().ok().and_then(link::next);
        Ok((true, target.map(|target| self.own(url, call, target)).transpose()?))
    }
}

/// A text as one part of a path.
pub(crate) fn segment(text: &str) -> String {
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        text => utf8_percent_encode(text, PLAIN).to_string(),
    }
}
