//! The schema under the guard, on a connection that notes its statements.
//!
//! The service opens its own connection and lets nobody listen to it, so this puts the same parts together once more: it
//! shows what a document costs, not who may ask.

use std::sync::{Arc, Mutex};

use async_graphql::{Request, Response, Variables};
use custodian::authn::{Identity, Origin, Viewer};
use custodian::authz::answer::finish;
use custodian::authz::guard::guard;
use custodian::authz::policy::{Policy, PolicyFiles};
use custodian::authz::{Operation, Rights};
use custodian::clock::Clock;
use custodian::config::{Config, Limits};
use custodian::crypto::Keys;
use custodian::graphql::Batches;
use custodian::graphql::page::MaxPageSize;
use custodian::schema::{self, CustodianSchema};
use custodian_entity::user;
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, Statement};

use crate::app::TestApp;
use crate::database::connect;

/// A page larger than the service gives out by default.
const LARGEST_PAGE: u64 = 1_000;

/// The schema on a database of a test.
pub(super) struct Observed {
    schema: CustodianSchema,
    policy: Arc<Policy>,
    limits: Limits,
    clock: Clock,
    db: DatabaseConnection,
    statements: Arc<Mutex<Vec<Statement>>>,
}

impl Observed {
    /// On the database of this service.
    pub(super) async fn of(app: &TestApp) -> Self {
        let statements = Arc::new(Mutex::new(Vec::new()));
        let mut db = connect(&app.database().url).await.unwrap();
        let noted = Arc::clone(&statements);
        db.set_metric_callback(move |info| noted.lock().unwrap().push(info.statement.clone()));
        let folder = app.database().folder.path();
        let keys = Keys::open(&folder.join("keys")).unwrap();
        let schema = schema::builder()
            .data(Arc::new(keys.sealer("cursors").unwrap()))
            .data(MaxPageSize(LARGEST_PAGE))
            .finish();
        let catalog = Arc::new(schema::catalog(&schema).unwrap());
        let policy = Arc::new(Policy::load(&PolicyFiles::built_in(), catalog).await.unwrap());
        let config = Config::for_tests(app.database().url.clone(), folder.to_owned());
        let limits = Limits { cost: u64::MAX, ..config.limits };
        Self { schema, policy, limits, clock: app.clock.clone(), db, statements }
    }

    /// Executes a document as an account in a role, and returns the statements it took.
    pub(super) async fn run(&self, username: &str, role: &str, document: &str) -> (Response, Vec<Statement>) {
        let user = user::Entity::find().filter(user::Column::Username.eq(username));
        let user = user.one(&self.db).await.unwrap().expect("an account of the demo data");
        let identity = Identity {
            user: user.id,
            tenant: user.tenant_id,
            reseller: user.reseller_id,
            customer: user.customer_id,
            kind: user.kind,
            role: role.to_owned(),
            session: Uuid::nil(),
        };
        self.statements.lock().unwrap().clear();
        let rights: Arc<Rights> = self.policy.rights(role).unwrap().clone();
        let guarded = match guard(&self.policy, &rights, &self.limits, document, None, &Variables::default())
        {
            Ok(guarded) => guarded,
            Err(refusal) => return (refusal.into_response(), Vec::new()),
        };
        let viewer = Viewer::signed_in(identity);
        let operation =
            Operation::new(viewer, Origin::default(), rights.clone(), self.clock.clone(), self.db.clone());
        let operation = Arc::new(operation);
        let mut request = Request::new(document)
            .data(operation.clone())
            .data(rights)
            .data(self.policy.clone())
            .data(Arc::new(Batches::default()));
        request.set_parsed_query(guarded.document);
        let response = self.schema.execute(request).await;
        operation.end().await.unwrap();
        let statements = std::mem::take(&mut *self.statements.lock().unwrap());
        (finish(self.policy.catalog(), &guarded.plan, response), statements)
    }
}
