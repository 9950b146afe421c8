//! OAuth 2: tokens for API clients (RFC 6749, 4.4) and for users who signed in (6), their end (RFC 7009), what they are good
//! for (RFC 7662), and where all this is (RFC 8414).
//!
//! Invariant: a refusal has the form of RFC 6749, 5.2, says nothing that helps to guess, and repeats nothing that was
//! sent; no answer is kept by anybody (`Cache-Control: no-store`, set at the edge).

mod answer;
mod form;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use custodian_entity::id::TypedId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use self::answer::{OAuthRefusal, done};
use self::form::{Form, OF_ANYBODY, OF_CLIENTS};
use super::edge::RequestId;
use crate::app::App;
use crate::authn::token::AUDIENCE;
use crate::authz::Operation;
use crate::clients::grant;
use crate::error::Error;
use crate::session;

/// How large a request may be, in bytes: a token and credentials fit in many times.
const BODY_BYTES: usize = 16 * 1024;

/// The addresses under which clients get tokens.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/oauth/revoke", post(revoke))
        .route("/oauth/introspect", post(introspect))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .route("/.well-known/oauth-authorization-server", get(metadata))
}

/// Reads the form and answers it, within the time that a request may take.
async fn answered(
    app: &App,
    id: RequestId,
    request: Request,
    answer: impl AsyncFnOnce(&Arc<Operation>, Form) -> Result<Response, OAuthRefusal>,
) -> Response {
    let deadline = Instant::now() + app.config.request_timeout();
    let answering = async {
        let (head, body) = request.into_parts();
        let operation = app.doorstep(super::graphql::origin(app, &id, &head))?;
        let form = Form::read(Request::from_parts(head, body)).await?;
        answer(&operation, form).await
    };
    match timeout_at(deadline, answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => refusal.respond(),
        Err(_) => OAuthRefusal::from(Error::Timeout).respond(),
    }
}

/// A token (RFC 6749, 4.4.2, 5.1 and 6). Of an API client: by its secret, within its scopes. Of a user: for a refresh token
/// of his session, without credentials, since what he signed in with is no client of ours; such tokens have no scopes, so
/// that one that is asked for is refused. A further grant type is a further arm.
async fn token(State(app): State<Arc<App>>, id: RequestId, request: Request) -> Response {
    answered(&app, id, request, async |operation, mut form| {
        app.admit_sign_in(&operation.origin).await.map_err(Error::from)?;
        let grant_type = form.required("grant_type")?;
        match grant_type.as_str() {
            "client_credentials" => {
                let credentials = form.credentials()?;
                let wanted = form.given("scope");
                let policy = app.policy.snapshot();
                let granted = grant::token(
                    operation,
                    &app.accounts,
                    &app.tokens,
                    &policy,
                    &credentials,
                    wanted.as_deref(),
                )
                .await?;
                Ok(done(json!({
                    "access_token": granted.token,
                    "token_type": "Bearer",
                    "expires_in": granted.expires_in,
                    "scope": granted.scope,
                })))
            }
            "refresh_token" => {
                if form.names_client() {
                    return Err(OAuthRefusal::unauthorized_client());
                }
                let token = SecretString::from(form.required("refresh_token")?);
                if form.take("scope").is_some() {
                    return Err(OAuthRefusal::invalid_scope());
                }
                let refreshed = session::refresh(operation, app.config.session, "oauth/token", &token).await;
                let signed_in = refreshed.map_err(OAuthRefusal::of_refresh)?;
                Ok(done(json!({
                    "access_token": signed_in.access_token(&app.tokens, &app.clock)?,
                    "token_type": "Bearer",
                    "expires_in": app.tokens.ttl_seconds(),
                    "refresh_token": signed_in.refresh_token.expose_secret(),
                })))
            }
            _ => Err(OAuthRefusal::unsupported_grant_type()),
        }
    })
    .await
}

/// The end of a token (RFC 7009, 2): with credentials, of the API client's own; without, of the session of a user whose
/// refresh or access token it is. What is said about its kind is not needed to find it.
async fn revoke(State(app): State<Arc<App>>, id: RequestId, request: Request) -> Response {
    answered(&app, id, request, async |operation, mut form| {
        if form.names_client() {
            let credentials = form.credentials()?;
            let token = form.required("token")?;
            grant::revoke(operation, &app.accounts, &app.tokens, &credentials, &token).await?;
        } else {
            let token = SecretString::from(form.required("token")?);
            session::end_by_token(operation, &app.tokens, "oauth/revoke", &token).await?;
        }
        Ok(done(json!({})))
    })
    .await
}

/// What a token is good for (RFC 7662, 2).
async fn introspect(State(app): State<Arc<App>>, id: RequestId, request: Request) -> Response {
    answered(&app, id, request, async |operation, mut form| {
        let credentials = form.credentials()?;
        let token = form.required("token")?;
        let claims = grant::introspect(operation, &app.accounts, &app.tokens, &credentials, &token).await?;
        Ok(done(match claims {
            None => json!({ "active": false }),
            Some(claims) => json!({
                "active": true,
                "token_type": "Bearer",
                "client_id": claims.client.encode(),
                "sub": claims.client.encode(),
                "scope": claims.scopes.into_iter().collect::<Vec<_>>().join(" "),
                "iss": app.config.public_url.to_string(),
                "aud": AUDIENCE,
                "iat": claims.issued_at,
                "nbf": claims.issued_at,
                "exp": claims.expires_at,
                "jti": claims.id.to_string(),
            }),
        }))
    })
    .await
}

/// Where everything is (RFC 8414, 2). Nothing of the request is repeated: addresses come from the configuration.
async fn metadata(State(app): State<Arc<App>>) -> Response {
    let url = &app.config.public_url;
    let policy = app.policy.snapshot();
    done(json!({
        "issuer": url.to_string(),
        "token_endpoint": url.join("/oauth/token"),
        "revocation_endpoint": url.join("/oauth/revoke"),
        "introspection_endpoint": url.join("/oauth/introspect"),
        "jwks_uri": url.join("/.well-known/jwks.json"),
        "token_endpoint_auth_methods_supported": OF_ANYBODY,
        "revocation_endpoint_auth_methods_supported": OF_ANYBODY,
        "introspection_endpoint_auth_methods_supported": OF_CLIENTS,
        "grant_types_supported": ["client_credentials", "refresh_token"],
        "response_types_supported": [],
        "scopes_supported": policy.token_scopes().map(|scope| scope.role()).collect::<Vec<_>>(),
    }))
}

/// The status of a refusal whose fault is not the client's.
fn status_of(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Timeout | Error::Unavailable(_) | Error::Uncertain(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
        }
        Error::RateLimited(_) | Error::TooManyGuesses(_) => {
            (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable")
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
    }
}
