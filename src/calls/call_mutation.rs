//! `callLogCreate`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::call_log::{ActiveModel, Entity, Model};
use custodian_entity::choice::{CallOutcome, CpniAuthMethod, Direction};
use custodian_entity::id::{CallLogId, CustomerId, TicketId, TypedId, UserId};
use custodian_entity::personal::FreeText;
use custodian_entity::{customer, tenant};
use garde::Validate;
use sea_orm::Set;

use super::CallLog;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::Result;
use crate::graphql::scalar::{DateTime, PhoneNumber};
use crate::graphql::validate::{self, Given, line, lines};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::support::{check_assignee, ticket_of};

/// A call that took place.
#[derive(InputObject, Validate)]
pub struct CallLogCreateInput {
    /// With whom.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// Who called whom.
    #[garde(skip)]
    direction: Choice<Direction>,
    /// When it began.
    #[garde(skip)]
    started_at: DateTime,
    /// How long it took.
    #[garde(range(min = 0, max = 86_400))]
    duration_seconds: i32,
    /// Who spoke for the provider; when not given, who records it.
    #[garde(skip)]
    agent_id: Option<Gid<UserId>>,
    /// What came of it.
    #[garde(skip)]
    outcome: Choice<CallOutcome>,
    /// The ticket it was about, of the same customer.
    #[garde(skip)]
    ticket_id: Option<Gid<TicketId>>,
    /// The number that called or was called.
    #[garde(skip)]
    counterparty_number: PhoneNumber,
    /// In a few words.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    subject: Option<String>,
    /// In full.
    #[garde(inner(custom(lines), length(chars, max = 10_000)))]
    summary: Option<String>,
    /// How the caller showed to be the customer.
    #[garde(skip)]
    authentication_method: Option<Choice<CpniAuthMethod>>,
    /// When the caller did.
    #[garde(skip)]
    authenticated_at: Option<DateTime>,
}

crate::payloads! { CallLogCreatePayload { call_log: CallLog } }

/// What can be changed about calls.
#[derive(Default)]
pub struct CallLogMutation;

#[Object]
impl CallLogMutation {
    /// Records a call.
    async fn call_log_create(
        &self,
        ctx: &Context<'_>,
        input: CallLogCreateInput,
    ) -> Maybe<CallLogCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }
}

async fn create(ctx: &Context<'_>, input: CallLogCreateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "callLogCreate", async || {
        let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
        let tenant = Scoped::<tenant::Entity>::of(operation).get(customer.tenant_id).await?;
        if let Some(id) = input.agent_id {
            check_assignee(operation, id.0, customer.tenant_id).await?;
        }
        if let Some(id) = input.ticket_id {
            ticket_of(operation, id.0, customer.id).await?;
        }
        let now = operation.clock.now();
        let mut given = Given::checked(&input);
        for (name, time) in
            [("startedAt", Some(input.started_at)), ("authenticatedAt", input.authenticated_at)]
        {
            if time.is_some_and(|time| time.0 > now) {
                given.refuse(UserError::on(name, UserErrorCode::Invalid, "lies in the future"));
            }
        }
        if input.authenticated_at.is_some() && input.authentication_method.is_none() {
            given.refuse(UserError::on("authenticationMethod", UserErrorCode::Required, "how was it shown?"));
        }
        for name in ["direction", "startedAt", "durationSeconds", "outcome", "counterpartyNumber"] {
            given.note(name, true);
        }
        given.note("agent", input.agent_id.is_some());
        given.note("ticket", input.ticket_id.is_some());
        given.note("subject", input.subject.is_some());
        given.note("summary", input.summary.is_some());
        given.note("authenticationMethod", input.authentication_method.is_some());
        given.note("authenticatedAt", input.authenticated_at.is_some());
        let PhoneNumber(number) = &input.counterparty_number;
        let number = validate::phone("counterpartyNumber", number, &tenant.country_code);
        let names = accept!(given.finish());
        let row = ActiveModel {
            id: Set(CallLogId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            direction: Set(input.direction.0),
            started_at: Set(input.started_at.0),
            duration_seconds: Set(input.duration_seconds),
            agent_id: Set(Some(input.agent_id.map_or(operation.identity()?.user, |id| id.0))),
            outcome: Set(input.outcome.0),
            ticket_id: Set(input.ticket_id.map(|id| id.0)),
            counterparty_number: Set(accept!(number)),
            subject: Set(input.subject.clone().map(FreeText::new)),
            summary: Set(input.summary.clone().map(FreeText::new)),
            authentication_method: Set(input.authentication_method.map(|method| method.0)),
            authenticated_at: Set(input.authenticated_at.map(|time| time.0)),
            created_at: Set(now),
        };
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        let subject = Subject::row("CallLog", added.id, added.tenant_id)
            .of_customer(added.customer_id, added.reseller_id);
        let event = Event::done(EventType::CallLogCreated, subject).fields(names);
        Ok(Change::Done(added, event))
    })
    .await
}
