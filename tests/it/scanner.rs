//! What scans documents: real clamd, one that is away, and what the service does without any.

mod fakes;

use std::time::{Duration, Instant};

use custodian::app::{App, StartError};
use custodian::config::{ClamdUrl, Config};
use custodian::scanner::{Scanner, Verdict};
use tempfile::TempDir;

use crate::app::TestApp;
use crate::clamd::{Clamd, EICAR_NAME, LARGEST_MIB, Place, eicar};
use crate::commands::run;
use crate::logs;
use crate::suite::Suite;

pub use self::fakes::up_to_date;

const MIB: usize = 1024 * 1024;

/// Lists the tests of this file and of those below.
pub fn register(suite: &mut Suite) {
    suite.clamd("scanner::the test file is found wherever it is in a file, and nothing else", found);
    suite.clamd("scanner::files are scanned at once, each by itself", at_once);
    suite.clamd("scanner::a file that is too large for clamd is not clean", too_large);
    suite.clamd("scanner::away, back, and gone in the middle", comes_and_goes);
    suite.clamd("scanner::the doctor asks it", doctor_real);
    suite.both("scanner::without one production does not start, and development says so", start);
    fakes::register(suite);
}

/// The scanner at an address, which an upload waits for so long.
fn scanner(url: ClamdUrl, seconds: u32) -> Scanner {
    Scanner::from_config(&Config {
        clamd_url: Some(url),
        clamd_timeout_seconds: seconds,
        ..Config::default()
    })
}

/// What is said of a file that comes in chunks of this size.
async fn scan(scanner: &Scanner, file: &[u8], size: usize) -> Verdict {
    let mut scan = scanner.begin();
    for chunk in file.chunks(size) {
        scan.feed(chunk).await;
    }
    scan.finish().await
}

fn infected() -> Verdict {
    Verdict::Infected(EICAR_NAME.to_owned())
}

/// Bytes of no meaning.
fn noise(length: usize) -> Vec<u8> {
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((*state >> 56) as u8)
    };
    std::iter::repeat_n((), length).scan(7, |state, ()| step(state)).collect()
}

fn running(clamd: &Clamd) -> Place {
    let mut place = clamd.place();
    place.start();
    place
}

async fn found(clamd: Clamd) {
    let place = running(&clamd);
    let scanner = scanner(place.url(), 60);
    let (eicar, noise) = (eicar(), noise(10 * MIB));
    let (half, rest) = eicar.split_at(eicar.len() / 2);
    for clean in [&b""[..], b"hello", half, rest, &[rest, half].concat(), &noise] {
        assert_eq!(scan(&scanner, clean, 64 * 1024).await, Verdict::Clean, "{} bytes", clean.len());
    }
    let some = &noise[..MIB];
    for file in [
        [eicar.as_slice(), some].concat(),
        [some, eicar.as_slice(), some].concat(),
        [some, eicar.as_slice()].concat(),
        [&noise, eicar.as_slice()].concat(),
    ] {
        assert_eq!(scan(&scanner, &file, 64 * 1024).await, infected(), "{} bytes", file.len());
    }
    for size in [1, 7, eicar.len() - 1, eicar.len()] {
        assert_eq!(scan(&scanner, &eicar, size).await, infected(), "in chunks of {size}");
    }
    // In two chunks, with none of any length between them.
    let mut split = scanner.begin();
    for chunk in [&noise[..100], half, b"", rest] {
        split.feed(chunk).await;
    }
    assert_eq!(split.finish().await, infected());
}

async fn at_once(clamd: Clamd) {
    let place = running(&clamd);
    let scanner = scanner(place.url(), 60);
    let (eicar, noise) = (eicar(), noise(2 * MIB));
    let files = (0..16).map(|number| {
        let (scanner, eicar, noise) = (&scanner, &eicar, &noise);
        async move {
            let is_infected = number % 2 == 1;
            let file = if is_infected { [noise.as_slice(), eicar].concat() } else { noise.clone() };
            let verdict = scan(scanner, &file, 64 * 1024).await;
            assert_eq!(verdict, if is_infected { infected() } else { Verdict::Clean }, "file {number}");
        }
    });
    futures_util::future::join_all(files).await;
}

async fn too_large(clamd: Clamd) {
    let mark = logs::mark();
    let place = running(&clamd);
    let scanner = scanner(place.url(), 60);
    let file = noise((LARGEST_MIB + 1) * MIB);
    assert_eq!(scan(&scanner, &file, 64 * 1024).await, Verdict::Unavailable);
    let said = logs::since(mark);
    assert!(said.contains("INSTREAM size limit exceeded"), "nobody is told why");
}

async fn comes_and_goes(clamd: Clamd) {
    let mut place = clamd.place();
    let scanner = scanner(place.url(), 60);
    let began = Instant::now();
    assert_eq!(scan(&scanner, b"hello", 64).await, Verdict::Unavailable, "nobody is there");
    assert!(scanner.ping().await.expect("one is configured").is_err());
    assert!(began.elapsed() < Duration::from_secs(5));
    place.start();
    assert_eq!(scan(&scanner, b"hello", 64).await, Verdict::Clean);
    let version = scanner.ping().await.expect("one is configured").expect("it answers");
    assert!(version.program.starts_with("ClamAV "), "{version}");
    let mut cut = scanner.begin();
    cut.feed(b"hello").await;
    place.kill();
    cut.feed(b" again").await;
    assert_eq!(cut.finish().await, Verdict::Unavailable, "gone in the middle");
    place.start();
    assert_eq!(scan(&scanner, &eicar(), 64).await, infected(), "back");
}

async fn doctor_real(clamd: Clamd) {
    let place = running(&clamd);
    let text = doctor(&[("CUSTODIAN_CLAMD_URL", &place.url().to_string())]);
    assert!(text.contains("warn  scanner: unix://") && text.contains("ClamAV "), "{text}");
    assert!(text.contains("without official signatures; see that freshclam runs"), "{text}");
}

/// What the doctor says, with these variables.
fn doctor(variables: &[(&str, &str)]) -> String {
    let folder = TempDir::new().unwrap();
    String::from_utf8(run(folder.path(), &["doctor"], variables).stdout).unwrap()
}

async fn start(app: TestApp) {
    assert!(app.logs().contains("documents are taken unscanned: there is no clamd_url"));
    let production = app.database().production();
    let none = Config { clamd_url: None, ..production.clone() };
    match App::start(none, app.clock.clone()).await {
        Err(error @ StartError::NoScanner) => {
            assert!(error.is_configuration() && error.to_string().contains("clamd_url"), "{error}");
        }
        other => panic!("{:?}", other.err()),
    }
    let started = App::start(production, app.clock.clone()).await;
    assert!(started.is_ok(), "one that is away for now does not keep it from starting");
    assert!(app.logs().contains("the scanner does not answer"));
    let none = Scanner::from_config(&app.database().config());
    assert!(none.ping().await.is_none());
    assert_eq!(scan(&none, b"hello", 64).await, Verdict::Skipped);
}
