//! Invoices and payments. Custodian records payments; it does not process cards.

mod invoice_mutation;
mod object;
mod payment_mutation;
mod query;

pub use self::invoice_mutation::InvoiceMutation;
pub use self::object::{Invoice, InvoiceLine, Payment};
pub use self::payment_mutation::PaymentMutation;
pub use self::query::{BillingQuery, InvoiceFilter, PaymentFilter};
