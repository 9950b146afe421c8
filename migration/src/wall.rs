//! The second wall on PostgreSQL, table by table: whose its rows are, and what the service does with it. What the settings
//! are is said in `m20261122_000003_row_security`.
//!
//! In conditions `$tenant`, `$reseller`, `$customer`, `$user`, `$role` and `$category` stand for the settings, which
//! are read once for a statement and not for each row.

/// Reaches no row.
const NOBODY: &str = "false";

/// A table and the condition under which a row lies within each scope.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The type that scopes are given on.
    pub(crate) kind: &'static str,
    pub(crate) tenant: &'static str,
    pub(crate) reseller: &'static str,
    pub(crate) assigned: &'static str,
    pub(crate) own: &'static str,
    /// What the service does with it. Columns are named where it changes only some.
    pub(crate) grants: &'static str,
    /// The statements that the scopes decide about.
    pub(crate) command: &'static str,
}

/// A table of a provider that no narrower scope has rows of.
pub(crate) const fn provider_rows(name: &'static str, kind: &'static str, grants: &'static str) -> Table {
    let tenant = "tenant_id = $tenant";
    Table { name, kind, tenant, reseller: NOBODY, assigned: NOBODY, own: NOBODY, grants, command: "ALL" }
}

/// A table whose rows carry provider, reseller and customer.
pub(crate) const fn customer_rows(name: &'static str, kind: &'static str, grants: &'static str) -> Table {
    Table {
        reseller: "reseller_id = $reseller",
        own: "customer_id = $customer",
        ..provider_rows(name, kind, grants)
    }
}

impl Table {
    /// The statements that put the table behind the wall.
    pub(crate) fn protect(&self) -> String {
        let Self { name, kind, tenant, reseller, assigned, own, grants, command } = self;
        filled(&format!(
            r#"ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY;
               GRANT {grants} ON "{name}" TO custodian_app;
               CREATE POLICY reach ON "{name}" FOR {command} TO custodian_app USING (
                   CASE (SELECT custodian_scope('{kind}'))
                       WHEN 'all' THEN true
                       WHEN 'tenant' THEN {tenant}
                       WHEN 'reseller' THEN {reseller}
                       WHEN 'assigned' THEN {assigned}
                       WHEN 'own' THEN {own}
                       ELSE false
                   END)"#
        ))
    }
}

/// A condition with the settings in it.
pub(crate) fn filled(sql: &str) -> String {
    ["tenant", "reseller", "customer", "user"]
        .iter()
        .map(|name| (format!("${name}"), format!("(SELECT custodian_uuid('{name}_id'))")))
        .chain(
            ["role", "category"]
                .iter()
                .map(|name| (format!("${name}"), format!("(SELECT custodian_setting('{name}'))"))),
        )
        .fold(sql.to_owned(), |sql, (placeholder, value)| sql.replace(&placeholder, &value))
}
