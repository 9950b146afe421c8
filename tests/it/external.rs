//! Access tokens of other issuers: whose they are, how they are signed, where keys come from, and that nothing in a token
//! decides any of that.

mod claims;
mod issuer;
mod keys;
mod wycheproof;

use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    claims::register(suite);
    keys::register(suite);
    wycheproof::register(suite);
}
