//! The program as it is called: configuration and its sources, exit statuses, start and stop.

mod configuration;
mod import;
mod keys;
mod policy;
mod user;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::suite::Suite;

/// When a command that should have ended counts as hung.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("commands::later sources win", configuration::later_sources_win);
    suite.pure(
        "commands::each key can be a variable, and no other can",
        configuration::every_key_is_a_variable,
    );
    suite.pure(
        "commands::a wrong setting is refused by key and source, on one line",
        configuration::wrong_settings,
    );
    suite.pure("commands::a message repeats no secret", configuration::no_secret_repeated);
    suite.pure("commands::secrets are read from files that variables name", configuration::secrets_in_files);
    suite.pure(
        "commands::keys lie apart from data, and their owner is that of the data",
        configuration::key_store,
    );
    suite.pure(
        "commands::documents are where store_url says, by credentials that go together",
        configuration::store,
    );
    suite.pure("commands::the audit log is shipped in TLS, as whom was meant", configuration::shipping);
    suite.pure("commands::production changes what follows from it", configuration::production);
    suite.pure(
        "commands::a database address is shown without credentials",
        configuration::database_url_redacted,
    );
    suite.pure("commands::bad input ends with status 2, one line, and nothing written", bad_input);
    suite.pure("commands::production asks other machines in TLS only", configuration::plain);
    suite.pure("commands::production does not serve as for trying out, and says all that is wrong", unfit);
    suite.pure("commands::a broken policy does not start", broken_policy);
    suite.pure("commands::a port in use leaves nothing behind", port_in_use);
    suite.pure("commands::help and schema need nothing", help_and_schema);
    suite.pure("commands::the doctor looks and makes no database", doctor);
    suite.pure("commands::serve answers, says where, and stops when told", serve);
    policy::register(suite);
    import::register(suite);
    keys::register(suite);
    user::register(suite);
}

/// The program in a folder of its own, with no variables but these.
pub fn custodian(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_custodian"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Lets the program run to its end.
pub fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    run_reading(folder, arguments, variables, Stdio::null())
}

/// The same, with something to read on standard input.
fn run_reading(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], input: Stdio) -> Output {
    let mut command = custodian(folder, arguments, variables);
    let child = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id().to_string();
    let (ended, has_ended) = channel::<()>();
    let watch = std::thread::spawn(move || {
        // A server that started by mistake would never end.
        if has_ended.recv_timeout(TOO_LONG) == Err(RecvTimeoutError::Timeout) {
            Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    watch.join().unwrap();
    output
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

/// Arguments, variables, and what the message names.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

fn bad_input() {
    let quiet = "--metrics-listen=";
    let cases: [Case<'_>; 17] = [
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
        assert_refused(&run(folder.path(), arguments, variables), part);
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new(), "{arguments:?} left something behind");
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("custodian.toml"), "listen = '127.0.0.1:0'\nunknown = 1").unwrap();
    assert_refused(
        &run(folder.path(), &[], &[]),
        "unknown: there is no such key (from the file custodian.toml)",
    );
}

fn broken_policy() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("policy");
    fs::create_dir(&policy).unwrap();
    fs::write(policy.join("model.conf"), "[request_definition]\n").unwrap();
    fs::write(policy.join("policy.csv"), "p, no_such_role, read\n").unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--metrics-listen", "", "--log", "error"];
    let output = run(folder.path(), &arguments, &[("CUSTODIAN_POLICY_DIR", "policy")]);
    assert_refused(&output, "policy");
}

fn port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [
        ["--listen", &address, "--metrics-listen", ""],
        ["--listen", "127.0.0.1:0", "--metrics-listen", &address],
    ] {
        let folder = TempDir::new().unwrap();
        assert_refused(&run(folder.path(), &arguments, &[]), &address);
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    }
}

fn doctor() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let output = run(folder.path(), &["doctor"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("ok    profile: development") && text.contains("warn  database: "), "{text}");
    assert_eq!(files(&data), Vec::<PathBuf>::new());

    assert!(run(folder.path(), &["migrate"], &[]).status.success());
    let output = run(folder.path(), &["doctor"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("ok    migrations: all are applied"), "{text}");
    assert!(!text.contains("warn") && !text.contains("CREATE ROLE"), "{text}");
    assert!(text.contains("ok    documents: "), "{text}");
    assert!(text.contains("ok    audit shipping: none"), "{text}");

    let away = [
        ("CUSTODIAN_DATABASE_URL", "postgres://custodian:planted@127.0.0.1:1/custodian"),
        ("CUSTODIAN_DATA_DIR", "/dev/null"),
        ("CUSTODIAN_SIGNING_KEYS_DIR", "keys"),
        ("CUSTODIAN_PROFILE", "production"),
        ("CUSTODIAN_REDIS_URL", "redis://:planted@127.0.0.1:1"),
        ("CUSTODIAN_STORE_URL", "s3://documents"),
        ("CUSTODIAN_STORE_ACCESS_KEY", "planted"),
        ("CUSTODIAN_STORE_SECRET_KEY", "planted"),
        ("CUSTODIAN_OPENSEARCH_URL", "https://127.0.0.1:1"),
        ("CUSTODIAN_OPENSEARCH_CA_FILE", "nowhere.pem"),
        ("CUSTODIAN_OPENSEARCH_API_KEY", "planted"),
    ];
    let output = run(folder.path(), &["doctor"], &away);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("fail  data folder: ") && text.contains("fail  database: "), "{text}");
    assert!(text.contains("fail  keys: ") && text.contains("custodian keys generate"), "{text}");
    assert!(text.contains("warn  redis: redis: 127.0.0.1:1: "), "{text}");
    assert!(text.contains("fail  documents: s3: documents: "), "{text}");
    assert!(text.contains("fail  audit shipping: https://127.0.0.1:1: nowhere.pem: "), "{text}");
    assert!(
        text.contains("CREATE ROLE custodian LOGIN IN ROLE custodian_app;") && !text.contains("planted"),
        "{text}"
    );
}

/// Nothing is made before, and the demo data do not become real ones.
fn unfit() {
    let folder = TempDir::new().unwrap();
    let production = [("CUSTODIAN_PROFILE", "production"), ("CUSTODIAN_MASTER_KEY_FILE", "data/master.key")];
    let output =
        run(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--metrics-listen", ""], &production);
    assert_refused(&output, "production does not serve so: database_url: SQLite");
    let said = String::from_utf8(output.stderr).unwrap();
    for key in ["tls_cert: ", "clamd_url: ", "smtp_url: "] {
        assert!(said.contains(key), "{key} is not in {said}");
    }
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());

    assert!(run(folder.path(), &["seed", "--demo"], &[("CUSTODIAN_LOG", "off")]).status.success());
    let output = run(folder.path(), &["doctor"], &production);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in
        ["fail  profile: ", "fail  tls: none", "fail  demo accounts: in the database", "ok    exposed: "]
    {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let proxy = [production[0], production[1], ("CUSTODIAN_TRUSTED_PROXIES", "10.0.0.7")];
    let text = String::from_utf8(run(folder.path(), &["doctor"], &proxy).stdout).unwrap();
    assert!(text.contains("ok    tls: in clear, behind a trusted proxy"), "{text}");
    let nowhere =
        [production[0], production[1], ("CUSTODIAN_TLS_CERT", "x.pem"), ("CUSTODIAN_TLS_KEY", "x.key")];
    let text = String::from_utf8(run(folder.path(), &["doctor"], &nowhere).stdout).unwrap();
    assert!(text.contains("fail  tls: tls_cert: x.pem: "), "{text}");
    // Broken TLS is no start either, whatever the profile.
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"], &nowhere[2..]);
    assert_refused(&output, "tls_cert: x.pem: ");
}

fn help_and_schema() {
    let folder = TempDir::new().unwrap();
    for (arguments, part) in [
        (&["--help"][..], "custodian seed --demo"),
        (&["seed", "--help"], "--customers"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
        (&["schema"], "type Query"),
    ] {
        let output = run(folder.path(), arguments, &[]);
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(part), "{arguments:?} prints no {part:?}");
    }
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

/// A server that ends with its test.
pub struct Server(pub Child);

/// Sends a server a signal, such as `-TERM`.
pub fn kill(server: &Server, signal: &str) {
    let sent = Command::new("kill").args([signal, &server.0.id().to_string()]).status();
    assert!(sent.expect("a system has kill").success(), "it has ended already");
}

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
    let address = first
        .strip_prefix("GraphQL    http://")
        .and_then(|rest| rest.strip_suffix("/graphql"))
        .unwrap()
        .to_owned();
    let greeting: Vec<String> = lines.by_ref().take(3 + custodian::seed::DEMO_ACCOUNTS.len()).collect();
    assert_eq!(greeting[0], format!("GraphiQL   http://{address}/graphiql"));
    assert_eq!(greeting[2], "Demo accounts, password: from CUSTODIAN_DEMO_PASSWORD");
    for (line, (name, role)) in greeting[3..].iter().zip(custodian::seed::DEMO_ACCOUNTS) {
        assert!(line.contains(name) && line.ends_with(role), "{line}");
    }
    assert!(ask(&address, "GET /readyz HTTP/1.1\r\n").starts_with("HTTP/1.1 200"));

    // Half a request: it is being served when the server is told to stop.
    let body = r#"{"query":"mutation { login(username: \"support@acme.example\", password: \"Planted-Password-1\") { accessToken } }"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
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
