//! Invoices and payments. Custodian records payments; it does not process cards.

mod balance;
mod invoice_mutation;
mod method;
mod method_mutation;
mod object;
mod payment_mutation;
mod query;
mod refund_mutation;

pub use self::invoice_mutation::InvoiceMutation;
pub use self::method::PaymentMethod;
pub use self::method_mutation::PaymentMethodMutation;
pub use self::object::{Invoice, InvoiceLine, Payment};
pub use self::payment_mutation::PaymentMutation;
pub use self::query::{BillingQuery, InvoiceFilter, PaymentFilter};
pub use self::refund_mutation::RefundMutation;
