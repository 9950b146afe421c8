//! The store of documents: what is put in comes out byte for byte, or not at all.

mod damage;
mod ranges;
mod sweep;
mod way;

use std::ops::Range;
use std::sync::Arc;

use custodian::config::{Config, PublicUrl, StoreUrl};
use custodian::store::{ContentKey, ObjectName, Store, StoreError};
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tempfile::TempDir;

use crate::s3;
use crate::suite::{Suite, runtime};

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    way::register(suite);
    ranges::register(suite);
    damage::register(suite);
    sweep::register(suite);
}

/// Bytes of a content in one chunk.
const CHUNK: usize = 64 * 1024;

/// Bytes of a chunk as it is stored.
const SEALED: usize = CHUNK + 16;

/// A store of a test's own.
pub struct Place {
    /// What it is opened with.
    pub config: Config,
    /// The store.
    pub store: Store,
    /// Its objects, as whoever runs the service behind it sees them.
    raw: Arc<dyn ObjectStore>,
    /// What the keys of its objects begin with.
    prefix: Path,
    folder: TempDir,
}

/// A content that was stored.
struct Stored {
    name: ObjectName,
    key: ContentKey,
    content: Vec<u8>,
}

/// Lists a test of each kind of store.
fn each(suite: &mut Suite, name: &str, test: impl AsyncFn(Place) + Copy + Send + 'static) {
    suite.pure(name, move || runtime().block_on(test(Place::in_folder())));
    suite.s3(name, async move |s3| {
        let service = s3.start();
        test(Place::in_bucket(&service)).await;
    });
}

impl Place {
    /// A store in a folder.
    fn in_folder() -> Self {
        Self::with(|config| {
            let StoreUrl::Folder(folder) = &config.store_url else { panic!("the default is a folder") };
            // Which makes it.
            Store::open(config).unwrap();
            (Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap()), Path::default())
        })
    }

    /// A store in a part of a bucket.
    fn in_bucket(service: &s3::Store) -> Self {
        Self::with(|config| {
            service.bucket("documents");
            config.store_url = StoreUrl::parse("s3://documents/a/part").unwrap();
            config.store_endpoint = PublicUrl::parse(service.endpoint());
            config.store_access_key = Some(s3::ACCESS_KEY.into());
            config.store_secret_key = Some(s3::SECRET_KEY.into());
            let raw = AmazonS3Builder::new().with_endpoint(service.endpoint()).with_allow_http(true);
            let raw = raw.with_bucket_name("documents").with_region(&config.store_region);
            let raw = raw.with_access_key_id(s3::ACCESS_KEY).with_secret_access_key(s3::SECRET_KEY);
            (Arc::new(raw.build().unwrap()), Path::from("a/part"))
        })
    }

    /// A store as `set` configures it, which returns the way to its objects and what their keys begin with.
    pub fn with(set: impl FnOnce(&mut Config) -> (Arc<dyn ObjectStore>, Path)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = Config::for_tests("sqlite::memory:".to_owned(), folder.path().to_owned());
        let (raw, prefix) = set(&mut config);
        Self { store: Store::open(&config).unwrap(), config, raw, prefix, folder }
    }

    async fn put(&self, content: Vec<u8>) -> Stored {
        let (name, key) = (ObjectName::new().unwrap(), ContentKey::new().unwrap());
        self.put_as(name, key, content).await
    }

    async fn put_as(&self, name: ObjectName, key: ContentKey, content: Vec<u8>) -> Stored {
        let mut spool = self.store.spool(&key, &name).await.unwrap();
        // In pieces that end where chunks do not.
        for piece in content.chunks(50_021) {
            spool.write(piece).await.unwrap();
        }
        let spooled = spool.finish().await.unwrap();
        assert_eq!((spooled.size, spooled.sha256), (content.len() as u64, sha256(&content)));
        self.store.put(&spooled).await.unwrap();
        Stored { name, key, content }
    }

    /// A range of a content, or what came before an error and the error.
    async fn read(&self, stored: &Stored, range: Range<usize>) -> Result<Vec<u8>, (Vec<u8>, StoreError)> {
        let size = stored.content.len() as u64;
        self.read_as(stored.name, &stored.key, size, range).await
    }

    async fn read_as(
        &self,
        name: ObjectName,
        key: &ContentKey,
        size: u64,
        range: Range<usize>,
    ) -> Result<Vec<u8>, (Vec<u8>, StoreError)> {
        let range = range.start as u64..range.end as u64;
        let mut stream = std::pin::pin!(self.store.read(&name, key, size, range));
        let mut read = Vec::new();
        while let Some(bytes) = stream.next().await {
            match bytes {
                Ok(bytes) => read.extend_from_slice(&bytes),
                Err(error) => {
                    assert!(stream.next().await.is_none(), "nothing comes after an error");
                    return Err((read, error));
                }
            }
        }
        Ok(read)
    }

    /// The object of this name, whole and sealed.
    async fn object(&self, name: ObjectName) -> Vec<u8> {
        self.raw.get(&self.path(name)).await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// Puts something in the place of an object.
    async fn replace(&self, name: ObjectName, bytes: Vec<u8>) {
        self.raw.put(&self.path(name), bytes.into()).await.unwrap();
    }

    fn path(&self, name: ObjectName) -> Path {
        let name = name.to_string();
        self.prefix.clone().join(&name[..2]).join(name.as_str())
    }

    /// The keys of all there is, without what they begin with.
    async fn paths(&self) -> Vec<String> {
        let objects: Vec<_> = self.raw.list(Some(&self.prefix)).try_collect().await.unwrap();
        let beginning = self.prefix.as_ref();
        let rest = |path: &Path| path.as_ref()[beginning.len()..].trim_start_matches('/').to_owned();
        objects.iter().map(|object| rest(&object.location)).collect()
    }

    /// What waits in the spool.
    fn spooled(&self) -> Vec<std::path::PathBuf> {
        let files = std::fs::read_dir(self.folder.path().join("spool")).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }
}

/// Bytes that do not repeat.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| next().to_le_bytes()).collect();
    bytes.truncate(length);
    bytes
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().try_into().unwrap()
}
