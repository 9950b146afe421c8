//! Accounts, roles, and who holds which.

mod account_mutation;
mod grant_mutation;
mod invite_mutation;
mod object;
mod query;
mod role_mutation;
mod unlock_mutation;

pub use self::account_mutation::AccountMutation;
pub(crate) use self::account_mutation::{is_last as is_indispensable, within_own as decides_about};
pub use self::grant_mutation::GrantMutation;
pub use self::invite_mutation::InviteMutation;
pub use self::object::{Role, RoleGrant, User};
pub use self::query::{UserFilter, UserQuery};
pub use self::role_mutation::RoleMutation;
pub(crate) use self::role_mutation::{holding_roles, reaches_holders};
pub use self::unlock_mutation::UnlockMutation;
