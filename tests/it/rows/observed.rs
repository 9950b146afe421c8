//! The service on a connection that notes its statements, asked past the sign-in and HTTP: it shows what a document
//! costs, not who may ask.

use std::sync::{Arc, Mutex};

use async_graphql::{Request, Response};
use custodian::app::App;
use custodian::authn::{ActingRole, Identity, Origin, Viewer};
use custodian::config::{Config, Limits};
use custodian_entity::user;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, Statement};

use crate::app::TestApp;
use crate::database::connect;

/// A page larger than the service gives out by default.
const LARGEST_PAGE: u32 = 1_000;

/// The service on a database of a test.
pub struct Observed {
    app: Arc<App>,
    /// Past the service.
    db: DatabaseConnection,
    statements: Arc<Mutex<Vec<Statement>>>,
}

impl Observed {
    /// On the database of this service.
    pub async fn of(app: &TestApp) -> Self {
        let statements = Arc::new(Mutex::new(Vec::new()));
        let mut db = connect(&app.database().url).await.unwrap();
        let noted = Arc::clone(&statements);
        db.set_metric_callback(move |info| noted.lock().unwrap().push(info.statement.clone()));
        let config = app.database().config();
        let limits = Limits { cost: u64::MAX, ..config.limits };
        let config = Config { limits, max_page_size: LARGEST_PAGE, ..config };
        let owner = app.db().clone();
        let app = App::on(config, app.clock.clone(), db).await.unwrap();
        Self { app, db: owner, statements }
    }

    /// Executes a document as an account in a role, and returns the statements it took, but for those by which it went on
    /// record.
    pub async fn run(&self, username: &str, role: &str, document: &str) -> (Response, Vec<Statement>) {
        let (response, statements) = self.observe(username, role, document).await;
        (response, apart(statements).0)
    }

    async fn observe(&self, username: &str, role: &str, document: &str) -> (Response, Vec<Statement>) {
        let tag = self.app.vault.open_keys().user_name(username).await.unwrap();
        let user = user::Entity::find().filter(user::Column::UsernameIndex.eq(tag));
        let user = user.one(&self.db).await.unwrap().expect("an account of the demo data");
        let identity = Identity {
            user: user.id,
            tenant: user.tenant_id,
            reseller: user.reseller_id,
            customer: user.customer_id,
            kind: user.kind,
            role: ActingRole::built_in(role),
            session: None,
            client: None,
            rate_tier: None,
            scopes: None,
        };
        self.statements.lock().unwrap().clear();
        let viewer = Viewer::signed_in(identity);
        let response = self.app.execute(viewer, Origin::default(), Request::new(document)).await;
        let statements = std::mem::take(&mut *self.statements.lock().unwrap());
        (response, statements)
    }

    /// Executes a document, and returns the statements by which it went on record.
    pub async fn record(&self, username: &str, role: &str, document: &str) -> Vec<Statement> {
        apart(self.observe(username, role, document).await.1).1
    }
}

/// What a document takes, and what it takes to put it on record: the end of a chain after the settings on PostgreSQL, the
/// entry, and whom it is about.
fn apart(statements: Vec<Statement>) -> (Vec<Statement>, Vec<Statement>) {
    let log = ["audit_head", "audit_event", "disclosed_list", "disclosed_set"];
    let of_log = |sql: &str| log.iter().any(|table| sql.contains(table));
    let is_next =
        |at: usize| statements.get(at + 1).is_some_and(|next: &Statement| next.sql.contains("audit_head"));
    let is_record = |(at, statement): (usize, &Statement)| {
        of_log(&statement.sql) || statement.sql.contains("set_config") && is_next(at)
    };
    let is_record: Vec<bool> = statements.iter().enumerate().map(is_record).collect();
    let mut which = is_record.into_iter();
    let (record, taken) = statements.into_iter().partition(|_| which.next().unwrap_or_default());
    (taken, record)
}
