//! How the e-mail address of a customer was verified.

use chrono::TimeDelta;
use custodian_entity::choice::VerificationStatus;
use custodian_entity::{customer, email_verification};

use super::batch::Batch;
use super::source::Source;

/// Adds the letter that was answered, or one that was not, as the customer's row says.
pub(super) fn add(batch: &mut Batch, owner: &customer::Model, source: &mut Source) {
    let Some(email) = owner.email.clone() else { return };
    let asked_at = owner.created_at + TimeDelta::minutes(1);
    let (status, attempts) = match owner.email_verified_at {
        Some(_) => (VerificationStatus::Verified, 1),
        None => (VerificationStatus::Pending, 0),
    };
    batch.email_verifications.push(email_verification::Model {
        id: source.id(asked_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        status,
        email,
        // No token has this hash.
        token_hash: source.fill("###########################################"),
        requested_at: asked_at,
        expires_at: asked_at + TimeDelta::hours(24),
        verified_at: owner.email_verified_at,
        attempt_count: attempts,
    });
}
