//! API clients and their tokens: what they may, how they are made and ended, and how they get tokens (RFC 6749, 7009,
//! 7662, 8414).

mod apart;
mod bound;
mod door;
mod ends;
mod guessing;
mod made;
mod narrowed;
mod trusted;
mod users;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custodian_entity::id::TypedId;
use custodian_entity::role_grant;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, SUPPORT, account, text};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    made::register(suite);
    door::register(suite);
    ends::register(suite);
    narrowed::register(suite);
    users::register(suite);
    guessing::register(suite);
    apart::register(suite);
    bound::register(suite);
    trusted::register(suite);
}

/// Who sells for `acme`.
const RESELLER: &str = "reseller@acme.example";
/// An end within the longest life.
const LATER: &str = "2026-06-01T00:00:00Z";

/// An API client with its secret.
#[derive(Clone)]
pub struct Portal {
    app: Arc<TestApp>,
    /// Its id.
    pub id: String,
    secret: String,
}

const CREATE: &str = "mutation($input: ApiClientCreateInput!) { apiClientCreate(input: $input) { \
    apiClient { id status tokenPrefix scopes rateTier reseller { code } owner { id } } clientSecret \
    userErrors { field code message } } }";

/// Asks for a client with these scopes and whatever else the input holds.
async fn create(client: &Client, scopes: &[&str], more: Value) -> Answer {
    let mut input = json!({ "name": "Portal", "scopes": scopes, "expiresAt": LATER });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    client.query(CREATE, json!({ "input": input })).await
}

impl Portal {
    /// One of this account, with these scopes.
    pub async fn of(app: &TestApp, username: &str, scopes: &[&str]) -> Self {
        Self::with(app, username, scopes, json!({})).await
    }

    /// The same, with more in the input.
    pub async fn with(app: &TestApp, username: &str, scopes: &[&str], more: Value) -> Self {
        let answer = create(&app.login(username).await, scopes, more).await;
        let payload = &answer.ok()["apiClientCreate"];
        assert_eq!(payload["userErrors"], json!([]), "{}", answer.text);
        Self {
            app: Arc::new(app.clone()),
            id: text(&payload["apiClient"]["id"]).to_owned(),
            secret: text(&payload["clientSecret"]).to_owned(),
        }
    }

    /// Posts a form with credentials in the header.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        post(&self.app, path, Some((&self.id, &self.secret)), fields).await
    }

    /// Asks for a token.
    pub async fn ask(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/oauth/token", &[&[("grant_type", "client_credentials")], fields].concat()).await
    }

    /// An access token for all it has.
    async fn token(&self) -> String {
        let answer = self.ask(&[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        text(&answer.body["access_token"]).to_owned()
    }

    /// A caller with such a token.
    pub async fn caller(&self) -> Client {
        Client::new(self.app.router.clone(), Some(self.token().await))
    }
}

/// Posts a form, with credentials in the header if there are any.
async fn post(app: &TestApp, path: &str, basic: Option<(&str, &str)>, fields: &[(&str, &str)]) -> Answer {
    send(&app.anonymous(), path, basic, fields).await
}

/// The same, by this caller.
async fn send(client: &Client, path: &str, basic: Option<(&str, &str)>, fields: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some((id, secret)) = basic {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        request = request.header(AUTHORIZATION, basic);
    }
    let body = fields.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
    let body = body.collect::<Vec<_>>().join("&");
    client.send(request.body(Body::from(body)).expect("a request")).await
}

const VIEWER: &str = "{ viewer { id role roles } }";

/// Gives `support@acme.example` the role of a tenant administrator, as the primary one.
pub async fn second_role(app: &TestApp) {
    use role_grant::{Column, Entity};
    let of = |username| async move {
        let grant = Entity::find().filter(Column::UserId.eq(account(app, username).await.id));
        grant.one(app.db()).await.unwrap().unwrap()
    };
    let mut grant = of(SUPPORT).await;
    let unset = Entity::update_many().col_expr(Column::IsPrimary, Expr::value(false));
    unset.filter(Column::Id.eq(grant.id)).exec(app.db()).await.unwrap();
    grant.role_id = of(ADMIN).await.role_id;
    grant.id = TypedId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0009));
    Entity::insert(grant.into_active_model()).exec_without_returning(app.db()).await.unwrap();
}

/// The token is good for something.
pub async fn lives(caller: &Client) {
    caller.query(VIEWER, Value::Null).await.ok();
}

/// It is good for nothing any more.
pub async fn is_dead(caller: &Client, why: &str) {
    let answer = caller.query(VIEWER, Value::Null).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (401, Some("UNAUTHENTICATED")),
        "{why}: {}",
        answer.text
    );
}
