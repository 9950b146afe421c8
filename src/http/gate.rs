//! How many requests with files, contents or sockets are under way at a time: of one user, and of all. In this instance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use custodian_entity::id::UserId;

use super::answer::Refusal;
use crate::error::{Error, code};

/// After how many seconds there may be a place again.
const COME_BACK: u64 = 10;

/// Whose requests are under way now, and how many.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<HashMap<UserId, usize>>);

/// A place among them, until it is dropped.
pub(super) struct Place {
    gate: Arc<Gate>,
    user: UserId,
}

impl Gate {
    /// A place, if there is one.
    pub(super) fn enter(
        self: &Arc<Self>,
        user: UserId,
        per_user: usize,
        at_once: usize,
    ) -> Result<Place, Refusal> {
        let mut under_way = self.under_way();
        if under_way.get(&user).is_some_and(|own| *own >= per_user) {
            return Err(Refusal::from(Error::RateLimited(COME_BACK)));
        }
        if under_way.values().sum::<usize>() >= at_once {
            let message = "too many files are being sent: try again";
            return Err(
                Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, message).after(COME_BACK)
            );
        }
        *under_way.entry(user).or_default() += 1;
        Ok(Place { gate: self.clone(), user })
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.gate.under_way();
        match under_way.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                under_way.remove(&self.user);
            }
        }
    }
}
