//! Which passwords may be chosen (DOMAIN, "password rules"; NIST SP 800-63B-4, 3.1.1.2).

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::password::off_thread;
use crate::config::PasswordPolicy;
use crate::error::Result;

/// The time that guessing at a password takes grows faster than its length: the first so many characters are looked at.
const LOOKED_AT: usize = 64;

/// The fewest characters: by `classic`, by `nist`, and by `nist` where a second factor stands behind it.
const CLASSIC: usize = 8;
const NIST: usize = 15;
const NIST_WITH_FACTOR: usize = 8;

/// Why nobody should choose this password; none when he may. `own` is what others know of him: his names.
///
/// # Errors
/// When no thread can be had.
pub async fn weakness(
    policy: PasswordPolicy,
    password: &SecretString,
    has_factor: bool,
    own: Vec<String>,
) -> Result<Option<&'static str>> {
    if let Some(broken) = broken_rule(policy, password.expose_secret(), has_factor) {
        return Ok(Some(broken));
    }
    let password = password.clone();
    off_thread(move || {
        let looked_at: Zeroizing<String> =
            Zeroizing::new(password.expose_secret().chars().take(LOOKED_AT).collect());
        let own: Vec<&str> = own.iter().flat_map(|name| words(name)).collect();
        let is_common = zxcvbn(&looked_at, &own).score() < Score::Two;
        Ok(is_common.then_some("is too common or too easily guessed"))
    })
    .await
}

/// A name, and the words it consists of.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 2);
    std::iter::once(name).chain(parts)
}

fn broken_rule(policy: PasswordPolicy, password: &str, has_factor: bool) -> Option<&'static str> {
    let length = password.chars().count();
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    match policy {
        PasswordPolicy::Classic if length < CLASSIC => Some("is shorter than 8 characters"),
        PasswordPolicy::Classic
            if !(has(char::is_uppercase) && has(char::is_lowercase) && has(char::is_numeric)) =>
        {
            Some("needs a capital letter, a small letter and a digit")
        }
        PasswordPolicy::Nist if has_factor && length < NIST_WITH_FACTOR => {
            Some("is shorter than 8 characters")
        }
        PasswordPolicy::Nist if !has_factor && length < NIST => {
            Some("is shorter than 15 characters; with a second factor 8 are enough")
        }
        _ => None,
    }
}
