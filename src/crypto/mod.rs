//! Keys, and what is made with them. aws-lc-rs is the only provider of cryptography.

mod keys;
mod opaque;
mod random;
mod ring;
mod seal;
mod tag;

pub use self::keys::{KeyError, Keys};
pub(crate) use self::keys::{create_private, write_private};
pub use self::opaque::{opaque_token, token_hash};
pub use self::random::random;
pub use self::ring::{Key, KeyRing};
pub use self::seal::Sealer;
pub use self::tag::Tagger;
