//! Who acts, and in which role: found out once a request; a role that is refused is on record like any denial.

use std::sync::Arc;

use super::App;
use crate::audit;
use crate::authn::{self, ActingRole, Credentials, Origin, Viewer};
use crate::authz::policy::Policy;
use crate::authz::{Operation, Rights};
use crate::error::{Error, Result};

impl App {
    /// Who is behind these credentials.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::RoleRefused`] for a role not held.
    pub async fn authenticate(&self, credentials: Credentials<'_>, origin: &Origin) -> Result<Viewer> {
        let (tokens, news, issuers, policy) =
            (&self.tokens, &self.news, &self.issuers, self.policy.snapshot());
        let reaches_all = |role: &ActingRole| policy.reaches_all(role);
        let viewer = authn::authenticate(
            &self.db,
            tokens,
            issuers,
            news,
            &self.vault,
            &self.clock,
            credentials,
            reaches_all,
        )
        .await;
        if let Err(error) = &viewer {
            self.record_refused_role(error, origin).await;
        }
        viewer
    }

    /// What a viewer may in the role he acts in, and the policy that says so.
    ///
    /// # Errors
    /// [`Error::RoleRefused`] when the role is not in force; it is on record.
    pub(super) async fn acting(
        &self,
        viewer: &Viewer,
        origin: &Origin,
    ) -> Result<(Arc<Policy>, Arc<Rights>)> {
        let mut policy = self.policy.snapshot();
        if policy.rights_of(viewer).is_none() {
            // A role that another instance has just made.
            self.refresh_policy().await;
            policy = self.policy.snapshot();
        }
        if let Some(rights) = policy.rights_of(viewer) {
            return Ok((policy, rights));
        }
        let who = viewer.identity().ok_or_else(|| Error::bug("nobody is known to the policy"))?;
        let (user, tenant, client) = (who.user, who.tenant, who.client);
        let refused = Error::RoleRefused { user, tenant, client, reason: "this role is not in force" };
        self.record_refused_role(&refused, origin).await;
        Err(refused)
    }

    /// What is asked by nobody known, outside of GraphQL.
    ///
    /// # Errors
    /// [`Error::Internal`] when the policy does not know who is not signed in.
    pub fn doorstep(&self, origin: Origin) -> Result<Arc<Operation>> {
        let nobody = self.policy.snapshot().rights_of(&Viewer::anonymous());
        let rights = nobody.ok_or_else(|| Error::bug("nobody is known to the policy"))?;
        Ok(self.operation(Viewer::anonymous(), origin, rights))
    }

    pub(super) fn operation(&self, viewer: Viewer, origin: Origin, rights: Arc<Rights>) -> Arc<Operation> {
        Arc::new(self.own_operation(viewer, origin, rights))
    }

    pub(super) fn own_operation(&self, viewer: Viewer, origin: Origin, rights: Arc<Rights>) -> Operation {
        let (clock, db, news) = (self.clock.clone(), self.db.clone(), self.news.clone());
        let keys = Arc::new(self.vault.open_keys());
        Operation::new(viewer, origin, rights, clock, keys, db, news)
    }

    /// A refusal stays what it is, whether or not it goes on record.
    async fn record_refused_role(&self, error: &Error, origin: &Origin) {
        let Error::RoleRefused { user, tenant, client, .. } = *error else { return };
        let recorded = async {
            let operation = self.doorstep(origin.clone())?;
            let policy = self.policy.snapshot();
            let entry = audit::refused_role(&operation, (user, tenant, client), policy.version())?;
            self.journal.record(vec![entry]).await
        };
        if let Err(error) = recorded.await {
            error.log();
        }
    }
}
