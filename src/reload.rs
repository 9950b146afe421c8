//! The policy in force: compiled beside the running one and exchanged as a whole, so that no request waits for it and
//! none sees two.
//!
//! Two things change it: the files of a policy folder, and the roles of tenants' own in the database. Each instance
//! looks at both every [`INTERVAL`]; the one that changes a role looks at once. What does not compile is refused: the
//! policy in force stays, and log, `/readyz` and a metric say so.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use sea_orm::{AccessMode, DatabaseConnection};
use tokio::sync::{Mutex, OnceCell};

use crate::authz::catalog::Catalog;
use crate::authz::policy::{CustomRole, Policy, PolicyError, PolicyFiles, custom_version, load_custom};
use crate::config::Config;
use crate::database::{self, Settings, unless_gone};
use crate::error::{Error, Result};

/// How often an instance looks for changes.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// The policy that is built in: the same as long as the process runs, for however many services are in it.
static BUILT_IN: OnceCell<Policy> = OnceCell::const_new();

/// Counts changes of the policy by what became of them.
pub const RELOADS: &str = "custodian_policy_reloads_total";
/// Whether a newer policy was refused.
pub const REFUSED: &str = "custodian_policy_refused";

/// The policy in force, and what it was made of.
pub struct PolicyInForce {
    current: ArcSwap<Policy>,
    folder: Option<PathBuf>,
    introspection: bool,
    seen: Mutex<Seen>,
    is_refused: AtomicBool,
}

/// What was looked at last.
struct Seen {
    /// The files that were compiled, or refused.
    files: String,
    /// The files' part of the policy in force.
    base: Policy,
    /// The roles that were compiled; none before the first look.
    roles: Option<i64>,
}

impl PolicyInForce {
    /// Reads and compiles the configured files.
    ///
    /// # Errors
    /// [`PolicyError`]
    pub async fn load(config: &Config, catalog: Arc<Catalog>) -> Result<Self, PolicyError> {
        let folder = config.policy_dir.clone();
        let files = PolicyFiles::of(folder.as_deref())?;
        let policy = match folder {
            None => BUILT_IN.get_or_try_init(|| Policy::load(&files, catalog)).await?.clone(),
            Some(_) => Policy::load(&files, catalog).await?,
        };
        let base = shown(policy, config.introspection);
        Ok(Self {
            current: ArcSwap::from_pointee(base.clone()),
            folder,
            introspection: config.introspection,
            seen: Mutex::new(Seen { files: files.version(), base, roles: None }),
            is_refused: AtomicBool::new(false),
        })
    }

    /// The policy of one request.
    pub fn snapshot(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// Whether a newer policy was refused.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// Looks for changes and puts them in force; says whether there were any. On any error the old policy stays.
    ///
    /// # Errors
    /// [`Error::Internal`] when the new one cannot be used; [`Error::Unavailable`] when the database is away.
    pub async fn refresh(&self, db: &DatabaseConnection) -> Result<bool> {
        let mut seen = self.seen.lock().await;
        match self.look(&mut seen, db).await {
            Ok(changed) => {
                if changed {
                    metrics::counter!(RELOADS, "outcome" => "applied").increment(1);
                    tracing::info!(policy = self.current.load().version(), "policy in force");
                }
                Ok(changed)
            }
            Err(error) => {
                metrics::counter!(RELOADS, "outcome" => "failed").increment(1);
                Err(error)
            }
        }
    }

    async fn look(&self, seen: &mut Seen, db: &DatabaseConnection) -> Result<bool> {
        let mut is_new = false;
        if self.folder.is_some() {
            let files = PolicyFiles::of(self.folder.as_deref()).map_err(|error| self.refuse(error))?;
            let version = files.version();
            if version != seen.files {
                let catalog = seen.base.catalog().clone();
                let compiled = aside(async move { Policy::load(&files, catalog).await }).await?;
                // Whatever comes of it, these files are not tried again.
                seen.files = version;
                seen.base = shown(compiled.map_err(|error| self.refuse(error))?, self.introspection);
                self.accept();
                is_new = true;
            }
        }
        let known = seen.roles.filter(|_| !is_new);
        let Some((version, roles)) = unless_gone(others(db, known)).await? else { return Ok(false) };
        let base = seen.base.clone();
        let compiled = aside(async move { base.with_custom(&roles, version).await }).await?;
        let (policy, problems) = compiled.map_err(Error::internal)?;
        for (role, problem) in problems {
            tracing::warn!(?role, problem, "a role of a tenant's own is not in force");
        }
        self.current.store(Arc::new(policy));
        seen.roles = Some(version);
        Ok(true)
    }

    fn refuse(&self, error: PolicyError) -> Error {
        self.is_refused.store(true, Ordering::Relaxed);
        metrics::gauge!(REFUSED).set(1.0);
        Error::internal(error)
    }

    fn accept(&self) {
        self.is_refused.store(false, Ordering::Relaxed);
        metrics::gauge!(REFUSED).set(0.0);
    }
}

/// The roles of tenants' own with their version, unless that is known.
async fn others(db: &DatabaseConnection, known: Option<i64>) -> Result<Option<(i64, Vec<CustomRole>)>> {
    let reading = database::begin(db, AccessMode::ReadOnly, &Settings::of_policy()).await?;
    if known.is_some() && known == Some(custom_version(&reading).await?) {
        return Ok(None);
    }
    let roles = load_custom(&reading).await?;
    reading.commit().await?;
    Ok(Some(roles))
}

/// Computes on a thread of its own: compiling takes long enough to be felt by requests.
async fn aside<T: Send + 'static>(compute: impl Future<Output = T> + Send + 'static) -> Result<T> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(compute)).await.map_err(Error::internal)
}

/// With introspection, or with nobody allowed it.
fn shown(policy: Policy, introspection: bool) -> Policy {
    if introspection { policy } else { policy.without_introspection() }
}
