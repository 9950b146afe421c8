//! A letter as it is sent: RFC 5322, in plain text and HTML.

use std::fmt::Write;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use custodian_entity::id::{LetterId, TypedId};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use super::notice::{Notice, Text};
use crate::config::PublicUrl;
use crate::error::{Error, Result};

/// An address and what is sent to it.
#[derive(Debug)]
pub struct Letter {
    /// Who gets it.
    pub to: Address,
    /// The message, header and all.
    pub message: Vec<u8>,
}

impl Letter {
    /// Writes a letter: the same for the same arguments, to the last byte.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is no message, which no argument brings about.
    pub fn write(
        id: LetterId,
        at: DateTime<Utc>,
        from: &Address,
        provider: &str,
        to: Address,
        notice: &Notice<'_>,
        portal_url: &PublicUrl,
    ) -> Result<Self> {
        // Names come from people: what ends a line of the header is none.
        let provider = one_line(provider);
        let text = notice.text(&provider, portal_url);
        let id = id.encode();
        let parts = MultiPart::alternative()
            .boundary(&id)
            .singlepart(SinglePart::plain(plain(&text)))
            .singlepart(SinglePart::html(html(&text)));
        let message = Message::builder()
            .from(Mailbox::new(Some(provider), from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(text.subject)
            .date(SystemTime::from(at))
            .message_id(Some(format!("<{id}@{}>", from.domain())))
            // RFC 3834: no holiday notes in answer.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(parts)
            .map_err(Error::internal)?;
        Ok(Self { to, message: message.formatted() })
    }

    /// As it is sealed. No address holds a line's end.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.to.to_string().as_bytes(), b"\n", &self.message].concat()
    }

    /// As it was sealed; none for anything else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (to, message) = bytes.split_at(end);
        let to = std::str::from_utf8(to).ok()?.parse().ok()?;
        Some(Self { to, message: message.get(1..)?.to_vec() })
    }
}

fn plain(text: &Text) -> String {
    let link = text.link.iter().map(|(name, target)| format!("{name}:\n{target}"));
    let paragraphs: Vec<String> =
        text.before.iter().cloned().chain(link).chain(text.after.iter().cloned()).collect();
    format!("{}\n", paragraphs.join("\n\n"))
}

fn html(text: &Text) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<body>\n");
    let mut paragraph = |content: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "<p>{content}</p>");
    };
    text.before.iter().for_each(|line| paragraph(&escaped(line)));
    if let Some((name, target)) = &text.link {
        paragraph(&format!("<a href=\"{}\">{}</a>", escaped(target), escaped(name)));
    }
    text.after.iter().for_each(|line| paragraph(&escaped(line)));
    page.push_str("</body>\n</html>\n");
    page
}

/// Text as content or attribute of HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The text with everything that is not to be printed as a space.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
