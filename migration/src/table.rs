//! A table with its constraints and indexes, described in a few words and created in one call.
//!
//! Names follow from the content: `ck_<table>_<column or rule>`, `fk_<table>_<column>`, `uq_<table>_<columns>`,
//! `ix_<table>_<columns>`. PostgreSQL reports a violated constraint by its name, SQLite by the columns in it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_len;
use sea_orm_migration::sea_orm::DbBackend;

/// A closed set is stored by name; 32 characters hold the longest.
const CHOICE_LENGTH: u32 = 32;

/// 128 bits in base64url.
const TAG_LENGTH: u32 = 22;

/// A table about to be created.
pub(crate) struct TableSpec {
    name: &'static str,
    table: TableCreateStatement,
    /// The columns of each index, with the statement that creates it.
    indexes: Vec<(Vec<&'static str>, IndexCreateStatement)>,
}

/// Starts the description of a table.
pub(crate) fn table(name: &'static str) -> TableSpec {
    TableSpec { name, table: Table::create().table(name).take(), indexes: Vec::new() }
}

/// A required column that holds one name of a closed set; see [`TableSpec::one_of`].
pub(crate) fn choice(name: &'static str) -> ColumnDef {
    string_len(name, CHOICE_LENGTH)
}

/// The same, optional.
pub(crate) fn choice_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(CHOICE_LENGTH).null().take()
}

/// A required column of sealed values: whatever is not in their form is refused, so that nothing is stored in clear. On
/// SQLite that also refuses bytes.
pub(crate) fn sealed(name: &'static str) -> ColumnDef {
    sealed_null(name).not_null().take()
}

/// The same, optional.
pub(crate) fn sealed_null(name: &'static str) -> ColumnDef {
    let is_sealed = Expr::cust(format!("substr({name}, 1, 3) = 'v1.'"));
    ColumnDef::new(name).text().check((format!("ck_sealed_{name}"), is_sealed)).take()
}

/// A required column of the tags by which sealed values are found.
pub(crate) fn tag(name: &'static str) -> ColumnDef {
    string_len(name, TAG_LENGTH)
}

/// The same, optional.
pub(crate) fn tag_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(TAG_LENGTH).null().take()
}

/// A required text that lists are ordered by: compared byte by byte, as SQLite does. With the collation of its
/// operating system PostgreSQL would order pages differently on each machine, and an update of the C library could
/// invalidate the index.
pub(crate) fn ordered(manager: &SchemaManager<'_>, name: &'static str, length: u32) -> ColumnDef {
    let mut column = string_len(name, length);
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra(r#"COLLATE "C""#);
    }
    column
}

/// A reference from columns of `from` to a unique key of `to`; the parent stays as long as it has children.
pub(crate) fn reference(
    from: &'static str,
    columns: &[&'static str],
    to: &'static str,
    key: &[&'static str],
) -> ForeignKeyCreateStatement {
    let mut foreign_key = ForeignKey::create();
    // The last column names the parent; those before it are the tenant or customer that both share.
    let subject = columns.last().copied().unwrap_or(to);
    foreign_key.name(format!("fk_{from}_{subject}")).from_tbl(from).to_tbl(to);
    for column in columns {
        foreign_key.from_col(*column);
    }
    for column in key {
        foreign_key.to_col(*column);
    }
    foreign_key.on_delete(ForeignKeyAction::Restrict).on_update(ForeignKeyAction::Restrict);
    foreign_key
}

impl TableSpec {
    /// The columns, in order.
    pub(crate) fn columns(mut self, columns: impl IntoIterator<Item = ColumnDef>) -> Self {
        for column in columns {
            self.table.col(column);
        }
        self
    }

    /// A primary key of several columns.
    pub(crate) fn primary_key(mut self, columns: &[&'static str]) -> Self {
        let mut key = Index::create();
        for column in columns {
            key.col(*column);
        }
        self.table.primary_key(&mut key);
        self
    }

    /// The column holds one of these names, or nothing where it is optional.
    pub(crate) fn one_of(mut self, column: &'static str, values: &[&'static str]) -> Self {
        let rule = Expr::col(column).is_in(values.iter().copied());
        self.table.check((format!("ck_{}_{column}", self.name), rule));
        self
    }

    /// A rule each row keeps, in SQL that both databases read alike.
    pub(crate) fn check(mut self, rule: &'static str, sql: &'static str) -> Self {
        self.table.check((format!("ck_{}_{rule}", self.name), Expr::cust(sql)));
        self
    }

    /// A reference to the id of a row.
    pub(crate) fn references(self, column: &'static str, to: &'static str) -> Self {
        self.foreign_key(&[column], to, &["id"])
    }

    /// A reference to a row that has the same `owner` (`tenant_id` or `customer_id`).
    pub(crate) fn references_within(
        self,
        owner: &'static str,
        column: &'static str,
        to: &'static str,
    ) -> Self {
        self.foreign_key(&[owner, column], to, &[owner, "id"])
    }

    /// The three references that every row of a customer has.
    pub(crate) fn owned_by_customer(self) -> Self {
        self.references("tenant_id", "tenant")
            .references_within("tenant_id", "reseller_id", "reseller")
            .references_within("tenant_id", "customer_id", "customer")
    }

    fn foreign_key(mut self, columns: &[&'static str], to: &'static str, key: &[&'static str]) -> Self {
        self.table.foreign_key(&mut reference(self.name, columns, to, key));
        self
    }

    /// No two rows agree in these columns.
    pub(crate) fn unique(mut self, columns: &[&'static str]) -> Self {
        let index = self.index_on("uq", columns).unique().take();
        self.indexes.push((columns.to_vec(), index));
        self
    }

    /// No two rows for which `condition` holds agree in these columns.
    pub(crate) fn unique_where(mut self, columns: &[&'static str], condition: &'static str) -> Self {
        let index = self.index_on("uq", columns).unique().and_where(Expr::cust(condition)).take();
        // Finds only those rows: it does not stand for an index on these columns.
        self.indexes.push((Vec::new(), index));
        self
    }

    /// An index, unless a unique key already is one on these columns.
    pub(crate) fn index(mut self, columns: &[&'static str]) -> Self {
        if self.indexes.iter().all(|(existing, _)| existing != columns) {
            let index = self.index_on("ix", columns);
            self.indexes.push((columns.to_vec(), index));
        }
        self
    }

    /// The indexes of a keyset-paginated list: for each scope, by `id` and by each of `orders` with `id` behind it.
    /// A scope is the columns that are fixed while a list is read, none for all rows.
    pub(crate) fn keyset(mut self, scopes: &[&[&'static str]], orders: &[&'static str]) -> Self {
        for scope in scopes {
            // All rows by id is the primary key.
            if !scope.is_empty() {
                self = self.index(&[scope, ["id"].as_slice()].concat());
            }
            for order in orders {
                self = self.index(&[scope, [*order, "id"].as_slice()].concat());
            }
        }
        self
    }

    fn index_on(&self, kind: &str, columns: &[&'static str]) -> IndexCreateStatement {
        let mut index = Index::create();
        index.name(format!("{kind}_{}_{}", self.name, columns.join("_"))).table(self.name);
        for column in columns {
            index.col(*column);
        }
        index
    }

    /// Creates the table and its indexes.
    pub(crate) async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(self.table).await?;
        for (_, index) in self.indexes {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
