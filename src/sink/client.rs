//! A client of the two requests that are needed. No redirects and no proxy: credentials and the log go to the configured
//! host and nowhere else.

use std::fs;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode, redirect};
use secrecy::ExposeSecret;
use serde_json::Value;
use zeroize::Zeroizing;

use super::bulk::{self, Verdict};
use super::template::{mappings, template};
use super::{Answer, Document, RetryAfter, SetupError, SinkError};
use crate::config::{Config, PublicUrl};

/// How much of an answer is read. One to the largest request has a tenth of it.
const ANSWER: usize = 1024 * 1024;

/// A server.
pub struct OpenSearch {
    http: Client,
    url: PublicUrl,
    /// As errors name it.
    host: String,
    index: String,
    authorization: Option<HeaderValue>,
}

impl OpenSearch {
    /// The configured server, if there is one. Calls nobody yet.
    ///
    /// # Errors
    /// [`SetupError`] when certificates or credentials cannot be used.
    pub fn from_config(config: &Config) -> Result<Option<Self>, SetupError> {
        let Some(url) = config.opensearch_url.clone() else { return Ok(None) };
        let mut http = Client::builder()
            .redirect(redirect::Policy::none())
            .https_only(url.is_encrypted())
            .timeout(Duration::from_secs(config.opensearch_timeout_seconds.into()))
            .no_proxy();
        if let Some(path) = config.opensearch_ca_file.clone() {
            let pem = match fs::read(&path) {
                Ok(pem) => pem,
                Err(source) => return Err(SetupError::CaFile { path, source }),
            };
            match Certificate::from_pem_bundle(&pem) {
                Ok(certificates) if !certificates.is_empty() => http = http.tls_certs_only(certificates),
                _ => return Err(SetupError::NoCertificate { path }),
            }
        }
        let http = http.build().map_err(|error| SetupError::Client(error.without_url()))?;
        let (host, index) = (url.authority().to_owned(), config.opensearch_index.clone());
        Ok(Some(Self { http, url, host, index, authorization: authorization(config)? }))
    }

    /// Speaks with these credentials from the next request on.
    ///
    /// # Errors
    /// [`SetupError`] when they cannot be used.
    pub fn renew(&mut self, config: &Config) -> Result<(), SetupError> {
        self.authorization = authorization(config)?;
        Ok(())
    }

    /// Tells the server what the index holds: for when it is made, and if it is there already, what is new. Once more
    /// changes nothing.
    ///
    /// # Errors
    /// [`SinkError`] when the server does not take it.
    pub async fn ensure_template(&self) -> Result<(), SinkError> {
        self.put(&format!("/_index_template/{}", self.index), &template(&self.index)).await?;
        match self.put(&format!("/{}/_mapping", self.index), &mappings()).await {
            // The first document makes it; or who ships may add documents and nothing else, and whoever may sees to it.
            Err(SinkError::Status { status: StatusCode::NOT_FOUND | StatusCode::FORBIDDEN, .. }) => Ok(()),
            done => done,
        }
    }

    /// Sends documents, those of a chain in the order of their numbers, in as many requests as it takes, and says how far
    /// each chain got. After a request that not all of them survived no other is made.
    pub async fn bulk(&self, documents: &[Document]) -> Answer {
        let mut verdicts = Vec::with_capacity(documents.len());
        let mut most = usize::MAX;
        let mut trouble = None;
        while let Some(rest) = documents.get(verdicts.len()..).filter(|rest| !rest.is_empty()) {
            let (sent, body) = bulk::request(rest, most);
            match self.send_bulk(sent, body).await {
                Ok(said) => {
                    let is_over = said.iter().any(|verdict| matches!(verdict, Verdict::Again(_)));
                    verdicts.extend(said);
                    if is_over {
                        break;
                    }
                }
                Err(SinkError::Status { status: StatusCode::PAYLOAD_TOO_LARGE, .. }) => match sent.len() {
                    1 => verdicts.push(Verdict::Refused("payload_too_large".to_owned())),
                    several => most = several / 2,
                },
                Err(error) => {
                    trouble = Some(error);
                    break;
                }
            }
        }
        bulk::settle(&self.host, documents, verdicts, trouble)
    }

    async fn send_bulk(&self, documents: &[Document], body: String) -> Result<Vec<Verdict>, SinkError> {
        let path = format!("/{}/_bulk?filter_path={}", self.index, bulk::MEMBERS);
        let request = self.request(Method::POST, &path);
        let request = request.header(CONTENT_TYPE, "application/x-ndjson").body(body);
        let answer = self.read(self.send(request).await?).await?;
        let malformed = || SinkError::Malformed { host: self.host.clone() };
        bulk::verdicts(&answer, documents).ok_or_else(malformed)
    }

    async fn put(&self, path: &str, body: &Value) -> Result<(), SinkError> {
        self.send(self.request(Method::PUT, path).json(body)).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.url.join(path));
        match &self.authorization {
            Some(header) => request.header(AUTHORIZATION, header.clone()),
            None => request,
        }
    }

    /// Anything but 200 is an error, and nothing of it is read.
    async fn send(&self, request: RequestBuilder) -> Result<Response, SinkError> {
        let response = request.send().await.map_err(|error| SinkError::connection(&self.host, &error))?;
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(response);
        }
        let after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
        let retry_after = after.and_then(RetryAfter::parse);
        Err(SinkError::Status { host: self.host.clone(), status, retry_after })
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, SinkError> {
        let mut body = Vec::new();
        let broke_off = |error| SinkError::connection(&self.host, &error);
        while let Some(chunk) = response.chunk().await.map_err(broke_off)? {
            if body.len() + chunk.len() > ANSWER {
                return Err(SinkError::TooLarge { host: self.host.clone(), limit: ANSWER });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// As whom the server is spoken to, marked so that it is not shown: an API key as Elasticsearch gives it (`encoded`), or a
/// user and a password (RFC 7617).
fn authorization(config: &Config) -> Result<Option<HeaderValue>, SetupError> {
    let text = match (&config.opensearch_api_key, &config.opensearch_password) {
        (Some(key), _) => Zeroizing::new(format!("ApiKey {}", key.expose_secret())),
        (None, Some(password)) => {
            let pair = Zeroizing::new(format!("{}:{}", config.opensearch_user, password.expose_secret()));
            let pair = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
            Zeroizing::new(format!("Basic {}", pair.as_str()))
        }
        (None, None) => return Ok(None),
    };
    let mut header = HeaderValue::from_str(&text).map_err(|_| SetupError::Credentials)?;
    header.set_sensitive(true);
    Ok(Some(header))
}
