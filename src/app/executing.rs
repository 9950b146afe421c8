//! One request under the guard, from its document to its answer: counted, decided, charged, executed, and on record before
//! anything of it leaves.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, Request, Response, ServerError};
use tracing::Instrument;

use super::{App, rates};
use crate::audit;
use crate::authn::{Origin, Viewer};
use crate::authz::answer::finish;
use crate::authz::catalog::FieldId;
use crate::authz::denial::Denials;
use crate::authz::guard::{Guarded, guard};
use crate::authz::plan::Refusal;
use crate::authz::policy::{Policy, Question};
use crate::authz::tally::{self, Outcome};
use crate::authz::{Operation, Rights, introspection};
use crate::error::Result;
use crate::graphql::Batches;
use crate::session::DocumentCost;

impl App {
    /// Counts a request, and executes it under the guard, with one snapshot of the policy.
    pub async fn execute(&self, viewer: Viewer, origin: Origin, request: Request) -> Response {
        match self.admit(&viewer, &origin).await {
            Ok(verdict) => {
                let mut response = self.execute_admitted(viewer, origin, request).await;
                verdict.tell(&mut response.http_headers);
                response
            }
            Err(limited) => signed(limited.into_response(), &origin),
        }
    }

    /// As [`Self::execute`], of a request that was counted already.
    pub async fn execute_admitted(&self, viewer: Viewer, origin: Origin, request: Request) -> Response {
        match self.acting(&viewer, &origin).await {
            Ok((policy, rights)) => match self.trusted.allow(&viewer, &request.query) {
                Ok(()) => {
                    let span = tracing::info_span!(
                        "operation",
                        role = tally::counted_role(&rights),
                        policy = policy.version(),
                        operations = tracing::field::Empty,
                    );
                    self.execute_with(&policy, rights, viewer, origin, request).instrument(span).await
                }
                Err(error) => {
                    let operation = self.operation(viewer, origin.clone(), rights);
                    self.record_denial(&operation, "", ["document"], &policy).await;
                    signed(Refusal::from(error).into_response(), &origin)
                }
            },
            Err(error) => signed(Refusal::from(error).into_response(), &origin),
        }
    }

    /// As [`Self::execute`], with rights other than the viewer's role has: the yardstick of tests and measurements.
    pub async fn execute_with(
        &self,
        policy: &Arc<Policy>,
        rights: Arc<Rights>,
        viewer: Viewer,
        origin: Origin,
        request: Request,
    ) -> Response {
        let guarded = guard(
            policy,
            &rights,
            &self.config.limits,
            &request.query,
            request.operation_name.as_deref(),
            &request.variables,
        );
        let guarded = match guarded.and_then(Guarded::answered_once) {
            Ok(guarded) => guarded,
            Err(refusal) => {
                let denials = Denials::of(policy, &rights, refusal.denied.iter().copied());
                denials.report(&viewer, &origin, "operation refused");
                let asked = audit::action(refusal.operations.iter().map(String::as_str));
                let operation = self.operation(viewer, origin.clone(), rights.clone());
                self.record_denial(&operation, &asked, denials.fields(), policy).await;
                tally::count(refusal.operations.iter().map(String::as_str), Outcome::Refused);
                let mut response = refusal.into_response();
                denials.explain(&mut response);
                return signed(response, &origin);
            }
        };
        let asked = audit::action(guarded.plan.operations(policy.catalog()));
        tracing::Span::current().record("operations", &asked);
        let charged = match self.charge(&viewer, &origin, &guarded).await {
            Ok(charged) => rates::told(charged, guarded.cost, self.config.limits.cost),
            Err(limited) => {
                tally::count(guarded.plan.operations(policy.catalog()), Outcome::Refused);
                return signed(limited.into_response(), &origin);
            }
        };
        let read = |field: &FieldId| (*field, Question::shown(policy.catalog().field_name(*field)));
        let denials = Denials::of(policy, &rights, guarded.plan.denied().iter().map(read));
        denials.report(&viewer, &origin, "fields denied");
        tally::count_masks(policy, &rights, guarded.plan.masked());
        let operation = self.operation(viewer, origin.clone(), rights.clone());
        operation.show(guarded.plan.shown());
        operation.disclosing.plan(&guarded.plan, policy);
        self.record_denial(&operation, &asked, denials.fields(), policy).await;
        let request = decided(request, guarded.document, guarded.defaults).data(DocumentCost(guarded.cost));
        let about_schema = match guarded.introspection {
            Some(document) => {
                Some(introspection::answer(policy, &rights, document, request.variables.clone()).await)
            }
            None => None,
        };
        let mut response = self.run(equipped(request, &operation, policy)).await;
        if let Err(error) = operation.end().await {
            error.log();
        }
        let has_data = response.data != async_graphql::Value::Null;
        let outcome = if has_data { Outcome::Done } else { Outcome::Failed };
        tally::count(guarded.plan.operations(policy.catalog()), outcome);
        if operation.changed_policy() {
            self.news.policy_changed();
            self.refresh_policy().await;
        }
        if has_data && let Err(error) = self.record_disclosures(&operation, &asked).await {
            // What is not on record does not leave.
            return signed(Refusal::from(error).into_response(), &origin);
        }
        if let Some(about_schema) = about_schema {
            introspection::join(&mut response, about_schema);
        }
        let mut response = finish(policy.catalog(), &guarded.plan, response);
        denials.explain(&mut response);
        response.extensions.insert("cost".to_owned(), charged);
        signed(response, &origin)
    }

    pub(super) async fn record_disclosures(&self, operation: &Operation, asked: &str) -> Result<()> {
        self.journal.record(audit::disclosures(operation, asked)?).await
    }

    /// A denial stays what it is, whether or not it goes on record.
    pub(super) async fn record_denial<'a>(
        &self,
        operation: &Operation,
        asked: &str,
        denied: impl IntoIterator<Item = &'a str>,
        policy: &Policy,
    ) {
        let entry = audit::denial(operation, asked, denied, policy.version());
        let recorded = match entry {
            Ok(entry) => self.journal.record(entry.into_iter().collect()).await,
            Err(error) => Err(error),
        };
        if let Err(error) = recorded {
            error.log();
        }
    }

    /// Executes without any guard: what its cost is measured against. No rights, so personal data come out masked.
    #[expect(clippy::disallowed_methods, reason = "the one place where the schema is executed")]
    async fn run(&self, request: Request) -> Response {
        self.schema.execute(request).await
    }
}

/// The request as the guard decided it.
pub(super) fn decided(
    mut request: Request,
    document: ExecutableDocument,
    defaults: Vec<(Name, async_graphql::Value)>,
) -> Request {
    request.set_parsed_query(document);
    for (name, value) in defaults {
        request.variables.insert(name, value);
    }
    request
}

/// A request with what resolvers find in it. No question about the schema is left in its document; one that was would
/// find nothing.
pub(super) fn equipped(request: Request, operation: &Arc<Operation>, policy: &Arc<Policy>) -> Request {
    request
        .disable_introspection()
        .data(operation.clone())
        .data(operation.rights.clone())
        .data(policy.clone())
        .data(Arc::new(Batches::default()))
}

/// Every error names the request.
pub(super) fn signed(mut response: Response, origin: &Origin) -> Response {
    for error in &mut response.errors {
        sign(error, &origin.request_id);
    }
    response
}

pub(super) fn sign(error: &mut ServerError, request_id: &str) {
    error.extensions.get_or_insert_default().set("requestId", request_id);
}
