//! Scanners that do not do as they should: nothing that one of them does makes a file clean.

use std::sync::Arc;
use std::time::{Duration, Instant};

use custodian::config::ClamdUrl;
use custodian::scanner::Verdict;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::time::{interval, timeout};

use super::{MIB, doctor, noise, scan, scanner};
use crate::suite::{Suite, runtime};

/// What the scanner is sent first.
const COMMAND: &[u8] = b"zINSTREAM\0";

/// What it says of a file in which nothing was found.
const CLEAN: &[u8] = b"stream: OK\0";

/// What one says whose signatures will not be old for a while.
const UP_TO_DATE: &str = "ClamAV 1.4.3/27500/Thu Jan  1 00:00:00 2099\0";

/// How long an upload waits for scanners that take their time, in seconds.
const PATIENCE: u32 = 1;

/// By when it must have gone on, on a machine that has other things to do.
const SOON: Duration = Duration::from_secs(4);

pub fn register(suite: &mut Suite) {
    pure(suite, "scanner::one exact reply is clean, and no other", replies);
    pure(suite, "scanner::a reply before the end of the file says nothing of it", early);
    pure(suite, "scanner::a file is sent whole, as it came", framing);
    pure(suite, "scanner::nobody there", refused);
    pure(suite, "scanner::a scanner that never picks up", never_connects);
    pure(
        suite,
        "scanner::a scanner that takes nothing holds an upload up once, and not for long",
        takes_nothing,
    );
    pure(suite, "scanner::a scanner that takes little at a time does neither", takes_little);
    pure(suite, "scanner::a scanner that says nothing, or one letter now and then", says_little);
    pure(suite, "scanner::a connection that is cut", cut);
    pure(suite, "scanner::a scan that was given up in the middle of a chunk is over", given_up);
    pure(suite, "scanner::its version and the age of its signatures", versions);
}

fn pure<F: Future<Output = ()>>(suite: &mut Suite, name: &str, test: impl FnOnce() -> F + Send + 'static) {
    suite.pure(name, || runtime().block_on(test()));
}

/// A scanner that does this with each who connects.
async fn fake<F>(talk: impl Fn(TcpStream) -> F + Send + 'static) -> ClamdUrl
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(talk(socket));
        }
    });
    ClamdUrl::parse(&url).unwrap()
}

/// A scanner that takes a file, and says this of it.
async fn says(reply: impl Into<Vec<u8>>) -> ClamdUrl {
    let reply = reply.into();
    let talk = move |mut socket| {
        let reply = reply.clone();
        async move {
            take(&mut socket).await;
            socket.write_all(&reply).await.unwrap();
        }
    };
    fake(talk).await
}

/// Takes a command and a file as clamd does, and gives back the file.
async fn take(socket: &mut TcpStream) -> Vec<u8> {
    let mut command = [0; COMMAND.len()];
    socket.read_exact(&mut command).await.unwrap();
    assert_eq!(command, COMMAND);
    let mut file = Vec::new();
    loop {
        let mut chunk = vec![0; socket.read_u32().await.unwrap().try_into().unwrap()];
        if chunk.is_empty() {
            return file;
        }
        socket.read_exact(&mut chunk).await.unwrap();
        file.append(&mut chunk);
    }
}

/// Sees that the scanner says nothing of this file; how long that took.
async fn unavailable(url: ClamdUrl, seconds: u32, file: &[u8]) -> Duration {
    let began = Instant::now();
    assert_eq!(scan(&scanner(url, seconds), file, 64 * 1024).await, Verdict::Unavailable);
    began.elapsed()
}

async fn replies() {
    let long = format!("stream: {} FOUND\0", "x".repeat(500));
    for (reply, name) in [
        ("stream: Win.Test.EICAR_HDB-1 FOUND\0", "Win.Test.EICAR_HDB-1".to_owned()),
        ("stream: OK FOUND\0", "OK".to_owned()),
        ("stream:  FOUND\0", String::new()),
        ("stream: a\n\u{1b}[1m<é FOUND\0", "a??[1m<??".to_owned()),
        (&long, "x".repeat(128)),
    ] {
        let verdict = scan(&scanner(says(reply).await, 30), b"hello", 64).await;
        assert_eq!(verdict, Verdict::Infected(name), "{reply:?}");
    }
    assert_eq!(scan(&scanner(says(CLEAN).await, 30), b"hello", 64).await, Verdict::Clean);
    for reply in [
        "",
        "\0",
        "OK",
        "OK\0",
        "stream: OK",
        "stream: OK\n",
        "stream: OK\0\0",
        "stream: OK\0stream: Test FOUND\0",
        "stream: OK, but\0",
        " stream: OK\0",
        "stream: ok\0",
        "STREAM: OK\0",
        "1: stream: OK\0",
        "stream: Test FOUND",
        "stream: Test FOUND\0stream: OK\0",
        "instream(local): Test FOUND\0",
        "INSTREAM size limit exceeded. ERROR\0",
        "stream: Can't allocate memory ERROR\0",
        "UNKNOWN COMMAND\0",
        "PONG\0",
        "<html>stream: OK\0</html>",
        &format!("stream: {}\0", "OK".repeat(2_000)),
        &format!("stream: OK\0{}", "\0".repeat(10_000)),
    ] {
        unavailable(says(reply).await, 30, b"hello").await;
    }
}

async fn early() {
    let url = fake(|mut socket| async move {
        socket.read_exact(&mut [0; COMMAND.len() + 4 + 100]).await.unwrap();
        socket.write_all(CLEAN).await.unwrap();
    });
    unavailable(url.await, 30, &noise(10 * MIB)).await;
}

async fn framing() {
    let file = noise(3 * MIB + 17);
    let expected = file.clone();
    let url = fake(move |mut socket| {
        let expected = expected.clone();
        async move {
            let is_whole = take(&mut socket).await == expected;
            socket.write_all(if is_whole { CLEAN } else { b"not what it was" }).await.unwrap();
        }
    });
    let scanner = scanner(url.await, 30);
    for size in [1_000, 64 * 1024, file.len()] {
        assert_eq!(scan(&scanner, &file, size).await, Verdict::Clean, "in chunks of {size}");
    }
    let mut scan = scanner.begin();
    scan.feed(b"").await;
    for chunk in file.chunks(MIB) {
        scan.feed(chunk).await;
        // What would be the end of the file is left out.
        scan.feed(b"").await;
    }
    assert_eq!(scan.finish().await, Verdict::Clean);
}

async fn refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = ClamdUrl::parse(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    assert!(unavailable(url.clone(), 30, &noise(10 * MIB)).await < SOON);
    assert!(scanner(url, 30).ping().await.expect("one is configured").is_err());
}

async fn never_connects() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts: once the queue is full the system answers no more.
    let mut queue = Vec::new();
    while let Ok(connected) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        queue.push(connected.unwrap());
    }
    let url = ClamdUrl::parse(&format!("tcp://{address}")).unwrap();
    assert!(unavailable(url.clone(), 60, &noise(10 * MIB)).await < SOON);
    assert!(unavailable(url, PATIENCE, b"hello").await < SOON);
}

async fn takes_nothing() {
    let url = fake(|socket| async move {
        std::future::pending::<()>().await;
        drop(socket);
    });
    let mut scan = scanner(url.await, PATIENCE).begin();
    let chunk = noise(64 * 1024);
    let began = Instant::now();
    let mut waits = 0;
    for _ in 0..320 {
        let before = Instant::now();
        scan.feed(&chunk).await;
        waits += u32::from(before.elapsed() > Duration::from_millis(500));
    }
    assert_eq!(scan.finish().await, Verdict::Unavailable);
    assert!(waits <= 1 && began.elapsed() < SOON, "{waits} chunks waited, in all {:?}", began.elapsed());
}

async fn takes_little() {
    let url = fake(|mut socket| async move {
        let mut tick = interval(Duration::from_millis(50));
        let mut some = vec![0; 64 * 1024];
        while socket.read(&mut some).await.is_ok_and(|length| length > 0) {
            tick.tick().await;
        }
    });
    assert!(unavailable(url.await, PATIENCE, &noise(20 * MIB)).await < SOON);
}

async fn says_little() {
    let silent = fake(|mut socket| async move {
        take(&mut socket).await;
        std::future::pending::<()>().await;
    });
    assert!(unavailable(silent.await, PATIENCE, b"hello").await < SOON);
    let slow = fake(|mut socket| async move {
        take(&mut socket).await;
        let mut tick = interval(Duration::from_millis(400));
        for letter in CLEAN {
            tick.tick().await;
            if socket.write_all(&[*letter]).await.is_err() {
                return;
            }
        }
    });
    assert!(unavailable(slow.await, PATIENCE, b"hello").await < SOON);
}

async fn cut() {
    // At once, after the command, in the length of a chunk, in the chunk, and after it.
    let command = COMMAND.len();
    for taken in [0, command, command + 2, command + 4 + 100, command + 4 + 64 * 1024] {
        let url = fake(move |mut socket| async move {
            socket.read_exact(&mut vec![0; taken]).await.unwrap();
        });
        assert!(unavailable(url.await, 30, &noise(64 * 1024)).await < SOON, "after {taken} bytes");
    }
    for said in 0..CLEAN.len() {
        unavailable(says(&CLEAN[..said]).await, 30, b"hello").await;
    }
}

async fn given_up() {
    let begin = Arc::new(Notify::new());
    let url = fake({
        let begin = begin.clone();
        move |mut socket| {
            let begin = begin.clone();
            async move {
                begin.notified().await;
                while socket.read(&mut [0; 4096]).await.is_ok_and(|length| length == 4096) {}
                // Nobody may be there to hear it.
                let _ = socket.write_all(CLEAN).await;
            }
        }
    });
    let mut scan = scanner(url.await, 30).begin();
    let large = noise(32 * MIB);
    let fed = timeout(Duration::from_millis(300), scan.feed(&large)).await;
    assert!(fed.is_err(), "nobody has taken anything yet");
    begin.notify_one();
    scan.feed(b"more").await;
    assert_eq!(scan.finish().await, Verdict::Unavailable);
}

/// A scanner that says this when it is asked for its version.
async fn answering(reply: &'static str) -> ClamdUrl {
    let talk = move |mut socket: TcpStream| async move {
        let mut command = [0; 9];
        socket.read_exact(&mut command).await.unwrap();
        assert_eq!(&command, b"zVERSION\0");
        socket.write_all(reply.as_bytes()).await.unwrap();
    };
    fake(talk).await
}

/// A scanner with which the doctor is content.
pub async fn up_to_date() -> ClamdUrl {
    answering(UP_TO_DATE).await
}

async fn versions() {
    for (reply, shown) in [
        ("ClamAV 1.4.3/27500/Fri Nov  7 09:29:00 2025\0", "ClamAV 1.4.3, signatures of 2025-11-07"),
        ("ClamAV 1.4.3/27500/Fri Nov 21 09:29:00 2025\0", "ClamAV 1.4.3, signatures of 2025-11-21"),
        ("ClamAV 1.4.3\0", "ClamAV 1.4.3, without official signatures"),
        ("ClamAV 1.4.3/27500/yesterday\0", "ClamAV 1.4.3, without official signatures"),
    ] {
        let version = scanner(answering(reply).await, 30).ping().await.expect("one is configured");
        assert_eq!(version.expect("it answers").to_string(), shown);
    }
    for reply in ["", "ClamAV 1.4.3", "PONG\0", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let version = scanner(answering(reply).await, 30).ping().await.expect("one is configured");
        assert!(version.is_err(), "{reply:?}");
    }
    for (reply, word) in [
        ("ClamAV 1.4.3/27500/Wed Jan  1 00:00:00 2020\0", "warn"),
        (UP_TO_DATE, "ok  "),
        ("nobody you know\0", "warn"),
    ] {
        let url = answering(reply).await.to_string();
        let text = tokio::task::spawn_blocking(move || doctor(&[("CUSTODIAN_CLAMD_URL", &url)])).await;
        let text = text.unwrap();
        assert!(text.contains(&format!("{word}  scanner: tcp://127.0.0.1:")), "{text}");
    }
    assert!(doctor(&[]).contains("ok    scanner: none, documents are taken unscanned"));
    assert!(doctor(&[("CUSTODIAN_PROFILE", "production")]).contains("fail  scanner: none; give clamd_url"));
}
