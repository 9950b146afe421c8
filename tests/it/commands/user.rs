//! `custodian user create`.

use std::fs::File;
use std::path::Path;
use std::process::Output;

use custodian_entity::choice::Scope;
use custodian_entity::{audit_event, role_grant, tenant};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{assert_refused, run_reading};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{account, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("commands::user create makes an administrator who can sign in", first_administrator);
    suite.both("commands::user create refuses what it cannot do, and changes nothing", refusals);
}

const PASSWORD: &str = "Planted-Quorum-83-teapot";

/// Runs `user create` on the test's database, with this on standard input.
fn create(app: &TestApp, arguments: &[&str], input: &str) -> Output {
    let database = app.database();
    let folder: &Path = database.folder.path();
    let variables = [
        ("CUSTODIAN_DATABASE_URL", database.owner_url.as_str()),
        ("CUSTODIAN_DATA_DIR", folder.to_str().unwrap()),
        ("CUSTODIAN_LOG", "error"),
    ];
    let given = folder.join("input");
    std::fs::write(&given, input).unwrap();
    let arguments = [&["user", "create"], arguments].concat();
    run_reading(folder, &arguments, &variables, File::open(given).unwrap().into())
}

async fn first_administrator(app: TestApp) {
    let arguments = [
        "--username",
        "Root@New.Example",
        "--role",
        "system_admin",
        "--create-tenant",
        "A new provider",
        "--country",
        "ES",
        "--currency",
        "EUR",
        "--password-stdin",
    ];
    let output = create(&app, &arguments, &format!("{PASSWORD}\r\nanother line\n"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "root@new.example can sign in as system_admin\n");
    let login =
        "mutation($username: String!, $password: String!) { login(username: $username, password: $password) {
        accessToken viewer { displayName role roles tenant { slug displayName countryCode currency } } } }";
    let answer =
        app.anonymous().query(login, json!({ "username": "root@new.example", "password": PASSWORD })).await;
    let tenant =
        json!({ "slug": "new", "displayName": "A new provider", "countryCode": "ES", "currency": "EUR" });
    let expected =
        json!({ "displayName": "root", "role": "system_admin", "roles": ["system_admin"], "tenant": tenant });
    assert_eq!(answer.ok()["login"]["viewer"], expected);
    let token = text(&answer.data()["login"]["accessToken"]).to_owned();
    let users =
        Client::new(app.router.clone(), Some(token)).query("{ users { totalCount } }", Value::Null).await;
    assert_eq!(users.ok()["users"]["totalCount"], 12, "an operator reaches every provider");

    let made = account(&app, "root@new.example").await;
    let grants = role_grant::Entity::find().filter(role_grant::Column::UserId.eq(made.id));
    assert_eq!(grants.one(app.db()).await.unwrap().map(|grant| grant.scope), Some(Scope::All));
    let events = audit_event::Entity::find().filter(audit_event::Column::EventType.eq("USER_CREATED"));
    let event = events.one(app.db()).await.unwrap().expect("it is on record");
    assert_eq!((event.tenant_id, event.actor_id), (Some(made.tenant_id), None));

    // The next one finds the provider.
    let more = ["--username", "help@new.example", "--role", "support_agent", "--password-stdin"];
    assert_eq!(create(&app, &more, PASSWORD).status.code(), Some(0));
}

async fn refusals(app: TestApp) {
    let tenants = tenant::Entity::find().all(app.db()).await.unwrap();
    let cases: [(&[&str], &str, &str); 9] = [
        (&["--username", "support@acme.example", "--role", "support_agent"], PASSWORD, "already"),
        (&["--username", " SUPPORT@acme.example", "--role", "support_agent"], PASSWORD, "already"),
        (&["--username", "root@new.example", "--role", "system_admin"], PASSWORD, "--create-tenant"),
        (
            &["--username", "root@acme.example", "--role", "system_admin", "--create-tenant", "Acme"],
            PASSWORD,
            "already",
        ),
        (&["--username", "root", "--role", "system_admin"], PASSWORD, "name@domain"),
        (&["--username", "root@acme.example", "--role", "customer"], PASSWORD, "customer"),
        (&["--username", "root@acme.example", "--role", "system_admin"], "Password1", "easily guessed"),
        (&["--username", "root@acme.example", "--role", "system_admin"], "", "8 characters"),
        (&["--username", "root@acme.example", "--role", "system_admin"], "Aa1-", "8 characters"),
    ];
    for (arguments, password, part) in cases {
        let output = create(&app, &[arguments, &["--password-stdin"]].concat(), password);
        assert!(password.is_empty() || !String::from_utf8_lossy(&output.stderr).contains(password));
        assert_refused(&output, part);
    }
    // No password where nobody can be asked for one; none as an argument.
    let whom = ["--username", "root@acme.example", "--role", "system_admin"];
    assert_refused(&create(&app, &whom, PASSWORD), "--password-stdin");
    assert_refused(&create(&app, &[whom.as_slice(), &["--password", "x"]].concat(), PASSWORD), "--password");
    assert_eq!(tenant::Entity::find().all(app.db()).await.unwrap(), tenants);
}
