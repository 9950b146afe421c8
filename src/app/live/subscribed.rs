//! A subscription: how it begins, and what it is told.

use std::sync::{Arc, OnceLock, PoisonError};

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, ServerError, Variables};
use tokio::time::timeout;

use super::occurrence::Outcome;
use super::{Audience, End, Hearer, Seat};
use crate::app::{App, decided, equipped, sign};
use crate::audit;
use crate::authn::{Origin, Viewer};
use crate::authz::Rights;
use crate::authz::answer::finish;
use crate::authz::denial::Denials;
use crate::authz::guard::{Guarded, guard};
use crate::authz::plan::Refusal;
use crate::authz::policy::{Policy, Question};
use crate::error::{Error, Result};
use crate::live::{Occasion, Topic};

/// What was asked.
#[derive(Debug)]
pub(super) struct Asked {
    /// All of it, to compare.
    pub(super) text: Arc<str>,
    query: String,
    operation_name: Option<String>,
    variables: Variables,
}

impl Asked {
    fn of(request: &Request) -> Result<Self> {
        let Request { query, operation_name, variables, .. } = request;
        let text = serde_json::to_string(&(query, operation_name, variables)).map_err(Error::internal)?;
        let (query, operation_name) = (query.clone(), operation_name.clone());
        Ok(Self { text: text.into(), query, operation_name, variables: variables.clone() })
    }

    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(&self.query).variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request
    }
}

/// How an operation on a socket begins.
pub enum Begun {
    /// It is one that is answered once: [`App::execute`], as this viewer.
    Once(Viewer),
    /// It is a subscription that nothing is told to.
    Refused(Vec<ServerError>),
    /// It is a subscription.
    Listening(Subscribed),
}

/// What a subscription is told.
pub enum Told {
    /// An answer, as JSON.
    Next(Arc<str>),
    /// That it ends, since it cannot be said what there was to tell.
    Failed(Vec<ServerError>),
    /// Nothing more: its seat ended.
    Ended,
}

/// A subscription. Dropped, it is over.
pub struct Subscribed {
    app: Arc<App>,
    seat: Arc<Seat>,
    asked: Arc<Asked>,
    topic: Topic,
    number: u64,
    hearer: Hearer,
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.app.live.leave(self.topic, self.number);
    }
}

impl Subscribed {
    /// Waits for something to tell.
    pub async fn next(&mut self) -> Told {
        loop {
            let Some(occurrence) = self.hearer.next().await else { return Told::Ended };
            // Who it is, what he may do and whether he may be told this at all: as it is now.
            let Ok(viewer) = self.seat.viewer(&self.app).await else { return Told::Ended };
            let policy = self.app.policy.snapshot();
            let Some((rights, guarded)) = self.app.granted(&policy, &viewer, &self.asked) else {
                self.seat.end(End::Forbidden);
                return Told::Ended;
            };
            let origin =
                Origin { request_id: self.app.clock.new_uuid().to_string(), ..self.seat.origin.clone() };
            let audience = Audience { viewer, rights, policy, origin };
            match occurrence.told(&self.app, &self.asked, audience, guarded).await {
                Outcome::Nothing => {}
                Outcome::Told(text) => return Told::Next(text),
                Outcome::Failed(errors) => return Told::Failed(errors),
            }
        }
    }
}

impl App {
    /// What was decided about a subscription; none where the viewer may have nothing of it.
    fn granted(&self, policy: &Policy, viewer: &Viewer, asked: &Asked) -> Option<(Arc<Rights>, Guarded)> {
        let rights = policy.rights_of(viewer)?;
        let (query, name) = (&asked.query, asked.operation_name.as_deref());
        let guarded = guard(policy, &rights, &self.config.limits, query, name, &asked.variables).ok()?;
        Some((rights, guarded))
    }

    /// Whether all that a seat listens to may still be told there.
    pub(super) fn grants_all(&self, policy: &Policy, viewer: &Viewer, seat: &Seat) -> bool {
        let mut asked = seat.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|one| one.strong_count() > 0);
        let asked: Vec<_> = asked.iter().filter_map(std::sync::Weak::upgrade).collect();
        policy.rights_of(viewer).is_some()
            && asked.iter().all(|one| self.granted(policy, viewer, one).is_some())
    }

    /// Begins an operation on a socket.
    ///
    /// # Errors
    /// The [`End`] of the socket.
    pub async fn begin(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        origin: &Origin,
        request: &Request,
    ) -> Result<Begun, End> {
        let viewer = seat.viewer_anew(self).await?;
        let Ok((policy, rights)) = self.acting(&viewer, origin).await else {
            seat.end(End::Forbidden);
            return Err(End::Forbidden);
        };
        let (query, name) = (&request.query, request.operation_name.as_deref());
        let guarded = guard(&policy, &rights, &self.config.limits, query, name, &request.variables);
        let guarded = match guarded {
            Ok(guarded) if guarded.operation_type == OperationType::Subscription => guarded,
            // What is refused is refused there, too, and on record.
            _ => return Ok(Begun::Once(viewer)),
        };
        let audience = Audience { viewer, rights, policy, origin: origin.clone() };
        let began = match Asked::of(request) {
            Ok(asked) => self.listens(seat, audience, asked, guarded).await,
            Err(error) => Err(Refusal::from(error).into_response().errors),
        };
        Ok(match began {
            Ok(subscribed) => Begun::Listening(subscribed),
            Err(mut errors) => {
                errors.iter_mut().for_each(|error| sign(error, &origin.request_id));
                Begun::Refused(errors)
            }
        })
    }

    /// Finds out what a subscription is about, and whether the viewer reaches that.
    async fn listens(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        audience: Audience,
        asked: Asked,
        guarded: Guarded,
    ) -> Result<Subscribed, Vec<ServerError>> {
        let Audience { viewer, rights, policy, origin } = audience;
        let read = |field: &_| (*field, Question::shown(policy.catalog().field_name(*field)));
        let denials = Denials::of(&policy, &rights, guarded.plan.denied().iter().map(read));
        denials.report(&viewer, &origin, "fields denied");
        let operation = self.operation(viewer, origin.clone(), rights.clone());
        let named = audit::action(guarded.plan.operations(policy.catalog()));
        self.record_denial(&operation, &named, denials.fields(), &policy).await;
        let topic = Arc::new(OnceLock::new());
        let occasion = Occasion::Beginning(topic.clone());
        let request = decided(asked.request(), guarded.document, guarded.defaults).data(occasion);
        let began =
            timeout(self.config.request_timeout(), self.first(equipped(request, &operation, &policy))).await;
        if let Err(error) = operation.end().await {
            error.log();
        }
        let refused = |error: Error| Refusal::from(error).into_response().errors;
        match (began, topic.get()) {
            (Ok(None), Some(topic)) => {
                let (asked, topic) = (Arc::new(asked), *topic);
                let (number, hearer) = self.live.listen(topic, seat);
                let mut subscriptions = seat.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
                subscriptions.retain(|one| one.strong_count() > 0);
                subscriptions.push(Arc::downgrade(&asked));
                drop(subscriptions);
                let (app, seat) = (self.clone(), seat.clone());
                Ok(Subscribed { app, seat, asked, topic, number, hearer })
            }
            // Under @skip, for one.
            (Ok(None), None) => Err(refused(Error::bad_input("a subscription selects one event"))),
            (Ok(Some(response)), _) => Err(finish(policy.catalog(), &guarded.plan, response).errors),
            (Err(_), _) => Err(refused(Error::Timeout)),
        }
    }
}
