//! Rows that are written together, parents before children.

use custodian_entity::{
    address, call_log, change_record, contact, customer, customer_note, customer_word, document,
    email_verification, identity_check, invoice, invoice_line, network_service, payment, payment_method,
    subscription, ticket, ticket_message, user,
};
use sea_orm::ConnectionTrait;

use super::SeedError;
use super::rows::{insert_all, insert_sealed};
use crate::authz::words;
use crate::vault::OpenKeys;

/// Customers and all that hangs off them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) customers: Vec<customer::Model>,
    /// The accounts of these customers, for those that have one.
    pub(super) accounts: Vec<user::Model>,
    pub(super) addresses: Vec<address::Model>,
    pub(super) contacts: Vec<contact::Model>,
    pub(super) customer_notes: Vec<customer_note::Model>,
    pub(super) subscriptions: Vec<subscription::Model>,
    pub(super) network_services: Vec<network_service::Model>,
    pub(super) invoices: Vec<invoice::Model>,
    pub(super) invoice_lines: Vec<invoice_line::Model>,
    pub(super) payment_methods: Vec<payment_method::Model>,
    pub(super) payments: Vec<payment::Model>,
    pub(super) tickets: Vec<ticket::Model>,
    pub(super) ticket_messages: Vec<ticket_message::Model>,
    pub(super) call_logs: Vec<call_log::Model>,
    pub(super) identity_checks: Vec<identity_check::Model>,
    pub(super) email_verifications: Vec<email_verification::Model>,
    pub(super) documents: Vec<document::Model>,
    pub(super) change_records: Vec<change_record::Model>,
}

impl Batch {
    /// Writes everything; the caller's transaction makes it one change.
    pub(super) async fn insert(self, db: &impl ConnectionTrait, keys: &OpenKeys) -> Result<(), SeedError> {
        let words = words_of(keys, &self.customers).await?;
        insert_sealed::<customer::Entity>(db, keys, self.customers).await?;
        insert_all::<customer_word::Entity>(db, words).await?;
        insert_sealed::<user::Entity>(db, keys, self.accounts).await?;
        insert_sealed::<address::Entity>(db, keys, self.addresses).await?;
        insert_sealed::<contact::Entity>(db, keys, self.contacts).await?;
        insert_sealed::<customer_note::Entity>(db, keys, self.customer_notes).await?;
        insert_sealed::<subscription::Entity>(db, keys, self.subscriptions).await?;
        insert_sealed::<network_service::Entity>(db, keys, self.network_services).await?;
        insert_all::<invoice::Entity>(db, self.invoices).await?;
        insert_all::<invoice_line::Entity>(db, self.invoice_lines).await?;
        insert_sealed::<payment_method::Entity>(db, keys, self.payment_methods).await?;
        insert_all::<payment::Entity>(db, self.payments).await?;
        insert_sealed::<ticket::Entity>(db, keys, self.tickets).await?;
        insert_sealed::<ticket_message::Entity>(db, keys, self.ticket_messages).await?;
        insert_sealed::<call_log::Entity>(db, keys, self.call_logs).await?;
        insert_all::<identity_check::Entity>(db, self.identity_checks).await?;
        insert_sealed::<email_verification::Entity>(db, keys, self.email_verifications).await?;
        insert_sealed::<document::Entity>(db, keys, self.documents).await?;
        insert_sealed::<change_record::Entity>(db, keys, self.change_records).await
    }
}

/// By what the names of customers are found.
async fn words_of(
    keys: &OpenKeys,
    customers: &[customer::Model],
) -> Result<Vec<customer_word::Model>, SeedError> {
    let mut found = Vec::new();
    for customer in customers {
        found.extend(words::of::<customer::Entity>(keys, customer).await.map_err(SeedError::Sealing)?);
    }
    Ok(found)
}
