//! Kind `s3-bucket`: the account's buckets of all regions, each with what its own calls tell.

mod details;

use aws_sdk_s3::types::Bucket;
use aws_smithy_types::date_time::Format;
use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{IngestError, KindDescription, MAX_BATCH, Sink, SourceError, send};
use serde_json::{Map, Value, json};

use self::details::{Details, Reader};
use super::regional::{self, Region};
use crate::fault;
use crate::item::Added;
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "s3-bucket",
    title: "S3 buckets",
    description: "A bucket as s3:ListBuckets lists it, with __Region, __Tags, __Versioning, __Encryption, \
        __PublicAccessBlock and __PublicAccessBlocked from the bucket's own calls. What may not be read is null.",
    permissions: &[
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation",
        "s3:GetBucketTagging (optional)",
        "s3:GetBucketVersioning (optional)",
        "s3:GetEncryptionConfiguration (optional)",
        "s3:GetBucketPublicAccessBlock (optional)",
    ],
};

/// The bounds AWS sets on a page; the largest is used unasked.
const PAGE: (i32, i32) = (1, 10_000);
/// Buckets whose calls are under way at the same time.
const BUCKETS_AT_ONCE: usize = 8;
/// Pages after which something must be wrong.
const MAX_PAGES: usize = 100_000;

/// Reads the buckets of each account.
pub(crate) async fn collect(homes: &[Region<'_>], sink: &dyn Sink) -> Result<(), IngestError> {
    let reads: Vec<_> = homes.iter().map(|home| read(home, sink)).collect();
    regional::all(reads, 1).await
}

async fn read(home: &Region<'_>, sink: &dyn Sink) -> Result<(), IngestError> {
    let (session, _) = home.clone()?;
    match read_account(session, sink).await {
        Err(IngestError::Source(error)) => Err(session.in_account(error).into()),
        result => result,
    }
}

async fn read_account(session: &Session, sink: &dyn Sink) -> Result<(), IngestError> {
    let reader = Reader::new(session);
    let client = session.s3(&session.home_region);
    let most = session.page_size.and_then(|size| i32::try_from(size).ok()).unwrap_or(PAGE.1);
    let most = most.clamp(PAGE.0, PAGE.1);
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        // AWS gives tokens, and each bucket's region, only to those who set MaxBuckets, and refuses a list without it
        // to accounts that may have more than 10,000 buckets.
        let page = client
            .list_buckets()
            .max_buckets(most)
            .set_continuation_token(token.clone())
            .send()
            .await
            .map_err(|error| fault::from_sdk("s3:ListBuckets", &reader.target, &error))?;
        for batch in page.buckets().chunks(MAX_BATCH) {
            let mut items = Vec::with_capacity(batch.len());
            let reads: Vec<_> = batch.iter().map(|bucket| describe(session, &reader, bucket)).collect();
            let mut reads = stream::iter(reads).buffered(BUCKETS_AT_ONCE);
            while let Some(item) = reads.next().await {
                items.extend(item?);
            }
            reader.unread.report(sink).await?;
            send(sink, KIND.name, items).await?;
        }
        match page.continuation_token().filter(|next| !next.is_empty()) {
            None => return reader.unread.close(sink).await,
            Some(next) if token.as_deref() == Some(next) => break,
            Some(next) => token = Some(next.to_owned()),
        }
    }
    Err(SourceError::failed("AWS does not come to the end of the list of buckets").into())
}

/// The bucket's item; none where it has gone since it was listed.
async fn describe(
    session: &Session,
    reader: &Reader<'_>,
    bucket: &Bucket,
) -> Result<Option<Value>, SourceError> {
    let name = bucket.name().unwrap_or_default();
    let Some(details) = reader.read(name, bucket.bucket_region()).await? else { return Ok(None) };
    let created = bucket.creation_date().and_then(|at| at.fmt(Format::DateTime).ok());
    let mut item = Map::new();
    item.insert("Name".to_owned(), name.into());
    item.insert("CreationDate".to_owned(), json!(created));
    let Details { region, tags, versioning, encryption, public_access_block } = details;
    let blocked = public_access_block
        .as_ref()
        .and_then(Value::as_object)
        .map(|flags| flags.values().all(|flag| *flag == Value::Bool(true)));
    item.insert("__Versioning".to_owned(), json!(versioning));
    item.insert("__Encryption".to_owned(), json!(encryption));
    item.insert("__PublicAccessBlock".to_owned(), json!(public_access_block));
    item.insert("__PublicAccessBlocked".to_owned(), json!(blocked));
    let arn = format!("arn:{}:s3:::{name}", session.partition());
    let console = Some(format!("s3/buckets/{name}"));
    Added { session, region: region.as_deref(), arn, console, tags }.to(&mut item);
    Ok(Some(Value::Object(item)))
}
