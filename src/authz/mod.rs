//! The authorisation core. Data flow one way: policy files → [`policy`] (casbin, once per role, right and field) →
//! [`table`] → [`guard`] (document × rights) → resolvers over [`scope`] → [`pii`] (clear or masked) → [`answer`].
//! On the way into a row and out of it [`sealing`] seals and opens personal data; [`changes`] records what a change made
//! of it.
//!
//! What an operation asks about the schema itself is answered by [`introspection`].
//!
//! Invariants: no resolver checks a role; no statement passes [`scope::Scoped`] by; personal data become part of an
//! answer in [`pii`] only; whatever nobody decided about is denied.

pub mod alike;
pub mod answer;
mod argument;
pub mod catalog;
pub mod changes;
mod conditions;
pub mod denial;
pub mod disclosing;
mod given;
pub mod guard;
pub mod history;
pub mod introspection;
pub mod mask;
pub mod measure;
pub mod nesting;
pub mod operation;
mod past;
pub mod pii;
pub mod plan;
pub mod policy;
pub mod rows;
pub mod scope;
pub mod sealing;
pub mod table;
pub mod tally;
mod trail;
mod uses;
pub mod words;

pub use self::operation::{InOperation, Operation};
pub use self::past::Past;
pub use self::pii::{Personal, Pii, Withheld};
pub use self::rows::Rows;
pub use self::scope::Scoped;
pub use self::table::{Level, Rights, Verb, field};
pub(crate) use self::trail::tells_of;
