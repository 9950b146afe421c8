//! Customers, their addresses and contacts, their accounts, and how their e-mail addresses are verified.

mod account;
mod address;
mod address_mutation;
mod confirm_mutation;
mod contact;
mod contact_mutation;
mod erased;
pub mod import;
mod lifecycle;
mod lookup;
mod move_mutation;
mod mutation;
mod note;
mod note_mutation;
mod object;
mod query;
mod values;
mod verification;
mod verification_mutation;

pub use self::address::Address;
pub use self::address_mutation::AddressMutation;
pub use self::confirm_mutation::ConfirmMutation;
pub use self::contact::Contact;
pub use self::contact_mutation::ContactMutation;
pub use self::erased::forget_erased;
pub use self::lifecycle::LifecycleMutation;
pub use self::lookup::{LOOKUP, LookupQuery};
pub use self::move_mutation::MoveMutation;
pub use self::mutation::CustomerMutation;
pub use self::note::CustomerNote;
pub use self::note_mutation::NoteMutation;
pub use self::object::Customer;
pub use self::query::{CustomerFilter, CustomerQuery};
pub use self::verification::EmailVerification;
pub use self::verification_mutation::VerificationMutation;
