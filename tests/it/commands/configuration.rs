//! Settings and their sources.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use custodian::config::{Config, ConfigError, Flag, LogFormat, Profile, Sources, StoreUrl};
use secrecy::ExposeSecret;
use tempfile::TempDir;

fn load(
    file: &str,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> Result<Config, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("custodian.toml");
    fs::write(&path, file).unwrap();
    Config::load(Sources {
        file: Some((path, true)),
        variables: variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect(),
        flags: flags.iter().map(|&(flag, key, value)| Flag { flag, key, value: value.to_owned() }).collect(),
    })
}

pub fn later_sources_win() {
    let file = "listen = '127.0.0.1:1'\nmax_page_size = 1\nlog = 'warn'\n[limits]\ndepth = 11\ncost = 12";
    let variables =
        [("CUSTODIAN_LISTEN", "127.0.0.1:2"), ("CUSTODIAN_LIMITS_DEPTH", "22"), ("CUSTODIAN_LOG", "error")];
    let flags = [("--listen", "listen", "127.0.0.1:3")];
    let config = load(file, &variables, &flags).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!((config.limits.depth, config.limits.cost, config.limits.aliases), (22, 12, 100));
    assert_eq!((config.max_page_size, config.log.as_str()), (1, "error"));

    let default = Config::default();
    assert_eq!(default.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(default.database_url.expose(), "sqlite://./data/custodian.db?mode=rwc");
    assert_eq!(default.signing_keys_dir, std::path::Path::new("./data/keys"));
    let moved = load("data_dir = 'a?b%c'", &[("CUSTODIAN_METRICS_LISTEN", "")], &[]).unwrap();
    assert_eq!(moved.database_url.expose(), "sqlite://a%3fb%25c/custodian.db?mode=rwc");
    assert_eq!(moved.metrics_listen, None);
    let origins = [("CUSTODIAN_ALLOWED_ORIGINS", "https://a.example, http://b.example:8080")];
    assert_eq!(
        load("", &origins, &[]).unwrap().allowed_origins,
        ["https://a.example", "http://b.example:8080"]
    );
    let digits = load("", &[("CUSTODIAN_DEMO_PASSWORD", "012345")], &[]).unwrap();
    assert_eq!(digits.demo_password.expose_secret(), "012345", "digits are a password, not a number");
}

pub fn every_key_is_a_variable() {
    for (name, value) in [
        ("PROFILE", "production"),
        ("DATA_DIR", "x"),
        ("LISTEN", "[::1]:1"),
        ("METRICS_LISTEN", "[::1]:1"),
        ("DATABASE_URL", "postgres://u@h/d"),
        ("MIGRATION_DATABASE_URL", "postgres://o@h/d"),
        ("KEY_STORE_URL", "postgres://u@h/keys"),
        ("MASTER_KEY_FILE", "x"),
        ("MASTER_KEY", "x"),
        ("SIGNING_KEYS_DIR", "x"),
        ("REDIS_URL", "rediss://user:password@h:6380/1"),
        ("SMTP_URL", "smtps://user:password@h"),
        ("CLAMD_URL", "unix:///run/clamav/clamd.ctl"),
        ("CLAMD_TIMEOUT_SECONDS", "600"),
        ("OPENSEARCH_URL", "https://search.h.example:9200/es"),
        ("OPENSEARCH_INDEX", "audit-2"),
        ("OPENSEARCH_API_KEY", "x"),
        ("OPENSEARCH_CA_FILE", "x"),
        ("OPENSEARCH_TIMEOUT_SECONDS", "600"),
        ("MAIL_DIR", "x"),
        ("STORE_URL", "s3://bucket"),
        ("STORE_ENDPOINT", "http://[::1]:9000"),
        ("STORE_REGION", "eu-central-1"),
        ("MAIL_FROM", "no-reply@h.example"),
        ("PORTAL_URL", "https://my.h.example/portal"),
        ("LINKS_RESET_MINUTES", "1"),
        ("LINKS_INVITATION_DAYS", "90"),
        ("SESSION_MAX_DAYS", "365"),
        ("SESSION_IDLE_DAYS", "1"),
        ("CONNECTIONS_MAX", "1000"),
        ("CONNECTIONS_MIN", "0"),
        ("CONNECTIONS_ACQUIRE_TIMEOUT_SECONDS", "1"),
        ("CONNECTIONS_IDLE_TIMEOUT_SECONDS", "1"),
        ("CONNECTIONS_MAX_LIFETIME_SECONDS", "1"),
        ("CONNECTIONS_STATEMENT_TIMEOUT_SECONDS", "1"),
        ("CONNECTIONS_LOCK_TIMEOUT_SECONDS", "1"),
        ("CONNECTIONS_IDLE_TRANSACTION_TIMEOUT_SECONDS", "1"),
        ("MAX_PAGE_SIZE", "1000"),
        ("ALLOWED_ORIGINS", ""),
        ("ACCESS_TOKEN_TTL_SECONDS", "3600"),
        ("REQUEST_TIMEOUT_SECONDS", "1"),
        ("LOG", "custodian=trace"),
        ("LOG_FORMAT", "json"),
        ("GRAPHIQL", "false"),
        ("INTROSPECTION", "false"),
        ("DEMO_PASSWORD", "x"),
        ("POLICY_DIR", "x"),
        ("LIMITS_BODY_BYTES", "2000"),
        ("LIMITS_DEPTH", "1"),
        ("LIMITS_ALIASES", "0"),
        ("LIMITS_FIELDS", "1"),
        ("LIMITS_COST", "1"),
        ("LIMITS_ROOT_FIELDS", "1"),
        ("LIMITS_DIRECTIVES", "0"),
        ("DOWNLOADS_PER_USER", "1"),
        ("DOWNLOADS_AT_ONCE", "10000"),
        ("DOWNLOADS_IDLE_SECONDS", "600"),
        ("REVEAL_PER_HOUR", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("PASSWORDS_POLICY", "nist"),
        ("SIGN_IN_ACCOUNT_FAILURES", "1"),
        ("SIGN_IN_ADDRESS_FAILURES", "1"),
        ("SIGN_IN_STEP_UP_MINUTES", "1"),
        ("PUBLIC_URL", "https://api.provider.example"),
        ("API_CLIENTS_MAX_LIFETIME_DAYS", "30"),
        ("WEBSOCKET_SOCKETS", "1"),
        ("WEBSOCKET_SOCKETS_PER_VIEWER", "1"),
        ("WEBSOCKET_OPERATIONS_PER_SOCKET", "1"),
        ("WEBSOCKET_INIT_TIMEOUT_SECONDS", "60"),
        ("WEBSOCKET_MESSAGE_BYTES", "1024"),
        ("WEBSOCKET_WAITING", "1"),
        ("WEBSOCKET_PING_SECONDS", "600"),
        ("WEBSOCKET_RECHECK_SECONDS", "55"),
        ("TRACING_ENDPOINT", ""),
        ("TRACING_SAMPLE_PER_MILLE", "1"),
        ("RATES_ADDRESS", "1"),
        ("RATES_ANONYMOUS", "1"),
        ("RATES_USER", "1000000"),
        ("RATES_CLIENT_LOW", "1"),
        ("RATES_CLIENT_STANDARD", "1"),
        ("RATES_CLIENT_HIGH", "1"),
        ("RATES_SIGN_IN", "1"),
        ("RATES_REVEAL", "1"),
        ("RATES_LOOKUP", "1"),
        ("RATES_UPLOAD", "1"),
        ("RATES_COST_AT_ONCE", "50000"),
        ("RATES_COST_PER_SECOND", "56"),
        ("RATES_REDIS_TIMEOUT_MILLISECONDS", "10000"),
    ] {
        let loaded = load("", &[(&format!("CUSTODIAN_{name}"), value)], &[]);
        assert!(loaded.is_ok(), "{name}: {}", loaded.unwrap_err());
    }
    assert!(
        load("", &[("CUSTODIAN_TEST_POSTGRES", "x"), ("PATH", "x"), ("custodian_listen", "x")], &[]).is_ok()
    );
    for unknown in [
        "CUSTODIAN_",
        "CUSTODIAN_LISEN",
        "CUSTODIAN_listen",
        "CUSTODIAN_LIMITS",
        "CUSTODIAN_LIMITS_",
        "CUSTODIAN_LIMITS_DEPHT",
    ] {
        let error = load("", &[(unknown, "1")], &[]).unwrap_err().to_string();
        assert!(error.contains(unknown) || error.contains("limits"), "{unknown}: {error}");
    }
}

pub fn wrong_settings() {
    let long = format!("log = '{}'", "=".repeat(5000));
    for (file, key) in [
        ("max_page_size = 0", "max_page_size"),
        ("max_page_size = 1001", "max_page_size"),
        ("max_page_size = '7'", "max_page_size"),
        ("access_token_ttl_seconds = 3601", "access_token_ttl_seconds"),
        ("access_token_ttl_seconds = 0", "access_token_ttl_seconds"),
        ("request_timeout_seconds = 1.5", "request_timeout_seconds"),
        ("listen = 'localhost'", "listen"),
        ("listen = 8080", "listen"),
        ("metrics_listen = 'x'", "metrics_listen"),
        ("profile = 'staging'", "profile"),
        ("log_format = 'xml'", "log_format"),
        ("log = 'a=b=c'", "log"),
        (&long, "log"),
        ("graphiql = 'yes'", "graphiql"),
        ("database_url = 'mysql://h/d'", "database_url"),
        ("migration_database_url = 'mysql://h/d'", "migration_database_url"),
        ("key_store_url = 'mysql://h/d'", "key_store_url"),
        ("master_key = 'x'", "master_key"),
        ("redis_url = 'http://h'", "redis_url"),
        ("signing_keys_dir = ''", "signing_keys_dir"),
        ("clamd_url = 'http://127.0.0.1:3310'", "clamd_url"),
        ("clamd_url = 'tcp://127.0.0.1'", "clamd_url"),
        ("clamd_url = 'tcp://:3310'", "clamd_url"),
        ("clamd_url = 'tcp://scanner:0'", "clamd_url"),
        ("clamd_url = 'tcp://user@scanner:3310'", "clamd_url"),
        ("clamd_url = 'tcp://scanner:3310/'", "clamd_url"),
        ("clamd_url = 'unix://clamd.ctl'", "clamd_url"),
        ("clamd_timeout_seconds = 0", "clamd_timeout_seconds"),
        ("opensearch_url = 'ftp://h.example'", "opensearch_url"),
        ("opensearch_index = 'a/b'", "opensearch_index"),
        ("opensearch_user = 'a:b'", "opensearch_user"),
        ("opensearch_timeout_seconds = 0", "opensearch_timeout_seconds"),
        ("[session]\nmax_days = 0", "session.max_days"),
        ("[connections]\nmax = 0", "connections.max"),
        ("[connections]\nstatement_timeout_seconds = 0", "connections.statement_timeout_seconds"),
        ("data_dir = ''", "data_dir"),
        ("allowed_origins = ['*']", "allowed_origins.0"),
        ("allowed_origins = ['https://a.example/']", "allowed_origins.0"),
        ("allowed_origins = 'https://a.example'", "allowed_origins"),
        ("unknown = 1", "unknown"),
        ("limits = 1", "limits"),
        ("[limits]\ndepth = -1", "limits.depth"),
        ("[limits]\ndepth = 65", "limits.depth"),
        ("[limits]\nunknown = 1", "limits.unknown"),
        ("[server]\nlisten = 'x'", "server"),
        ("[rates]\nuser = 0", "rates.user"),
        ("[rates]\nsign_in = 1000001", "rates.sign_in"),
    ] {
        let error = load(file, &[], &[]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{key}: ")), "{file}: {error}");
        assert!(
            error.contains("custodian.toml") && !error.contains('\n') && error.len() < 400,
            "{file}: {error}"
        );
    }
    for (variable, value, key) in [
        ("CUSTODIAN_MAX_PAGE_SIZE", "-1", "max_page_size"),
        ("CUSTODIAN_MAX_PAGE_SIZE", "99999999999999999999999", "max_page_size"),
        ("CUSTODIAN_MAX_PAGE_SIZE", "", "max_page_size"),
        ("CUSTODIAN_LIMITS_DEPTH", "two\nlines", "limits.depth"),
        ("CUSTODIAN_ALLOWED_ORIGINS", "https://a.example,null", "allowed_origins.1"),
    ] {
        let error = load("", &[(variable, value)], &[]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{key}: ")), "{error}");
        assert!(error.contains(variable) && !error.contains('\n'), "{error}");
    }
    for (file, key) in [
        ("[limits]\ncost = 200001", "rates.cost_at_once"),
        ("[rates]\ncost_at_once = 49999", "rates.cost_at_once"),
        ("[rates]\ncost_per_second = 55", "rates.cost_per_second"),
    ] {
        let error = load(file, &[], &[]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{key}: ")) && !error.contains('\n'), "{file}: {error}");
    }
    let error = load("", &[], &[("--listen", "listen", "x")]).unwrap_err().to_string();
    assert!(error.starts_with("listen: ") && error.contains("--listen"), "{error}");
}

pub fn secrets_in_files() {
    let folder = TempDir::new().unwrap();
    let path = |content: &str| {
        let path = folder.path().join(format!("secret-{}", content.len()));
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    const NAME: &str = "CUSTODIAN_REDIS_URL_FILE";
    for content in ["planted", "planted\n", "planted\r\n"] {
        let file = "demo_password = 'of the file'";
        let config = load(file, &[("CUSTODIAN_DEMO_PASSWORD_FILE", &path(content))], &[]).unwrap();
        assert_eq!(config.demo_password.expose_secret(), "planted", "{content:?}");
    }
    let two = [("CUSTODIAN_REDIS_URL", "redis://127.0.0.1"), (NAME, &path("redis://127.0.0.2"))];
    for (variables, told) in [
        (vec![(NAME, "/nowhere/planted")], "redis_url: the file that holds it: entity not found"),
        (vec![(NAME, path("redis://a\nredis://b").as_str())], "it has more than one line"),
        (vec![(NAME, path(&"a".repeat(70_000)).as_str())], "it has more than 65536 bytes"),
        (vec![(NAME, path("http://planted").as_str())], "redis_url: "),
        (two.to_vec(), "CUSTODIAN_REDIS_URL and CUSTODIAN_REDIS_URL_FILE are given"),
        // What is no secret stands where it is read.
        (vec![("CUSTODIAN_LISTEN_FILE", path("127.0.0.1:1").as_str())], "CUSTODIAN_LISTEN_FILE"),
    ] {
        let error = load("", &variables, &[]).unwrap_err().to_string();
        assert!(
            error.contains(told) && !error.contains("planted") && !error.contains('\n'),
            "{told}: {error}"
        );
    }
}

pub fn no_secret_repeated() {
    for file in [
        "demo_password = ['planted']",
        "demo_password = 'planted",
        "demo_password = planted",
        "database_url = 'mysql://user:planted@host/d'",
        "database_url = 'postgres://user:planted@ho st/d'",
        "database_url = ['planted']",
        "migration_database_url = 'mysql://user:planted@host/d'",
        "key_store_url = 'mysql://user:planted@host/d'",
        "master_key = 'planted'",
        "smtp_url = 'smtp://user:planted@host'",
        "store_url = 's3://user:planted@bucket'",
        "store_endpoint = 'https://user:planted@host'",
        "store_secret_key = 'planted'",
        "store_secret_key = ['planted']",
        "redis_url = 'http://user:planted@host'",
        "opensearch_url = 'https://user:planted@host'",
        "opensearch_url = 'https://host?planted'",
        "opensearch_api_key = ['planted']",
        "opensearch_password = 'planted'",
        "redis_url = ['planted']",
        "listen = '127.0.0.1:1'\ndemo_password = \"planted\\q\"",
    ] {
        let error = load(file, &[], &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"), "{file}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let file = "demo_password = 'planted'\ndatabase_url = 'postgres://u:planted@h/d'\nredis_url = 'redis://u:planted@h'";
    let config = load(file, &[], &[]).unwrap();
    assert_eq!(config.redis_url.as_ref().unwrap().to_string(), "redis: h:6379");
    assert!(!format!("{config:?}").contains("planted"));
}

pub fn key_store() {
    let url = |config: &Config| config.key_store_url.expose().to_owned();
    let config = Config::default();
    assert_eq!(url(&config), "sqlite://./data/keys.db?mode=rwc");
    assert_eq!(config.master_key_file.as_deref(), Some(Path::new("./data/master.key")));
    assert_eq!(
        load("profile = 'production'", &[], &[]).unwrap().master_key_file,
        None,
        "nothing is made there"
    );
    let given = load("", &[("CUSTODIAN_MASTER_KEY", "planted")], &[]).unwrap();
    assert_eq!((given.master_key_file.is_none(), given.master_key.is_some()), (true, true));
    assert!(!format!("{given:?}").contains("planted"));

    // With the data, as their owner, unless it is said to be elsewhere.
    let owner = [("CUSTODIAN_MIGRATION_DATABASE_URL", "postgres://owner:o@db:5432/custodian")];
    let data = "database_url = 'postgres://service:s@db/custodian'";
    let config = load(data, &owner, &[]).unwrap();
    assert_eq!(url(&config), "postgres://service:s@db/custodian");
    assert_eq!(config.key_store_owner_url().expose(), "postgres://owner:o@db:5432/custodian");
    let beside = load(&format!("{data}\nkey_store_url = 'postgres://keys:k@db/keys'"), &owner, &[]).unwrap();
    let beside = beside.key_store_owner_url();
    assert_eq!(beside.user_and_database(), Some(("owner".to_owned(), "keys".to_owned())));
    for elsewhere in ["postgres://keys:k@other/keys", "sqlite:///srv/keys.db"] {
        let config = load(&format!("{data}\nkey_store_url = '{elsewhere}'"), &owner, &[]).unwrap();
        assert_eq!(config.key_store_owner_url().expose(), elsewhere);
    }

    let one_file = "database_url = 'sqlite://a.db'\nkey_store_url = 'sqlite:a.db?mode=rwc'";
    let error = load(one_file, &[], &[]).unwrap_err().to_string();
    assert!(error.starts_with("key_store_url: "), "{error}");
    let error =
        load("master_key_file = 'x'", &[("CUSTODIAN_MASTER_KEY", "planted")], &[]).unwrap_err().to_string();
    assert!(error.starts_with("master_key_file: ") && !error.contains("planted"), "{error}");
}

pub fn store() {
    assert_eq!(Config::default().store_url, StoreUrl::Folder("./data/documents".into()));
    let given = |text: &str| load("", &[("CUSTODIAN_STORE_URL", text)], &[]).map(|config| config.store_url);
    let bucket =
        |name: &str, prefix: &str| StoreUrl::Bucket { name: name.to_owned(), prefix: prefix.to_owned() };
    for (text, url) in [
        ("documents", StoreUrl::Folder("documents".into())),
        ("/srv/a b", StoreUrl::Folder("/srv/a b".into())),
        ("file:///srv/a%20b", StoreUrl::Folder("/srv/a b".into())),
        ("s3://documents", bucket("documents", "")),
        ("s3://doc.uments-1/", bucket("doc.uments-1", "")),
        ("s3://documents/a/b_c/", bucket("documents", "a/b_c")),
    ] {
        assert_eq!(given(text).unwrap(), url, "{text}");
    }
    for wrong in [
        "",
        "file://host/srv",
        "http://documents",
        "s3://",
        "s3://a",
        "s3://Documents",
        "s3://documents:80",
        "s3://documents//a",
        "s3://documents/../a",
        "s3://documents/a?b",
        "s3://documents/a b",
    ] {
        let error = given(wrong).unwrap_err().to_string();
        assert!(error.starts_with("store_url: expected a folder"), "{wrong}: {error}");
    }
    let keys = [("CUSTODIAN_STORE_ACCESS_KEY", "planted"), ("CUSTODIAN_STORE_SECRET_KEY", "planted")];
    assert!(!format!("{:?}", load("", &keys, &[]).unwrap()).contains("planted"));
    for half in keys {
        let error = load("", &[half], &[]).unwrap_err().to_string();
        assert!(error.starts_with("store_secret_key: ") && !error.contains("planted"), "{error}");
    }
    let production = |endpoint| {
        let file = format!(
            "profile = 'production'\npublic_url = 'https://a.example'\nstore_endpoint = '{endpoint}'"
        );
        load(&file, &[], &[]).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(production("http://127.0.0.1:9000"), Ok(()));
    assert_eq!(production("https://s3.isp.example"), Ok(()));
    let error = production("http://s3.isp.example").unwrap_err();
    assert!(error.starts_with("store_endpoint: in production"), "{error}");
}

pub fn shipping() {
    let file = |rest: &str| load(&format!("opensearch_url = 'https://h.example'\n{rest}"), &[], &[]);
    let config = file("opensearch_user = 'u'\nopensearch_password = 'planted'").unwrap();
    assert!(!format!("{config:?}").contains("planted"));
    assert!(!format!("{:?}", file("opensearch_api_key = 'planted'").unwrap()).contains("planted"));
    for (rest, key) in [
        ("opensearch_user = 'u'", "opensearch_password"),
        ("opensearch_password = 'planted'", "opensearch_password"),
        (
            "opensearch_user = 'u'\nopensearch_password = 'planted'\nopensearch_api_key = 'planted'",
            "opensearch_api_key",
        ),
    ] {
        let error = file(rest).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{key}: ")) && !error.contains("planted"), "{error}");
    }
    for index in ["", "Audit", "a/b", "../a", "-a", "a*", "a,b", "ä"] {
        let error = file(&format!("opensearch_index = '{index}'")).unwrap_err().to_string();
        assert!(error.starts_with("opensearch_index: "), "{error}");
    }
    // In development too: whoever tries it out has real entries soon.
    let url = |url: &str| load("", &[("CUSTODIAN_OPENSEARCH_URL", url)], &[]);
    for plain in
        ["http://127.0.0.1.isp.example", "http://0.0.0.0:9200", "http://[::ffff:10.0.0.1]", "http://10.0.0.1"]
    {
        let error = url(plain).unwrap_err().to_string();
        assert!(error.starts_with("opensearch_url: ") && error.contains("HTTPS only"), "{plain}: {error}");
    }
    for (fine, authority) in [
        ("http://127.0.0.1:9200", "127.0.0.1:9200"),
        ("http://[::1]:9200/", "[::1]:9200"),
        ("http://localhost", "localhost"),
        ("https://search.isp.example/es/", "search.isp.example"),
    ] {
        assert_eq!(url(fine).unwrap().opensearch_url.unwrap().authority(), authority);
    }
    assert!(url("").unwrap().opensearch_url.is_none());
}

pub fn production() {
    let config = load("profile = 'production'", &[], &[]).unwrap();
    assert_eq!(config.profile, Profile::Production);
    assert_eq!((config.log_format, config.graphiql, config.introspection), (LogFormat::Json, false, false));
    let config = load("", &[], &[("--profile", "profile", "production")]).unwrap();
    assert_eq!(config.log_format, LogFormat::Json);
    let config = load("profile = 'production'\nlog_format = 'text'", &[], &[]).unwrap();
    assert_eq!(config.log_format, LogFormat::Text);
    assert!(Config::default().graphiql && Config::default().introspection);

    // Documents go to the scanner in clear.
    for url in ["tcp://127.0.0.1:3310", "tcp://[::1]:3310", "tcp://localhost:3310", "unix:///run/clamd.ctl"] {
        let config = load("profile = 'production'", &[("CUSTODIAN_CLAMD_URL", url)], &[]).unwrap();
        assert_eq!(config.clamd_url.unwrap().to_string(), url);
    }
    for url in
        ["tcp://10.0.0.7:3310", "tcp://[2001:db8::7]:3310", "tcp://localhost.example:3310", "tcp://scanner:1"]
    {
        let variables = [("CUSTODIAN_CLAMD_URL", url)];
        assert!(load("", &variables, &[]).is_ok(), "{url} in development");
        let error = load("profile = 'production'", &variables, &[]).unwrap_err().to_string();
        assert!(error.starts_with("clamd_url: ") && error.contains("tunnel"), "{error}");
    }
}

pub fn plain() {
    let production = |variable: &str, value: &str| {
        load("profile = 'production'", &[(variable, value)], &[]).map_err(|error| error.to_string())
    };
    for variable in ["CUSTODIAN_DATABASE_URL", "CUSTODIAN_MIGRATION_DATABASE_URL", "CUSTODIAN_KEY_STORE_URL"]
    {
        for url in [
            "postgres://u:planted@db.example/c",
            "postgres://u:planted@10.0.0.1/c?sslmode=prefer",
            "postgres://u:planted@localhost.example/c",
        ] {
            let error = production(variable, url).unwrap_err();
            assert!(error.contains("_url: ") && error.contains("sslmode"), "{error}");
            assert!(!error.contains("planted"), "{error}");
        }
        for url in [
            "postgres://u@db.example/c?sslmode=verify-full",
            "postgres://u@db.example/c?sslmode=require",
            "postgres://u@localhost/c",
            "postgres://u@[::1]/c",
            "postgres://u@%2Frun%2Fpostgresql/c",
        ] {
            assert!(production(variable, url).is_ok(), "{variable}={url}");
        }
    }
    for url in ["redis://:planted@cache.example", "redis://10.0.0.1", "rediss://cache.example/#insecure"] {
        let error = production("CUSTODIAN_REDIS_URL", url).unwrap_err();
        assert!(error.starts_with("redis_url: ") && !error.contains("planted"), "{error}");
    }
    for url in ["rediss://cache.example", "redis://127.0.0.1", "redis://localhost", "unix:///run/redis.sock"]
    {
        assert!(production("CUSTODIAN_REDIS_URL", url).is_ok(), "{url}");
    }
    assert!(load("", &[("CUSTODIAN_DATABASE_URL", "postgres://u@db.example/c")], &[]).is_ok(), "to try out");
    for half in ["CUSTODIAN_TLS_CERT", "CUSTODIAN_TLS_KEY"] {
        let error = load("", &[(half, "x")], &[]).unwrap_err().to_string();
        assert!(error.starts_with("tls_key: "), "{error}");
    }
}

pub fn database_url_redacted() {
    for (url, shown) in [
        ("sqlite:///srv/c.db?mode=rwc", "sqlite: /srv/c.db"),
        ("sqlite::memory:", "sqlite: :memory:"),
        ("postgres://user:planted@db.example:6432/custodian", "postgres: custodian on db.example:6432"),
        (
            "postgresql://user:pl%40nted@db.example/custodian?password=planted&sslmode=require",
            "postgres: custodian on db.example:5432",
        ),
    ] {
        let config = load(&format!("database_url = '{url}'"), &[], &[]).unwrap();
        assert_eq!(config.database_url.to_string(), shown);
        assert_eq!(config.database_url.expose(), url);
    }
}
