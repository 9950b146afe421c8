//! Trouble tickets and what is written on them.

mod assign_mutation;
mod known;
mod mutation;
mod object;
mod query;
mod transition;

pub use self::assign_mutation::AssignMutation;
pub use self::mutation::TicketMutation;
pub(crate) use self::mutation::{check_assignee, ticket_of};
pub use self::object::{Ticket, TicketMessage};
pub use self::query::{TicketFilter, TicketQuery};
pub use self::transition::TransitionMutation;
