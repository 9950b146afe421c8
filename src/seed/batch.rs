//! Rows that are written together, parents before children.

use custodian_entity::{
    address, call_log, contact, customer, email_verification, identity_check, invoice, invoice_line,
    network_service, payment, subscription, ticket, ticket_message, user,
};
use sea_orm::{ConnectionTrait, DbErr};

use super::rows::insert_all;

/// Customers and all that hangs off them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) customers: Vec<customer::Model>,
    /// The accounts of these customers, for those that have one.
    pub(super) accounts: Vec<user::Model>,
    pub(super) addresses: Vec<address::Model>,
    pub(super) contacts: Vec<contact::Model>,
    pub(super) subscriptions: Vec<subscription::Model>,
    pub(super) network_services: Vec<network_service::Model>,
    pub(super) invoices: Vec<invoice::Model>,
    pub(super) invoice_lines: Vec<invoice_line::Model>,
    pub(super) payments: Vec<payment::Model>,
    pub(super) tickets: Vec<ticket::Model>,
    pub(super) ticket_messages: Vec<ticket_message::Model>,
    pub(super) call_logs: Vec<call_log::Model>,
    pub(super) identity_checks: Vec<identity_check::Model>,
    pub(super) email_verifications: Vec<email_verification::Model>,
}

impl Batch {
    /// Writes everything; the caller's transaction makes it one change.
    pub(super) async fn insert(self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        insert_all::<customer::Entity>(db, self.customers).await?;
        insert_all::<user::Entity>(db, self.accounts).await?;
        insert_all::<address::Entity>(db, self.addresses).await?;
        insert_all::<contact::Entity>(db, self.contacts).await?;
        insert_all::<subscription::Entity>(db, self.subscriptions).await?;
        insert_all::<network_service::Entity>(db, self.network_services).await?;
        insert_all::<invoice::Entity>(db, self.invoices).await?;
        insert_all::<invoice_line::Entity>(db, self.invoice_lines).await?;
        insert_all::<payment::Entity>(db, self.payments).await?;
        insert_all::<ticket::Entity>(db, self.tickets).await?;
        insert_all::<ticket_message::Entity>(db, self.ticket_messages).await?;
        insert_all::<call_log::Entity>(db, self.call_logs).await?;
        insert_all::<identity_check::Entity>(db, self.identity_checks).await?;
        insert_all::<email_verification::Entity>(db, self.email_verifications).await
    }
}
