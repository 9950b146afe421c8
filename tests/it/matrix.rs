//! The access matrix, held by executing it: each role asks for every field of every row over HTTP, and the table of
//! what came (`snapshots/access_matrix.snap`) agrees cell by cell with `reference/access_matrix.csv`.

mod agreement;
mod cells;
mod operations;
mod rows;
mod scopes;

use std::fmt::Write;
use std::path::Path;

use custodian::authz::Level;

use crate::app::TestApp;
use crate::fixture::ROLES;
use crate::reference::{Matrix, Sdl};
use crate::suite::Suite;
pub use agreement::policy;
use cells::{Shown, Table};
pub use rows::STORED;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("matrix::each role executes every field, and gets what the matrix says", every_cell);
    agreement::register(suite);
    operations::register(suite);
    scopes::register(suite);
}

/// Types of the matrix that come with later issues. The list may only shrink.
pub const DEFERRED_TYPES: [&str; 7] = [
    "AssistantConversation",
    "AssistantMessage",
    "Consent",
    "DataSubjectRequest",
    "ExportJob",
    "LegalHold",
    "RetentionPolicy",
];

/// Fields of the matrix that come with later issues, with the types they link to. The list may only shrink.
pub const DEFERRED_FIELDS: [&str; 3] =
    ["Customer.consents", "Customer.dataSubjectRequests", "TicketMessage.attachments"];

/// Fields of types of the matrix that it does not have. DOMAIN asks for them; they are as open as what they follow
/// from (`dueDate`, `status`; what else is told of a session).
pub const ADDED_FIELDS: [&str; 6] = [
    "Invoice.isOverdue",
    // GDPR Art. 33(5) asks for the effects beside cause and remedy.
    "SecurityIncident.effects",
    "SecurityIncident.isDrill",
    "SecurityIncident.notificationDraft",
    "Session.lastUsedAt",
    "Session.role",
];

/// Types that the matrix does not have, and that are no lists, edges or payloads: values, which hold what the fields
/// that return them may show, and the roots.
pub const ADDED_TYPES: [&str; 23] = [
    "AccessCell",
    "AccessExplanation",
    "AccessRule",
    "Actor",
    "AuditFault",
    "AuditVerification",
    "Author",
    "Containment",
    "Disclosure",
    "DocumentDownload",
    "FieldAccess",
    "Live",
    "MfaEnrolment",
    "Money",
    "Mutation",
    "NotificationDeadline",
    "PageInfo",
    "Permission",
    "Query",
    "RateLimit",
    "RevealedField",
    "UserError",
    "Viewer",
];

async fn every_cell(app: TestApp) {
    let (matrix, sdl) = (Matrix::read(), Sdl::read());
    rows::fill(&app).await;
    let table = Table::executed(&app, &matrix, &sdl).await;
    // A row without a value proves nothing: give it one in matrix/rows.rs.
    assert!(table.problems.is_empty(), "{}", table.problems.join("\n"));

    let mut differences = Vec::new();
    for ((field, role), shown) in &table.cells {
        let owner = field.split('.').next().unwrap_or_default();
        let asked = matrix.field(field).map(|known| match known.cell(role).level {
            _ if matrix.reach(owner, role).scope.is_none() => Shown::NoRows,
            Level::Clear => Shown::Clear,
            Level::Masked => Shown::Mask,
            Level::Denied => Shown::Denied,
        });
        if asked.is_some_and(|asked| asked != *shown) || asked.is_none() && !ADDED_FIELDS.contains(&&**field)
        {
            differences
                .push(format!("{field} as {role}: the matrix says {asked:?}, what came was {shown:?}"));
        }
    }
    // Mend policy/policy.csv. Where the matrix itself is wrong, say why in the policy file and change both.
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_same("access_matrix", &rendered(&table));
}

/// Compares with the committed table. To accept a change: `INSTA_UPDATE=always cargo test --test it matrix`.
fn assert_same(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn rendered(table: &Table) -> String {
    let mut fields: Vec<&str> = table.cells.keys().map(|(field, _)| field.as_str()).collect();
    fields.dedup();
    let mut text = format!("{:<33}", "");
    for (role, _) in ROLES {
        write!(text, "{role:<18}").expect("a text can be written");
    }
    let mut owner = "";
    for field in fields {
        let of = field.split('.').next().unwrap_or_default();
        let gap = if of == owner { "" } else { "\n" };
        owner = of;
        text.truncate(text.trim_end().len());
        write!(text, "\n{gap}{field:<33}").expect("a text can be written");
        for (role, _) in ROLES {
            let shown = table.cells[&(field.to_owned(), role)];
            write!(text, "{:<18}", shown.word()).expect("a text can be written");
        }
    }
    text.trim_end().to_owned() + "\n"
}
