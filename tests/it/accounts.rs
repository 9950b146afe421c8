//! Passwords, guessing at them, and second factors (abuse cases SE6, SE7, SE8).

mod address;
mod codes;
mod ended;
mod factor;
mod guessing;
mod passwords;
mod required;
mod step_up;

use serde_json::{Value, json};
use totp_rs::Totp;

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::text;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    passwords::register(suite);
    guessing::register(suite);
    address::register(suite);
    factor::register(suite);
    codes::register(suite);
    ended::register(suite);
    step_up::register(suite);
    required::register(suite);
}

/// The password of every demo account.
const PASSWORD: &str = "Custodian-Demo-1";

const LOGIN: &str = "mutation($username: String!, $password: String!, $code: String) {
    login(username: $username, password: $password, code: $code) { accessToken refreshToken viewer { role } }
}";

/// An attempt to sign in.
async fn sign_in(client: &Client, username: &str, password: &str, code: Option<&str>) -> Answer {
    client.query(LOGIN, json!({ "username": username, "password": password, "code": code })).await
}

/// Who has just signed in.
fn signed_in(app: &TestApp, answer: &Answer) -> Client {
    Client::new(app.router.clone(), Some(text(&answer.ok()["login"]["accessToken"]).to_owned()))
}

/// An attempt to prolong the session that was begun by this answer.
async fn refresh(app: &TestApp, begun: &Answer) -> Answer {
    const REFRESH: &str =
        "mutation($token: String!) { tokenRefresh(refreshToken: $token) { accessToken viewer { role } } }";
    app.anonymous().query(REFRESH, json!({ "token": begun.ok()["login"]["refreshToken"] })).await
}

/// What an attempt came to: `in`, or the code of the error.
fn outcome(answer: &Answer) -> &str {
    answer.code().unwrap_or("in")
}

/// A caller's authenticator.
struct Authenticator {
    totp: Totp,
    recovery: Vec<String>,
}

impl Authenticator {
    /// Set up and confirmed, by the code of this moment.
    async fn of(app: &TestApp, client: &Client) -> Self {
        let mut made = Self::enrolled(client).await;
        let code = made.code(app, 0);
        // As authenticators show it.
        let answer = client.query(CONFIRM, json!({ "code": format!("{} {}", &code[..3], &code[3..]) })).await;
        let codes = answer.ok()["mfaConfirm"]["recoveryCodes"].as_array().expect("codes").clone();
        made.recovery = codes.iter().map(|code| text(code).to_owned()).collect();
        made
    }

    /// Set up, not yet confirmed.
    async fn enrolled(client: &Client) -> Self {
        let answer = client.query(ENROL, Value::Null).await;
        let uri = text(&answer.ok()["mfaEnrol"]["enrolment"]["uri"]);
        Self { totp: Totp::from_url(uri).expect("an authenticator reads it"), recovery: Vec::new() }
    }

    /// The code of this moment, or of so many steps later.
    fn code(&self, app: &TestApp, steps: i64) -> String {
        let at = app.clock.now().timestamp() + 30 * steps;
        self.totp.generate(at.try_into().expect("after 1970")).to_string()
    }
}

const ENROL: &str = "mutation { mfaEnrol { enrolment { secret uri } userErrors { field code } } }";
const CONFIRM: &str =
    "mutation($code: String!) { mfaConfirm(code: $code) { recoveryCodes userErrors { field code } } }";
const DISABLE: &str =
    "mutation($code: String!) { mfaDisable(code: $code) { disabledAt userErrors { field code } } }";
const VERIFY: &str =
    "mutation($code: String!) { mfaVerify(code: $code) { verifiedUntil userErrors { field code } } }";

/// The one user error that a code is wrong.
fn wrong_code() -> Value {
    json!([{ "field": ["code"], "code": "INVALID" }])
}
