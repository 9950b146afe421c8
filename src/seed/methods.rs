//! What customers pay with: a card, an account, or both.

use chrono::TimeDelta;
use custodian_entity::choice::{CardBrand, CustomerStatus, PaymentMethodKind, PaymentMethodStatus};
use custodian_entity::personal::{Iban, ProcessorToken};
use custodian_entity::{customer, payment_method};

use super::batch::Batch;
use super::source::Source;

const BRANDS: &[CardBrand] = &[CardBrand::Visa, CardBrand::Mastercard, CardBrand::AmericanExpress];
const BANKS: &[&str] = &["Harbour Savings Bank", "First Example Bank", "Mutual of Nowhere"];

/// Adds what the customer added last pays with, which is told of its payments. Who has yet to buy something has none;
/// of who has left, what identifies anybody is gone.
pub(super) fn add(batch: &mut Batch, source: &mut Source) {
    let Some(owner) = batch.customers.last() else { return };
    let status = match owner.status {
        CustomerStatus::Active | CustomerStatus::Suspended => PaymentMethodStatus::Active,
        CustomerStatus::Closed => PaymentMethodStatus::Detached,
        _ => return,
    };
    let card = card(method(owner, status, source), source);
    let account = account(method(owner, status, source), source);
    // The first of those in the documentation has everything.
    let methods = match source.below(3) {
        _ if owner.external_reference.as_deref() == Some("CRM-100001") => vec![card, account],
        0 => vec![card],
        1 => vec![account],
        _ => vec![card, account],
    };
    let is_active = status == PaymentMethodStatus::Active;
    for (position, method) in (0..).zip(methods) {
        if position == 0 {
            let of_owner = batch.payments.iter_mut().rev().take_while(|row| row.customer_id == owner.id);
            for payment in of_owner.filter(|row| row.processor_reference.is_some()) {
                payment.method_id = Some(method.id);
            }
        }
        let is_default = is_active && position == 0;
        batch.payment_methods.push(payment_method::Model { is_default, ..method });
    }
}

/// What card and account have in common.
fn method(
    owner: &customer::Model,
    status: PaymentMethodStatus,
    source: &mut Source,
) -> payment_method::Model {
    let created_at = owner.created_at + TimeDelta::minutes(source.between(20, 600));
    let is_active = status == PaymentMethodStatus::Active;
    let token = ProcessorToken::new(source.fill("pm_@@####@@####@@####"));
    payment_method::Model {
        id: source.id(created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        kind: PaymentMethodKind::Card,
        is_default: false,
        status,
        processor_token: is_active.then_some(token),
        brand: None,
        last4: None,
        exp_month: None,
        exp_year: None,
        bank_name: None,
        holder_name: is_active.then(|| owner.display_name.clone()),
        iban: None,
        created_at,
    }
}

fn card(method: payment_method::Model, source: &mut Source) -> payment_method::Model {
    payment_method::Model {
        brand: Some(*source.pick(BRANDS)),
        last4: Some(source.fill("####")),
        exp_month: Some(source.between(1, 12) as i32),
        exp_year: Some(source.between(2_027, 2_030) as i32),
        ..method
    }
}

fn account(method: payment_method::Model, source: &mut Source) -> payment_method::Model {
    let iban = Iban::new(iban(source));
    payment_method::Model {
        kind: PaymentMethodKind::BankAccount,
        bank_name: Some((*source.pick(BANKS)).to_owned()),
        iban: (method.status == PaymentMethodStatus::Active).then_some(iban),
        ..method
    }
}

/// A German account number (ISO 13616-1) of a bank code that is not given out, with its check digits (ISO 7064,
/// MOD 97-10): D is 13, E is 14.
fn iban(source: &mut Source) -> String {
    let account = source.below(10_000_000_000);
    let number = 99_999_999_u128 * 10_000_000_000 + u128::from(account);
    let check = 98 - (number * 1_000_000 + 131_400) % 97;
    format!("DE{check:02}99999999{account:010}")
}
