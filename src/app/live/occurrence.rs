//! Something that was changed, told to whoever listens: read once for all who are answered alike.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, Response, ServerError, Value};
use custodian_entity::id::{ApiClientId, UserId};
use futures_util::StreamExt;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::Audience;
use crate::app::{App, decided, equipped, signed};
use crate::audit;
use crate::authn::Origin;
use crate::authz::alike::Alike;
use crate::authz::answer::finish;
use crate::authz::denial::Denials;
use crate::authz::disclosing::Disclosing;
use crate::authz::guard::Guarded;
use crate::authz::plan::Refusal;
use crate::authz::policy::Question;
use crate::error::{Error, Result};
use crate::live::Occasion;
use crate::news::Changed;

/// What is made once of each kind, by whoever comes first; whoever comes meanwhile waits for it.
struct Once<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Once<K, V> {
    async fn made(&self, key: K, make: impl Future<Output = V>) -> V {
        let cell = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        cell.get_or_init(|| make).await.clone()
    }
}

/// Something that was changed.
pub(super) struct Occurrence {
    changed: Arc<Changed>,
    answers: Once<(Arc<str>, Option<Alike>), Answer>,
}

/// What those are told who are answered alike.
#[derive(Clone)]
pub(super) struct Answer(Arc<Executed>);

struct Executed {
    outcome: Outcome,
    /// What it discloses, and the operation by its name.
    disclosing: Arc<Disclosing>,
    asked: String,
    /// For whom that is on record.
    recorded: Once<(UserId, Option<ApiClientId>), Result<()>>,
}

/// What came of executing a subscription's document once.
#[derive(Clone)]
pub(super) enum Outcome {
    /// Nothing that the viewer reaches.
    Nothing,
    /// An answer, as JSON.
    Told(Arc<str>),
    /// It cannot be said what there was to be told.
    Failed(Vec<ServerError>),
}

impl Occurrence {
    pub(super) fn new(changed: Arc<Changed>) -> Self {
        Self { changed, answers: Once::default() }
    }

    /// What a subscriber is told of it. What that discloses to him is on record then.
    pub(super) async fn told(
        &self,
        app: &App,
        text: Arc<str>,
        request: Request,
        audience: Audience,
        guarded: Guarded,
    ) -> Outcome {
        let kind = Alike::of(&audience.viewer, &audience.rights, &guarded.plan);
        let make = async { Answer(Arc::new(app.occurred(&self.changed, request, &audience, guarded).await)) };
        let Answer(executed) = self.answers.made((text, kind), make).await;
        match (&executed.outcome, executed.recorded(app, &audience).await) {
            (outcome, Ok(())) => outcome.clone(),
            (_, Err(error)) => Outcome::failed(error, &audience.origin),
        }
    }
}

impl Outcome {
    fn failed(error: Error, origin: &Origin) -> Self {
        error.log();
        Self::Failed(signed(Refusal::from(error).into_response(), origin).errors)
    }

    /// An answer, or that there is none. What is not there is nothing to tell.
    fn of(response: Response, origin: &Origin) -> Self {
        if response.data == Value::Null && !response.errors.is_empty() {
            return Self::Failed(response.errors);
        }
        match serde_json::to_string(&response) {
            Ok(text) => Self::Told(text.into()),
            Err(error) => Self::failed(Error::internal(error), origin),
        }
    }
}

impl Executed {
    /// Puts on record what this viewer was shown, once however many of his subscriptions tell him.
    async fn recorded(&self, app: &App, audience: &Audience) -> Result<()> {
        if !matches!(self.outcome, Outcome::Told(_)) {
            return Ok(());
        }
        let Some(who) = audience.viewer.identity() else { return Err(Error::Unauthenticated) };
        let record = async {
            let (viewer, origin, rights) =
                (audience.viewer.clone(), audience.origin.clone(), audience.rights.clone());
            let operation = app.own_operation(viewer, origin, rights).showing_as(self.disclosing.clone());
            app.record_disclosures(&operation, &self.asked).await
        };
        self.recorded.made((who.user, who.client), record).await
    }
}

impl App {
    /// Executes a subscription's document, for everybody who is answered as this viewer is.
    async fn occurred(
        &self,
        changed: &Arc<Changed>,
        request: Request,
        audience: &Audience,
        guarded: Guarded,
    ) -> Executed {
        let Audience { viewer, origin, rights, policy } = audience;
        // Events wait in line, and have but a part of the database: who asks does not wait for them. It is never closed.
        let _turn = self.live.telling.acquire().await;
        let operation = self.operation(viewer.clone(), origin.clone(), rights.clone());
        operation.show(guarded.plan.shown());
        operation.disclosing.plan(&guarded.plan, policy);
        let named = audit::action(guarded.plan.operations(policy.catalog()));
        let occasion = Occasion::Change(changed.clone());
        let request = decided(request, guarded.document, guarded.defaults).data(occasion);
        let executed =
            timeout(self.config.request_timeout(), self.first(equipped(request, &operation, policy)));
        let executed = executed.await;
        // Of what was given up nothing is waited for: it ends with the operation.
        if executed.is_ok()
            && let Err(error) = operation.end().await
        {
            error.log();
        }
        let outcome = match executed {
            Ok(None) => Outcome::Nothing,
            Ok(Some(response)) => {
                let mut response = finish(policy.catalog(), &guarded.plan, response);
                let read = |field: &_| (*field, Question::shown(policy.catalog().field_name(*field)));
                Denials::of(policy, rights, guarded.plan.denied().iter().map(read)).explain(&mut response);
                Outcome::of(signed(response, origin), origin)
            }
            Err(_) => Outcome::failed(Error::Timeout, origin),
        };
        let (disclosing, recorded) = (operation.disclosing.clone(), Once::default());
        Executed { outcome, disclosing, asked: named, recorded }
    }

    /// The one answer of a subscription's document to one occasion; none where there is nothing to tell.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where subscriptions are executed, under the guard"
    )]
    pub(super) async fn first(&self, request: Request) -> Option<Response> {
        std::pin::pin!(self.schema.execute_stream(request)).next().await
    }
}
