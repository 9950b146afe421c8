//! The one error of the service: a variant per meaning *to the client*.
//!
//! The public half of an error is its [`Error::code`] and its message. The internal half exists only inside
//! [`Error::Internal`], [`Error::Unavailable`] and [`Error::Uncertain`], is logged once where it is turned into an answer, and has no way
//! to a client: [`Error::public_message`] does not read it. The GraphQL library takes any error by its text and keeps
//! the error itself; [`crate::authz::answer`] reads the code from there.

use std::error::Error as StdError;
use std::sync::Arc;

use custodian_entity::id::{ApiClientId, TenantId, UserId};

/// Stable error codes: `extensions.code` of every GraphQL error (DESIGN, "Contract").
pub mod code {
    /// No or no valid credentials.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// The viewer may not do this.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// Filtering or ordering by a field the viewer does not see in clear.
    pub const FIELD_NOT_QUERYABLE: &str = "FIELD_NOT_QUERYABLE";
    /// The row does not exist, or not for this viewer.
    pub const NOT_FOUND: &str = "NOT_FOUND";
    /// The request is malformed.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// A mask was sent back as a value.
    pub const MASKED_VALUE_ROUNDTRIP: &str = "MASKED_VALUE_ROUNDTRIP";
    /// Somebody else changed the row first.
    pub const CONFLICT: &str = "CONFLICT";
    /// Too many requests.
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    /// The document is too large, too deep or too costly.
    pub const QUERY_TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
    /// The body is too large.
    pub const PAYLOAD_TOO_LARGE: &str = "PAYLOAD_TOO_LARGE";
    /// The request took too long.
    pub const TIMEOUT: &str = "TIMEOUT";
    /// A part this request needs is away; try again.
    pub const UNAVAILABLE: &str = "UNAVAILABLE";
    /// Our fault.
    pub const INTERNAL: &str = "INTERNAL";
}

/// Counts documents that are past a limit, by its name.
pub const LIMITS: &str = "custodian_limits_total";

/// After how many seconds a part that is away may be there again.
const COME_BACK: u64 = 5;

/// What went wrong, by meaning to the client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No credentials, or none that are valid. The reason is not told.
    #[error("sign in to use this")]
    Unauthenticated,
    /// The credentials given to `login` are wrong, whichever part.
    #[error("user name or password is wrong")]
    WrongCredentials,
    /// The password given to `login` is right, and a code of the second factor is missing or wrong.
    #[error("a code of the second factor is needed")]
    SecondFactorRequired,
    /// The session was not verified by the second factor lately enough.
    #[error("verify this session by the second factor first (mfaVerify)")]
    StepUpRequired,
    /// The viewer may not do this; the text names fields or operations, never values.
    #[error("{0}")]
    Forbidden(String),
    /// Somebody who is known asked to act in a role that he does not hold, or that is not in force.
    #[error("{reason}")]
    RoleRefused {
        /// Who.
        user: UserId,
        /// His provider.
        tenant: TenantId,
        /// The API client that asked in his name, if one did.
        client: Option<ApiClientId>,
        /// Why, without the name that was asked for.
        reason: &'static str,
    },
    /// A field of the schema that may not be unmasked in this role: its name.
    #[error("{0} cannot be revealed in this role")]
    NotRevealable(String),
    /// The row does not exist or lies outside the viewer's scope: one text for both.
    #[error("not found")]
    NotFound,
    /// The request is malformed; the text says how, without repeating what was sent.
    #[error("{0}")]
    BadInput(String),
    /// The value given for a field the viewer sees masked is its mask.
    #[error("{0}: a masked value cannot be written back")]
    MaskedRoundtrip(&'static str),
    /// The row was changed since the writer read it.
    #[error("the row was changed by somebody else: read it again")]
    Conflict,
    /// A value that must be unique is in use. The text names the constraint, for the code that knows its field; the
    /// client does not see it.
    #[error("a value is in use already")]
    Taken(String),
    /// The key that a value would be sealed with was destroyed.
    #[error("what is kept here was erased for good: nothing is added to it")]
    Erased,
    /// The document is too large, too deep or too costly; the text names limit and measure.
    #[error("{0}")]
    TooComplex(String),
    /// As often as it may be done within its time; how many seconds until it can be again.
    #[error("too many requests: try again in {0} seconds")]
    RateLimited(u64),
    /// Too many wrong passwords or codes; how many seconds until another is looked at.
    #[error("too many attempts: try again in {0} seconds")]
    TooManyGuesses(u64),
    /// The body is larger than accepted.
    #[error("the request body is larger than {0} bytes")]
    PayloadTooLarge(usize),
    /// The request took too long.
    #[error("the request took too long; read again whether what it asked for was done")]
    Timeout,
    /// A part this request needs is away.
    #[error("temporarily unavailable: try again")]
    Unavailable(#[source] Arc<dyn StdError + Send + Sync>),
    /// There is more to do than the service can.
    #[error("the server has more to do than it can: try again later")]
    Overloaded,
    /// The database went away while it made a change permanent: whether it did, nobody here knows. Not to be tried again
    /// unseen.
    #[error("the connection was lost while this was being done; read again whether it was")]
    Uncertain(#[source] Arc<dyn StdError + Send + Sync>),
    /// Our fault; the client learns nothing but the request id.
    #[error("internal error")]
    Internal(#[source] Arc<dyn StdError + Send + Sync>),
}

impl Error {
    /// Wraps a fault that is ours.
    pub fn internal(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(source))
    }

    /// A fault that is ours and has no source of its own.
    pub fn bug(what: &'static str) -> Self {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Bug(&'static str);
        Self::internal(Bug(what))
    }

    /// What a commit that failed comes to. Where the database itself refused it, nothing is changed; where only its answer
    /// is missing, that is not known.
    pub fn of_commit(error: sea_orm::DbErr) -> Self {
        match Self::from(error) {
            Self::Unavailable(source) => Self::Uncertain(source),
            other => other,
        }
    }

    /// A document past this limit, which is counted.
    pub fn too_complex(limit: &'static str, text: String) -> Self {
        metrics::counter!(LIMITS, "limit" => limit).increment(1);
        Self::TooComplex(text)
    }

    /// A malformed request.
    pub fn bad_input(text: impl Into<String>) -> Self {
        Self::BadInput(text.into())
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated | Self::WrongCredentials | Self::SecondFactorRequired => {
                code::UNAUTHENTICATED
            }
            Self::Forbidden(_) | Self::RoleRefused { .. } | Self::NotRevealable(_) | Self::StepUpRequired => {
                code::FORBIDDEN
            }
            Self::NotFound => code::NOT_FOUND,
            Self::BadInput(_) => code::BAD_USER_INPUT,
            Self::MaskedRoundtrip(_) => code::MASKED_VALUE_ROUNDTRIP,
            Self::Conflict | Self::Taken(_) | Self::Erased => code::CONFLICT,
            Self::TooComplex(_) => code::QUERY_TOO_COMPLEX,
            Self::RateLimited(_) | Self::TooManyGuesses(_) => code::RATE_LIMITED,
            Self::PayloadTooLarge(_) => code::PAYLOAD_TOO_LARGE,
            Self::Timeout => code::TIMEOUT,
            Self::Unavailable(_) | Self::Uncertain(_) | Self::Overloaded => code::UNAVAILABLE,
            Self::Internal(_) => code::INTERNAL,
        }
    }

    /// The field of the schema it is about, if it is about one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::MaskedRoundtrip(field) => Some(field),
            Self::NotRevealable(field) => Some(field),
            _ => None,
        }
    }

    /// How many seconds to wait before trying again, if waiting helps.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited(seconds) | Self::TooManyGuesses(seconds) => Some(*seconds),
            Self::Overloaded => Some(1),
            Self::Unavailable(_) => Some(COME_BACK),
            _ => None,
        }
    }

    /// What the client is to bring, by the name of the extension that says so.
    pub fn required(&self) -> Option<&'static str> {
        match self {
            Self::SecondFactorRequired => Some("secondFactor"),
            Self::StepUpRequired => Some("stepUp"),
            _ => None,
        }
    }

    /// What the client reads.
    pub fn public_message(&self) -> String {
        self.to_string()
    }

    /// Logs the internal half, once, where the error becomes an answer. Client faults have none.
    pub fn log(&self) {
        if let Self::Internal(source) | Self::Unavailable(source) | Self::Uncertain(source) = self {
            tracing::error!(code = self.code(), error = %Chain(source.as_ref()), "request failed");
        }
    }
}

/// An error with its causes on one line.
struct Chain<'a>(&'a (dyn StdError + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        use sea_orm::{DbErr, RuntimeErr};
        let is_cut_off = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
                use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls};
                matches!(**inner, Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed)
            }
            _ => false,
        };
        // SQLite waited for its one writer as long as it may.
        if is_cut_off || error.to_string().contains("database is locked") {
            return Self::Unavailable(Arc::new(error));
        }
        match state(&error).as_deref() {
            // PostgreSQL gave up: the statement ran for too long.
            Some("57014") => Self::Timeout,
            Some(state) if is_passing(state) => Self::Unavailable(Arc::new(error)),
            _ => Self::internal(error),
        }
    }
}

/// Whether PostgreSQL may do the same later (PostgreSQL, appendix A).
fn is_passing(state: &str) -> bool {
    match state {
        // A statement waited, or left its transaction alone, for too long; or two waited for each other, and it ended one.
        "55P03" | "25P03" | "40P01" => true,
        // Another statement of the same transaction failed, and said why.
        "25P02" => true,
        // It is told to stop, has crashed, or is not up yet.
        "57P01" | "57P02" | "57P03" | "57P05" => true,
        // The connection is lost; or it has no more room, memory or connections.
        _ => state.starts_with("08") || state.starts_with("53"),
    }
}

/// What the database itself said, if it was it that refused.
pub(crate) fn said_by_database(error: &sea_orm::DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    use sea_orm::{DbErr, RuntimeErr};
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            inner.as_database_error()
        }
        _ => None,
    }
}

/// The SQLSTATE of an error.
fn state(error: &sea_orm::DbErr) -> Option<String> {
    Some(said_by_database(error)?.code()?.into_owned())
}

/// Shorthand for the service's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;
