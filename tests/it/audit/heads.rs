//! The ends of chains are signed and kept apart, and `custodian audit` reads both.

use std::fs;
use std::process::Output;

use custodian::audit::{Head, HeadError};
use custodian_entity::audit_event::{Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;

use super::verified;
use crate::app::TestApp;
use crate::commands::run;
use crate::fixture::{ADMIN, SUPPORT, all};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::ends of chains are signed where they went on, and agree with the log", signed);
    suite.both("audit::the command verifies the log, names what is wrong, and prints it", command);
}

fn lines(app: &TestApp) -> Vec<String> {
    let folder = app.database().config().audit_heads_dir;
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

async fn signed(app: TestApp) {
    app.login(ADMIN).await;
    let first = app.service.sign_heads().await.unwrap();
    assert!(first >= 1);
    assert_eq!(app.service.sign_heads().await.unwrap(), 0, "nothing happened since");
    app.login(SUPPORT).await;
    assert_eq!(app.service.sign_heads().await.unwrap(), 1, "one chain went on");
    let (lines, ring) = (lines(&app), app.service.tokens.ring());
    assert_eq!(lines.len(), first + 1);
    let heads: Vec<Head> = lines.iter().map(|line| Head::read(line, &ring).unwrap()).collect();
    let found = verified(&app, &heads).await;
    assert_eq!((found.fault, found.heads), (None, lines.len()));
    // Neither what was changed nor an access token is a head.
    let forged = lines[0].replacen('.', ".e30", 1);
    assert_eq!(Head::read(&forged, &ring), Err(HeadError::Invalid));
    let token = app.token(ADMIN).await;
    assert_eq!(Head::read(&token, &ring), Err(HeadError::Invalid));
    let answer = app.anonymous().bringing(&lines[0]).query("{ viewer { id } }", Value::Null).await;
    assert_eq!(answer.code(), Some("UNAUTHENTICATED"), "{}", answer.text);
}

fn audit(app: &TestApp, arguments: &[&str]) -> Output {
    let database = app.database();
    let variables = [
        ("CUSTODIAN_DATABASE_URL", database.url.as_str()),
        ("CUSTODIAN_DATA_DIR", database.folder.path().to_str().unwrap()),
        ("CUSTODIAN_LOG", "off"),
    ];
    run(database.folder.path(), &[&["audit"], arguments].concat(), &variables)
}

async fn command(app: TestApp) {
    app.login(ADMIN).await;
    app.service.sign_heads().await.unwrap();
    app.login(SUPPORT).await;
    let entries = all::<Entity>(&app).await;
    let output = audit(&app, &["verify"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said} {:?}", String::from_utf8(output.stderr));
    let expected = format!("{} entries in ", entries.len());
    assert!(said.starts_with(&expected) && !said.contains(" 0 signed heads"), "{said}");
    let later = audit(&app, &["verify", "--from", "2199-01-01"]);
    assert!(String::from_utf8(later.stdout).unwrap().starts_with("0 entries in "));

    let printed = String::from_utf8(audit(&app, &["export"]).stdout).unwrap();
    let printed: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(printed.len(), entries.len());
    let mut hashes: Vec<&str> = printed.iter().map(|entry| entry["hash"].as_str().unwrap()).collect();
    let mut expected: Vec<&str> = entries.iter().map(|entry| entry.hash.as_str()).collect();
    hashes.sort_unstable();
    expected.sort_unstable();
    assert_eq!(hashes, expected);

    let entry = entries.iter().max_by_key(|entry| entry.sequence).unwrap();
    let change = Entity::update_many().col_expr(Column::Action, Expr::value("nothing"));
    change.filter(Column::Id.eq(entry.id)).exec(app.db()).await.unwrap();
    let output = audit(&app, &["verify"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("entry {} (", entry.sequence)) && said.contains("was changed"), "{said}");

    let file = app.database().config().audit_heads_dir.join("heads-2000-01-01.jws");
    fs::write(&file, "no head\n").unwrap();
    let said = String::from_utf8(audit(&app, &["verify"]).stderr).unwrap();
    assert!(said.contains("line 1 is no head"), "{said}");
    for (arguments, part) in [
        (&["verify", "--from", "yesterday"][..], "--from"),
        (&["verify", "--heads", "missing.jws"], "missing.jws"),
        (&["export", "--tenant", "acme"], "--tenant"),
    ] {
        let output = audit(&app, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(part), "{arguments:?}: {said}");
    }
}
