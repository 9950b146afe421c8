//! What is counted before it is done, and how it is refused (see [`crate::rates`]).

use async_graphql::{Name, Response, Value};
use axum::http::header::RETRY_AFTER;

use super::App;
use crate::audit;
use crate::authn::{Origin, Viewer};
use crate::authz::guard::Guarded;
use crate::authz::plan::Refusal;
use crate::error::Error;
use crate::rates::{Bucket, Verdict, Who};

/// Something was asked for more often than it may be.
#[derive(Debug)]
pub struct Limited {
    /// In which bucket there is too little.
    pub verdict: Verdict,
    /// In how many seconds there is enough.
    seconds: u64,
}

impl From<Limited> for Error {
    fn from(limited: Limited) -> Self {
        Self::RateLimited(limited.seconds)
    }
}

impl Limited {
    /// The answer to a GraphQL request, with the headers that tell when to come back.
    pub(super) fn into_response(self) -> Response {
        let (verdict, seconds) = (self.verdict, self.seconds);
        let mut response = Refusal::from(Error::from(self)).into_response();
        response.http_headers.insert(RETRY_AFTER, seconds.into());
        verdict.tell(&mut response.http_headers);
        response
    }
}

/// `extensions.cost`: what a document was taken to cost, what one may, and what the viewer has left until more is there.
pub(super) fn told(verdict: Verdict, requested: u64, limit: u64) -> Value {
    let members = [("requested", requested), ("limit", limit), ("remaining", verdict.remaining)];
    Value::Object(members.into_iter().map(|(name, number)| (Name::new(name), number.into())).collect())
}

impl App {
    /// Counts an operation of a viewer, before anything of it is looked at.
    ///
    /// # Errors
    /// [`Limited`] when there were too many; where he is known that is on record.
    pub async fn admit(&self, viewer: &Viewer, origin: &Origin) -> Result<Verdict, Limited> {
        self.count(Bucket::Viewer, viewer, origin, 1).await
    }

    /// Counts an attempt to sign in.
    ///
    /// # Errors
    /// [`Limited`] when there were too many from this address.
    pub async fn admit_sign_in(&self, origin: &Origin) -> Result<Verdict, Limited> {
        self.count(Bucket::SignIn, &Viewer::anonymous(), origin, 1).await
    }

    /// Counts what a document asks for: each operation that has a limit of its own, as often as it is selected, and what
    /// all of it costs.
    ///
    /// # Errors
    /// [`Limited`] when there is too little of something; where the viewer is known that is on record.
    pub(super) async fn charge(
        &self,
        viewer: &Viewer,
        origin: &Origin,
        guarded: &Guarded,
    ) -> Result<Verdict, Limited> {
        for bucket in [Bucket::SignIn, Bucket::Reveal, Bucket::Lookup, Bucket::Upload] {
            let times =
                guarded.roots.iter().filter(|name| Bucket::of_operation(name) == Some(bucket)).count();
            if times > 0 {
                self.count(bucket, viewer, origin, times as u64).await?;
            }
        }
        self.count(Bucket::Cost, viewer, origin, guarded.cost).await
    }

    async fn count(
        &self,
        bucket: Bucket,
        viewer: &Viewer,
        origin: &Origin,
        amount: u64,
    ) -> Result<Verdict, Limited> {
        let who = Who::of(viewer, origin);
        let verdict = self.rates.take(bucket, who, amount).await;
        let Some(seconds) = verdict.retry_after else { return Ok(verdict) };
        // Of who is not known nothing is written: a flood must not fill the log.
        if viewer.identity().is_some() && self.rates.is_news(bucket, who).await {
            self.record_limited(bucket, viewer, origin).await;
        }
        Err(Limited { verdict, seconds })
    }

    /// A refusal stays what it is, whether or not it goes on record.
    async fn record_limited(&self, bucket: Bucket, viewer: &Viewer, origin: &Origin) {
        let Some(rights) = self.policy.snapshot().rights_of(viewer) else { return };
        let operation = self.operation(viewer.clone(), origin.clone(), rights);
        let recorded = match audit::limited(&operation, bucket.name()) {
            Ok(entry) => self.journal.record(vec![entry]).await,
            Err(error) => Err(error),
        };
        if let Err(error) = recorded {
            error.log();
        }
    }
}
