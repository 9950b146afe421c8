//! The log reaches whoever collects logs: all of it, in order, each entry once, and nothing of it that is personal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use custodian::app::App;
use custodian::audit::{self, Log};
use custodian::config::PublicUrl;
use custodian::sink::{Lag, Next, Source};
use custodian_entity::audit_event::{Entity, Model};
use custodian_entity::id::{AuditEventId, TypedId};
use custodian_entity::{audit_cursor, audit_head};
use metrics_exporter_prometheus::PrometheusBuilder;
use sea_orm::prelude::Uuid;
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::app::TestApp;
use crate::database::connect;
use crate::fixture::{ADMIN, BILLING, SUPPORT, all};
use crate::leaks;
use crate::sealing::search::Search;
use crate::serving::Serving;
use crate::sink::server::{Reply, Seen, Server};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::each chain is shipped in order, as it is exported", in_order);
    suite.both("audit::a server that was away gets everything, once", away);
    suite.both("audit::who is killed before he noted what he shipped ships the same again", killed);
    suite.both("audit::several instances ship the same log once, and cursors go forward only", several);
    suite.both("audit::entries that were added after a backup was put back are shipped, too", put_back);
    suite.both("audit::what is shipped holds no sealed value", sealed);
    suite.sqlite("audit::the index knows what an entry has, and nothing else", template);
    suite.sqlite("audit::told to stop, it finishes the round of shipping under way", stopped);
    suite.sqlite("audit::nothing is shipped where no server is configured", nowhere);
    suite.both("audit::the program ships while it serves", program);
}

/// An instance that ships to this server.
async fn shipping(app: &TestApp, server: &Server) -> Arc<App> {
    app.instance(|config| config.opensearch_url = PublicUrl::parse(&server.url)).await.0
}

/// Ships until there is nothing left.
async fn ship(app: &App) {
    loop {
        let round = app.ship_once().await.unwrap();
        assert!(round.trouble.is_none() && round.rejected == 0, "{round:?}");
        match round.next {
            Next::Idle => return assert_eq!(round.lag, Some(Lag::default())),
            next => assert_eq!(next, Next::Now),
        }
    }
}

/// The entries that are links of chains, in their order.
async fn linked(app: &TestApp) -> BTreeMap<Uuid, Vec<Model>> {
    let mut chains = BTreeMap::<Uuid, Vec<Model>>::new();
    for entry in all::<Entity>(app).await.into_iter().filter(|entry| entry.sequence > 0) {
        chains.entry(entry.chain).or_default().push(entry);
    }
    chains.values_mut().for_each(|chain| chain.sort_by_key(|entry| entry.sequence));
    chains
}

/// The ids of all of them.
async fn ids(app: &TestApp) -> BTreeSet<String> {
    linked(app).await.values().flatten().map(|entry| entry.id.encode()).collect()
}

/// The ids that were sent, in order, as often as they were.
fn sent(server: &Server) -> Vec<String> {
    server.bulks().iter().flat_map(Seen::ids).collect()
}

async fn in_order(app: TestApp) {
    let server = Server::start().await;
    let shipping = shipping(&app, &server).await;
    for username in [ADMIN, SUPPORT, BILLING] {
        app.login(username).await;
    }
    // A name that nobody has: an entry of no provider's.
    let unknown = r#"mutation { login(username: "nobody@nowhere.example", password: "Custodian-Demo-1") { accessToken } }"#;
    app.anonymous().query(unknown, ().into()).await;
    let chains = linked(&app).await;
    assert!(chains.len() >= 2, "of one chain only");
    // From before there were chains.
    let before = chains.values().next().unwrap()[0].clone();
    let id = AuditEventId::from_uuid(app.clock.new_uuid());
    let before = Model { id, sequence: 0, prev_hash: String::new(), hash: String::new(), ..before };
    Entity::insert(before.into_active_model()).exec_without_returning(app.db()).await.unwrap();

    ship(&shipping).await;
    app.login("network@acme.example").await;
    ship(&shipping).await;

    let (chains, sent) = (linked(&app).await, sent(&server));
    for entries in chains.values() {
        let ids: Vec<String> = entries.iter().map(|entry| entry.id.encode()).collect();
        let of_chain: Vec<String> = sent.iter().filter(|id| ids.contains(id)).cloned().collect();
        assert_eq!(of_chain, ids);
        for entry in entries {
            server.with(|held| assert_eq!(held.documents[&entry.id.encode()], audit::document(entry)));
        }
    }
    assert_eq!(sent.len(), chains.values().map(Vec::len).sum::<usize>());
    let cursors: BTreeMap<Uuid, i64> =
        all::<audit_cursor::Entity>(&app).await.into_iter().map(|row| (row.chain, row.sequence)).collect();
    let ends = all::<audit_head::Entity>(&app).await.into_iter().filter(|head| head.sequence > 0);
    assert_eq!(cursors, ends.map(|head| (head.chain, head.sequence)).collect());
}

async fn away(app: TestApp) {
    let server = Server::start().await;
    let shipping = shipping(&app, &server).await;
    ship(&shipping).await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // The test runs on this thread, and so does what it calls.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let is_counted = |line: &str| metrics.render().lines().any(|counted| counted == line);

    let before = ids(&app).await.len();
    app.login(ADMIN).await;
    app.clock.advance(TimeDelta::seconds(90));
    app.login(SUPPORT).await;
    app.clock.advance(TimeDelta::seconds(10));
    let waiting = ids(&app).await.len() - before;
    assert!(waiting >= 2);
    for _ in 0..3 {
        server.reply(Reply::Status(503, vec![]));
        let round = shipping.ship_once().await.unwrap();
        assert!(matches!(round.next, Next::After(_)) && round.trouble.is_some(), "{round:?}");
        let lag = round.lag.unwrap();
        assert_eq!((lag.entries, lag.behind(app.clock.now())), (waiting as u64, Duration::from_secs(100)));
    }
    assert!(is_counted(&format!("{} {waiting}", audit::LAG_ENTRIES)), "{}", metrics.render());
    assert!(is_counted(&format!("{} 100", audit::LAG_SECONDS)), "{}", metrics.render());
    // One is refused for good, others go in: the log goes on, and it is counted.
    let poison = sent(&server).last().unwrap().clone();
    let poison: &'static str = poison.leak();
    server.reply(Reply::Except(vec![(poison, 400, "mapper_parsing_exception")]));
    assert_eq!(shipping.ship_once().await.unwrap().rejected, 1);
    ship(&shipping).await;
    let mut expected = ids(&app).await;
    expected.remove(poison);
    assert_eq!(server.keys(), expected.into_iter().collect::<Vec<_>>());
    for (name, count) in [
        (audit::LAG_ENTRIES, 0),
        (audit::LAG_SECONDS, 0),
        (audit::SHIPPED, waiting - 1),
        (audit::REJECTED, 1),
    ] {
        assert!(is_counted(&format!("{name} {count}")), "{}", metrics.render());
    }
}

async fn killed(app: TestApp) {
    let server = Server::start().await;
    for username in [ADMIN, SUPPORT] {
        app.login(username).await;
    }
    // The server has them all, and whoever sent them is gone before he read its answer.
    server.reply(Reply::Cut);
    let first = shipping(&app, &server).await;
    assert!(first.ship_once().await.unwrap().trouble.is_some());
    drop(first);
    assert!(all::<audit_cursor::Entity>(&app).await.is_empty(), "noted before it was answered");
    let held = server.with(|held| held.documents.clone());
    assert_eq!(held.keys().cloned().collect::<BTreeSet<_>>(), ids(&app).await);
    ship(&*shipping(&app, &server).await).await;
    let sent = sent(&server);
    let (once, again) = sent.split_at(sent.len() / 2);
    assert_eq!(once, again);
    server.with(|server| assert_eq!(server.documents, held));
}

async fn several(app: TestApp) {
    let server = Server::start().await;
    let (one, other) = (shipping(&app, &server).await, shipping(&app, &server).await);
    for username in [ADMIN, SUPPORT] {
        app.login(username).await;
    }
    let rounds = tokio::join!(one.ship_once(), other.ship_once());
    assert!(rounds.0.unwrap().trouble.is_none() && rounds.1.unwrap().trouble.is_none());
    ship(&one).await;
    ship(&other).await;
    assert_eq!(server.keys(), ids(&app).await.into_iter().collect::<Vec<_>>());

    // One who was late, as the service's role.
    let log = Log::new(connect(&app.database().url).await.unwrap());
    let cursor = all::<audit_cursor::Entity>(&app).await.remove(0);
    assert!(cursor.sequence > 0);
    for (moved, expected) in [(1, cursor.sequence), (cursor.sequence + 7, cursor.sequence + 7)] {
        log.advance(cursor.chain, moved).await.unwrap();
        let found = audit_cursor::Entity::find_by_id(cursor.chain).one(app.db()).await.unwrap();
        assert_eq!(found.unwrap().sequence, expected);
    }
}

async fn put_back(app: TestApp) {
    let server = Server::start().await;
    let shipping = shipping(&app, &server).await;
    app.login(ADMIN).await;
    ship(&shipping).await;
    // As the backup has it: the end of the chain, its entry and the cursor are one before.
    let entry = linked(&app).await.into_values().map(|mut chain| chain.pop().unwrap()).next().unwrap();
    let id = AuditEventId::from_uuid(app.clock.new_uuid());
    Entity::delete_by_id(entry.id).exec(app.db()).await.unwrap();
    audit_cursor::Entity::delete_by_id(entry.chain).exec(app.db()).await.unwrap();
    let other = Model { id, action: "other".to_owned(), ..entry.clone() };
    Entity::insert(other.into_active_model()).exec_without_returning(app.db()).await.unwrap();
    ship(&shipping).await;
    server.with(|held| {
        assert_eq!(held.documents[&entry.id.encode()], audit::document(&entry));
        assert_eq!(held.documents[&id.encode()]["action"], "other");
    });
}

async fn sealed(app: TestApp) {
    let server = Server::start().await;
    let shipping = shipping(&app, &server).await;
    let admin = app.login(ADMIN).await;
    let markers = leaks::stored(&app, &admin).await;
    let search = Search::of_sealed(&markers);
    ship(&shipping).await;
    assert!(server.keys().len() > 20, "{} entries only", server.keys().len());
    let mut shipped: String = server.bulks().into_iter().map(|seen| seen.body).collect();
    assert!(search.within(shipped.as_bytes()).is_empty(), "{:?}", search.within(shipped.as_bytes()));
    let is_sealed = |field: &&str| search.fields().contains(*field);
    let places = markers.iter().find(|marker| marker.places.iter().any(|place| is_sealed(&place.field)));
    shipped.push_str(&places.unwrap().value);
    assert!(!search.within(shipped.as_bytes()).is_empty(), "what is in clear is not found");
}

async fn template(app: TestApp) {
    let server = Server::start().await;
    app.login(ADMIN).await;
    ship(&*shipping(&app, &server).await).await;
    let document = server.with(|held| held.documents.values().next().unwrap().clone());
    let template: serde_json::Value = server.with(|held| serde_json::from_str(&held.seen[0].body).unwrap());
    let known = template["template"]["mappings"]["properties"].as_object().unwrap();
    assert_eq!(
        known.keys().collect::<BTreeSet<_>>(),
        document.as_object().unwrap().keys().collect::<BTreeSet<_>>(),
        "src/sink/template.rs and src/audit/export.rs"
    );
}

async fn stopped(app: TestApp) {
    let server = Server::start().await;
    app.login(ADMIN).await;
    shipping(&app, &server).await.ship_until(std::future::ready(())).await;
    assert_eq!(server.keys(), ids(&app).await.into_iter().collect::<Vec<_>>());
    assert_eq!(server.bulks().len(), 1);
}

async fn nowhere(app: TestApp) {
    assert!(app.service.ship_once().await.is_none());
    // It does not even wait to be told to stop.
    app.service.ship_until(std::future::pending()).await;
}

async fn program(app: TestApp) {
    let server = Server::start().await;
    let database = app.database();
    let variables = [
        ("CUSTODIAN_DATABASE_URL", database.url.as_str()),
        // Named, so that the tables are left to it.
        ("CUSTODIAN_MIGRATION_DATABASE_URL", database.owner_url.as_str()),
        ("CUSTODIAN_DATA_DIR", database.folder.path().to_str().unwrap()),
        ("CUSTODIAN_OPENSEARCH_URL", server.url.as_str()),
        ("CUSTODIAN_OPENSEARCH_API_KEY", "planted"),
    ];
    let _serving = Serving::begin(database.folder.path(), &variables).await;
    let expected = ids(&app).await;
    assert!(!expected.is_empty());
    while server.keys().into_iter().collect::<BTreeSet<_>>() != expected {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(server.bulks().iter().all(|seen| seen.headers["authorization"] == "ApiKey planted"));
}
