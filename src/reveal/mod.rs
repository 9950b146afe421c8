//! Unmasking a few fields of one row, with a purpose, on record (DOMAIN, rule 4).
//!
//! A reveal passes these gates in this order, and each before anything behind it is looked at: the role may unmask each
//! field (`mutation`); the user has not done it too often ([`crate::audit::counted`]); the row lies within reach; a ticket
//! or a check of who is calling stands behind it, where the policy asks for one (`ground`). The values come out of
//! [`Reader`] and reach the answer only once the event that records them is committed. Who fails at one of the first two
//! is on record as well.

pub(crate) mod ground;
mod mutation;
mod reader;

pub use self::mutation::RevealMutation;
pub use self::reader::Reader;
