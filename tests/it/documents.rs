//! Documents: what files are taken.

mod coming;
mod erased;
mod inspect;
mod killed;
mod reach;
pub mod samples;
mod scanning;

use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    inspect::register(suite);
    coming::register(suite);
    erased::register(suite);
    scanning::register(suite);
    killed::register(suite);
    reach::register(suite);
}
