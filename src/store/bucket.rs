//! Objects of a bucket of an S3 service.

use std::error::Error as StdError;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpError, HttpErrorKind};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, RetryConfig,
};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use super::{Listed, ObjectName, Result, StoreError, blocking, name};
use crate::config::Config;

/// How many objects are held in memory to be put.
const PUT_AT_ONCE: usize = 2;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);

/// How long one request may take, of 10 MiB at most.
const REQUEST: Duration = Duration::from_secs(20);

/// How often, and for how long, a request that failed is tried again.
const RETRIES: usize = 2;
const RETRY: Duration = Duration::from_secs(20);

/// A part of a bucket.
#[derive(Clone)]
pub(super) struct Bucket {
    /// Exchanged when its credentials are.
    store: Arc<ArcSwap<AmazonS3>>,
    prefix: Key,
    putting: Arc<Semaphore>,
}

impl Bucket {
    /// Without credentials they are those that the machine has by its role.
    pub(super) fn open(config: &Config, bucket: &str, prefix: &str) -> Result<Self> {
        let backoff = BackoffConfig { max_backoff: Duration::from_secs(1), ..BackoffConfig::default() };
        let is_plain = config.store_endpoint.as_ref().is_some_and(|url| !url.is_encrypted());
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT)
            .with_timeout(REQUEST)
            .with_allow_http(is_plain);
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&config.store_region)
            .with_client_options(client)
            .with_retry(RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY });
        if let Some(endpoint) = &config.store_endpoint {
            builder = builder.with_endpoint(endpoint.to_string());
        }
        if let (Some(access), Some(secret)) = (&config.store_access_key, &config.store_secret_key) {
            let (access, secret) = (access.expose_secret(), secret.expose_secret());
            builder = builder.with_access_key_id(access).with_secret_access_key(secret);
        }
        let store = builder.build().map_err(|error| said(&error))?;
        let prefix = Key::parse(prefix).map_err(|error| said(&error.into()))?;
        let store = Arc::new(ArcSwap::from_pointee(store));
        Ok(Self { store, prefix, putting: Arc::new(Semaphore::new(PUT_AT_ONCE)) })
    }

    /// Goes on with the credentials of another, of the same bucket. What is under way goes on as it began.
    pub(super) fn renew(&self, other: &Self) {
        self.store.store(other.store.load_full());
    }

    fn key(&self, name: ObjectName) -> Key {
        self.prefix.clone().join(name.folder()).join(name.to_string())
    }

    pub(super) async fn put(&self, name: ObjectName, spooled: &Path) -> Result<()> {
        let _turn = self.putting.acquire().await.map_err(|_| StoreError::Unfinished)?;
        let spooled = spooled.to_owned();
        let bytes = blocking(move || Ok(std::fs::read(spooled)?)).await?;
        // `If-None-Match: *`, which some services pass over; the names of objects do not repeat anyway.
        let put =
            self.store.load_full().put_opts(&self.key(name), bytes.into(), PutMode::Create.into()).await;
        put.map(drop).map_err(|error| said(&error))
    }

    pub(super) async fn read(&self, name: ObjectName, length: u64, range: Range<u64>) -> Result<Vec<u8>> {
        let failed = |error: Error| match error {
            Error::NotFound { .. } => StoreError::Missing(name),
            other => said(&other),
        };
        let options = GetOptions::new().with_range(Some(range));
        let found = self.store.load_full().get_opts(&self.key(name), options).await.map_err(failed)?;
        if found.meta.size != length {
            return Err(StoreError::Damaged(name));
        }
        Ok(found.bytes().await.map_err(failed)?.into())
    }

    pub(super) async fn delete(&self, name: ObjectName) -> Result<()> {
        match self.store.load_full().delete(&self.key(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(said(&error)),
        }
    }

    pub(super) async fn list(&self, beginning: u8, before: DateTime<Utc>) -> Result<Listed> {
        let folder = self.prefix.clone().join(name::folder(beginning));
        let store = self.store.load_full();
        let names = store.list(Some(&folder)).try_filter_map(async |object| {
            let name = object.location.filename().and_then(ObjectName::parse);
            Ok(name.filter(|_| object.last_modified < before))
        });
        let names = names.try_collect().await.map_err(|error| said(&error))?;
        Ok(Listed { names, ..Listed::default() })
    }
}

/// What went wrong, in our words: the texts of others hold addresses, and what the service says may repeat credentials.
fn said(error: &Error) -> StoreError {
    let text = match error {
        Error::NotFound { .. } => "no such bucket",
        Error::PermissionDenied { .. } => "the credentials are refused, or lack a permission",
        Error::Unauthenticated { .. } => "the credentials are refused",
        Error::AlreadyExists { .. } | Error::Precondition { .. } => "there is an object of this name",
        other => match kind(other) {
            Some(HttpErrorKind::Connect) => "no connection",
            Some(HttpErrorKind::Timeout) => "no answer in time",
            Some(_) => "no conversation",
            None => "the service fails, or speaks otherwise",
        },
    };
    StoreError::Unavailable(text.to_owned())
}

/// How the conversation failed, if it did.
fn kind(error: &Error) -> Option<HttpErrorKind> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<HttpError>() {
            return Some(error.kind());
        }
        next = cause.source();
    }
    None
}
