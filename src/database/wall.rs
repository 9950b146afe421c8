//! Whether row-level security holds the role the service connects as.

use sea_orm::{DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement};

/// Tables in which nothing is ever changed or removed.
pub const APPEND_ONLY: [&str; 4] = ["audit_event", "disclosed_customer", "disclosed_list", "disclosed_set"];

/// What PostgreSQL says about the role and the tables.
#[derive(Clone, Debug)]
pub struct Wall {
    /// The role connected as.
    pub role: Role,
    /// The tables, by name.
    pub tables: Vec<Table>,
}

/// The role connected as, with every role that it may turn into.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether nothing at all holds it.
    pub is_superuser: bool,
    /// Whether it has BYPASSRLS.
    pub bypasses: bool,
    /// Whether some table is its own.
    pub owns: bool,
    /// Whether it may create tables or schemas.
    pub creates: bool,
}

/// A table.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Whether row-level security is on, and says who sees what.
    pub is_secured: bool,
    /// Whether the role may change or remove rows.
    pub is_changeable: bool,
}

const ROLE: &str = "
SELECT current_user::text AS name,
    EXISTS (SELECT FROM pg_roles WHERE rolsuper AND pg_has_role(current_user, oid, 'MEMBER')) AS is_superuser,
    EXISTS (SELECT FROM pg_roles WHERE rolbypassrls AND pg_has_role(current_user, oid, 'MEMBER')) AS bypasses,
    EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema()
        AND pg_has_role(current_user, tableowner, 'MEMBER')) AS owns,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
        OR has_database_privilege(current_database(), 'CREATE') AS creates";

/// All but the list of migrations, which is nobody's.
const TABLES: &str = "
SELECT relname::text AS name,
    relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid) AS is_secured,
    has_any_column_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE, TRUNCATE') AS is_changeable
FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    AND relkind IN ('r', 'p') AND relname <> 'seaql_migrations'
ORDER BY relname";

impl Wall {
    /// Looks at the database behind a connection; none where there is no row-level security.
    ///
    /// # Errors
    /// When the database is away.
    #[expect(clippy::disallowed_methods, reason = "asks the system's catalogue, not for rows")]
    pub async fn look(db: &DatabaseConnection) -> Result<Option<Self>, DbErr> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let ask = |sql: &str| Statement::from_string(DbBackend::Postgres, sql);
        let role = Role::find_by_statement(ask(ROLE)).one(db).await?;
        let role =
            role.ok_or_else(|| DbErr::Custom("the server does not say who is connected".to_owned()))?;
        Ok(Some(Self { role, tables: Table::find_by_statement(ask(TABLES)).all(db).await? }))
    }
}

impl Role {
    /// Why row-level security does not hold the role, if it does not.
    pub fn passes_by(&self) -> Option<&'static str> {
        match self {
            Self { is_superuser: true, .. } => Some("is a superuser"),
            Self { bypasses: true, .. } => Some("has BYPASSRLS"),
            Self { owns: true, .. } => Some("owns tables"),
            _ => None,
        }
    }
}
