//! The tickets of a customer and what was written on them.

use chrono::{DateTime, Days, TimeDelta, Utc};
use custodian_entity::choice::{AuthorKind, Channel, Priority, Severity, TicketCategory, TicketStatus};
use custodian_entity::id::UserId;
use custodian_entity::personal::FreeText;
use custodian_entity::{customer, ticket, ticket_message};

use super::batch::Batch;
use super::network::Service;
use super::setting::Setting;
use super::source::{Source, first_of};
use super::texts::{STORIES, Story};

/// The customer as the author of what it writes.
pub(super) struct Caller<'a> {
    /// The account it signs in with, if it has one.
    pub(super) account: Option<UserId>,
    /// The number it asks to be called at.
    pub(super) phone: &'a str,
}

/// Adds up to two tickets; a customer with an account has at least one.
pub(super) fn add(
    batch: &mut Batch,
    setting: &Setting,
    owner: &customer::Model,
    caller: &Caller<'_>,
    services: &[Service],
    source: &mut Source,
) {
    let count = match source.below(100) {
        0..45 => 0,
        45..85 => 1,
        _ => 2,
    };
    for _ in 0..count.max(u8::from(caller.account.is_some())) {
        let story = source.pick(STORIES);
        let ticket = ticket(setting, owner, story, caller, services, source);
        converse(batch, &ticket, story, caller, setting, source);
        batch.tickets.push(ticket);
    }
}

fn ticket(
    setting: &Setting,
    owner: &customer::Model,
    story: &Story,
    caller: &Caller<'_>,
    services: &[Service],
    source: &mut Source,
) -> ticket::Model {
    let day = first_of(4) + Days::new(source.below(80));
    let created_at = source.during(day);
    let status = match source.below(10) {
        0..2 => TicketStatus::New,
        2..4 => TicketStatus::InProgress,
        4 => TicketStatus::Pending,
        5..7 => TicketStatus::Resolved,
        _ => TicketStatus::Closed,
    };
    let (priority, hours) = match story.severity {
        Severity::Low => (Priority::Low, 120),
        Severity::Medium => (Priority::Normal, 48),
        Severity::High => (Priority::High, 12),
        Severity::Critical => (Priority::Urgent, 4),
    };
    let resolved = matches!(status, TicketStatus::Resolved | TicketStatus::Closed);
    let about_service = story.category == TicketCategory::Technical;
    ticket::Model {
        id: source.id(created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        // Given when all tickets of the batch are there, in the order of their times.
        number: String::new(),
        category: story.category,
        severity: story.severity,
        priority,
        status,
        channel: *source.pick(&[
            Channel::Portal,
            Channel::Phone,
            Channel::Email,
            Channel::Chat,
            Channel::Shop,
        ]),
        subject: FreeText::new(story.subject),
        description: text(story.description, caller),
        subscription_id: services.first().filter(|_| about_service).map(|service| service.subscription),
        assignee_id: (status != TicketStatus::New).then_some(assignee(setting, story.category)),
        shared_with_reseller: owner.reseller_id.is_some() && source.chance(65),
        due_at: Some(created_at + TimeDelta::hours(hours)),
        created_at,
        resolved_at: resolved.then(|| created_at + TimeDelta::hours(5)),
        closed_at: (status == TicketStatus::Closed).then(|| created_at + TimeDelta::days(3)),
    }
}

fn assignee(setting: &Setting, category: TicketCategory) -> UserId {
    match category {
        TicketCategory::Technical => setting.network,
        TicketCategory::Billing => setting.billing,
        TicketCategory::General | TicketCategory::Sales | TicketCategory::Complaint => setting.support,
    }
}

/// The text of a story, with the number the customer would give.
fn text(template: &str, caller: &Caller<'_>) -> FreeText {
    FreeText::new(template.replace("{phone}", caller.phone))
}

/// Who writes: whether staff, and what only staff may read.
struct Words<'a> {
    by: Option<UserId>,
    kind: AuthorKind,
    body: &'a str,
    internal_body: Option<&'a str>,
    is_internal: bool,
}

fn converse(
    batch: &mut Batch,
    ticket: &ticket::Model,
    story: &Story,
    caller: &Caller<'_>,
    setting: &Setting,
    source: &mut Source,
) {
    if ticket.status == TicketStatus::New {
        return;
    }
    let staff = ticket.assignee_id.or(Some(setting.support));
    let mut time = ticket.created_at;
    let mut say = |words: Words<'_>, source: &mut Source| {
        time += TimeDelta::minutes(source.between(4, 70));
        batch.ticket_messages.push(message(ticket, caller, words, time, source));
    };
    if source.chance(35) {
        let note = Words {
            by: staff,
            kind: AuthorKind::Staff,
            body: story.note,
            internal_body: None,
            is_internal: true,
        };
        say(note, source);
    }
    // Some answers carry a remark for colleagues, which customers and resellers do not get.
    let internal_body = source.chance(20).then_some(story.note);
    let reply =
        Words { by: staff, kind: AuthorKind::Staff, body: story.reply, internal_body, is_internal: false };
    say(reply, source);
    if matches!(ticket.status, TicketStatus::Resolved | TicketStatus::Closed) {
        let thanks = Words {
            by: caller.account,
            kind: AuthorKind::Customer,
            body: story.thanks,
            internal_body: None,
            is_internal: false,
        };
        say(thanks, source);
    }
    if ticket.status == TicketStatus::Closed && source.chance(30) {
        let farewell = Words {
            by: None,
            kind: AuthorKind::System,
            body: "This ticket was closed. Reply to open it again.",
            internal_body: None,
            is_internal: false,
        };
        say(farewell, source);
    }
}

fn message(
    ticket: &ticket::Model,
    caller: &Caller<'_>,
    words: Words<'_>,
    sent_at: DateTime<Utc>,
    source: &mut Source,
) -> ticket_message::Model {
    ticket_message::Model {
        id: source.id(sent_at),
        tenant_id: ticket.tenant_id,
        reseller_id: ticket.reseller_id,
        customer_id: ticket.customer_id,
        ticket_id: ticket.id,
        ticket_category: ticket.category,
        ticket_assignee_id: ticket.assignee_id,
        shared_with_reseller: ticket.shared_with_reseller,
        is_internal: words.is_internal,
        author_kind: words.kind,
        author_id: words.by,
        body: text(words.body, caller),
        internal_body: words.internal_body.map(FreeText::new),
        sent_at,
    }
}
