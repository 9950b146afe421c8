//! The program as it is called: configuration and its sources, exit statuses, start and stop.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use custodian::config::{Config, ConfigError, Flag, LogFormat, Profile, Sources};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("commands::later sources win", later_sources_win);
    suite.pure("commands::each key can be a variable, and no other can", every_key_is_a_variable);
    suite.pure("commands::a wrong setting is refused by key and source, on one line", wrong_settings);
    suite.pure("commands::a message repeats no secret", no_secret_repeated);
    suite.pure("commands::production changes what follows from it", production);
    suite.pure("commands::a database address is shown without credentials", database_url_redacted);
    suite.pure("commands::bad input ends with status 2, one line, and nothing written", bad_input);
    suite.pure("commands::a broken policy does not start", broken_policy);
    suite.pure("commands::a port in use leaves nothing behind", port_in_use);
    suite.pure("commands::help and schema need nothing", help_and_schema);
    suite.pure("commands::serve answers, says where, and stops when told", serve);
}

fn load(file: &str, variables: &[(&str, &str)], flags: &[(&'static str, &'static str, &str)]) -> Result<Config, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("custodian.toml");
    fs::write(&path, file).unwrap();
    Config::load(Sources {
        file: Some((path, true)),
        variables: variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect(),
        flags: flags.iter().map(|&(flag, key, value)| Flag { flag, key, value: value.to_owned() }).collect(),
    })
}

fn later_sources_win() {
    let file = "listen = '127.0.0.1:1'\nmax_page_size = 1\nlog = 'warn'\n[limits]\ndepth = 11\ncost = 12";
    let variables = [("CUSTODIAN_LISTEN", "127.0.0.1:2"), ("CUSTODIAN_LIMITS_DEPTH", "22"), ("CUSTODIAN_LOG", "error")];
    let flags = [("--listen", "listen", "127.0.0.1:3")];
    let config = load(file, &variables, &flags).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!((config.limits.depth, config.limits.cost, config.limits.aliases), (22, 12, 100));
    assert_eq!((config.max_page_size, config.log.as_str()), (1, "error"));

    let default = Config::default();
    assert_eq!(default.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(default.database_url.expose(), "sqlite://./data/custodian.db?mode=rwc");
    let moved = load("data_dir = 'a?b%c'", &[("CUSTODIAN_METRICS_LISTEN", "")], &[]).unwrap();
    assert_eq!(moved.database_url.expose(), "sqlite://a%3fb%25c/custodian.db?mode=rwc");
    assert_eq!(moved.metrics_listen, None);
    let origins = [("CUSTODIAN_ALLOWED_ORIGINS", "https://a.example, http://b.example:8080")];
    assert_eq!(load("", &origins, &[]).unwrap().allowed_origins, ["https://a.example", "http://b.example:8080"]);
    let digits = load("", &[("CUSTODIAN_DEMO_PASSWORD", "012345")], &[]).unwrap();
    assert_eq!(digits.demo_password.expose_secret(), "012345", "digits are a password, not a number");
}

fn every_key_is_a_variable() {
    for (name, value) in [
        ("PROFILE", "production"),
        ("DATA_DIR", "x"),
        ("LISTEN", "[::1]:1"),
        ("METRICS_LISTEN", "[::1]:1"),
        ("DATABASE_URL", "postgres://u@h/d"),
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
    ] {
        let loaded = load("", &[(&format!("CUSTODIAN_{name}"), value)], &[]);
        assert!(loaded.is_ok(), "{name}: {}", loaded.unwrap_err());
    }
    assert!(load("", &[("CUSTODIAN_TEST_POSTGRES", "x"), ("PATH", "x"), ("custodian_listen", "x")], &[]).is_ok());
    for unknown in ["CUSTODIAN_", "CUSTODIAN_LISEN", "CUSTODIAN_listen", "CUSTODIAN_LIMITS", "CUSTODIAN_LIMITS_", "CUSTODIAN_LIMITS_DEPHT"] {
        let error = load("", &[(unknown, "1")], &[]).unwrap_err().to_string();
        assert!(error.contains(unknown) || error.contains("limits"), "{unknown}: {error}");
    }
}

fn wrong_settings() {
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
    ] {
        let error = load(file, &[], &[]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{key}: ")), "{file}: {error}");
        assert!(error.contains("custodian.toml") && !error.contains('\n') && error.len() < 400, "{file}: {error}");
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
    let error = load("", &[], &[("--listen", "listen", "x")]).unwrap_err().to_string();
    assert!(error.starts_with("listen: ") && error.contains("--listen"), "{error}");
}

fn no_secret_repeated() {
    for file in [
        "demo_password = ['planted']",
        "demo_password = 'planted",
        "demo_password = planted",
        "database_url = 'mysql://user:planted@host/d'",
        "database_url = 'postgres://user:planted@ho st/d'",
        "database_url = ['planted']",
        "listen = '127.0.0.1:1'\ndemo_password = \"planted\\q\"",
    ] {
        let error = load(file, &[], &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"), "{file}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let config = load("demo_password = 'planted'\ndatabase_url = 'postgres://u:planted@h/d'", &[], &[]).unwrap();
    assert!(!format!("{config:?}").contains("planted"));
}

fn production() {
    let config = load("profile = 'production'", &[], &[]).unwrap();
    assert_eq!(config.profile, Profile::Production);
    assert_eq!((config.log_format, config.graphiql, config.introspection), (LogFormat::Json, false, false));
    let config = load("", &[], &[("--profile", "profile", "production")]).unwrap();
    assert_eq!(config.log_format, LogFormat::Json);
    let config = load("profile = 'production'\nlog_format = 'text'", &[], &[]).unwrap();
    assert_eq!(config.log_format, LogFormat::Text);
    assert!(Config::default().graphiql && Config::default().introspection);
}

fn database_url_redacted() {
    for (url, shown) in [
        ("sqlite:///srv/c.db?mode=rwc", "sqlite: /srv/c.db"),
        ("sqlite::memory:", "sqlite: :memory:"),
        ("postgres://user:planted@db.example:6432/custodian", "postgres: custodian on db.example:6432"),
        ("postgresql://user:pl%40nted@db.example/custodian?password=planted&sslmode=require", "postgres: custodian on db.example:5432"),
    ] {
        let config = load(&format!("database_url = '{url}'"), &[], &[]).unwrap();
        assert_eq!(config.database_url.to_string(), shown);
        assert_eq!(config.database_url.expose(), url);
    }
}

/// The program in a folder of its own, with no variables but these.
fn custodian(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_custodian"));
    command.args(arguments).current_dir(folder).env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

/// Status 2, nothing on standard output, and this on the one line of standard error.
#[track_caller]
fn assert_refused(output: &Output, part: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.ends_with('\n') && error.lines().count() == 1, "not one line: {error}");
    assert!(error.contains(part), "no {part:?} in {error}");
    assert!(output.stdout.is_empty());
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

fn bad_input() {
    let quiet = "--metrics-listen=";
    let cases: [(&[&str], &[(&str, &str)], &str); 17] = [
        (&["--unknown"], &[], "--unknown"),
        (&["unknown"], &[], "unknown"),
        (&["seed"], &[], "--demo"),
        (&["seed", "--customers", "0"], &[], "--customers"),
        (&["seed", "--customers", "-1"], &[], "-1"),
        (&["seed", "--customers", "many"], &[], "--customers"),
        (&["seed", "--demo", "--profile", "production"], &[], "development"),
        (&["--listen", "127.0.0.1:1", "migrate"], &[], "--listen"),
        (&["serve", "--listen", "nowhere"], &[], "--listen"),
        (&["serve", "--profile", "staging"], &[], "--profile"),
        (&["serve", "--config", "missing.toml"], &[], "missing.toml"),
        (&["migrate", "--database-url", "mysql://h/d"], &[], "--database-url"),
        (&["migrate"], &[("CUSTODIAN_LISEN", "x")], "CUSTODIAN_LISEN"),
        (&[], &[("CUSTODIAN_MAX_PAGE_SIZE", "1001")], "CUSTODIAN_MAX_PAGE_SIZE"),
        (&[quiet, "--listen", "127.0.0.1:0", "--data-dir", "/dev/null"], &[], "/dev/null"),
        (&[quiet, "--listen", "127.0.0.1:0", "--data-dir", "/dev/null/x"], &[], "/dev/null/x"),
        (&[quiet, "--listen", "192.0.2.1:0"], &[], "192.0.2.1"),
    ];
    for (arguments, variables, part) in cases {
        let folder = TempDir::new().unwrap();
        assert_refused(&custodian(folder.path(), arguments, variables).output().unwrap(), part);
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new(), "{arguments:?} left something behind");
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("custodian.toml"), "listen = '127.0.0.1:0'\nunknown = 1").unwrap();
    assert_refused(&custodian(folder.path(), &[], &[]).output().unwrap(), "unknown: there is no such key (from the file custodian.toml)");
}

fn broken_policy() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("policy");
    fs::create_dir(&policy).unwrap();
    fs::write(policy.join("model.conf"), "[request_definition]\n").unwrap();
    fs::write(policy.join("policy.csv"), "p, no_such_role, read\n").unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--metrics-listen", "", "--log", "error"];
    let output = custodian(folder.path(), &arguments, &[("CUSTODIAN_POLICY_DIR", "policy")]).output().unwrap();
    assert_refused(&output, "policy");
}

fn port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [["--listen", &address, "--metrics-listen", ""], ["--listen", "127.0.0.1:0", "--metrics-listen", &address]] {
        let folder = TempDir::new().unwrap();
        assert_refused(&custodian(folder.path(), &arguments, &[]).output().unwrap(), &address);
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    }
}

fn help_and_schema() {
    let folder = TempDir::new().unwrap();
    for (arguments, part) in [
        (&["--help"][..], "custodian seed --demo"),
        (&["seed", "--help"], "--customers"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
        (&["schema"], "type Query"),
    ] {
        let output = custodian(folder.path(), arguments, &[]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(part), "{arguments:?} prints no {part:?}");
    }
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

/// A server that ends with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve() {
    let folder = TempDir::new().unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"];
    let variables = [("CUSTODIAN_DEMO_PASSWORD", "Planted-Password-1")];
    let mut command = custodian(folder.path(), &arguments, &variables);
    let mut server = Server(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut errors = server.0.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).map(|_| text).unwrap()
    });

    let Some(first) = lines.next() else { panic!("the server ended: {}", log.join().unwrap()) };
    let address = first.strip_prefix("GraphQL    http://").and_then(|rest| rest.strip_suffix("/graphql")).unwrap().to_owned();
    let greeting: Vec<String> = lines.by_ref().take(3 + custodian::seed::DEMO_ACCOUNTS.len()).collect();
    assert_eq!(greeting[0], format!("GraphiQL   http://{address}/graphiql"));
    assert_eq!(greeting[2], "Demo accounts, password: from CUSTODIAN_DEMO_PASSWORD");
    for (line, (name, role)) in greeting[3..].iter().zip(custodian::seed::DEMO_ACCOUNTS) {
        assert!(line.contains(name) && line.ends_with(role), "{line}");
    }
    assert!(ask(&address, "GET /readyz HTTP/1.1\r\n").starts_with("HTTP/1.1 200"));

    // Half a request: it is being served when the server is told to stop.
    let body = r#"{"query":"mutation { login(username: \"support@acme.example\", password: \"Planted-Password-1\") { accessToken } }"}"#;
    let head = format!("POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n", body.len());
    let mut running = TcpStream::connect(&address).unwrap();
    running.write_all(head.as_bytes()).unwrap();
    let mut asked_for_the_body = [0; 12];
    running.read_exact(&mut asked_for_the_body).unwrap();
    assert_eq!(&asked_for_the_body, b"HTTP/1.1 100");

    let told = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &server.0.id().to_string()]).status().unwrap().success());
    running.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    running.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("200 OK") && answer.contains("accessToken"), "cut off: {answer}");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(30), "it waited for something");

    assert_eq!(lines.next(), None, "standard output is for the greeting");
    let log = log.join().unwrap();
    assert!(!log.contains("Planted-Password-1"), "the log has the password");
    assert!(!log.contains("panicked"), "{log}");
}

/// Sends the head of a request and returns the answer.
fn ask(address: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}host: x\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
