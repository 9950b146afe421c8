//! Whose socket it is, now. The token that opened it is looked at again before each operation, whenever something was
//! changed that could end it, and every half minute: so what ends a request ends a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use custodian_entity::id::{ApiClientId, SessionId, TenantId, TypedId, UserId};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Notify, Semaphore, watch};
use tokio::time::timeout;

use crate::app::App;
use crate::authn::token::ends_at;
use crate::authn::{Credentials, Origin, Viewer};
use crate::error::{Error, Result};
use crate::news::Changed;

/// How many events of one socket are read, and wait for its client, at a time.
const TURNS: usize = 4;

/// Why a socket is closed by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The token, its session or its account ended.
    Unauthenticated,
    /// The role, or the right to what is listened to, was taken away.
    Forbidden,
    /// What was to be told is not taken.
    TooSlow,
    /// It cannot be found out who it is.
    Unavailable,
}

/// Whose socket it is.
pub struct Seat {
    bearer: SecretString,
    role: Option<String>,
    /// Where it was opened from.
    pub origin: Origin,
    user: UserId,
    client: Option<ApiClientId>,
    tenant: TenantId,
    session: Option<SessionId>,
    /// When the token ends.
    until: DateTime<Utc>,
    standing: Mutex<Standing>,
    /// How often something was changed that could end it.
    doubts: AtomicU64,
    doubted: Notify,
    /// Events that are read, and wait for the client, at a time.
    pub(super) turns: Arc<Semaphore>,
    ended: Arc<watch::Sender<Option<End>>>,
    /// Its subscriptions, looked at again when the policy changes.
    pub(super) subscriptions: std::sync::Mutex<Vec<std::sync::Weak<super::subscribed::Asked>>>,
}

/// Who it was found to be, and when.
struct Standing {
    viewer: Viewer,
    looked: DateTime<Utc>,
    /// Of the doubts of its seat, how many there were then.
    doubts: u64,
}

impl Seat {
    /// Whose account it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The API client that opened it, if one did.
    pub fn client(&self) -> Option<ApiClientId> {
        self.client
    }

    pub(super) fn is_of(&self, session: SessionId) -> bool {
        self.session == Some(session)
    }

    /// Whether a change that ends rights can be one of its own: what is about one account or API client is about no other,
    /// and anything else about whoever is of the provider.
    pub(super) fn is_concerned(&self, changed: &Changed) -> bool {
        let id = changed.id.as_deref().unwrap_or_default();
        match changed.kind.as_deref() {
            Some("User") => UserId::decode(id).is_ok_and(|user| user == self.user),
            Some("ApiClient") => ApiClientId::decode(id).is_ok_and(|client| Some(client) == self.client),
            _ => {
                let tenant = changed.tenant.as_deref().and_then(|tenant| TenantId::decode(tenant).ok());
                tenant.is_none_or(|tenant| tenant == self.tenant)
            }
        }
    }

    /// Has it looked at again at once.
    pub(super) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::SeqCst);
        self.doubted.notify_one();
    }

    /// Ends it. The first reason counts.
    pub fn end(&self, end: End) {
        self.ended.send_if_modified(|ended| {
            let is_first = ended.is_none();
            ended.get_or_insert(end);
            is_first
        });
    }

    /// Who it is now.
    ///
    /// # Errors
    /// The [`End`] of the socket.
    pub async fn viewer(&self, app: &App) -> Result<Viewer, End> {
        self.looked_at(app, false).await
    }

    /// Who it is, found out anew.
    ///
    /// # Errors
    /// The [`End`] of the socket.
    pub async fn viewer_anew(&self, app: &App) -> Result<Viewer, End> {
        self.looked_at(app, true).await
    }

    async fn looked_at(&self, app: &App, anew: bool) -> Result<Viewer, End> {
        let found = self.found(app, anew).await;
        if let Err(end) = found {
            self.end(end);
        }
        found
    }

    async fn found(&self, app: &App, anew: bool) -> Result<Viewer, End> {
        if let Some(end) = *self.ended.borrow() {
            return Err(end);
        }
        let mut standing = self.standing.lock().await;
        let now = app.clock.now();
        if now >= self.until {
            return Err(End::Unauthenticated);
        }
        let role = standing.viewer.identity().and_then(|who| who.role.until);
        let is_due = now - standing.looked >= app.config.websocket.recheck();
        let is_over = role.is_some_and(|until| now >= until);
        // Doubts that come while it is looked at are looked at next; who is cut off has looked at none.
        let doubts = self.doubts.load(Ordering::SeqCst);
        if doubts != standing.doubts || anew || is_due || is_over {
            let looking = app.authenticate(self.credentials(), &self.origin);
            let viewer = timeout(app.config.request_timeout(), looking).await;
            let viewer = viewer.unwrap_or(Err(Error::Timeout)).map_err(|error| end_of(&error))?;
            *standing = Standing { viewer, looked: now, doubts };
        }
        Ok(standing.viewer.clone())
    }

    fn credentials(&self) -> Credentials<'_> {
        let bearer = Some(self.bearer.expose_secret());
        Credentials { bearer, role: self.role.as_deref(), ip: self.origin.ip }
    }
}

fn end_of(error: &Error) -> End {
    match error {
        Error::Unauthenticated => End::Unauthenticated,
        Error::RoleRefused { .. } | Error::Forbidden(_) => End::Forbidden,
        other => {
            other.log();
            End::Unavailable
        }
    }
}

/// How often a seat is looked at.
const LOOKING: Duration = Duration::from_secs(1);

impl App {
    /// Looks after a seat until it ends: whether its token goes on, and whether all that is listened to there may still be
    /// told.
    pub async fn keep(&self, seat: &Seat) {
        let mut policy = self.policy.snapshot();
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOKING) => {}
                () = seat.doubted.notified() => {}
            }
            let Ok(viewer) = seat.viewer(self).await else { return };
            let now = self.policy.snapshot();
            if !Arc::ptr_eq(&policy, &now) {
                policy = now;
                if !self.grants_all(&policy, &viewer, seat) {
                    return seat.end(End::Forbidden);
                }
            }
        }
    }

    /// A seat for who brings this token, and asks to act in this role, if in one. When it ends, that is said once.
    ///
    /// # Errors
    /// The [`End`] that it has before it begins.
    pub async fn sit(
        &self,
        bearer: SecretString,
        role: Option<String>,
        origin: Origin,
        ended: Arc<watch::Sender<Option<End>>>,
    ) -> Result<Arc<Seat>, End> {
        let looked = self.clock.now();
        let credentials =
            Credentials { bearer: Some(bearer.expose_secret()), role: role.as_deref(), ip: origin.ip };
        let viewer = self.authenticate(credentials, &origin).await.map_err(|error| end_of(&error))?;
        let until = ends_at(bearer.expose_secret()).ok_or(End::Unauthenticated)?;
        let who = viewer.identity().ok_or(End::Unauthenticated)?;
        let (user, client, tenant, session) = (who.user, who.client, who.tenant, who.session);
        let seat = Arc::new(Seat {
            bearer,
            role,
            origin,
            user,
            client,
            tenant,
            session,
            until,
            standing: Mutex::new(Standing { viewer, looked, doubts: 0 }),
            doubts: AtomicU64::new(0),
            doubted: Notify::new(),
            turns: Arc::new(Semaphore::new(TURNS)),
            ended,
            subscriptions: std::sync::Mutex::default(),
        });
        self.live.seat(&seat);
        // What ended in between was told to nobody.
        seat.doubt();
        Ok(seat)
    }
}
