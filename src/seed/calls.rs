//! The calls of a customer, and the checks of who was calling.

use chrono::TimeDelta;
use custodian_entity::choice::{CallOutcome, CpniAuthMethod, Direction, Outcome};
use custodian_entity::personal::{FreeText, Phone};
use custodian_entity::{call_log, customer, identity_check};

use super::batch::Batch;
use super::setting::Setting;
use super::source::Source;

/// A call that was answered: what it was about, and what came of it.
const ANSWERED: &[(&str, &str)] = &[
    ("Question about an invoice", "Explained the first invoice, which covers a part of the month."),
    ("Slow in the evening", "Measured the line together; a technician looks at the street cabinet."),
    ("Moving house", "Told what is needed and when; the customer sends the new address."),
];

/// How callers show who they are.
const METHODS: &[CpniAuthMethod] =
    &[CpniAuthMethod::Password, CpniAuthMethod::BackupQuestion, CpniAuthMethod::CallBack];

/// Adds a call that the customer made, with the check that opened it, and one back that nobody answered.
pub(super) fn add(batch: &mut Batch, setting: &Setting, owner: &customer::Model, source: &mut Source) {
    let ticket = batch.tickets.iter().find(|ticket| ticket.customer_id == owner.id);
    let (ticket, called_at) = match ticket {
        // The ticket was opened during the call.
        Some(ticket) => (Some(ticket.id), ticket.created_at - TimeDelta::minutes(6)),
        None => (None, owner.created_at + TimeDelta::hours(26)),
    };
    let performed_at = called_at + TimeDelta::minutes(1);
    let is_passed = source.chance(80);
    let check = identity_check::Model {
        id: source.id(performed_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        method: *source.pick(METHODS),
        outcome: if is_passed { Outcome::Success } else { Outcome::Failure },
        performed_by: setting.support,
        performed_at,
        valid_until: performed_at + TimeDelta::minutes(if is_passed { 15 } else { 0 }),
        ticket_id: ticket,
    };
    let (subject, summary) = source.pick(ANSWERED);
    let call = call_log::Model {
        id: source.id(called_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        direction: Direction::Inbound,
        started_at: called_at,
        duration_seconds: 540,
        agent_id: Some(setting.support),
        outcome: CallOutcome::Answered,
        ticket_id: ticket,
        counterparty_number: owner.phone.clone().unwrap_or_else(|| Phone::new("+442079460999")),
        subject: Some(FreeText::new(*subject)),
        summary: Some(FreeText::new(*summary)),
        authentication_method: is_passed.then_some(check.method),
        authenticated_at: is_passed.then_some(check.performed_at),
        created_at: called_at + TimeDelta::minutes(10),
    };
    let again_at = called_at + TimeDelta::days(1);
    let again = call_log::Model {
        id: source.id(again_at),
        direction: Direction::Outbound,
        started_at: again_at,
        duration_seconds: 0,
        outcome: CallOutcome::NoAnswer,
        subject: None,
        summary: None,
        authentication_method: None,
        authenticated_at: None,
        created_at: again_at + TimeDelta::minutes(1),
        ..call.clone()
    };
    batch.call_logs.extend([call, again]);
    batch.identity_checks.push(check);
}
