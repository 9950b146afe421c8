//! Other formats and scripts beside what a file shows.
//!
//! Invariant: what is looked for is five bytes long at least, and looked for beside compressed data only, where it does
//! not turn up by chance.

use super::Unfit;

/// Beginnings of formats and scripts, and what each is called. Letters stand for both cases.
const NEEDLES: [(&[u8], &str); 16] = [
    (b"<?php", "a script"),
    (b"<script", "a script"),
    (b"<html", "a web page"),
    (b"<!doctype html", "a web page"),
    (b"<iframe", "a web page"),
    (b"<svg", "a web page"),
    (b"%pdf-", "a PDF"),
    // Versions of ZIP below 6.4 (APPNOTE, 4.4.3).
    (b"pk\x03\x04\x0A\0", "an archive"),
    (b"pk\x03\x04\x14\0", "an archive"),
    (b"pk\x03\x04\x2D\0", "an archive"),
    (b"pk\x05\x06\0\0", "an archive"),
    (b"rar!\x1A\x07", "an archive"),
    (b"7z\xBC\xAF\x27\x1C", "an archive"),
    (b"\x7Felf\x01\x01", "a program"),
    (b"\x7Felf\x02\x01", "a program"),
    (b"this program cannot be run in dos mode", "a program"),
];

/// The longest of them.
const LONGEST: usize = 38;

/// Looks for them in bytes that come in pieces.
pub(super) struct Search {
    /// The end of what came before, in which one may begin.
    tail: [u8; LONGEST - 1],
    kept: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { tail: [0; LONGEST - 1], kept: 0 }
    }
}

impl Search {
    /// Begins anew.
    pub(super) fn reset(&mut self) {
        self.kept = 0;
    }

    /// Looks through the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        // First what lies across the border, in a window of the old end and the new start; then the rest.
        let mut border = [0; 2 * (LONGEST - 1)];
        let fresh = bytes.len().min(LONGEST - 1);
        border[..self.kept].copy_from_slice(&self.tail[..self.kept]);
        border[self.kept..self.kept + fresh].copy_from_slice(&bytes[..fresh]);
        let border = &border[..self.kept + fresh];
        search(border)?;
        search(bytes)?;
        let end = if fresh == LONGEST - 1 { bytes } else { border };
        self.kept = end.len().min(LONGEST - 1);
        self.tail[..self.kept].copy_from_slice(&end[end.len() - self.kept..]);
        Ok(())
    }
}

/// Looks for a second format in all of `bytes`.
pub(super) fn search(bytes: &[u8]) -> Result<(), Unfit> {
    for (at, byte) in bytes.iter().enumerate() {
        if !matches!(byte, b'<' | b'%' | b'P' | b'p' | b'R' | b'r' | b'7' | 0x7F | b'T' | b't') {
            continue;
        }
        let here = &bytes[at..];
        let begins = |needle: &&(&[u8], _)| {
            here.get(..needle.0.len()).is_some_and(|start| start.eq_ignore_ascii_case(needle.0))
        };
        if let Some((_, what)) = NEEDLES.iter().find(begins) {
            return Err(Unfit::Foreign(what));
        }
    }
    Ok(())
}

/// Tells whether a ZIP archive ends where the file ends, wherever it begins: so do JAR, APK and Office files. Programs
/// look for the mark of that end in the last bytes, before a comment of at most 65,535 bytes (APPNOTE, 4.3.16), which
/// may be the rest of a picture.
#[derive(Default)]
pub(super) struct Archive {
    /// How many bytes came.
    seen: u64,
    /// The last four of them.
    last: u32,
    /// How many had come with the mark.
    mark: Option<u64>,
}

impl Archive {
    const MARK: u32 = u32::from_be_bytes(*b"PK\x05\x06");
    /// The rest of the last record, and its comment.
    const REACH: u64 = 18 + 65_535;

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.seen += 1;
            self.last = self.last << 8 | u32::from(*byte);
            if self.last == Self::MARK {
                self.mark = Some(self.seen);
            }
        }
    }

    /// Whether one does.
    pub(super) fn ends_here(&self) -> bool {
        self.mark.is_some_and(|mark| self.seen - mark <= Self::REACH)
    }
}
