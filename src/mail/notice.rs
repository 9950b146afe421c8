//! What letters say: calm, without personal data, and never a value that was changed.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::config::PublicUrl;

/// How long a letter without a link is worth sending.
const NEWS: TimeDelta = TimeDelta::days(3);

/// What a letter is about.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// How to choose a new password.
    PasswordReset(Link<'a>),
    /// How to choose the first password of an account that somebody made.
    Invitation(Link<'a>),
    /// How to confirm that the address is one's own.
    EmailVerification(Link<'a>),
    /// To the old address, without the new one: that there is another now (DOMAIN, rule 5; 47 CFR 64.2010(f)).
    EmailChanged,
    /// That there is a new password (47 CFR 64.2010(f)).
    PasswordChanged,
    /// That somebody failed to sign in so often that nobody can for a while.
    AccountLocked,
    /// To whom a provider named for security: that a rule found something.
    SecurityAlert(Found<'a>),
}

/// What a rule found: names, numbers and an id, nothing personal.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The rule.
    pub rule: &'a str,
    /// How bad it looks.
    pub severity: &'a str,
    /// How much was counted.
    pub count: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The id of the alert.
    pub alert: &'a str,
    /// The account that it is about, if it is about one.
    pub principal: Option<&'a str>,
    /// The API client.
    pub client: Option<&'a str>,
    /// What the rule did about it, if it did something.
    pub contained: Option<&'a str>,
}

/// The token of a link, and for how long it can be used.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// What the page brings back.
    pub token: &'a SecretString,
    /// From now on.
    pub valid_for: TimeDelta,
}

/// The parts of a letter. Whoever renders it escapes what `provider` holds.
pub(super) struct Text {
    pub(super) subject: String,
    /// Before the link, if there is one.
    pub(super) before: Vec<String>,
    pub(super) link: Option<(&'static str, String)>,
    /// Behind it.
    pub(super) after: Vec<String>,
}

impl Notice<'_> {
    /// The name under which it is stored and counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PasswordReset(_) => "PASSWORD_RESET",
            Self::Invitation(_) => "INVITATION",
            Self::EmailVerification(_) => "EMAIL_VERIFICATION",
            Self::EmailChanged => "EMAIL_CHANGED",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::AccountLocked => "ACCOUNT_LOCKED",
            Self::SecurityAlert(_) => "SECURITY_ALERT",
        }
    }

    /// For how long it is worth sending: a link that has ended is none.
    pub(super) fn worth_sending(&self) -> TimeDelta {
        self.link().map_or(NEWS, |(_, _, link)| link.valid_for.min(NEWS))
    }

    /// The page, the name of the link to it, and its token.
    fn link(&self) -> Option<(&'static str, &'static str, Link<'_>)> {
        match self {
            Self::PasswordReset(link) => Some(("reset-password", "Choose a new password", *link)),
            Self::Invitation(link) => Some(("accept-invitation", "Accept the invitation", *link)),
            Self::EmailVerification(link) => Some(("verify-email", "Confirm this address", *link)),
            Self::EmailChanged | Self::PasswordChanged | Self::AccountLocked | Self::SecurityAlert(_) => None,
        }
    }

    /// The words, in the name of a provider.
    pub(super) fn text(&self, provider: &str, portal_url: &PublicUrl) -> Text {
        let (subject, before, after): (_, &[String], &[&str]) = match self {
            Self::PasswordReset(_) => (
                "Choose a new password".to_owned(),
                &[format!("Somebody asked for a new password for your account at {provider}.")],
                &["If it was not you, there is nothing to do: your password stays as it is."],
            ),
            Self::Invitation(_) => (
                format!("Your account at {provider}"),
                &[format!(
                    "An account at {provider} was made for you. It is yours once you choose a password."
                )],
                &["If you do not expect this, there is nothing to do."],
            ),
            Self::EmailVerification(_) => (
                "Confirm your e-mail address".to_owned(),
                &[format!("This address was given to {provider} as yours.")],
                &["If it was not you, there is nothing to do: the address is not used."],
            ),
            Self::EmailChanged => (
                "Your e-mail address was changed".to_owned(),
                &[format!(
                    "The e-mail address of your account at {provider} was changed. This one is no longer used."
                )],
                &[UNEXPECTED],
            ),
            Self::PasswordChanged => (
                "Your password was changed".to_owned(),
                &[format!(
                    "The password of your account at {provider} was changed. Every session ended with it."
                )],
                &[UNEXPECTED],
            ),
            Self::AccountLocked => (
                "Signing in is paused for your account".to_owned(),
                &[format!(
                    "Somebody failed several times to sign in to your account at {provider}. For a while nobody can."
                )],
                &[
                    "If it was you, wait a little and try again. If it was not, your password has kept them out.",
                ],
            ),
            Self::SecurityAlert(found) => (
                format!("Security alert: {}", found.rule),
                &[
                    format!("A rule found something in the audit log of {provider}."),
                    format!(
                        "Rule: {}. Severity: {}. Count: {}. Time: {}.",
                        found.rule,
                        found.severity,
                        found.count,
                        found.at.to_rfc3339_opts(SecondsFormat::Secs, true)
                    ),
                    format!("Alert: {}", found.alert),
                    format!("Done by the rule: {}", found.contained.unwrap_or("nothing")),
                ],
                &["Whoever administers the provider finds it under this id."],
            ),
        };
        let mut text = Text {
            subject,
            before: before.to_vec(),
            link: None,
            after: after.iter().map(|line| (*line).to_owned()).collect(),
        };
        if let Some((page, name, link)) = self.link() {
            // In the fragment, which no browser sends: no log of any server holds it.
            let target = portal_url.join(&format!("/{page}#token={}", link.token.expose_secret()));
            text.link = Some((name, target));
            text.after.insert(0, format!("The link can be used once, within {}.", span(link.valid_for)));
        }
        text
    }
}

const UNEXPECTED: &str = "If it was not you, tell us at once.";

/// A time span as people say it.
fn span(time: TimeDelta) -> String {
    let (count, unit) = match time.num_hours() {
        0 => (time.num_minutes(), "minute"),
        1..48 => (time.num_hours(), "hour"),
        _ => (time.num_days(), "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
