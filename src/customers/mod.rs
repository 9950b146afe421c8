//! Customers, their addresses and contacts.

mod address;
mod address_mutation;
mod contact;
mod contact_mutation;
mod lifecycle;
mod lookup;
mod mutation;
mod object;
mod query;

pub use self::address::Address;
pub use self::address_mutation::AddressMutation;
pub use self::contact::Contact;
pub use self::contact_mutation::ContactMutation;
pub use self::lifecycle::LifecycleMutation;
pub use self::lookup::{LOOKUP, LookupQuery};
pub use self::mutation::CustomerMutation;
pub use self::object::Customer;
pub use self::query::{CustomerFilter, CustomerQuery};
