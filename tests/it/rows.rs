//! Row scope: which rows of which list, link and id a caller gets, what he can change, and that nothing tells him of
//! the others. What is expected is worked out from the specification ([`world`], [`matrix`]).

mod facts;
pub mod matrix;
pub mod observed;
mod oracles;
mod others;
mod paging;
mod property;
mod reached;
mod statements;
pub mod world;
pub mod writes;

use std::sync::LazyLock;

use regex::Regex;

use crate::client::Answer;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    reached::register(suite);
    others::register(suite);
    oracles::register(suite);
    writes::register(suite);
    paging::register(suite);
    property::register(suite);
    statements::register(suite);
}

/// An answer's text without what differs between any two requests: request ids, and cursors, which are sealed under
/// random nonces. That there is one stays to be seen.
fn comparable(answer: &Answer) -> String {
    static RANDOM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#""(requestId|cursor|startCursor|endCursor)":"[^"]*""#).unwrap());
    format!("{} {}", answer.status.as_u16(), RANDOM.replace_all(&answer.text, r#""$1":"…""#))
}
