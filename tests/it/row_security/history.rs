//! The past is added to in one's own name, and never changed.

use std::collections::BTreeSet;

use custodian_entity::id::{ChangeRecordId, TypedId};

use super::{REFUSED, Raw};
use crate::app::TestApp;
use crate::fixture::{MARIA, ROLES, SUPPORT, account, customer};
use crate::history::reach::{of_each_kind, short};
use crate::rows::observed::Observed;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("row_security::raw statements reach the history of rows in reach alone", reached);
    suite.postgres("row_security::the history is added to in one's own name, and never changed", added);
}

async fn reached(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let (planted, observed) = (of_each_kind(&app, &maria).await, Observed::of(&app).await);
    for (role, username) in ROLES {
        let found = Raw::like(&app, &observed, username, role).await.ids("change_record").await;
        let of = |id: &String| ChangeRecordId::decode(id).unwrap().uuid();
        let is: BTreeSet<_> =
            planted.iter().filter(|(.., id)| found.contains(&of(id))).map(|(what, ..)| *what).collect();
        let asked = planted.iter().filter(|(_, roles, _)| roles.contains(&short(role)));
        // Whether history is kept of a type is for the service to say; without a scope on it there is none here either.
        let is: BTreeSet<_> = is.into_iter().filter(|what| *what != "a type without history").collect();
        assert_eq!(is, asked.map(|(what, ..)| *what).collect(), "{role}");
    }
}

async fn added(app: TestApp) {
    let (maria, me) = (customer(&app, MARIA).await, account(&app, SUPPORT).await);
    let observed = Observed::of(&app).await;
    let raw = Raw::like(&app, &observed, SUPPORT, "support_agent").await;
    for statement in [
        "UPDATE change_record SET old_value = 'x'",
        "UPDATE change_record SET changed_by = NULL",
        "UPDATE change_record SET customer_id = customer_id",
        "DELETE FROM change_record",
        "TRUNCATE change_record",
    ] {
        assert_eq!(raw.attempt(statement).await, Err(REFUSED.to_owned()), "{statement}");
    }
    let record = |kind: &str, by: sea_orm::prelude::Uuid| {
        format!(
            "INSERT INTO change_record (id, tenant_id, customer_id, entity_type, entity_id, field, changed_at, \
             actor_kind, changed_by, version) VALUES (gen_random_uuid(), '{}', '{}', '{kind}', gen_random_uuid(), 'x', now(), \
             'STAFF', '{by}', 1)",
            maria.tenant_id.uuid(),
            maria.id.uuid()
        )
    };
    assert_eq!(raw.attempt(&record("Customer", me.id.uuid())).await, Ok(1));
    let other = account(&app, "billing@acme.example").await.id.uuid();
    for statement in [record("Customer", other), record("AuditEvent", me.id.uuid())] {
        assert_eq!(raw.attempt(&statement).await, Err(REFUSED.to_owned()), "{statement}");
    }
    let raw = Raw::like(&app, &observed, "support@globex.example", "support_agent").await;
    let globex = account(&app, "support@globex.example").await.id.uuid();
    assert_eq!(raw.attempt(&record("Customer", globex)).await, Err(REFUSED.to_owned()));
}
