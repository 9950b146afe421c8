//! A subscription: how it begins, and what it is told.

use std::sync::{Arc, OnceLock, PoisonError};

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, ServerError, Variables};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::occurrence::Outcome;
use super::{Audience, End, Hearer, Seat};
use crate::app::{App, decided, equipped, sign, signed};
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

/// What was asked, as text: what it is made of takes many times the room, and is kept for as long as somebody listens.
#[derive(Debug)]
pub(super) struct Asked(Arc<str>);

impl Asked {
    fn of(request: &Request) -> Result<Self> {
        let Request { query, operation_name, variables, .. } = request;
        let text = serde_json::to_string(&(query, operation_name, variables)).map_err(Error::internal)?;
        Ok(Self(text.into()))
    }

    /// All of it, to compare.
    pub(super) fn text(&self) -> Arc<str> {
        self.0.clone()
    }

    fn request(&self) -> Result<Request> {
        let asked: (String, Option<String>, Variables) =
            serde_json::from_str(&self.0).map_err(Error::internal)?;
        let (query, operation_name, variables) = asked;
        let mut request = Request::new(query).variables(variables);
        request.operation_name = operation_name;
        Ok(request)
    }
}

/// How an operation on a socket begins.
pub enum Begun {
    /// It is one that is answered once: [`App::execute_admitted`], as this viewer.
    Once(Viewer),
    /// It is a subscription that nothing is told to.
    Refused(Vec<ServerError>),
    /// It is a subscription.
    Listening(Subscribed),
}

/// What a subscription is told.
pub enum Told {
    /// An answer, as JSON, and a turn of its socket, to be kept until the answer is on its way.
    Next(Arc<str>, OwnedSemaphorePermit),
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
            self.hearer.ready().await;
            // Few at a time, of a socket, are read and wait for its client.
            let Ok(turn) = self.seat.turns.clone().acquire_owned().await else { return Told::Ended };
            let Some(occurrence) = self.hearer.take() else { continue };
            // Who it is, what he may do and whether he may be told this at all: as it is now.
            let Ok(viewer) = self.seat.viewer(&self.app).await else { return Told::Ended };
            let policy = self.app.policy.snapshot();
            let Some((request, rights, guarded)) = self.app.granted(&policy, &viewer, &self.asked) else {
                self.seat.end(End::Forbidden);
                return Told::Ended;
            };
            let origin =
                Origin { request_id: self.app.clock.new_uuid().to_string(), ..self.seat.origin.clone() };
            let audience = Audience { viewer, rights, policy, origin };
            match occurrence.told(&self.app, self.asked.text(), request, audience, guarded).await {
                Outcome::Nothing => {}
                Outcome::Told(text) => return Told::Next(text, turn),
                Outcome::Failed(errors) => return Told::Failed(errors),
            }
        }
    }
}

impl App {
    /// What was asked by a subscription, and decided about it; none where the viewer may have nothing of it.
    fn granted(
        &self,
        policy: &Policy,
        viewer: &Viewer,
        asked: &Asked,
    ) -> Option<(Request, Arc<Rights>, Guarded)> {
        let rights = policy.rights_of(viewer)?;
        let request = asked.request().inspect_err(Error::log).ok()?;
        let (query, name) = (&request.query, request.operation_name.as_deref());
        let guarded = guard(policy, &rights, &self.config.limits, query, name, &request.variables).ok()?;
        Some((request, rights, guarded))
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
        if let Err(limited) = self.admit(&viewer, origin).await {
            return Ok(Begun::Refused(signed(limited.into_response(), origin).errors));
        }
        let Ok((policy, rights)) = self.acting(&viewer, origin).await else {
            seat.end(End::Forbidden);
            return Err(End::Forbidden);
        };
        if self.trusted.allow(&viewer, &request.query).is_err() {
            // Refused there, and on record.
            return Ok(Begun::Once(viewer));
        }
        let (query, name) = (&request.query, request.operation_name.as_deref());
        let guarded = guard(&policy, &rights, &self.config.limits, query, name, &request.variables);
        let guarded = match guarded {
            Ok(guarded) if guarded.operation_type == OperationType::Subscription => guarded,
            // What is refused is refused there, too, and on record.
            _ => return Ok(Begun::Once(viewer)),
        };
        let audience = Audience { viewer, rights, policy, origin: origin.clone() };
        let began = match Asked::of(request).and_then(|asked| self.room_for(seat, asked)) {
            Ok(asked) => self.listens(seat, audience, asked, request, guarded).await,
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

    /// What is asked for, if a socket may ask for that much.
    fn room_for(&self, seat: &Seat, asked: Asked) -> Result<Asked> {
        let limit = self.config.websocket.subscribed_bytes;
        let mut subscriptions = seat.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        subscriptions.retain(|one| one.strong_count() > 0);
        let others = subscriptions.iter().filter_map(std::sync::Weak::upgrade).map(|one| one.0.len());
        let bytes = others.sum::<usize>() + asked.0.len();
        match bytes > limit {
            false => Ok(asked),
            true => Err(Error::TooComplex(format!(
                "bytes of the subscriptions on a socket: {bytes} asked for, {limit} allowed"
            ))),
        }
    }

    /// Finds out what a subscription is about, and whether the viewer reaches that.
    async fn listens(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        audience: Audience,
        asked: Asked,
        request: &Request,
        guarded: Guarded,
    ) -> Result<Subscribed, Vec<ServerError>> {
        let Audience { viewer, rights, policy, origin } = audience;
        self.charge(&viewer, &origin, &guarded).await.map_err(|limited| limited.into_response().errors)?;
        let read = |field: &_| (*field, Question::shown(policy.catalog().field_name(*field)));
        let denials = Denials::of(&policy, &rights, guarded.plan.denied().iter().map(read));
        denials.report(&viewer, &origin, "fields denied");
        let operation = self.operation(viewer, origin.clone(), rights.clone());
        let named = audit::action(guarded.plan.operations(policy.catalog()));
        self.record_denial(&operation, &named, denials.fields(), &policy).await;
        let topic = Arc::new(OnceLock::new());
        let occasion = Occasion::Beginning(topic.clone());
        let mut asks = Request::new("").variables(request.variables.clone());
        asks.operation_name.clone_from(&request.operation_name);
        let request = decided(asks, guarded.document, guarded.defaults).data(occasion);
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
