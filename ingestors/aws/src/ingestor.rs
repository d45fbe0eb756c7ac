//! The ingestor itself: settings, sign-in, then kind by kind.

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Descriptor, Discreet, IngestError, Ingestor, KindRequest, Settings, Sink, SourceError, read_kind,
};
use portolan_schema::{Code, Pointer, Problems};
use serde_json::Value;

use crate::accounts::{self, Account};
use crate::descriptor::descriptor;
use crate::kinds::regional::{self, Region};
use crate::kinds::{self, account, bucket, region};
use crate::policy;
use crate::session::Session;
use crate::settings::{self, Config};

/// Hold tokens of roles that were assumed.
const SECRET_HEADERS: &[&str] = &["x-amz-security-token"];

/// Reads Amazon Web Services.
pub struct Aws {
    descriptor: Descriptor,
}

impl Aws {
    pub fn new() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Default for Aws {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Ingestor for Aws {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn uses_external_id(&self) -> bool {
        true
    }

    fn policy(&self, config: &Value, kinds: &[&str]) -> Option<Value> {
        Some(policy::of(config, kinds))
    }

    fn validate(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        settings::parse(settings, context).map(drop)
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        let (config, keys) = settings::parse(settings, context)?;
        let context = &Discreet::wrap(context, settings, SECRET_HEADERS);
        let asked = async {
            let session = accounts::open_one(&config, &keys, context).await?;
            check_regions(&session, &config).await
        };
        context.check_unless_cancelled("AWS", asked).await
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let (config, keys) = settings::parse(settings, context)?;
        let context = &Discreet::wrap(context, settings, SECRET_HEADERS);
        let work = async {
            let accounts = accounts::open(&config, &keys, context).await?;
            let run = Run { accounts, config, sink };
            run.all(kinds).await
        };
        context.unless_cancelled(work).await
    }
}

/// Regions that are named must exist and be enabled, as far as we may ask.
async fn check_regions(session: &Session, config: &Config) -> Result<(), Problems> {
    let enabled = match region::list(session).await {
        Ok(regions) => region::names(&regions),
        Err(error) if error.code == Code::UpstreamForbidden && !config.wants_all_regions() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut problems = Problems::default();
    let at = Pointer::root().key("config").key("regions");
    for (index, name) in config.regions.iter().enumerate() {
        if !config.wants_all_regions() && !enabled.contains(name) {
            let message = format!("the region {name} does not exist or is not enabled for the account");
            problems.add(Code::InvalidValue, at.index(index), message);
        }
    }
    problems.into_result(())
}

/// One collection.
struct Run<'a> {
    accounts: Vec<Account>,
    config: Config,
    sink: &'a dyn Sink,
}

impl Run<'_> {
    async fn all(&self, kinds: &[KindRequest]) -> Result<(), IngestError> {
        let names = self.regions(kinds).await;
        let mut regions: Vec<Region<'_>> = Vec::new();
        for (account, names) in self.accounts.iter().zip(&names) {
            match (&account.session, names) {
                (Ok(session), Ok(names)) => {
                    regions.extend(names.iter().map(|name| Ok((session, name.as_str()))));
                }
                (Err(error), _) | (_, Err(error)) => regions.push(Err(error.clone())),
            }
        }
        for request in kinds {
            read_kind(self.sink, &request.kind, self.one(request, &regions)).await?;
        }
        Ok(())
    }

    async fn one(&self, request: &KindRequest, regions: &[Region<'_>]) -> Result<(), IngestError> {
        let kind = request.kind.as_str();
        if let Some(list) = kinds::regional(request)? {
            return regional::collect(&*list, regions, self.sink).await;
        }
        if let Some(list) = kinds::global(request)? {
            return regional::collect(&*list, &self.homes(), self.sink).await;
        }
        match kind {
            _ if kind == account::KIND.name => account::collect(&self.accounts, self.sink).await,
            _ if kind == region::KIND.name => region::collect(&self.homes(), self.sink).await,
            _ if kind == bucket::KIND.name => bucket::collect(&self.homes(), self.sink).await,
            _ => {
                let known = kinds::ALL.map(|kind| kind.name).join(", ");
                let message = format!(
                    "aws has no kind \"{kind}\"; its kinds are {known}, and any AWS::SERVICE::RESOURCE of AWS's"
                );
                Err(SourceError::new(Code::InvalidMapping, message).into())
            }
        }
    }

    /// Each account, in the region where what belongs to none is asked for.
    fn homes(&self) -> Vec<Region<'_>> {
        let sessions = self.accounts.iter().map(|account| account.session.as_ref());
        sessions
            .map(|session| session.map(|it| (it, it.home_region.as_str())).map_err(Clone::clone))
            .collect()
    }

    /// The regions to read of each account. Asked once a run, and only if a requested kind needs them; a failure is each
    /// such kind's.
    async fn regions(&self, requests: &[KindRequest]) -> Vec<Result<Vec<String>, SourceError>> {
        let needed = requests.iter().any(|request| kinds::is_regional(&request.kind));
        let mut all = Vec::with_capacity(self.accounts.len());
        for account in &self.accounts {
            all.push(match &account.session {
                Ok(session) if self.config.wants_all_regions() && needed => {
                    let enabled = region::list(session).await.map_err(|error| session.in_account(error));
                    enabled.map(|regions| region::names(&regions))
                }
                _ => Ok(self.config.regions.clone()),
            });
        }
        all
    }
}
