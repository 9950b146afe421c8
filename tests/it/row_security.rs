//! The second wall: what the service's role reaches on PostgreSQL when the service's own row scope is not there. Raw SQL
//! in transactions that carry the settings of a viewer, as the service sends them.

mod history;
mod reach;
mod role;
mod start;

use std::collections::BTreeSet;

use custodian_entity::id::{
    AddressId, ApiClientId, CallLogId, ChangeRecordId, ContactId, CustomerId, CustomerNoteId, DocumentId,
    EmailVerificationId, IdentityCheckId, InvoiceId, InvoiceLineId, NetworkServiceId, PaymentId,
    PaymentMethodId, ResellerId, RoleGrantId, RoleId, SecurityAlertId, SecurityIncidentId, ServicePlanId,
    SessionId, SubscriptionId, TenantId, TicketId, TicketMessageId, TypedId, UserId,
};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, Statement, TransactionTrait,
};

use crate::app::TestApp;
use crate::database::connect;
use crate::rows::observed::Observed;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    history::register(suite);
    reach::register(suite);
    role::register(suite);
    start::register(suite);
}

/// The types with their tables, and a column of each that the service may change, or any.
const TABLES: [(&str, &str, &str); 27] = [
    ("Tenant", "tenant", "slug"),
    ("Reseller", "reseller", "name"),
    ("User", "user", "failed_login_count"),
    ("Role", "role", "description"),
    ("RoleGrant", "role_grant", "is_primary"),
    ("Customer", "customer", "version"),
    ("Address", "address", "line1"),
    ("Contact", "contact", "name"),
    ("CustomerNote", "customer_note", "is_pinned"),
    ("ServicePlan", "service_plan", "name"),
    ("Subscription", "subscription", "status"),
    ("NetworkService", "network_service", "circuit_id"),
    ("Invoice", "invoice", "memo"),
    ("InvoiceLine", "invoice_line", "description"),
    ("Payment", "payment", "status"),
    ("PaymentMethod", "payment_method", "is_default"),
    ("Ticket", "ticket", "subject"),
    ("TicketMessage", "ticket_message", "ticket_category"),
    ("CallLog", "call_log", "outcome"),
    ("IdentityCheck", "identity_check", "outcome"),
    ("Document", "document", "status"),
    ("EmailVerification", "email_verification", "attempt_count"),
    ("ChangeRecord", "change_record", "reseller_id"),
    ("Session", "session", "last_used_at"),
    ("ApiClient", "api_client", "token_prefix"),
    ("SecurityAlert", "security_alert", "count"),
    ("SecurityIncident", "security_incident", "affected_count"),
];

/// Tables without a type of their own.
const FURTHER: [&str; 26] = [
    "account_token",
    "alert_cursor",
    "audit_cursor",
    "audit_event",
    "audit_head",
    "casbin_rule",
    "containment",
    "customer_word",
    "disclosed_cursor",
    "disclosed_customer",
    "disclosed_list",
    "disclosed_set",
    "document_link",
    "external_identity",
    "incident_customer",
    "incident_notification",
    "letter",
    "number_series",
    "policy_version",
    "recovery_code",
    "refresh_token",
    "refund",
    "revoked_token",
    "second_factor",
    "sign_in_attempt",
    "step_up",
];

/// The stored form of an id.
fn uuid(kind: &str, id: &str) -> Uuid {
    fn of<T: TypedId>(id: &str) -> Uuid {
        T::decode(id).expect("an id of this type").uuid()
    }
    match kind {
        "Tenant" => of::<TenantId>(id),
        "Reseller" => of::<ResellerId>(id),
        "User" => of::<UserId>(id),
        "Role" => of::<RoleId>(id),
        "RoleGrant" => of::<RoleGrantId>(id),
        "Customer" => of::<CustomerId>(id),
        "Address" => of::<AddressId>(id),
        "Contact" => of::<ContactId>(id),
        "CustomerNote" => of::<CustomerNoteId>(id),
        "ServicePlan" => of::<ServicePlanId>(id),
        "Subscription" => of::<SubscriptionId>(id),
        "NetworkService" => of::<NetworkServiceId>(id),
        "Invoice" => of::<InvoiceId>(id),
        "InvoiceLine" => of::<InvoiceLineId>(id),
        "Payment" => of::<PaymentId>(id),
        "PaymentMethod" => of::<PaymentMethodId>(id),
        "Ticket" => of::<TicketId>(id),
        "TicketMessage" => of::<TicketMessageId>(id),
        "CallLog" => of::<CallLogId>(id),
        "IdentityCheck" => of::<IdentityCheckId>(id),
        "Document" => of::<DocumentId>(id),
        "EmailVerification" => of::<EmailVerificationId>(id),
        "ChangeRecord" => of::<ChangeRecordId>(id),
        "Session" => of::<SessionId>(id),
        "ApiClient" => of::<ApiClientId>(id),
        "SecurityIncident" => of::<SecurityIncidentId>(id),
        "SecurityAlert" => of::<SecurityAlertId>(id),
        other => panic!("no ids of {other}: add them here"),
    }
}

/// A connection as the service's role, past the service.
struct Raw {
    db: DatabaseConnection,
    /// What its transactions begin with.
    settings: Option<Statement>,
}

impl Raw {
    /// Without settings.
    async fn new(app: &TestApp) -> Self {
        Self { db: connect(&app.database().url).await.unwrap(), settings: None }
    }

    /// With the settings that the service sends for an account in a role.
    async fn like(app: &TestApp, observed: &Observed, username: &str, role: &str) -> Self {
        let (response, statements) = observed.run(username, role, "{ viewer { id } }").await;
        assert!(response.errors.is_empty(), "{username}: {:?}", response.errors);
        let settings = statements.into_iter().find(|statement| statement.sql.contains("set_config"));
        Self {
            settings: Some(settings.expect("each transaction begins with its settings")),
            ..Self::new(app).await
        }
    }

    /// With these settings.
    async fn told(app: &TestApp, settings: &[(&str, String)]) -> Self {
        let calls =
            settings.iter().map(|(name, value)| format!("set_config('custodian.{name}', '{value}', true)"));
        let sql = format!("SELECT {}", calls.collect::<Vec<_>>().join(", "));
        let settings = Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        Self { settings: Some(settings), ..Self::new(app).await }
    }

    async fn begin(&self) -> DatabaseTransaction {
        let transaction = self.db.begin().await.unwrap();
        if let Some(settings) = &self.settings {
            transaction.query_one_raw(settings.clone()).await.unwrap();
        }
        transaction
    }

    /// Executes a statement, takes it back, and says how many rows it changed, or with which SQLSTATE it was refused.
    async fn attempt(&self, sql: &str) -> Result<u64, String> {
        let transaction = self.begin().await;
        let outcome = transaction.execute_unprepared(sql).await;
        transaction.rollback().await.unwrap();
        match outcome {
            Ok(done) => Ok(done.rows_affected()),
            Err(DbErr::Exec(RuntimeErr::SqlxError(error))) => {
                Err(error.as_database_error().unwrap().code().unwrap().into_owned())
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }

    /// The ids of the rows of a table that are there.
    async fn ids(&self, table: &str) -> BTreeSet<Uuid> {
        let transaction = self.begin().await;
        let rows = transaction.query_all_raw(sql(&format!("SELECT id FROM \"{table}\""))).await.unwrap();
        transaction.rollback().await.unwrap();
        rows.iter().map(|row| row.try_get("", "id").unwrap()).collect()
    }

    /// How many rows of a table are there.
    async fn count(&self, table: &str) -> i64 {
        let transaction = self.begin().await;
        let count = count(&transaction, table).await;
        transaction.rollback().await.unwrap();
        count
    }
}

async fn count(db: &impl ConnectionTrait, table: &str) -> i64 {
    let row = db.query_one_raw(sql(&format!("SELECT count(*) AS n FROM \"{table}\""))).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

fn sql(text: &str) -> Statement {
    Statement::from_string(sea_orm::DbBackend::Postgres, text)
}

/// A refusal, as a missing right and a violated policy are told.
const REFUSED: &str = "42501";
