//! What staff noted about a customer.

use chrono::TimeDelta;
use custodian_entity::choice::NoteCategory;
use custodian_entity::personal::FreeText;
use custodian_entity::{customer, customer_note};

use super::batch::Batch;
use super::setting::Setting;
use super::source::Source;

const NOTES: &[(NoteCategory, &str)] = &[
    (NoteCategory::Technical, "Prefers appointments before ten in the morning."),
    (NoteCategory::Billing, "Pays on the first of the month, whatever the invoice says."),
    (NoteCategory::Sales, "Asked about a faster plan once the street has fibre."),
    (NoteCategory::Complaint, "Was promised a call back that nobody made; apologise first."),
];

/// Adds what support noted when the customer came, which is pinned, and something that a colleague noted later.
pub(super) fn add(batch: &mut Batch, setting: &Setting, owner: &customer::Model, source: &mut Source) {
    let created_at = owner.created_at + TimeDelta::hours(3);
    let first = customer_note::Model {
        id: source.id(created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        category: NoteCategory::General,
        body: FreeText::new("Speaks slowly on the telephone: take the time."),
        author_id: setting.support,
        is_pinned: true,
        created_at,
    };
    let created_at = created_at + TimeDelta::days(9);
    let (category, body) = source.pick(NOTES);
    let later = customer_note::Model {
        id: source.id(created_at),
        category: *category,
        body: FreeText::new(*body),
        author_id: *source.pick(&[setting.support, setting.billing, setting.network]),
        is_pinned: false,
        created_at,
        ..first.clone()
    };
    batch.customer_notes.extend([first, later]);
}
