//! Keys, and what is made with them. aws-lc-rs is the only provider of cryptography.

mod keys;
mod seal;

pub use self::keys::{KeyError, Keys};
pub use self::seal::Sealer;
