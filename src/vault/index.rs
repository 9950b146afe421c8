//! Finding sealed values: tags of what they say, by a key of the tenant.
//!
//! A tag is HMAC-SHA-256 under a key of its tenant and field, of which 128 bits are stored (RFC 2104, 5: no fewer than
//! half). Whoever has only the data learns from it which rows of one tenant agree in a field, and how often each tag
//! occurs; of names, which share words or the beginnings of words, and how long words are. That is enough to guess at
//! common names by their frequency. Nothing can be compared across tenants or fields, or be tried out without the key.
//!
//! Tags outlive the keys of the values they are of: they are taken away by who knows which were destroyed
//! ([`super::Vault::erased`]).

use std::collections::BTreeSet;

use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use custodian_entity::id::TenantId;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::Secret;
use super::error::{Result, VaultError};

/// How much of a tag is stored, in bytes.
const TAG: usize = 16;

/// The shortest beginning of a word that finds it, in letters. Shorter words are found whole.
const SHORTEST: usize = 3;

/// The longest beginning that is stored; of a longer word the rest does not count.
const LONGEST: usize = 16;

/// An index of sealed values: a field, and the spelling in which its values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// E-mail addresses of customers.
    Email,
    /// Telephone numbers of customers.
    Phone,
    /// Numbers of customers' identity documents.
    GovernmentId,
    /// User names. They are unique across providers, so that their key is of none.
    Username,
}

impl Index {
    /// Whose key makes the tags of a tenant's values.
    pub(super) fn tenant(self, tenant: TenantId) -> TenantId {
        if self == Self::Username { TenantId::NONE } else { tenant }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Email => "customer.email",
            Self::Phone => "customer.phone",
            Self::GovernmentId => "customer.government_id_number",
            Self::Username => "user.username",
        }
    }

    fn spelled(self, value: &str) -> String {
        match self {
            Self::Email => email(value),
            // They are in one already (`authn::username`): guesses are counted by it, and it must find no more than it counts.
            Self::Username => value.to_owned(),
            Self::Phone => phone(value),
            Self::GovernmentId => government_id(value),
        }
    }
}

/// Makes the tags of one tenant.
pub struct Indexes(hkdf::Prk);

impl Indexes {
    pub(super) fn new(key: &Secret) -> Self {
        // The key is random: there is nothing to extract (RFC 5869, 3.3).
        Self(hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, key.as_slice()))
    }

    /// The tag of a value in a field, such as `customer.email`: the same for the same value. What is spelled in several
    /// ways has to be in one: [`email`], [`phone`], [`government_id`].
    ///
    /// # Errors
    /// When the provider fails.
    pub fn tag(&self, field: &str, value: &str) -> Result<String> {
        Ok(tag(&self.key(field)?, value))
    }

    /// The tag of a value in an index, in whatever spelling.
    ///
    /// # Errors
    /// When the provider fails.
    pub fn tag_in(&self, index: Index, value: &str) -> Result<String> {
        self.tag(index.field(), &index.spelled(value))
    }

    /// The tags by which a name is found: of the beginnings of its words.
    ///
    /// # Errors
    /// When the provider fails.
    pub fn stored_words(&self, field: &str, name: &str) -> Result<BTreeSet<String>> {
        let key = self.key(field)?;
        let beginnings = words(name).into_iter().flat_map(|word| {
            let letters = word.chars().count();
            let lengths = SHORTEST.min(letters)..=LONGEST.min(letters);
            lengths.map(move |length| beginning(&word, length))
        });
        Ok(beginnings.map(|text| tag(&key, &text)).collect())
    }

    /// The tags that a name must have, all of them, to be found by these words or beginnings.
    ///
    /// # Errors
    /// When the provider fails.
    pub fn wanted_words(&self, field: &str, text: &str) -> Result<BTreeSet<String>> {
        let key = self.key(field)?;
        Ok(words(text).iter().map(|word| tag(&key, &beginning(word, LONGEST))).collect())
    }

    /// The key of a field.
    fn key(&self, field: &str) -> Result<hmac::Key> {
        let info = [b"index ".as_slice(), field.as_bytes()];
        let okm = self.0.expand(&info, hmac::HMAC_SHA256).map_err(|_| VaultError::Provider)?;
        Ok(hmac::Key::from(okm))
    }
}

fn tag(key: &hmac::Key, value: &str) -> String {
    let tag = hmac::sign(key, value.as_bytes());
    URL_SAFE_NO_PAD.encode(tag.as_ref().get(..TAG).unwrap_or_default())
}

fn beginning(word: &str, letters: usize) -> String {
    word.chars().take(letters).collect()
}

/// The words of a name in one spelling, without what stands within them: `O’Brien` is `obrien`.
pub fn words(text: &str) -> BTreeSet<String> {
    let folded = folded(text);
    let words =
        folded.unicode_words().map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>());
    words.filter(|word| !word.is_empty()).collect()
}

/// A text in one spelling: compatibility forms are the same (NFKC), and so are capital and small letters, `ß` and `ss`.
pub fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// An e-mail address in one spelling: in small letters, its domain as the domain name system has it (RFC 5891).
pub fn email(text: &str) -> String {
    // Not folded: `straße.example` and `strasse.example` are two domains.
    let lower: String = text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let Some((local, domain)) = lower.rsplit_once('@') else { return lower };
    // A text with anything else in it is no domain, whatever a reader of addresses makes of it.
    let is_else = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '.' && c != '-';
    let url = reqwest::Url::parse(&format!("http://{domain}/")).ok().filter(|_| !domain.contains(is_else));
    let ascii = url.as_ref().and_then(|url| url.domain());
    format!("{local}@{}", ascii.unwrap_or(domain))
}

/// A telephone number in one spelling: what is E.164 already, without anything that separates.
pub fn phone(text: &str) -> String {
    text.nfkc().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// The number of a document in one spelling: folded, without anything that separates.
pub fn government_id(text: &str) -> String {
    folded(text).chars().filter(|c| c.is_alphanumeric()).collect()
}
