//! Live data: the protocol on a socket (abuse cases WS1 and WS2), what is told to whom (AZ13), and what ends it (WS3, AZ14).

mod caps;
mod ended;
mod instances;
mod many;
mod messages;
mod protocol;
mod slow;
pub mod socket;
mod stopping;
mod told;

pub use self::socket::{Socket, serve};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    protocol::register(suite);
    caps::register(suite);
    told::register(suite);
    messages::register(suite);
    ended::register(suite);
    many::register(suite);
    slow::register(suite);
    stopping::register(suite);
    instances::register(suite);
}
