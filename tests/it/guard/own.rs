//! The property over our own schema, policy and demo data.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Request, Response, Value};
use custodian::app::App;
use custodian::authn::{Credentials, Origin, Viewer};
use custodian::authz::policy::Policy;
use custodian::authz::{Operation, Rights};
use custodian::crypto::Keys;
use custodian::graphql::Batches;
use custodian::graphql::page::MaxPageSize;
use custodian::schema::{CustodianSchema, builder};
use proptest::collection::vec;
use proptest::prelude::any;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::compare::{Checked, check, compare, explained, guarded, is_valid, request};
use super::document::{Document, document};
use super::model::{Model, Options};
use super::oracle::{Unguarded, expected};
use crate::app::TestApp;
use crate::fixture;

/// Tries documents, as every role.
pub async fn run(app: TestApp) {
    let own = Own::new(&app).await;
    let ids = own.ids(&app).await;
    let options = Options {
        values: Box::new(move |field, argument| values(&ids, field, argument)),
        always: &["first"],
        // Cursors are sealed anew for every answer.
        without: &["cursor", "startCursor", "endCursor"],
        depth: 6,
    };
    let mut model = Model::new(&own.schema.sdl(), options);
    model.only_queries();
    let mut viewers = Vec::new();
    for (role, account) in fixture::ROLES {
        let token = app.token(account).await;
        let credentials = Credentials { bearer: Some(&token), ..Credentials::default() };
        viewers.push((
            role,
            own.app.authenticate(credentials, &Origin::default()).await.expect("the token is valid"),
        ));
    }
    let cases = (0..viewers.len(), vec(any::<u16>(), 0..250));
    let handle = Handle::current();
    check(500, cases, |(viewer, numbers)| {
        let document = document(&model, &numbers);
        let (role, viewer) = &viewers[viewer];
        let holds = own.property(&model, role, viewer, &document);
        explained(block_in_place(|| handle.block_on(holds)), &document)
    });
}

/// The service taken apart, so that it can be run without its guard.
struct Own {
    app: Arc<App>,
    policy: Arc<Policy>,
    schema: CustodianSchema,
}

impl Own {
    async fn new(app: &TestApp) -> Self {
        let database = app.database();
        let started = App::start(database.config(), app.clock.clone()).await.expect("it has started before");
        let keys = Keys::open(&database.folder.path().join("keys")).expect("it has opened them before");
        let sealer = keys.sealer("cursors").expect("it has made one before");
        let schema = builder().data(Arc::new(sealer)).data(MaxPageSize(100)).finish();
        Self { policy: started.policy.snapshot(), app: started, schema }
    }

    /// Ids of rows, by the field that takes them.
    async fn ids(&self, app: &TestApp) -> BTreeMap<&'static str, Vec<Value>> {
        const LISTS: [(&str, &str); 6] = [
            ("customer", "customers"),
            ("invoice", "invoices"),
            ("reseller", "resellers"),
            ("ticket", "tickets"),
            ("user", "users"),
            ("node", "networkServices"),
        ];
        let lists: String =
            LISTS.iter().map(|(_, list)| format!("{list}(first: 2) {{ nodes {{ id }} }} ")).collect();
        let client = app.login(fixture::ADMIN).await;
        let answer = client.query(&format!("{{ {lists} }}"), json!({})).await;
        let mut ids: BTreeMap<&str, Vec<Value>> = LISTS
            .iter()
            .map(|(field, list)| {
                let nodes = answer.ok()[list]["nodes"].as_array().expect("a list has nodes");
                let ids: Vec<Value> = nodes.iter().map(|node| fixture::text(&node["id"]).into()).collect();
                assert!(!ids.is_empty(), "the demo data have no {list}");
                (*field, ids)
            })
            .collect();
        let all: Vec<Value> = ids.values().flatten().cloned().collect();
        ids.insert("node", all);
        ids
    }

    async fn property(&self, model: &Model, role: &str, viewer: &Viewer, document: &Document) -> Checked {
        let rights = self.policy.rights(role).expect("every role is compiled");
        let level = |field: &str| rights.level_by_name(field);
        let answer = match guarded(document, &self.policy, rights) {
            Ok((request, finish)) => Ok(finish(self.run(rights, viewer, request, Some(rights)).await)),
            Err(refused) => Err(refused),
        };
        let everything = Some(self.policy.everything());
        let (plain, typed) = (request(document, &document.text), request(document, &document.typed));
        let unguarded = Unguarded {
            masked: self.run(rights, viewer, request(document, &document.text), None).await,
            clear: self.run(rights, viewer, plain, everything).await,
            typed: self.run(rights, viewer, typed, everything).await,
        };
        is_valid(&unguarded)?;
        compare(answer, expected(model, document, &unguarded, &level), role, &level)
    }

    /// Executes with the rows of a role, and with the values that other rights show.
    async fn run(
        &self,
        rows: &Arc<Rights>,
        viewer: &Viewer,
        mut request: Request,
        values: Option<&Arc<Rights>>,
    ) -> Response {
        let operation = Arc::new(Operation::new(
            viewer.clone(),
            Origin::default(),
            Arc::clone(rows),
            self.app.clock.clone(),
            Arc::new(self.app.vault.open_keys()),
            self.app.db().clone(),
            self.app.news.clone(),
        ));
        request = request
            .data(Arc::clone(&operation))
            .data(Arc::clone(&self.policy))
            .data(Arc::new(Batches::default()));
        if let Some(values) = values {
            request = request.data(Arc::clone(values));
        }
        let response = self.schema.execute(request).await;
        operation.end().await.expect("the database answers");
        response
    }
}

fn values(ids: &BTreeMap<&str, Vec<Value>>, field: &str, argument: &str) -> Vec<Value> {
    match (field, argument) {
        (_, "first") => vec![2.into(), 1.into(), 3.into()],
        (_, "id") => ids.get(field).cloned().unwrap_or_default(),
        ("nodes", "ids") => vec![Value::List(ids["node"].clone()), Value::List(Vec::new())],
        ("access" | "accessMatrix", "type") => vec!["Customer".into()],
        ("accessMatrix" | "explainAccess", "role") => vec!["customer".into(), "support_agent".into()],
        ("explainAccess", "field") => vec!["Customer.email".into(), "Query.customers".into()],
        ("access", "field") => vec!["email".into(), "taxId".into()],
        _ => Vec::new(),
    }
}
