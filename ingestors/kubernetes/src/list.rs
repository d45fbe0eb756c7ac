//! Lists in pages: as many objects as fit, from the place where the page before ended.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api::{Api, JSON};
use crate::discovery::Resource;
use crate::fault::Fault;
use crate::object::Object;
use crate::selection::Scope;

/// Objects a page: what kubectl asks for.
const PAGE: u32 = 500;
/// Objects a page of which only the metadata is read.
const SLIM_PAGE: u32 = 1_000;
/// Most objects a page.
const MOST: u32 = 1_000;

/// Metadata only, of lists and of single objects.
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
pub(crate) const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Page<T> {
    /// There in every list, whatever it is called.
    #[serde(rename = "kind")]
    _kind: String,
    pub metadata: PageMeta,
    #[serde(deserialize_with = "list")]
    pub items: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageMeta {
    /// The state of the cluster that all pages of a list show. Empty where a server has none.
    #[serde(default)]
    pub resource_version: String,
    /// Where the next page starts; empty after the last.
    #[serde(default, rename = "continue")]
    pub next: String,
}

/// A list; null where there are none.
fn list<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(from).map(Option::unwrap_or_default)
}

/// Reads one list, page after page.
pub(crate) struct Pages<'a> {
    api: &'a Api,
    resource: &'a Resource,
    scope: &'a Scope,
    size: u32,
    accept: &'static str,
    /// What is done, in Kubernetes' words.
    pub call: String,
}

impl<'a> Pages<'a> {
    /// Whole objects.
    pub fn whole(api: &'a Api, resource: &'a Resource, scope: &'a Scope) -> Self {
        Self::new(api, resource, scope, PAGE, JSON)
    }

    /// Objects of which the API server is asked for the metadata only.
    pub fn slim(api: &'a Api, resource: &'a Resource, scope: &'a Scope) -> Self {
        Self::new(api, resource, scope, SLIM_PAGE, METADATA_LIST)
    }

    fn new(api: &'a Api, resource: &'a Resource, scope: &'a Scope, usual: u32, accept: &'static str) -> Self {
        let size = api.page_size.unwrap_or(usual).clamp(1, MOST);
        let call = format!("list {}{}", resource.name(), scope.place());
        Self { api, resource, scope, size, accept, call }
    }

    /// Asks for a single object at most.
    pub fn single(mut self) -> Self {
        self.size = 1;
        self
    }

    /// The page that starts at a token, or the first. A page that is larger than an answer may be is asked for again with
    /// half as many objects.
    ///
    /// # Errors
    /// What the API server or the network said; [`Fault::is_gone`] where the token is too old.
    pub async fn read<T: DeserializeOwned>(&mut self, token: &str) -> Result<Page<T>, Fault> {
        let path = self.resource.path(self.scope.namespace.as_deref());
        loop {
            let mut query = vec![("limit", self.size.to_string())];
            query.extend(self.scope.parameters());
            if !token.is_empty() {
                query.push(("continue", token.to_owned()));
            }
            match self.api.read(&self.call, &path, &query, self.accept).await {
                Err(fault) if fault.too_large && self.size > 1 => self.size /= 2,
                result => return result,
            }
        }
    }

    /// The state of the cluster now.
    ///
    /// # Errors
    /// As [`Pages::read`].
    pub async fn version(self) -> Result<String, Fault> {
        let page: Page<Object> = self.single().read("").await?;
        Ok(page.metadata.resource_version)
    }
}
