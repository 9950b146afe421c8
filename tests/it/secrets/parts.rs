//! What the other parts make of new secrets.

use std::time::{Duration, Instant};

use custodian::app::{SECRET_REFUSED, SECRET_RELOADS};
use custodian::config::{Config, PublicUrl, StoreUrl};
use custodian::store::Store;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use tempfile::TempDir;

use super::{Files, counted, password};
use crate::app::TestApp;
use crate::mail::smtp::Smtp;
use crate::redis::Redis;
use crate::s3::{self, S3};
use crate::sink::server::Server;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("secrets::letters, the log and alerts go out with new ones", sent);
    suite.sqlite("secrets::what is read at the start only is told, and changes nothing", start);
    suite.redis("secrets::Redis is asked with a new password once it takes it", in_redis);
    suite.s3("secrets::a bucket is asked with new credentials once it takes them", in_bucket);
}

fn outcomes(metrics: &PrometheusHandle, secret: &str) -> [f64; 3] {
    let secret = format!("secret=\"{secret}\"");
    let of = |outcome: &str| counted(metrics, SECRET_RELOADS, &[&secret, &format!("outcome=\"{outcome}\"")]);
    [of("applied"), of("failed"), counted(metrics, SECRET_REFUSED, &[&secret])]
}

/// A key for the webhook.
fn signing() -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(password())
}

async fn sent(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (files, mail, other, log) = (Files::new(), Smtp::start(&[]), Smtp::start(&[]), Server::start().await);
    let keys = ["smtp_url", "opensearch_api_key", "alert_webhook_url", "alert_webhook_secret"];
    files.write("smtp_url", &format!("smtp://custodian:{}@{}", password(), mail.address()));
    files.write("opensearch_api_key", "planted-before");
    files.write("alert_webhook_url", "https://alerts.example/planted-before");
    files.write("alert_webhook_secret", &signing());
    let loaded = files.load(&keys, &[]);
    let (service, _) = app
        .instance(|config| {
            config.opensearch_url = PublicUrl::parse(&log.url);
            config.smtp_url = loaded.smtp_url;
            config.opensearch_api_key = loaded.opensearch_api_key;
            config.alert_webhook_url = loaded.alert_webhook_url;
            config.alert_webhook_secret = loaded.alert_webhook_secret;
            config.secret_files = loaded.secret_files;
        })
        .await;
    service.refresh_secrets().await;
    assert!(keys.iter().all(|key| outcomes(&metrics, key) == [0.0; 3]), "nothing was changed");

    let authorization = || {
        log.with(|inner| {
            inner.seen.last().map(|seen| seen.headers["authorization"].to_str().unwrap().to_owned())
        })
    };
    service.ship_once().await.expect("it ships");
    assert_eq!(authorization().as_deref(), Some("ApiKey planted-before"));

    // Elsewhere, and unusable.
    files.write("smtp_url", &format!("smtp://custodian:{}@{}", password(), other.address()));
    files.write("alert_webhook_url", "https://elsewhere.example/planted-before");
    files.write("opensearch_api_key", "planted\u{7}");
    service.refresh_secrets().await;
    for key in keys {
        assert_eq!(outcomes(&metrics, key), [0.0, 1.0, 1.0], "{key}");
    }

    // It takes letters from anybody, and knows nobody by a password.
    files.write("smtp_url", &format!("smtp://{}/mail.isp.example", mail.address()));
    files.write("alert_webhook_url", "https://alerts.example/planted-after");
    files.write("alert_webhook_secret", &signing());
    files.write("opensearch_api_key", "planted-after");
    service.refresh_secrets().await;
    for key in keys {
        assert_eq!(outcomes(&metrics, key), [1.0, 1.0, 0.0], "{key}");
    }
    // Something that is new on record.
    app.login(crate::fixture::ADMIN).await;
    service.ship_once().await.expect("it ships");
    assert_eq!(authorization().as_deref(), Some("ApiKey planted-after"));
}

async fn start(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let files = Files::new();
    files.write("demo_password", &password());
    let (service, _) = app.instance(|config| config.secret_files = files.watched(&["demo_password"])).await;
    let mark = app.logs().len();
    files.write("demo_password", &password());
    for _ in 0..3 {
        service.refresh_secrets().await;
    }
    assert_eq!(outcomes(&metrics, "demo_password"), [0.0, 1.0, 1.0]);
    let logs = app.logs();
    let told = logs[mark..].lines().filter(|line| line.contains("it is read at the start only"));
    assert_eq!(told.filter(|line| line.contains("demo_password")).count(), 1, "it is told once");
}

async fn in_redis(app: TestApp, redis: Redis) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (files, mut place) = (Files::new(), redis.place());
    place.start();
    let url = |password: &str| format!("{}?pass={password}", place.url());
    let (before, after) = (password(), password());
    let begun = Instant::now();
    let mut connection = loop {
        let client = redis::Client::open(place.url()).unwrap();
        match client.get_multiplexed_async_connection().await {
            Ok(connection) => break connection,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let mut require = async |password: &str| {
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg("requirepass").arg(password).exec_async(&mut connection).await.unwrap();
    };
    require(&before).await;
    files.write("redis_url", &url(&before));
    let loaded = files.load(&["redis_url"], &[]);
    let (service, _) = app
        .instance(|config| {
            config.redis_url = loaded.redis_url;
            config.secret_files = loaded.secret_files;
        })
        .await;
    let following = tokio::spawn({
        let service = service.clone();
        async move { service.news.follow().await }
    });
    let up = async |what: &str| {
        let begun = Instant::now();
        while service.news.is_up() != Some(true) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    up("at first").await;
    files.write("redis_url", &url(&password()));
    service.refresh_secrets().await;
    assert_eq!(outcomes(&metrics, "redis_url"), [0.0, 1.0, 1.0], "a password that Redis does not know");
    require(&after).await;
    files.write("redis_url", &url(&after));
    service.refresh_secrets().await;
    assert_eq!(outcomes(&metrics, "redis_url"), [1.0, 1.0, 0.0]);
    // Whoever connects anew does so with the new one.
    let client = redis::Client::open(url(&after)).unwrap();
    let mut killing = client.get_multiplexed_async_connection().await.unwrap();
    for kind in ["normal", "pubsub"] {
        let mut kill = redis::cmd("CLIENT");
        kill.arg("KILL").arg("TYPE").arg(kind).exec_async(&mut killing).await.unwrap();
    }
    let begun = Instant::now();
    while service.news.is_up() == Some(true) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not notice that it was cut off");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    up("with the new password").await;
    following.abort();
}

async fn in_bucket(s3: S3) {
    let service = s3.start();
    service.bucket("documents");
    let folder = TempDir::new().unwrap();
    let config = Config {
        store_url: StoreUrl::parse("s3://documents").unwrap(),
        store_endpoint: PublicUrl::parse(service.endpoint()),
        store_access_key: Some(s3::ACCESS_KEY.into()),
        store_secret_key: Some(s3::SECRET_KEY.into()),
        ..Config::for_tests("sqlite::memory:".to_owned(), folder.path().to_owned())
    };
    let wrong = Config { store_secret_key: Some(SecretString::from(password())), ..config.clone() };
    let store = Store::open(&config).unwrap();
    store.check().await.unwrap();
    let refused = store.renew(&wrong).await.unwrap_err().to_string();
    assert!(refused.contains("credentials are refused") && !refused.contains("planted"), "{refused}");
    store.check().await.expect("it goes on as it was");
    // One that was started with credentials that were taken away meanwhile.
    let late = Store::open(&wrong).unwrap();
    late.check().await.unwrap_err();
    late.renew(&config).await.unwrap();
    late.check().await.expect("it goes on with those that are taken");
}
