//! What row-level security reads of a transaction: who asks, and how far he reaches on each type.

use custodian_entity::choice::Scope;
use custodian_entity::id::{CustomerId, ResellerId, TenantId, TypedId, UserId};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

/// The settings of a transaction. What is left empty reaches no row.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The viewer's account.
    pub user: Option<UserId>,
    /// Its tenant.
    pub tenant: Option<TenantId>,
    /// Its reseller.
    pub reseller: Option<ResellerId>,
    /// Its customer.
    pub customer: Option<CustomerId>,
    /// The role acted in.
    pub role: String,
    /// The category of tickets that the role works on without being named on each.
    pub category: String,
    /// How far it reaches, made by [`scopes`].
    pub scopes: String,
}

impl Settings {
    /// Of whoever is about to be found out: every account and API client with what it hangs on. For reading only.
    pub fn of_sign_in() -> Self {
        let found = [
            "Tenant",
            "Reseller",
            "User",
            "Role",
            "RoleGrant",
            "Session",
            "RefreshToken",
            "AccountToken",
            "ApiClient",
            "DocumentLink",
            "Containment",
        ];
        Self { scopes: scopes(found.map(|kind| (kind, Scope::All))), ..Self::default() }
    }

    /// Of whoever brings the token of a letter: every confirmation, to find the one it belongs to. For reading only.
    pub fn of_verification() -> Self {
        Self { scopes: scopes([("EmailVerification", Scope::All)]), ..Self::default() }
    }

    /// Of the service itself, reading what tenants' own roles may do.
    pub fn of_policy() -> Self {
        Self { scopes: scopes([("Role", Scope::All)]), ..Self::default() }
    }

    /// Of the service itself, taking away what erased customers would be found by.
    pub fn of_erasure() -> Self {
        Self { scopes: scopes([("Customer", Scope::All)]), ..Self::default() }
    }

    /// Of the service itself, looking after documents, whosever they are.
    pub fn of_documents() -> Self {
        let scopes = scopes([("Document", Scope::All)]);
        Self { role: "anonymous".to_owned(), scopes, ..Self::default() }
    }

    /// Of the service itself, at work on the audit log, whosever entries are in it: adding to it what was read, listing,
    /// signing, verifying, shipping.
    pub fn of_audit() -> Self {
        let scopes = scopes([("AuditEvent", Scope::All), ("Disclosure", Scope::All)]);
        Self { role: "anonymous".to_owned(), scopes, ..Self::default() }
    }

    /// Of the service itself, watching the audit log, whosever entries are in it, raising alerts, and keeping out whom they
    /// are about.
    pub fn of_alerts() -> Self {
        let found = [
            "AuditEvent",
            "Disclosure",
            "SecurityAlert",
            "Containment",
            "Tenant",
            "User",
            "Role",
            "RoleGrant",
            "Session",
            "ApiClient",
            "EmailVerification",
        ];
        let scopes = scopes(found.map(|kind| (kind, Scope::All)));
        Self { role: "anonymous".to_owned(), scopes, ..Self::default() }
    }

    /// Tells them to PostgreSQL. `is_local` ties them to the transaction, so that a pooled connection never carries
    /// them over.
    #[expect(clippy::disallowed_methods, reason = "settings of the transaction are no rows")]
    pub(super) async fn apply(&self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let settings = [
            ("tenant_id", text(self.tenant.map(TypedId::uuid))),
            ("reseller_id", text(self.reseller.map(TypedId::uuid))),
            ("customer_id", text(self.customer.map(TypedId::uuid))),
            ("user_id", text(self.user.map(TypedId::uuid))),
            ("role", self.role.clone()),
            ("category", self.category.clone()),
            ("scopes", self.scopes.clone()),
        ];
        let calls = (1..).zip(&settings);
        let calls = calls.map(|(place, (name, _))| format!("set_config('custodian.{name}', ${place}, true)"));
        let sql = format!("SELECT {}", calls.collect::<Vec<_>>().join(", "));
        let values = settings.map(|(_, value)| value.into());
        transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        Ok(())
    }
}

/// Scopes by type, in the form that the policies read: `,Customer=tenant,Ticket=assigned,`.
pub fn scopes<'a>(scopes: impl IntoIterator<Item = (&'a str, Scope)>) -> String {
    let scopes = scopes.into_iter().map(|(kind, scope)| format!("{kind}={},", name(scope)));
    format!(",{}", scopes.collect::<String>())
}

/// The word that the policies know.
fn name(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "own",
        Scope::Assigned => "assigned",
        Scope::Reseller => "reseller",
        Scope::Tenant => "tenant",
        Scope::All => "all",
    }
}
