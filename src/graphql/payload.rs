//! What a mutation answers: what it changed, or why it could not.

use async_graphql::{Enum, SimpleObject};

/// Business refusals, by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// The value is not acceptable.
    Invalid,
    /// A value is needed.
    Required,
    /// The value is in use already.
    Taken,
    /// The value is too long.
    TooLong,
    /// The lifecycle has no such step.
    InvalidTransition,
    /// A file is not what is taken: its kind, or what is in it.
    FileTypeNotAllowed,
    /// A file is too large, or there is no room left for it.
    FileTooLarge,
    /// The scanner found something in a file.
    FileInfected,
    /// The rules do not allow this password.
    PasswordTooWeak,
    /// The token of a link is not valid any longer.
    TokenExpired,
    /// The token of a link was used before.
    TokenUsed,
}

/// Why a mutation could not do what was asked. Nothing was changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// The way to the value in the input, or none when it is about the whole.
    pub field: Option<Vec<String>>,
    /// The kind of refusal.
    pub code: UserErrorCode,
    /// For people. Does not repeat the value.
    pub message: String,
}

impl UserError {
    /// About one value of the input: a dotted path such as `address.city`.
    pub fn on(path: &str, code: UserErrorCode, message: impl Into<String>) -> Self {
        Self { field: Some(path.split('.').map(str::to_owned).collect()), code, message: message.into() }
    }

    /// A step the lifecycle does not have.
    pub fn transition(from: impl std::fmt::Debug, to: impl std::fmt::Debug) -> Self {
        Self {
            field: None,
            code: UserErrorCode::InvalidTransition,
            message: format!("{from:?} cannot become {to:?}"),
        }
    }
}

/// What comes of a change: done, or refused with reasons and nothing changed.
pub type Outcome<T> = Result<T, Vec<UserError>>;

/// Whether it was refused because somebody has such a value already.
pub fn is_taken<T>(outcome: &Outcome<T>) -> bool {
    let of_taken =
        |reasons: &Vec<UserError>| reasons.iter().any(|reason| reason.code == UserErrorCode::Taken);
    outcome.as_ref().err().is_some_and(of_taken)
}

/// Declares payloads: `payloads! { CustomerCreatePayload { customer: Customer } }`.
#[macro_export]
macro_rules! payloads {
    ($($name:ident { $field:ident: $type:ty })*) => {$(
        /// What the mutation changed, or why it could not.
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            /// As it is now; none when refused.
            $field: Option<$type>,
            /// Why it could not be done; empty when it was.
            user_errors: Vec<$crate::graphql::UserError>,
        }

        impl<T: Into<$type>> From<$crate::graphql::Outcome<T>> for $name {
            fn from(outcome: $crate::graphql::Outcome<T>) -> Self {
                match outcome {
                    Ok(done) => Self { $field: Some(done.into()), user_errors: Vec::new() },
                    Err(user_errors) => Self { $field: None, user_errors },
                }
            }
        }
    )*};
}
