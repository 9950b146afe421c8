//! How the content of documents leaves: to who sees it in clear, by his token or by a link; to who may unmask it, by a link
//! that he says a purpose for. Each time is on record before the first byte is sent.

mod content;
mod link;
mod link_mutation;

pub use self::content::{Content, Reader};
pub(crate) use self::link::find;
pub use self::link_mutation::DownloadMutation;
