//! What files are taken and refused: each format and its abuses, alone and in each other.

mod images;
mod names;
mod pdfs;

use custodian::documents::inspect::{Inspector, Kind, Unfit, check_pdf};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

use super::samples;
use crate::suite::Suite;

/// Lists the tests of these files.
pub fn register(suite: &mut Suite) {
    suite.pure("documents::inspect::files of exactly a size are taken", sizes);
    suite.pure("documents::inspect::no part of a file is a file", parts);
    suite.pure("documents::inspect::no bytes whatever make it fail", any_bytes);
    suite.pure("documents::inspect::the verdict is one, however the bytes come in", any_chunks);
    names::register(suite);
    images::register(suite);
    pdfs::register(suite);
}

/// What comes of a file that is given whole.
fn verdict(kind: Kind, bytes: &[u8]) -> Result<(), Unfit> {
    verdict_in(kind, bytes, &[bytes.len().max(1)])
}

/// What comes of a file that is given in pieces of these sizes, over and over.
fn verdict_in(kind: Kind, bytes: &[u8], sizes: &[usize]) -> Result<(), Unfit> {
    let mut inspector = Inspector::new(kind);
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        let (chunk, later) = rest.split_at((*size).min(rest.len()));
        inspector.push(chunk)?;
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    inspector.finish()?;
    if kind == Kind::Pdf { check_pdf(bytes) } else { Ok(()) }
}

/// One sound file of each kind.
fn sound() -> [(Kind, Vec<u8>); 4] {
    let packed = samples::Pdf::default().packed(4, &[(5, "<< /A [1 2 (3)] >>"), (6, "[/B]")]);
    [
        (Kind::Pdf, samples::pdf()),
        (Kind::Pdf, packed.build_with_stream(&[(5, 4), (6, 4)])),
        (Kind::Jpeg, samples::jpeg()),
        (Kind::Png, samples::png()),
    ]
}

fn sizes() {
    const LARGEST: usize = 10 * 1024 * 1024;
    for size in [2_000, 2_001, 2_002, 2_003, 62_900, 65_536, LARGEST] {
        for (kind, file) in [
            (Kind::Pdf, samples::pdf_of(size)),
            (Kind::Jpeg, samples::jpeg_of(size)),
            (Kind::Png, samples::png_of(size)),
        ] {
            assert_eq!(file.len(), size, "{kind:?}");
            assert_eq!(verdict_in(kind, &file, &[65_536]), Ok(()), "{kind:?} of {size}");
        }
    }
}

fn parts() {
    for (kind, file) in sound() {
        assert_eq!(verdict(kind, &file), Ok(()), "{kind:?}");
        // The last line end of a PDF is none of its parts.
        let end = file.iter().rposition(|byte| *byte != b'\n').expect("it has bytes") + 1;
        for length in 0..end {
            assert!(verdict(kind, &file[..length]).is_err(), "{kind:?} of {length} bytes");
            assert!(length == 0 || verdict(kind, &file[length..]).is_err(), "{kind:?} from byte {length}");
        }
    }
}

/// Holds the property against many values, the same ones in every run.
fn check<S: Strategy>(cases: u32, values: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    if let Err(broken) = runner.run(&values, property) {
        panic!("{broken}");
    }
}

/// Sound files with some bytes changed, left out or put in, and bytes in which nothing is sound but the start.
fn changed() -> impl Strategy<Value = (Kind, Vec<u8>)> {
    let pieces: Vec<&[u8]> =
        vec![b"\xFF", b"\0", b"<<", b">>", b"[", b"(", b"endobj", b"stream\n", b"9", b"/", b"#"];
    let edit = (any::<Index>(), 0..4_usize, select(pieces), any::<u8>());
    (select(sound().to_vec()), vec(edit, 0..5), vec(any::<u8>(), 0..64), any::<bool>()).prop_map(
        |((kind, mut file), edits, noise, is_noise)| {
            if is_noise {
                file.truncate(noise.len().min(8) + 3);
                file.extend(noise);
                return (kind, file);
            }
            for (place, what, piece, byte) in edits {
                let at = place.index(file.len().max(1));
                match what {
                    _ if file.is_empty() => {}
                    0 => file[at] = byte,
                    1 => drop(file.remove(at)),
                    2 => file.truncate(at + 1),
                    _ => drop(file.splice(at..at, piece.iter().copied())),
                }
            }
            (kind, file)
        },
    )
}

fn any_bytes() {
    check(4_096, changed(), |(kind, file)| {
        // Texts for people: short, and of one line.
        if let Err(unfit) = verdict(kind, &file) {
            prop_assert!(unfit.to_string().len() < 160);
        }
        Ok(())
    });
    check(
        1_024,
        (select(vec![Kind::Pdf, Kind::Jpeg, Kind::Png]), vec(any::<u8>(), 0..256)),
        |(kind, bytes)| {
            prop_assert!(verdict(kind, &bytes).is_err());
            Ok(())
        },
    );
}

fn any_chunks() {
    let mut inspector = Inspector::new(Kind::Jpeg);
    assert_eq!(inspector.push(b"no"), Err(Unfit::Type));
    assert_eq!(inspector.push(&samples::jpeg()), Err(Unfit::Type));
    assert_eq!(inspector.finish(), Err(Unfit::Type));

    let hidden = samples::jpeg_with(&samples::segment(0xE1, b"Exif and then <ScRiPt>"), &[]);
    for size in 1..hidden.len() {
        assert_eq!(verdict_in(Kind::Jpeg, &hidden, &[size]), Err(Unfit::Foreign("a script")), "by {size}");
    }
    check(2_048, (changed(), vec(1..40_usize, 1..6)), |((kind, file), sizes)| {
        prop_assert_eq!(verdict(kind, &file), verdict_in(kind, &file, &sizes));
        Ok(())
    });
}
