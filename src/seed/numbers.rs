//! The numbers that people read: of customers, invoices and tickets, without gaps within a provider.

use chrono::Datelike;
use custodian_entity::choice::InvoiceStatus;
use custodian_entity::id::{TenantId, TypedId};
use custodian_entity::{invoice, number_series, ticket};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::batch::Batch;
use super::rows::select;

const CUSTOMER: &str = "CUSTOMER";
const INVOICE: &str = "INVOICE";
const TICKET: &str = "TICKET";

/// The last numbers given out by one provider.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    /// Of the last customer.
    pub(super) customer: i64,
    invoice: i64,
    ticket: i64,
}

impl Numbers {
    /// Reads the numbers and keeps others from taking any until the transaction ends.
    #[expect(clippy::disallowed_methods, reason = "seeding runs before any viewer exists")]
    pub(super) async fn lock(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Self, DbErr> {
        // An update that changes nothing takes the lock on both databases; SQLite has no `FOR UPDATE`.
        number_series::Entity::update_many()
            .col_expr(number_series::Column::Last, Expr::col(number_series::Column::Last))
            .filter(number_series::Column::TenantId.eq(tenant))
            .exec(db)
            .await?;
        let mut numbers = Self::default();
        let series = select::<number_series::Entity>()
            .filter(number_series::Column::TenantId.eq(tenant))
            .all(db)
            .await?;
        for row in series {
            match row.kind.as_str() {
                CUSTOMER => numbers.customer = row.last,
                INVOICE => numbers.invoice = row.last,
                TICKET => numbers.ticket = row.last,
                _ => {}
            }
        }
        Ok(numbers)
    }

    /// Writes the numbers back.
    #[expect(clippy::disallowed_methods, reason = "seeding runs before any viewer exists")]
    pub(super) async fn save(self, db: &impl ConnectionTrait, tenant: TenantId) -> Result<(), DbErr> {
        let rows = [(CUSTOMER, self.customer), (INVOICE, self.invoice), (TICKET, self.ticket)];
        let rows = rows.map(|(kind, last)| number_series::ActiveModel {
            tenant_id: ActiveValue::Set(tenant),
            kind: ActiveValue::Set(kind.to_owned()),
            last: ActiveValue::Set(last),
        });
        let key = [number_series::Column::TenantId, number_series::Column::Kind];
        number_series::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).update_column(number_series::Column::Last).to_owned())
            .exec_without_returning(db)
            .await?;
        Ok(())
    }

    /// The next customer number.
    pub(super) fn next_customer(&mut self) -> (u64, String) {
        self.customer += 1;
        (self.customer.unsigned_abs(), format!("C-{:06}", self.customer))
    }

    /// Numbers the invoices and tickets of a batch in the order in which they came about.
    pub(super) fn number(&mut self, batch: &mut Batch) {
        let mut invoices: Vec<&mut invoice::Model> = batch.invoices.iter_mut().collect();
        invoices.sort_by_key(|invoice| (invoice.issue_date, invoice.id));
        for invoice in invoices {
            // A draft has no number yet. Its provisional one is its id without the prefix.
            if invoice.status == InvoiceStatus::Draft {
                let id = invoice.id.encode();
                invoice.number = format!("DRAFT-{}", id.rsplit('_').next().unwrap_or_default());
            } else {
                self.invoice += 1;
                invoice.number = format!("INV-{}-{:06}", invoice.issue_date.year(), self.invoice);
            }
        }
        let mut tickets: Vec<&mut ticket::Model> = batch.tickets.iter_mut().collect();
        tickets.sort_by_key(|ticket| (ticket.created_at, ticket.id));
        for ticket in tickets {
            self.ticket += 1;
            ticket.number = format!("T-{:06}", self.ticket);
        }
    }
}
