//! Time-based one-time codes: six digits by HMAC-SHA-1, a new one every half minute (RFC 6238), as every authenticator
//! makes them.

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Totp};

use crate::error::{Error, Result};

/// The bytes of a secret: as long as the hash (RFC 4226, 4).
pub const SECRET_LENGTH: usize = 20;

/// What is known to both sides.
pub struct OneTime(Totp);

impl OneTime {
    /// With this secret, for an account at an issuer; both are names for the authenticator to show.
    ///
    /// # Errors
    /// [`Error::Internal`] when the secret is too short to be one.
    pub fn new(secret: &[u8], issuer: &str, account: &str) -> Result<Self> {
        let plain = |name: &str| name.replace(':', " ");
        let builder = Builder::new().with_secret(secret).with_issuer(Some(plain(issuer)));
        let built = builder.with_account_name(plain(account)).build();
        built.map(Self).map_err(|_| Error::bug("a second factor's secret is malformed"))
    }

    /// The step whose code this is: the present one, or one of its neighbours, for clocks that differ and for who is
    /// slow (RFC 6238, 5.2).
    pub fn step(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let step = self.0.check(code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }

    /// The secret as people type it: base 32.
    pub fn secret(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The same for authenticators to scan: `otpauth://totp/…`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the account has no name.
    pub fn uri(&self) -> Result<String> {
        self.0.to_url().map_err(|_| Error::bug("a second factor without an account"))
    }
}
