//! Rows of a customer carry its reseller, so that row scope needs no join: the database lets them follow the customer to
//! another one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The functions of the triggers on PostgreSQL. They see rows that whoever moves the customer does not. A new row waits
/// until a move is over, and carries what the customer has then: none stays behind.
pub(crate) const FUNCTIONS: &str = "
DO $$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION custodian_follow_customer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            EXECUTE format('UPDATE %%I SET reseller_id = $1 WHERE customer_id = $2', TG_ARGV[0])
                USING NEW.reseller_id, NEW.id;
            RETURN NULL;
        END $body$;
        CREATE FUNCTION custodian_reseller_of_customer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            SELECT reseller_id INTO NEW.reseller_id FROM customer WHERE id = NEW.customer_id FOR KEY SHARE;
            RETURN NEW;
        END $body$
    $function$, current_schema());
END $$;
REVOKE ALL ON FUNCTION custodian_follow_customer(), custodian_reseller_of_customer() FROM PUBLIC";

/// Lets the rows of a table with `customer_id` and `reseller_id` follow their customer. Who owns the table is not held to
/// it when he adds rows.
#[expect(clippy::disallowed_methods, reason = "triggers have no builder")]
pub(crate) async fn follows_customer(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Sqlite {
        let follow = format!(
            r#"CREATE TRIGGER {table}_follows AFTER UPDATE OF reseller_id ON customer FOR EACH ROW
            WHEN OLD.reseller_id IS NOT NEW.reseller_id
            BEGIN UPDATE "{table}" SET reseller_id = NEW.reseller_id WHERE customer_id = NEW.id; END"#
        );
        return db.execute_unprepared(&follow).await.map(drop);
    }
    let follow = format!(
        r#"CREATE TRIGGER {table}_follows AFTER UPDATE OF reseller_id ON customer FOR EACH ROW
        WHEN (OLD.reseller_id IS DISTINCT FROM NEW.reseller_id)
        EXECUTE FUNCTION custodian_follow_customer('{table}');
        CREATE TRIGGER of_customer BEFORE INSERT ON "{table}" FOR EACH ROW
        WHEN (row_security_active('"{table}"') AND NEW.customer_id IS NOT NULL)
        EXECUTE FUNCTION custodian_reseller_of_customer()"#
    );
    db.execute_unprepared(&follow).await.map(drop)
}
