//! Files as a resolver takes them from a body.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use custodian::config::{Config, Uploads};
use custodian::error::{Result, code};
use custodian::graphql::upload::{Cut, Files, Parts, Upload};
use futures_util::stream::{self, Stream, StreamExt};

use super::form::{BOUNDARY, Form, in_pieces};
use crate::suite::runtime;

type Body = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>> + Send>>;

const MOST: usize = 1 << 20;

fn limits() -> Uploads {
    Uploads { file_bytes: 100_000, idle_seconds: 1, timeout_seconds: 2, ..Config::default().uploads }
}

fn parts(body: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Parts {
    let body: Body = Box::pin(body);
    Parts::new(body, BOUNDARY, MOST, &limits())
}

/// The files under these names, as what comes first in the body.
fn files(body: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static, names: &[&str]) -> Files {
    let expected = (0..).zip(names).map(|(number, name)| ((*name).to_owned(), Upload::numbered(number)));
    Files::new(parts(body), expected.collect::<HashMap<_, _>>(), limits().file_bytes as u64)
}

/// What came: number, name, declared type and content; an error by its code.
type Came = Vec<(Upload, String, Option<String>, Result<Vec<u8>, &'static str>)>;

async fn take_all(files: &Files) -> Result<Came> {
    let mut came = Vec::new();
    while let Some(mut file) = files.next().await? {
        let mut content = Ok(Vec::new());
        loop {
            match (file.chunk().await, &mut content) {
                (Ok(Some(bytes)), Ok(content)) => {
                    assert!(!bytes.is_empty() && bytes.len() <= 64 * 1024);
                    content.extend_from_slice(&bytes);
                }
                (Ok(_), _) => break,
                (Err(Cut::TooLarge(most)), _) => {
                    assert_eq!(most, limits().file_bytes as u64);
                    content = Err("TOO_LARGE");
                    break;
                }
                (Err(Cut::Broken(error)), _) => return Err(error),
            }
        }
        came.push((file.slot, file.name.clone(), file.declared.clone(), content));
    }
    Ok(came)
}

fn take(body: Vec<u8>, names: &[&str]) -> Result<Came> {
    runtime().block_on(async { take_all(&files(in_pieces(body, 4096), names)).await })
}

#[track_caller]
fn assert_fault(came: Result<Came>, expected: &str) {
    match came {
        Ok(came) => panic!("{} files were taken", came.len()),
        Err(error) => assert_eq!(error.code(), expected, "{error}"),
    }
}

/// curl, and the two libraries most pages use, write the same thing in their own ways.
pub fn real_clients() {
    let curl = "--------------------------d74496d66958873e\r\n\
        Content-Disposition: form-data; name=\"0\"; filename=\"a \\\"b\\\".png\"\r\n\
        Content-Type: image/png\r\n\r\nA\r\n\
        --------------------------d74496d66958873e--\r\n";
    let browser = "--------------------------d74496d66958873e\r\n\
        content-disposition: form-data; name=\"0\"; filename=\"pasaporte ñ.png\"\r\n\
        content-type: IMAGE/PNG; charset=binary\r\n\r\nA\r\n\
        --------------------------d74496d66958873e--";
    let plain = "--------------------------d74496d66958873e\r\n\
        Content-Disposition: form-data; filename=photo.png; name=0\r\n\r\nA\r\n\
        --------------------------d74496d66958873e--\r\n";
    for (body, name, declared) in [
        (curl, "a \"b\".png", Some("image/png")),
        (browser, "pasaporte ñ.png", Some("image/png")),
        (plain, "photo.png", None),
    ] {
        let expected = HashMap::from([("0".to_owned(), Upload::numbered(0))]);
        let came = runtime().block_on(async {
            let body = in_pieces(body.as_bytes().to_vec(), 50);
            let parts = Parts::new(body, "------------------------d74496d66958873e", MOST, &limits());
            take_all(&Files::new(parts, expected, 10)).await.unwrap()
        });
        let file = (Upload::numbered(0), name.to_owned(), declared.map(str::to_owned), Ok(b"A".to_vec()));
        assert_eq!(came, [file]);
    }
}

/// Contents that could be taken for something else.
fn contents() -> [Vec<u8>; 5] {
    let boundary = BOUNDARY.as_bytes();
    let almost = [b"\r\n--", &boundary[..boundary.len() - 1], b"\r\n--\r\n\r\r\n--"].concat();
    [
        Vec::new(),
        b"\r\n\r\n\r\n".to_vec(),
        almost.repeat(5),
        [b"--", boundary, b"--"].concat(),
        (0..=255).cycle().take(3000).collect(),
    ]
}

/// Wherever a packet ends, also within what looks like a boundary.
pub fn pieces() {
    let names = ["0", "1", "2", "3", "4"];
    let contents = contents();
    let form = names
        .iter()
        .zip(&contents)
        .fold(Form::default(), |form, (name, content)| form.file(name, "a.png", content));
    let body = form.end();
    for size in (1..80).chain([1000, 4096, 16_384, body.len()]) {
        let came =
            runtime().block_on(async { take_all(&files(in_pieces(body.clone(), size), &names)).await });
        let came: Vec<_> = came.unwrap().into_iter().map(|(.., content)| content.unwrap()).collect();
        assert_eq!(came, contents, "in pieces of {size} bytes");
    }
}

/// UP2: one byte too many is told, not cut off, and the others are not lost for it.
pub fn too_large() {
    let most = limits().file_bytes;
    let body = Form::default()
        .file("0", "a.png", &vec![1; most])
        .file("1", "b.png", &vec![2; most + 1])
        .file("2", "c.png", &vec![3; 4 * most])
        .file("3", "d.png", b"small");
    let came = take(body.end(), &["0", "1", "2", "3"]).unwrap();
    let came: Vec<_> = came.into_iter().map(|(.., content)| content.map(|content| content.len())).collect();
    assert_eq!(came, [Ok(most), Err("TOO_LARGE"), Err("TOO_LARGE"), Ok(5)]);

    let body = Form::default().file("0", "a.png", &vec![1; MOST]).end();
    runtime().block_on(async {
        let files = files(in_pieces(body, 4096), &["0"]);
        let mut file = files.next().await.unwrap().unwrap();
        while let Ok(Some(_)) = file.chunk().await {}
        assert!(!files.drain().await, "a body over the limit is not read to its end");
        assert_eq!(files.next().await.err().map(|error| error.code()), Some(code::PAYLOAD_TOO_LARGE));
    });
}

pub fn wrong_parts() {
    let file = |name: &str| Form::default().file(name, "a.png", b"A");
    let cases = [
        ("a part that is not named", file("planted").end(), &["0"][..]),
        (
            "a part that is not named, after one that is",
            file("0").file("planted", "b.png", b"B").end(),
            &["0"],
        ),
        ("a part twice", file("0").file("0", "b.png", b"B").end(), &["0"]),
        ("a part that is missing", file("0").end(), &["0", "1"]),
        ("no part", Form::default().text("x", "y").end(), &["0"]),
        ("a field of text in a file's place", Form::default().text("0", "planted").end(), &["0"]),
        ("a field of text after the files", file("0").text("planted", "planted").end(), &["0"]),
        ("a part without a name", Form::default().part("Content-Type: image/png", b"A").end(), &["0"]),
    ];
    for (what, body, names) in cases {
        match take(body, names) {
            Ok(_) => panic!("{what} was taken"),
            Err(error) => {
                assert_eq!(error.code(), code::BAD_USER_INPUT, "{what}");
                assert!(!error.public_message().contains("planted"), "{what} is repeated");
            }
        }
    }
    // A fault stays: whoever asks again is not given what comes after it.
    runtime().block_on(async {
        let body = file("planted").file("0", "a.png", b"A").end();
        let files = files(in_pieces(body, 4096), &["0"]);
        assert!(files.next().await.is_err() && files.next().await.is_err());
        assert!(files.drain().await, "the rest can be read past");
    });
}

pub fn malformed() {
    let whole = Form::default().file("0", "a.png", &[7; 5000]).end();
    for end in [0, 1, 30, 60, 100, 200, 3000, whole.len() - 60, whole.len() - 5] {
        assert_fault(take(whole[..end].to_vec(), &["0"]), code::BAD_USER_INPUT);
    }
    let long = |bytes: usize| {
        format!("Content-Disposition: form-data; name=\"{}\"; filename=\"a\"", "x".repeat(bytes))
    };
    let many = format!("{}Content-Disposition: form-data; name=\"0\"", "X-A: b\r\n".repeat(100));
    for body in [
        b"planted".to_vec(),
        vec![b'x'; 500_000],
        Form::default().part(&long(60_000), b"A").end(),
        Form::default().part(&many, b"A").end(),
        Form::default().part("planted", b"A").end(),
        [b"x".repeat(60_000), whole.clone()].concat(),
    ] {
        assert_fault(take(body, &["0"]), code::BAD_USER_INPUT);
    }
}

/// Time is the real one here: the shortest that can be set.
pub fn late() {
    let open = Form::default().file("0", "a.png", &[7; 5000]).open();
    runtime().block_on(async {
        let silent = in_pieces(open.clone(), 4096).chain(stream::pending());
        assert_fault(take_all(&files(silent, &["0"])).await, code::TIMEOUT);
        // Each byte in time, and all of them too late.
        let dripping = in_pieces(open, 1).then(|byte| async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            byte
        });
        assert_fault(take_all(&files(dripping, &["0"])).await, code::TIMEOUT);
    });
}

/// Whoever takes slowly is not sent more than he takes: what waits stays with the client.
pub fn held_back() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let head = Form::default().file("0", "a.png", b"").open();
    let head = head[..head.len() - 2].to_vec();
    let endless = stream::iter(std::iter::once(head).chain(std::iter::repeat_with(|| vec![7; 8192])));
    let body = endless.map(move |piece| {
        counted.fetch_add(piece.len(), Ordering::Relaxed);
        Ok(Bytes::from(piece))
    });
    runtime().block_on(async {
        let files = files(body, &["0"]);
        let mut file = files.next().await.unwrap().unwrap();
        let mut taken = 0;
        while taken < 90_000 {
            taken += file.chunk().await.unwrap().unwrap().len();
            let waiting = asked.load(Ordering::Relaxed) - taken;
            assert!(waiting < 64 * 1024, "{waiting} bytes were read ahead");
        }
    });
}
