//! The way to a program: an alert as JSON, signed as Standard Webhooks say
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>). It comes at least once,
//! under the same id and with the same body each time.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, redirect};
use serde::Serialize;

use super::carrier::Trouble;
use super::notice::Found;
use crate::config::{Config, PublicUrl};

/// The name under which a call is stored and counted among letters.
pub(super) const NOTICE: &str = "SECURITY_ALERT_WEBHOOK";

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whom alerts are told to, and with what that is signed.
pub(super) struct Webhook {
    http: Client,
    url: PublicUrl,
    key: hmac::Key,
}

/// What it is told: names, numbers and ids, nothing personal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Alert<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    id: &'a str,
    tenant_id: &'a str,
    rule: &'a str,
    severity: &'a str,
    count: u64,
    last_seen_at: String,
    principal_id: Option<&'a str>,
    api_client_id: Option<&'a str>,
    containment: Option<&'a str>,
}

/// The body of a call.
pub(super) fn body(found: &Found<'_>, tenant: &str, now: DateTime<Utc>) -> serde_json::Result<Vec<u8>> {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    serde_json::to_vec(&Message {
        r#type: "securityAlert.raised",
        timestamp: time(now),
        data: Alert {
            id: found.alert,
            tenant_id: tenant,
            rule: found.rule,
            severity: found.severity,
            count: found.count,
            last_seen_at: time(found.at),
            principal_id: found.principal,
            api_client_id: found.client,
            containment: found.contained,
        },
    })
}

impl Webhook {
    /// The configured one, if there is one. Calls nobody yet. No redirects and no proxy: what is told goes to the configured
    /// host and nowhere else.
    ///
    /// # Errors
    /// When there is no TLS.
    pub(super) fn from_config(config: &Config) -> Result<Option<Self>, reqwest::Error> {
        let (Some(url), Some(secret)) = (config.alert_webhook_url.clone(), &config.alert_webhook_secret)
        else {
            return Ok(None);
        };
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .https_only(url.is_encrypted())
            .timeout(PATIENCE)
            .no_proxy()
            .build()?;
        Ok(Some(Self { http, url, key: hmac::Key::new(hmac::HMAC_SHA256, secret.bytes()) }))
    }

    /// Calls it. Whatever it answers but success is worth trying again: it may be put right.
    pub(super) async fn call(&self, id: &str, now: DateTime<Utc>, body: Vec<u8>) -> Result<(), Trouble> {
        let at = now.timestamp().to_string();
        let request = self
            .http
            .post(self.url.to_string())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", &at)
            .header("webhook-signature", self.signature(id, &at, &body))
            .body(body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Err(Trouble::Passing("no answer in time".to_owned())),
            Err(_) => return Err(Trouble::Passing("no conversation".to_owned())),
        };
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(Trouble::Passing(format!("answered with {}", status.as_u16()))),
        }
    }

    fn signature(&self, id: &str, at: &str, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("{id}.{at}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}
