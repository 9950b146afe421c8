//! Why a socket is closed (PROTOCOL.md; RFC 6455, 7.4). No reason repeats what was sent.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};

use crate::app::End;

/// A code and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    reason: &'static str,
}

impl Close {
    pub(super) const DONE: Self = Self::of(1000, "done");
    pub(super) const STOPPING: Self = Self::of(1001, "the service stops");
    pub(super) const TOO_LARGE: Self = Self::of(1009, "the message is too large");
    /// Clients come back by themselves after this one.
    pub(super) const TOO_SLOW: Self = Self::of(1013, "too slow: what was to be told is not taken");
    pub(super) const TOO_MANY: Self = Self::of(1013, "too many sockets of this account");
    pub(super) const NO_ROOM: Self = Self::of(1013, "there is no room for a socket");
    pub(super) const UNAVAILABLE: Self = Self::of(1013, "temporarily unavailable");
    pub(super) const INVALID: Self = Self::of(4400, "invalid message");
    pub(super) const UNAUTHORIZED: Self = Self::of(4401, "unauthorized");
    pub(super) const FORBIDDEN: Self = Self::of(4403, "forbidden");
    pub(super) const PROTOCOL: Self = Self::of(4406, "sub-protocol not acceptable");
    pub(super) const INIT_LATE: Self = Self::of(4408, "connection initialisation timeout");
    pub(super) const TAKEN: Self = Self::of(4409, "subscriber already exists");
    pub(super) const INIT_AGAIN: Self = Self::of(4429, "too many initialisation requests");

    const fn of(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }

    /// As it is sent.
    pub(super) fn message(self) -> Message {
        let reason = Utf8Bytes::from_static(self.reason);
        Message::Close(Some(CloseFrame { code: self.code, reason }))
    }
}

impl From<End> for Close {
    fn from(end: End) -> Self {
        match end {
            End::Unauthenticated => Self::UNAUTHORIZED,
            End::Forbidden => Self::FORBIDDEN,
            End::TooSlow => Self::TOO_SLOW,
            End::Unavailable => Self::UNAVAILABLE,
        }
    }
}
