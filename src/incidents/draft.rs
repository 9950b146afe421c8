//! What the authority is told of a breach, as a draft in Markdown: the contents that GDPR Art. 33(3), and Annex I of Regulation
//! (EU) 611/2013 for providers of electronic communications, ask for. What is not on record is left for somebody to fill in.
//!
//! It shows what the viewer could ask for field by field, and nothing else.

use std::fmt::Write;
use std::sync::Arc;

use async_graphql::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use custodian_entity::choice::{DataCategory, Duty, PrivacyRegime, Recipient};
use custodian_entity::personal::FreeText;
use custodian_entity::security_incident::{Column, Entity, Model};
use custodian_entity::{incident_notification, tenant};
use sea_orm::{ColumnTrait, QueryFilter};

use super::deadlines::{Deadline, Notification, deadlines};
use super::evidence::{Evidence, evidence};
use super::object::{facts, values};
use crate::authz::policy::Policy;
use crate::authz::{InOperation, Level, Operation, Scoped};
use crate::error::{Error, Result};

/// What stands where nothing is on record.
const OPEN: &str = "_to be completed_";

/// The draft under a law, or one under each, that applies; none where none does.
///
/// # Errors
/// When the database is away.
pub(super) async fn of(
    ctx: &Context<'_>,
    incident: &Model,
    regime: Option<PrivacyRegime>,
) -> Result<Option<String>> {
    let operation = ctx.operation()?;
    let texts = [Column::Title, Column::RootCause, Column::Effects, Column::Remediation];
    let texts = texts
        .into_iter()
        .filter(|column| is_shown(operation, &format!("SecurityIncident.{}", name(*column))));
    let incident = Scoped::<Entity>::of(operation).opening(texts).get(incident.id).await?;
    let told = Scoped::<incident_notification::Entity>::of(operation)
        .all(|rows| rows.filter(incident_notification::Column::IncidentId.eq(incident.id)))
        .await?;
    let done: Vec<_> = told
        .iter()
        .map(|row| Notification { regime: row.regime, duty: row.duty, notified_at: row.notified_at })
        .collect();
    let facts = facts(&incident);
    let duties = deadlines(&facts, &done, operation.clock.now());
    let provider = Scoped::<tenant::Entity>::of(operation).get(incident.tenant_id).await?;
    let policy = ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("no policy in the operation"))?;
    let mut drafts = Vec::new();
    for law in facts.regimes.into_iter().filter(|law| regime.is_none_or(|wanted| wanted == *law)) {
        let duties: Vec<_> = duties.iter().filter(|due| due.regime == law).collect();
        if !duties.is_empty() {
            drafts.push(written(policy, operation, &incident, &provider, law, &duties));
        }
    }
    Ok((!drafts.is_empty()).then(|| drafts.join("\n---\n\n")))
}

fn name(column: Column) -> &'static str {
    match column {
        Column::RootCause => "rootCause",
        Column::Effects => "effects",
        Column::Remediation => "remediation",
        _ => "title",
    }
}

/// Whether the viewer may read a field in clear.
fn is_shown(operation: &Operation, field: &str) -> bool {
    operation.rights.level_by_name(field) == Level::Clear
}

/// The name of a law, for people.
fn law(regime: PrivacyRegime) -> &'static str {
    match regime {
        PrivacyRegime::Gdpr => "Regulation (EU) 2016/679 (GDPR), Article 33",
        PrivacyRegime::EuEcs => "Regulation (EU) 611/2013, Article 2 and Annex I",
        PrivacyRegime::UkGdpr => "UK GDPR, Article 33",
        PrivacyRegime::UkPecr => "Privacy and Electronic Communications Regulations 2003 (UK), regulation 5A",
    }
}

fn recipient(recipient: Recipient) -> &'static str {
    match recipient {
        Recipient::SupervisoryAuthority => "supervisory authority",
        Recipient::NationalAuthority => "competent national authority",
        Recipient::InformationCommissioner => "Information Commissioner",
        Recipient::DataSubjects => "data subjects",
        Recipient::Subscribers => "subscribers and individuals concerned",
    }
}

fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::AuthorityInitial => "first notification",
        Duty::AuthorityFollowUp => "further notification",
        Duty::Subjects => "communication",
    }
}

fn category(category: DataCategory) -> &'static str {
    match category {
        DataCategory::Pii => "identity and contact data",
        DataCategory::Auth => "credentials and authentication data",
        DataCategory::Financial => "financial and payment data",
        DataCategory::Service => "service, traffic and location data",
        DataCategory::Communication => "contents and records of communication",
        DataCategory::Document => "identity documents and other files",
    }
}

fn time(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| OPEN.to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Text of people as it stands in Markdown: quoted, so that nothing of it becomes a heading or a link of ours.
#[expect(clippy::disallowed_methods, reason = "shown to who may read the same fields in clear")]
fn quoted(text: Option<&FreeText>) -> String {
    let Some(text) = text.and_then(FreeText::expose) else { return OPEN.to_owned() };
    // Every mark that can mean something, and the colon, without which nothing is an address.
    let escaped = |c: char| match c {
        c if c.is_ascii_punctuation() && !matches!(c, ',' | ';' | '\'' | '"' | '/' | '?' | '%') => {
            format!("\\{c}")
        }
        c => c.to_string(),
    };
    // A carriage return ends a line too (CommonMark, 2.1).
    let text = text.replace("\r\n", "\n");
    let lines = text.split(['\n', '\r']);
    let lines = lines.map(|line| format!("> {}", line.chars().map(escaped).collect::<String>()));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is proposed about telling the people concerned, with its evidence; somebody decides (GDPR Art. 34(3)(a);
/// Regulation (EU) 611/2013 Art. 4).
fn unintelligible(policy: &Policy, kinds: &[DataCategory]) -> String {
    if kinds.is_empty() {
        return OPEN.to_owned();
    }
    let mut text = String::from(
        "Proposed, for somebody to decide: the people concerned need not be told as far as only sealed data were taken and \
         no key with them. Who was shown data by this service was shown them opened.\n",
    );
    for kind in kinds {
        let Evidence { sealed, clear } = evidence(policy, *kind);
        let list =
            |fields: Vec<String>| if fields.is_empty() { "none".to_owned() } else { fields.join(", ") };
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n- {}\n  - sealed (AES-256-GCM, keys kept apart): {}\n  - in clear: {}",
            category(*kind),
            list(sealed),
            list(clear)
        );
    }
    text
}

fn written(
    policy: &Policy,
    operation: &Operation,
    incident: &Model,
    provider: &tenant::Model,
    regime: PrivacyRegime,
    duties: &[&Deadline],
) -> String {
    let shown = |field: &str, value: String| match is_shown(operation, field) {
        true => value,
        false => OPEN.to_owned(),
    };
    let contact = |field: &str, contact: &Option<String>| {
        shown(field, quoted(contact.clone().map(FreeText::new).as_ref()))
    };
    let kinds: Vec<DataCategory> = values(&incident.data_categories);
    let categories: Vec<_> = kinds.iter().copied().map(category).collect();
    let categories = if categories.is_empty() { OPEN.to_owned() } else { categories.join("; ") };
    let number = incident.affected_count.map_or_else(|| OPEN.to_owned(), |count| count.to_string());
    let company = match provider.legal_name.as_ref() {
        Some(name) if is_shown(operation, "Tenant.legalName") => name,
        _ => &provider.display_name,
    };
    let at = |field: &str, at: Option<DateTime<Utc>>| shown(field, time(at));
    let mut draft = String::new();
    if incident.is_drill {
        draft.push_str("**DRILL: not to be sent.**\n\n");
    }
    let mut add = |heading: &str, text: &str| {
        // Writing to a string does not fail.
        let _ = write!(draft, "## {heading}\n\n{text}\n\n");
    };
    add("Notification of a personal data breach", &format!("Under {}.", law(regime)));
    add("1. Provider", &quoted(Some(&FreeText::new(company.clone()))));
    add("2. Contact for more information", &contact("Tenant.dpoContact", &provider.dpo_contact));
    let facts = format!(
        "Reference: {}\n\nDetected: {}\n\nAware: {}\n\nDetermined: {}\n\nContained: {}",
        shown("SecurityIncident.number", incident.number.to_string()),
        at("SecurityIncident.detectedAt", Some(incident.detected_at)),
        at("SecurityIncident.awareAt", incident.aware_at),
        at("SecurityIncident.determinedAt", incident.determined_at),
        at("SecurityIncident.containedAt", incident.contained_at)
    );
    add("3. When", &facts);
    add("4. What happened", &quoted(Some(&incident.title)));
    add("5. Cause", &quoted(incident.root_cause.as_ref()));
    add("6. Kinds of data", &shown("SecurityIncident.dataCategories", categories));
    add("7. Number of people concerned, approximately", &shown("SecurityIncident.affectedCount", number));
    add("8. Likely consequences", &quoted(incident.effects.as_ref()));
    add("9. Measures taken and proposed", &quoted(incident.remediation.as_ref()));
    let mut clocks = String::new();
    for due in duties {
        let _ = writeln!(
            clocks,
            "- {} to the {} ({}): due {}; done {}",
            duty(due.duty),
            recipient(due.recipient),
            due.citation,
            due.due_at.map_or_else(|| "without undue delay".to_owned(), |at| time(Some(at))),
            due.notified_at.map_or_else(|| "not yet".to_owned(), |at| time(Some(at)))
        );
    }
    let of_deadlines = ["duty", "recipient", "citation", "dueAt", "notifiedAt"];
    let are_shown = is_shown(operation, "SecurityIncident.deadlines")
        && of_deadlines.iter().all(|field| is_shown(operation, &format!("NotificationDeadline.{field}")));
    add("10. Notifications", if are_shown { clocks.trim_end() } else { OPEN });
    add("11. Whether the data are unintelligible to others", &unintelligible(policy, &kinds));
    let mut draft = draft.trim_end().to_owned();
    draft.push('\n');
    draft
}
