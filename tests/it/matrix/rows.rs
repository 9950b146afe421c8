//! The rows that the matrix is executed on: the demo data with a value in every cell, and what the database holds.

use std::collections::BTreeMap;

use custodian_entity::id::*;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Statement};

use crate::app::TestApp;
use crate::fixture;
use crate::past::{add, by_name, is_sealed, rewrite, texts};

/// A type of the schema with the table that holds its rows, and how its ids are written.
pub struct Stored {
    /// `Customer`
    pub name: &'static str,
    /// `customer`
    pub table: &'static str,
    encode: fn(Uuid) -> String,
}

fn encode<T: TypedId>(id: Uuid) -> String {
    T::from_uuid(id).encode()
}

/// Every type that has rows.
#[rustfmt::skip]
pub const STORED: [Stored; 28] = [
    Stored { name: "Tenant", table: "tenant", encode: encode::<TenantId> },
    Stored { name: "Reseller", table: "reseller", encode: encode::<ResellerId> },
    Stored { name: "User", table: "user", encode: encode::<UserId> },
    Stored { name: "Role", table: "role", encode: encode::<RoleId> },
    Stored { name: "RoleGrant", table: "role_grant", encode: encode::<RoleGrantId> },
    Stored { name: "Customer", table: "customer", encode: encode::<CustomerId> },
    Stored { name: "Address", table: "address", encode: encode::<AddressId> },
    Stored { name: "Contact", table: "contact", encode: encode::<ContactId> },
    Stored { name: "CustomerNote", table: "customer_note", encode: encode::<CustomerNoteId> },
    Stored { name: "ServicePlan", table: "service_plan", encode: encode::<ServicePlanId> },
    Stored { name: "Subscription", table: "subscription", encode: encode::<SubscriptionId> },
    Stored { name: "NetworkService", table: "network_service", encode: encode::<NetworkServiceId> },
    Stored { name: "Invoice", table: "invoice", encode: encode::<InvoiceId> },
    Stored { name: "InvoiceLine", table: "invoice_line", encode: encode::<InvoiceLineId> },
    Stored { name: "Payment", table: "payment", encode: encode::<PaymentId> },
    Stored { name: "PaymentMethod", table: "payment_method", encode: encode::<PaymentMethodId> },
    Stored { name: "Ticket", table: "ticket", encode: encode::<TicketId> },
    Stored { name: "TicketMessage", table: "ticket_message", encode: encode::<TicketMessageId> },
    Stored { name: "CallLog", table: "call_log", encode: encode::<CallLogId> },
    Stored { name: "IdentityCheck", table: "identity_check", encode: encode::<IdentityCheckId> },
    Stored { name: "Document", table: "document", encode: encode::<DocumentId> },
    Stored { name: "EmailVerification", table: "email_verification", encode: encode::<EmailVerificationId> },
    Stored { name: "ChangeRecord", table: "change_record", encode: encode::<ChangeRecordId> },
    Stored { name: "AuditEvent", table: "audit_event", encode: encode::<AuditEventId> },
    Stored { name: "Session", table: "session", encode: encode::<SessionId> },
    Stored { name: "ApiClient", table: "api_client", encode: encode::<ApiClientId> },
    Stored { name: "SecurityAlert", table: "security_alert", encode: encode::<SecurityAlertId> },
    Stored { name: "SecurityIncident", table: "security_incident", encode: encode::<SecurityIncidentId> },
];

const TIME: &str = "'2026-01-05T10:00:00+00:00'";

/// Columns that are null in rows of the demo data, and what is put there.
#[rustfmt::skip]
const EMPTY: [(&str, &str, &str); 61] = [
    ("user", "locked_until", TIME),
    ("role_grant", "expires_at", "'2100-01-01T00:00:00+00:00'"),
    ("customer", "first_name", "'Grace'"),
    ("customer", "last_name", "'Hopper'"),
    ("customer", "company_name", "'Hopper Engines'"),
    ("customer", "email", "customer_number || '@mail.example'"),
    ("customer", "billing_email", "'bills-' || customer_number || '@mail.example'"),
    ("customer", "phone", "'+34612345678'"),
    ("customer", "date_of_birth", "'1984-03-09'"),
    ("customer", "government_id_type", "'PASSPORT'"),
    ("customer", "government_id_country", "'ES'"),
    ("customer", "government_id_number", "'X1234567L'"),
    ("customer", "tax_id", "'B12345678'"),
    ("customer", "language", "'en'"),
    ("customer", "external_reference", "'REF-' || customer_number"),
    ("customer", "account_manager_id", "(SELECT id FROM \"user\" WHERE username = 'support@acme.example')"),
    ("customer", "email_verified_at", TIME),
    ("customer", "credit_limit", "50000"),
    ("customer", "risk_score", "12"),
    ("customer", "retention_expires_at", "'2030-01-01'"),
    ("customer", "anonymized_at", TIME),
    ("address", "line2", "'Second floor'"),
    ("address", "subdivision", "'Madrid'"),
    ("address", "access_instructions", "'Gate code 4711'"),
    ("contact", "job_title", "'Head of Accounting'"),
    ("service_plan", "download_kbps", "100000"),
    ("service_plan", "upload_kbps", "50000"),
    ("service_plan", "data_cap_bytes", "5000000000"),
    ("subscription", "status_reason", "'Moved'"),
    ("subscription", "suspended_at", TIME),
    ("subscription", "end_date", "'2030-01-01'"),
    ("subscription", "next_billing_date", "'2026-07-01'"),
    ("subscription", "radius_username", "'line-0007@acme.example'"),
    ("network_service", "ipv4", "'192.0.2.77'"),
    ("network_service", "ipv6_prefix", "'2001:db8:5:100::/56'"),
    ("network_service", "mac_addresses", "'3C:84:6A:12:34:56'"),
    ("invoice", "memo", "'Thank you'"),
    ("invoice", "internal_note", "'Agreed by phone'"),
    ("invoice", "void_reason", "'Issued twice'"),
    ("invoice", "paid_at", TIME),
    ("payment", "paid_at", TIME),
    ("payment", "failure_code", "'DECLINED'"),
    ("payment", "processor_reference", "'psp_0001'"),
    ("payment", "recorded_by", "(SELECT id FROM \"user\" WHERE username = 'billing@acme.example')"),
    // Of every customer, those of the one that the role reaches among them.
    ("payment", "method_id", "(SELECT id FROM payment_method WHERE payment_method.customer_id = payment.customer_id LIMIT 1)"),
    ("payment_method", "brand", "'VISA'"),
    ("payment_method", "last4", "'1234'"),
    ("payment_method", "exp_month", "7"),
    ("payment_method", "exp_year", "2031"),
    ("payment_method", "bank_name", "'Harbour Savings Bank'"),
    ("payment_method", "holder_name", "'Grace Hopper'"),
    ("payment_method", "iban", "'GB82WEST12345698765432'"),
    ("ticket_message", "internal_body", "'Ask the shop'"),
    ("call_log", "subject", "'Slow line'"),
    ("call_log", "summary", "'Measured it'"),
    ("call_log", "authentication_method", "'PASSWORD'"),
    ("call_log", "authenticated_at", TIME),
    ("document", "expires_on", "'2030-01-01'"),
    ("document", "verified_by", "(SELECT id FROM \"user\" WHERE username = 'support@acme.example')"),
    ("document", "verified_at", TIME),
    ("document", "rejection_reason", "'Not to be read'"),
];

/// What else every row needs, so that what is masked, linked or shared can be seen to be.
const CHANGED: [&str; 9] = [
    "UPDATE security_incident SET status = 'CLOSED', closed_at = contained_at",
    "UPDATE ticket SET due_at = created_at, resolved_at = created_at, closed_at = created_at",
    "UPDATE ticket SET assignee_id = (SELECT id FROM \"user\" WHERE username = 'support@acme.example') \
     WHERE assignee_id IS NULL AND category NOT IN ('BILLING', 'TECHNICAL') AND tenant_id = \
     (SELECT id FROM tenant WHERE slug = 'acme')",
    "UPDATE ticket SET assignee_id = (SELECT id FROM \"user\" WHERE username = 'network@acme.example') \
     WHERE assignee_id IS NULL AND category = 'TECHNICAL' AND tenant_id = \
     (SELECT id FROM tenant WHERE slug = 'acme')",
    "UPDATE ticket SET subscription_id = (SELECT id FROM subscription WHERE subscription.customer_id = \
     ticket.customer_id ORDER BY id LIMIT 1) WHERE subscription_id IS NULL",
    "UPDATE ticket SET shared_with_reseller = TRUE",
    "UPDATE ticket_message SET shared_with_reseller = TRUE",
    "UPDATE api_client SET status = 'REVOKED', revoked_at = created_at, revoked_by = owner_id",
    "UPDATE api_client SET reseller_id = (SELECT id FROM reseller WHERE code = 'NORTH') \
     WHERE reseller_id IS NULL AND tenant_id = (SELECT id FROM tenant WHERE slug = 'acme')",
];

/// The same of columns that are sealed.
const SEALED: [(&str, &str, &str); 3] = [
    // Without personal data the masked text would be the text.
    ("ticket_message", "body", "Call me at +34612345678 or write to maria.garcia@mail.example"),
    // Rounded to two decimals it has to become another place.
    ("address", "latitude", "40.41801"),
    ("address", "longitude", "-3.69638"),
];

/// Puts a value into every cell of `acme` that a role could read, past the service.
pub async fn fill(app: &TestApp) {
    fixture::api_clients(app.db()).await;
    fixture::incidents(app).await;
    crate::audit::entries::add(app).await;
    let ours = "tenant_id = (SELECT id FROM tenant WHERE slug = 'acme')";
    for (table, column, value) in EMPTY {
        if is_sealed(table, column) {
            // What is detached holds nothing more.
            let held = if table == "payment_method" { "status = 'ACTIVE'" } else { "1 = 1" };
            let empty = format!("{column} IS NULL AND {ours} AND {held}");
            rewrite(app, table, column, &empty, |_| value.trim_matches('\'').to_owned()).await;
            continue;
        }
        execute(app, &format!("UPDATE \"{table}\" SET {column} = {value} WHERE {column} IS NULL AND {ours}"))
            .await;
    }
    for statement in CHANGED {
        execute(app, statement).await;
    }
    for (table, column, value) in SEALED {
        rewrite(app, table, column, "1 = 1", |_| value.to_owned()).await;
    }
    fixture::add_ended_sessions(app.db()).await;
    // Somebody who works for the reseller and is a customer of it too.
    let customer = fixture::customer(app, fixture::MARIA).await;
    let mut partner = fixture::account(app, "reseller@acme.example").await;
    partner.id = UserId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0007));
    partner.username = custodian_entity::personal::Username::new("partner@acme.example");
    partner.customer_id = Some(customer.id);
    add(app, partner).await;
}

async fn execute(app: &TestApp, statement: &str) {
    let done = app.db().execute_unprepared(&by_name(app, statement).await).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

impl Stored {
    /// The ids of all its rows.
    pub async fn ids(&self, app: &TestApp) -> Vec<String> {
        self.column(app, "id").await.into_keys().collect()
    }

    /// What the database holds in the column of a field, as text, by id.
    pub async fn values(&self, app: &TestApp, field: &str) -> BTreeMap<String, Option<String>> {
        self.column(app, &fixture::snake_case(field)).await
    }

    async fn column(&self, app: &TestApp, column: &str) -> BTreeMap<String, Option<String>> {
        if column != "id" && is_sealed(self.table, column) {
            let texts = texts(app, self.table, column).await;
            return texts.into_iter().map(|(id, text)| ((self.encode)(id), text)).collect();
        }
        // An id is no text to SQLite, and is read from its own column anyway.
        let value = if column == "id" { "NULL".to_owned() } else { column.to_owned() };
        let statement = format!("SELECT id, CAST({value} AS TEXT) AS value FROM \"{}\"", self.table);
        let backend = app.db().get_database_backend();
        let rows = app.db().query_all_raw(Statement::from_string(backend, statement.clone())).await;
        let rows = rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
        rows.iter()
            .map(|row| {
                let id: Uuid = row.try_get("", "id").expect("every table has an id");
                ((self.encode)(id), row.try_get("", "value").expect("a cast to text is one"))
            })
            .collect()
    }
}
