//! A set of customers whose data were shown together is kept once, however often they are shown.

use aws_lc_rs::digest::{SHA256, digest};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use crate::table::table;
use crate::wall::{Table as Wall, filled, provider_rows};

/// What was written before, an entry a row: as it was written, and from before it was kept in one piece as it was listed.
const BEFORE: &str = "
DROP POLICY disclosure ON audit_event;
CREATE TABLE disclosed_before AS
SELECT chain, sequence, event_id, sha256(customers) AS digest, customers FROM disclosed_list
WHERE sequence > 0 AND length(customers) > 0
UNION ALL
SELECT chain, sequence, id, sha256(customers), customers FROM (
    SELECT event.chain, event.sequence, event.id,
        string_agg(uuid_send(listed.customer_id), ''::bytea ORDER BY listed.customer_id) AS customers
    FROM disclosed_customer AS listed JOIN audit_event AS event ON event.id = listed.event_id
    WHERE event.sequence > 0 AND NOT EXISTS (
        SELECT FROM disclosed_list AS list WHERE list.chain = event.chain AND list.sequence = event.sequence)
    GROUP BY event.chain, event.sequence, event.id) AS listed";

const CARRIED: &str = "
INSERT INTO disclosed_set (chain, digest, sequence, customers)
SELECT DISTINCT ON (chain, digest) chain, digest, sequence, customers FROM disclosed_before
ORDER BY chain, digest, sequence;
INSERT INTO disclosed_list (chain, sequence, event_id, digest)
SELECT chain, sequence, event_id, digest FROM disclosed_before;
INSERT INTO disclosed_customer (customer_id, tenant_id, digest)
SELECT encode(substring(customers FROM place * 16 + 1 FOR 16), 'hex')::uuid, disclosed_set.chain, digest
FROM disclosed_set JOIN disclosed_cursor USING (chain),
    generate_series(0, length(customers) / 16 - 1) AS place
WHERE disclosed_set.sequence <= disclosed_cursor.sequence
ORDER BY 1;
DROP TABLE disclosed_before";

/// The same on SQLite, which knows no digests: customer by customer.
const BEFORE_SQLITE: &str = "
CREATE TABLE disclosed_before AS
SELECT event.chain, event.sequence, event.id AS event_id, listed.customer_id AS customers
FROM disclosed_customer AS listed JOIN audit_event AS event ON event.id = listed.event_id
WHERE event.sequence > 0 AND NOT EXISTS (
    SELECT 1 FROM disclosed_list AS list WHERE list.chain = event.chain AND list.sequence = event.sequence)
UNION ALL
SELECT chain, sequence, event_id, customers FROM disclosed_list
WHERE sequence > 0 AND length(customers) > 0";

/// Whose data are shown is said as before: with an entry by who adds it, otherwise by the service. Who reaches a customer
/// reaches the entries about its sets, and of the sets nothing else.
const WALL: &str = "
CREATE POLICY record ON disclosed_set FOR INSERT TO custodian_app WITH CHECK (
    CASE $role WHEN 'anonymous' THEN true
    ELSE chain = $tenant OR (SELECT custodian_scope('Tenant')) = 'all' END);
CREATE POLICY record ON disclosed_list FOR INSERT TO custodian_app WITH CHECK (
    CASE $role WHEN 'anonymous' THEN true
    ELSE chain = $tenant OR (SELECT custodian_scope('Tenant')) = 'all' END);
CREATE POLICY record ON disclosed_customer FOR INSERT TO custodian_app WITH CHECK ($role = 'anonymous');
CREATE POLICY disclosure ON audit_event FOR SELECT TO custodian_app USING (
    event_type IN ('DATA_DISCLOSED', 'FIELD_REVEALED', 'DOCUMENT_DOWNLOADED') AND outcome = 'SUCCESS'
    AND CASE (SELECT custodian_scope('Disclosure'))
        WHEN 'all' THEN true
        WHEN 'tenant' THEN tenant_id = $tenant
        WHEN 'reseller' THEN EXISTS (SELECT FROM disclosed_list AS list
            WHERE list.chain = audit_event.chain AND list.sequence = audit_event.sequence)
        WHEN 'own' THEN EXISTS (SELECT FROM disclosed_list AS list
            WHERE list.chain = audit_event.chain AND list.sequence = audit_event.sequence)
        ELSE false
    END)";

/// The sets of a reseller's customers, as those are its now.
const OF_RESELLER: &str = "(chain, digest) IN (SELECT listed.tenant_id, listed.digest
    FROM customer JOIN disclosed_customer AS listed ON listed.customer_id = customer.id
    WHERE customer.reseller_id = $reseller)";
const OWN: &str = "(chain, digest) IN (SELECT tenant_id, digest FROM disclosed_customer
    WHERE customer_id = $customer)";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000026_disclosed_sets"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "policies have no builder")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        let db = manager.get_connection();
        db.execute_unprepared(if is_postgres { BEFORE } else { BEFORE_SQLITE }).await?;
        for table in ["disclosed_customer", "disclosed_list"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        tables(manager, is_postgres).await?;
        if !is_postgres {
            return carry(manager).await;
        }
        db.execute_unprepared(CARRIED).await?;
        let of_chain = |name| Wall {
            tenant: "chain = $tenant",
            command: "SELECT",
            ..provider_rows(name, "Disclosure", "SELECT, INSERT")
        };
        let lists = Wall { reseller: OF_RESELLER, own: OWN, ..of_chain("disclosed_list") };
        let customers = Wall {
            reseller: "customer_id IN (SELECT id FROM customer WHERE customer.reseller_id = $reseller)",
            own: "customer_id = $customer",
            command: "SELECT",
            ..provider_rows("disclosed_customer", "Disclosure", "SELECT, INSERT")
        };
        for table in [of_chain("disclosed_set"), lists, customers] {
            db.execute_unprepared(&table.protect()).await?;
        }
        db.execute_unprepared(&filled(WALL)).await?;
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn tables(manager: &SchemaManager<'_>, is_postgres: bool) -> Result<(), DbErr> {
    let sets = table("disclosed_set")
        .columns([uuid("chain"), blob("digest"), big_integer("sequence"), blob("customers")])
        .primary_key(&["chain", "digest"])
        // They are listed by customer in the order in which they came.
        .index(&["chain", "sequence"])
        .check("customers", "length(customers) > 0 AND length(customers) % 16 = 0");
    let sets = match is_postgres {
        // What is there already is what whoever comes with the same digest means.
        true => sets.check("digest", "digest = sha256(customers)"),
        false => sets,
    };
    sets.create(manager).await?;
    table("disclosed_list")
        .columns([uuid("chain"), big_integer("sequence"), uuid("event_id"), blob("digest")])
        .primary_key(&["chain", "sequence"])
        .index(&["chain", "digest", "event_id"])
        .check("sequence", "sequence > 0")
        .create(manager)
        .await?;
    let mut customers = Table::create();
    customers.table("disclosed_customer").col(uuid("customer_id")).col(uuid("tenant_id"));
    customers.col(blob("digest"));
    // By what it is asked, and nothing else: each index more is a place more to write to for each customer.
    customers.primary_key(Index::create().col("customer_id").col("tenant_id").col("digest"));
    if !is_postgres {
        customers.extra("WITHOUT ROWID");
    }
    manager.create_table(customers).await
}

/// Carries over what was written before.
#[expect(clippy::disallowed_methods, reason = "rows are carried over, whosesoever")]
async fn carry(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (db, backend) = (manager.get_connection(), manager.get_database_backend());
    let execute = async |sql: &str, values: Vec<Value>| {
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await
    };
    let rows = "SELECT chain, sequence, event_id, customers FROM disclosed_before
                ORDER BY chain, sequence, customers";
    let mut rows = db.query_all_raw(Statement::from_string(backend, rows)).await?.into_iter().peekable();
    while let Some(row) = rows.next() {
        let place = |row: &QueryResult| -> Result<(Vec<u8>, i64), DbErr> {
            Ok((row.try_get("", "chain")?, row.try_get("", "sequence")?))
        };
        let ((chain, sequence), event) = (place(&row)?, row.try_get::<Vec<u8>>("", "event_id")?);
        let mut customers: Vec<u8> = row.try_get("", "customers")?;
        while let Some(next) = rows.peek() {
            if place(next)? != (chain.clone(), sequence) {
                break;
            }
            customers.extend(next.try_get::<Vec<u8>>("", "customers")?);
            rows.next();
        }
        let set = digest(&SHA256, &customers).as_ref().to_vec();
        let list = vec![chain.clone().into(), sequence.into(), event.into(), set.clone().into()];
        execute("INSERT INTO disclosed_list VALUES ($1, $2, $3, $4)", list).await?;
        let row = vec![chain.clone().into(), set.clone().into(), sequence.into(), customers.clone().into()];
        let added = execute("INSERT INTO disclosed_set VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", row);
        if added.await?.rows_affected() == 0 {
            continue;
        }
        for customer in customers.chunks(16) {
            let listed = "INSERT INTO disclosed_customer SELECT $1, chain, $2 FROM disclosed_cursor
                          WHERE chain = $3 AND sequence >= $4 ON CONFLICT DO NOTHING";
            let values =
                vec![customer.to_vec().into(), set.clone().into(), chain.clone().into(), sequence.into()];
            execute(listed, values).await?;
        }
    }
    db.execute_unprepared("DROP TABLE disclosed_before").await?;
    Ok(())
}
