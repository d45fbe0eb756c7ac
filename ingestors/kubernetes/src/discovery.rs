//! Which resources a cluster serves, in both forms in which API servers tell: aggregated (two answers for all), and plain
//! (an answer a group and version, asked for when it is needed).

mod answers;

use std::collections::HashMap;
use std::sync::Arc;

use portolan_ingestor_contract::SourceError;
use portolan_schema::Code;
use tokio::sync::Mutex;

use crate::api::{Api, JSON};
use crate::fault::Fault;
use crate::kinds::{self, KindName};

/// The aggregated form, the newest first; servers that do not know it answer in the plain one.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A kind of object that a cluster serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub group: String,
    pub version: String,
    pub plural: String,
    /// Such as `Deployment`.
    pub kind: String,
    pub namespaced: bool,
    pub verbs: Vec<String>,
    /// The singular and short names.
    pub other_names: Vec<String>,
}

impl Resource {
    /// `pods`, `deployments.apps`.
    pub fn name(&self) -> String {
        match self.group.as_str() {
            "" => self.plural.clone(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Where the resource is listed.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "api" } else { "apis" };
        let namespace = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
        format!("/{root}/{}{namespace}/{}", self.api_version(), self.plural)
    }

    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|one| one == verb)
    }

    fn is_called(&self, name: &str) -> bool {
        self.kind.eq_ignore_ascii_case(name) || self.other_names.iter().any(|other| other == name)
    }
}

/// A group with its versions, the preferred one first.
#[derive(Debug)]
struct Group {
    name: String,
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    name: String,
    /// None where they have to be asked for.
    resources: Option<Arc<Vec<Resource>>>,
    /// The server that serves it could not be asked: what is missing may be there.
    stale: bool,
}

/// What a cluster serves.
pub(crate) struct Discovery {
    /// The core group first.
    groups: Vec<Group>,
    /// Resources of groups and versions, where they had to be asked for.
    asked: Mutex<HashMap<String, Arc<Vec<Resource>>>>,
}

impl Discovery {
    /// Asks for all groups.
    ///
    /// # Errors
    /// Where the address cannot be reached, the credentials are refused, or no API server is there.
    pub async fn open(api: &Api) -> Result<Self, SourceError> {
        let mut groups = Vec::new();
        for path in ["/api", "/apis"] {
            let call = format!("get {path}");
            let answer = api.get(&call, path, &[], AGGREGATED).await?;
            groups.extend(answers::groups(path, answer.body()).ok_or_else(|| Fault::nonsense(&call))?);
        }
        Ok(Self { groups, asked: Mutex::default() })
    }

    /// Whether everything is known without asking again.
    pub fn is_whole(&self) -> bool {
        self.groups.iter().flat_map(|group| &group.versions).all(|version| version.resources.is_some())
    }

    /// Finds the resource that a mapping's kind names.
    ///
    /// # Errors
    /// `INVALID_MAPPING` where there is none; what the API server said where that cannot be known.
    pub async fn find(&self, api: &Api, name: &str) -> Result<Resource, SourceError> {
        let Some(parsed) = KindName::parse(name) else { return Err(unknown(api, name, None)) };
        let mut search = Search { discovery: self, api, trouble: None, hint: None };
        let found = match parsed {
            KindName::Full { group, version, plural } => search.look(group, Some(version), plural).await?,
            KindName::Dotted { plural, rest } => match search.look(rest, None, plural).await? {
                Some(found) => Some(found),
                None => match rest.split_once('.') {
                    Some((version, group)) => search.look(group, Some(version), plural).await?,
                    // `pods.v1` of the core group.
                    None => search.look("", Some(rest), plural).await?,
                },
            },
            KindName::Plain(plural) => match kinds::group_of(plural) {
                Some(group) => search.look(group, None, plural).await?,
                None => search.look_everywhere(plural).await?,
            },
        };
        match (found, search.trouble) {
            (Some(found), _) => Ok(found),
            (None, Some(trouble)) => Err(trouble),
            (None, None) => Err(unknown(api, name, search.hint.as_ref())),
        }
    }

    async fn resources(
        &self,
        api: &Api,
        group: &Group,
        version: &Version,
    ) -> Result<Arc<Vec<Resource>>, Fault> {
        if let Some(resources) = &version.resources {
            return Ok(Arc::clone(resources));
        }
        let path = match group.name.as_str() {
            "" => format!("/api/{}", version.name),
            name => format!("/apis/{name}/{}", version.name),
        };
        let mut asked = self.asked.lock().await;
        if let Some(resources) = asked.get(&path) {
            return Ok(Arc::clone(resources));
        }
        let call = format!("get {path}");
        let resources = match api.get(&call, &path, &[], JSON).await {
            Ok(answer) => answers::resources(&group.name, &version.name, answer.body())
                .ok_or_else(|| Fault::nonsense(&call))?,
            // Removed since the groups were listed.
            Err(fault) if fault.status == Some(404) => Vec::new(),
            Err(fault) => return Err(fault),
        };
        let resources = Arc::new(resources);
        asked.insert(path, Arc::clone(&resources));
        Ok(resources)
    }
}

fn unknown(api: &Api, name: &str, hint: Option<&Resource>) -> SourceError {
    let hint = match hint {
        Some(resource) => format!("did you mean \"{}\"?", resource.name()),
        None => "name a kind as pods, deployments.apps or apps/v1/deployments".to_owned(),
    };
    let message = format!("the cluster {} serves no kind \"{name}\"; {hint}", api.cluster);
    SourceError::new(Code::InvalidMapping, message)
}

/// A search that goes on where a group cannot be asked.
struct Search<'a> {
    discovery: &'a Discovery,
    api: &'a Api,
    /// Why something may have been overlooked.
    trouble: Option<SourceError>,
    /// What has another name that was asked for.
    hint: Option<Resource>,
}

impl Search<'_> {
    async fn look(
        &mut self,
        group: &str,
        version: Option<&str>,
        plural: &str,
    ) -> Result<Option<Resource>, SourceError> {
        for found in self.discovery.groups.iter().filter(|found| found.name == group) {
            if let Some(resource) = self.look_in(found, version, plural).await? {
                return Ok(Some(resource));
            }
        }
        Ok(None)
    }

    async fn look_everywhere(&mut self, plural: &str) -> Result<Option<Resource>, SourceError> {
        for group in &self.discovery.groups {
            if let Some(resource) = self.look_in(group, None, plural).await? {
                return Ok(Some(resource));
            }
        }
        Ok(None)
    }

    async fn look_in(
        &mut self,
        group: &Group,
        wanted: Option<&str>,
        plural: &str,
    ) -> Result<Option<Resource>, SourceError> {
        for version in group.versions.iter().filter(|one| wanted.is_none_or(|wanted| wanted == one.name)) {
            let resources = match self.discovery.resources(self.api, group, version).await {
                Ok(resources) => resources,
                Err(fault) => match fault.error.code {
                    Code::UpstreamFailed | Code::UpstreamForbidden => {
                        self.trouble.get_or_insert(fault.error);
                        continue;
                    }
                    _ => return Err(fault.error),
                },
            };
            if let Some(found) = resources.iter().find(|resource| resource.plural == plural) {
                return Ok(Some(found.clone()));
            }
            if version.stale {
                let message = format!(
                    "the API server cannot say what {}/{} serves at present",
                    group.name, version.name
                );
                self.trouble.get_or_insert_with(|| SourceError::failed(message));
            }
            if self.hint.is_none() {
                self.hint = resources.iter().find(|resource| resource.is_called(plural)).cloned();
            }
        }
        Ok(None)
    }
}
