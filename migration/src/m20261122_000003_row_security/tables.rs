//! The tables that there are when the wall is built, and what the scopes do not say about them.

use crate::wall::{Table, customer_rows, provider_rows};

/// Every table but those of [`NUMBER_SERIES`] and [`POLICY_VERSION`].
pub(super) const TABLES: [Table; 18] = [
    Table { tenant: "id = $tenant", ..provider_rows("tenant", "Tenant", "SELECT, UPDATE") },
    // A reseller's own row is the reseller itself; a customer's is the one it came through.
    Table {
        reseller: "id = $reseller",
        own: "id = $reseller",
        ..provider_rows("reseller", "Reseller", "SELECT")
    },
    Table {
        reseller: "reseller_id = $reseller AND kind = 'RESELLER'",
        own: "id = $user",
        ..provider_rows("user", "User", "SELECT, UPDATE (failed_login_count, last_login_at, last_login_ip)")
    },
    // The built-in roles belong to every provider, and are read only.
    Table {
        command: "SELECT",
        tenant: "tenant_id = $tenant OR tenant_id IS NULL AND $tenant IS NOT NULL",
        ..provider_rows("role", "Role", "SELECT, INSERT, UPDATE (description), DELETE")
    },
    Table {
        own: "user_id = $user",
        ..provider_rows("role_grant", "RoleGrant", "SELECT, INSERT, UPDATE (is_primary), DELETE")
    },
    provider_rows("casbin_rule", "Role", "SELECT, INSERT, DELETE"),
    Table { own: "id = $customer", ..customer_rows("customer", "Customer", "SELECT, INSERT, UPDATE") },
    customer_rows("address", "Address", "SELECT, INSERT, UPDATE, DELETE"),
    customer_rows("contact", "Contact", "SELECT, INSERT, UPDATE, DELETE"),
    provider_rows("service_plan", "ServicePlan", "SELECT"),
    customer_rows("subscription", "Subscription", "SELECT, INSERT, UPDATE"),
    customer_rows("network_service", "NetworkService", "SELECT"),
    customer_rows("invoice", "Invoice", "SELECT, INSERT, UPDATE"),
    customer_rows("invoice_line", "InvoiceLine", "SELECT, INSERT"),
    customer_rows("payment", "Payment", "SELECT, INSERT"),
    Table {
        reseller: "reseller_id = $reseller AND shared_with_reseller",
        assigned: "tenant_id = $tenant AND (assignee_id = $user OR category = $category)",
        ..customer_rows("ticket", "Ticket", "SELECT, INSERT, UPDATE")
    },
    // As the ticket; what staff wrote among themselves is no row for customers and resellers.
    Table {
        reseller: "reseller_id = $reseller AND shared_with_reseller AND NOT is_internal",
        assigned: "tenant_id = $tenant AND (ticket_assignee_id = $user OR ticket_category = $category)",
        own: "customer_id = $customer AND NOT is_internal",
        ..customer_rows(
            "ticket_message",
            "TicketMessage",
            "SELECT, INSERT, UPDATE (ticket_category, ticket_assignee_id, shared_with_reseller)",
        )
    },
    // Append-only. Who adds to it is said in `FURTHER`.
    Table { command: "SELECT", ..customer_rows("audit_event", "AuditEvent", "SELECT, INSERT") },
];

/// What the scopes do not say. Policies add up.
pub(super) const FURTHER: [&str; 8] = [
    "CREATE POLICY own_roles ON role TO custodian_app USING (
         tenant_id IS NOT NULL AND CASE (SELECT custodian_scope('Role'))
             WHEN 'all' THEN true WHEN 'tenant' THEN tenant_id = $tenant ELSE false END)",
    // One's own account is read whatever the role reaches, to sign in and as `viewer` ...
    r#"CREATE POLICY own_account ON "user" FOR SELECT TO custodian_app USING (id = $user)"#,
    "CREATE POLICY own_account ON tenant FOR SELECT TO custodian_app USING (id = $tenant)",
    "CREATE POLICY own_account ON reseller FOR SELECT TO custodian_app USING (id = $reseller)",
    "CREATE POLICY own_account ON role_grant FOR SELECT TO custodian_app USING (user_id = $user)",
    "CREATE POLICY own_account ON role FOR SELECT TO custodian_app
     USING (id IN (SELECT role_id FROM role_grant WHERE user_id = $user))",
    // ... and notes when it signed in.
    r#"CREATE POLICY sign_in ON "user" FOR UPDATE TO custodian_app USING (id = $user)"#,
    // A viewer records what he did himself, in his provider's log or in each that he reaches. At sign-in there is no
    // viewer yet.
    "CREATE POLICY record ON audit_event FOR INSERT TO custodian_app WITH CHECK (
         CASE $role WHEN 'anonymous' THEN true
         ELSE actor_id = $user AND actor_role = $role
              AND (tenant_id = $tenant OR (SELECT custodian_scope('Tenant')) = 'all') END)",
];

/// The series are named after the types that they number. Who reaches any rows of a type numbers new ones.
pub(super) const NUMBER_SERIES: &str = "
ALTER TABLE number_series ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON number_series TO custodian_app;
CREATE POLICY reach ON number_series TO custodian_app USING (
    CASE custodian_scope(initcap(kind))
        WHEN 'all' THEN true
        ELSE custodian_scope(initcap(kind)) IS NOT NULL AND tenant_id = $tenant
    END)";

/// One number for all. Whoever changes roles counts it up.
pub(super) const POLICY_VERSION: &str = "
ALTER TABLE policy_version ENABLE ROW LEVEL SECURITY;
GRANT SELECT, UPDATE (version) ON policy_version TO custodian_app;
CREATE POLICY reach ON policy_version TO custodian_app USING (
    CASE (SELECT custodian_scope('Role')) WHEN 'all' THEN true WHEN 'tenant' THEN $tenant IS NOT NULL ELSE false END)";
