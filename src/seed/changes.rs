//! What was changed about a customer.

use chrono::TimeDelta;
use custodian_entity::choice::AuthorKind;
use custodian_entity::id::TypedId;
use custodian_entity::personal::PastValue;
use custodian_entity::{change_record, customer};

use super::batch::Batch;
use super::setting::Setting;
use super::source::Source;

/// Adds the telephone number that was corrected on the day after.
pub(super) fn add(batch: &mut Batch, setting: &Setting, owner: &customer::Model, source: &mut Source) {
    let changed_at = owner.created_at + TimeDelta::days(1);
    batch.change_records.push(change_record::Model {
        id: source.id(changed_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        entity_type: "Customer".to_owned(),
        entity_id: owner.id.uuid(),
        field: "phone".to_owned(),
        changed_at,
        actor_kind: AuthorKind::Staff,
        changed_by: Some(setting.support),
        api_client_id: None,
        reason: Some("Asked for by telephone".to_owned()),
        version: 2,
        old_value: Some(PastValue::new("+442079460000")),
        new_value: Some(PastValue::new("+442079460001")),
    });
}
