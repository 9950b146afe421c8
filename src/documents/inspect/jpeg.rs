//! The frame of a JPEG image (ITU-T T.81, annex B): markers, segments and scans, from the first byte to the last.

use super::find::Search;
use super::{Unfit, extent};

/// Walks through the bytes of an image as they come.
#[derive(Default)]
pub(super) struct Walk {
    at: At,
    /// The first bytes of the segment, as many as a check needs.
    head: [u8; 6],
    /// How many bytes of the segment's content came.
    read: usize,
    has_frame: bool,
    has_scan: bool,
    search: Search,
}

/// What comes next.
#[derive(Clone, Copy, Default)]
enum At {
    /// The first byte, then the second.
    #[default]
    Start,
    StartCode,
    /// A marker's first byte, then its code, which more of the first may precede.
    Marker,
    Code,
    /// The two bytes of a segment's length, of which they are part.
    Length(u8),
    LengthLow(u8, u8),
    /// So many bytes of it.
    Segment(u8, usize),
    /// Compressed data, then the byte after an FF in them.
    Scan,
    ScanCode,
    End,
}

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

impl Walk {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Unfit> {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match self.at {
                At::Segment(code, left) => {
                    let (content, rest) = bytes.split_at(left.min(bytes.len()));
                    self.content(code, left, content)?;
                    rest
                }
                At::Scan => {
                    let end = bytes.iter().position(|byte| *byte == 0xFF);
                    self.has_scan |= end != Some(0);
                    if end.is_some() {
                        self.at = At::ScanCode;
                    }
                    end.map_or(&[][..], |end| &bytes[end + 1..])
                }
                _ => {
                    self.at = self.next(byte)?;
                    rest
                }
            };
        }
        Ok(())
    }

    /// Says whether the image is complete.
    pub(super) fn finish(self) -> Result<(), Unfit> {
        if matches!(self.at, At::End) { Ok(()) } else { Err(Unfit::Truncated) }
    }

    /// Where a single byte leads.
    fn next(&mut self, byte: u8) -> Result<At, Unfit> {
        match (self.at, byte) {
            (At::Start, 0xFF) => Ok(At::StartCode),
            (At::StartCode, SOI) => Ok(At::Marker),
            (At::Start | At::StartCode, _) => Err(Unfit::Type),
            (At::Marker | At::Code, 0xFF) => Ok(At::Code),
            (At::ScanCode, 0xFF) => Ok(At::ScanCode),
            (At::Marker, _) => Err(Unfit::Broken("bytes between segments")),
            // A stuffed zero, and restarts.
            (At::ScanCode, 0 | 0xD0..=0xD7) => Ok(At::Scan),
            (At::Code | At::ScanCode, code) => self.marker(code),
            (At::Length(code), high) => Ok(At::LengthLow(code, high)),
            (At::LengthLow(code, high), low) => {
                self.segment(code, usize::from(u16::from_be_bytes([high, low])))
            }
            (At::End, _) => Err(Unfit::Trailing),
            // Both are taken whole by `push`.
            (At::Segment(..) | At::Scan, _) => Ok(self.at),
        }
    }

    fn marker(&mut self, code: u8) -> Result<At, Unfit> {
        match code {
            EOI if self.has_scan => Ok(At::End),
            EOI => Err(Unfit::Broken("no picture")),
            SOS if !self.has_frame => Err(Unfit::Broken("no size before the picture")),
            // Baseline, extended and progressive: what every viewer shows.
            0xC0..=0xC2 if self.has_frame => Err(Unfit::Broken("two sizes")),
            // Besides: tables, restart interval, number of lines, applications and comments.
            0xC0..=0xC2 | 0xC4 | SOS | 0xDB..=0xDD | 0xE0..=0xEF | 0xFE => Ok(At::Length(code)),
            SOI => Err(Unfit::Broken("a second start")),
            _ => Err(Unfit::Broken("an unusual segment")),
        }
    }

    fn segment(&mut self, code: u8, length: usize) -> Result<At, Unfit> {
        self.read = 0;
        self.search.reset();
        match (code, length) {
            (_, 0 | 1) => Err(Unfit::Broken("a segment without length")),
            // Frames of one to four components, each of three bytes; scans of two bytes.
            (0xC0..=0xC2, 11 | 14 | 17 | 20) | (SOS, 8 | 10 | 12 | 14) => Ok(At::Segment(code, length - 2)),
            (0xC0..=0xC2 | SOS, _) => Err(Unfit::Broken("a segment of a wrong length")),
            (_, 2) => Ok(At::Marker),
            _ => Ok(At::Segment(code, length - 2)),
        }
    }

    /// Takes a piece of a segment of which `left` bytes were missing.
    fn content(&mut self, code: u8, left: usize, content: &[u8]) -> Result<(), Unfit> {
        self.search.push(content)?;
        for (place, byte) in self.head.iter_mut().skip(self.read).zip(content) {
            *place = *byte;
        }
        self.read += content.len();
        self.at = match (code, left - content.len()) {
            (0xC0..=0xC2, 0) => {
                let [precision, height @ .., components] = self.head;
                let [high, low, wide, narrow] = height;
                extent(u16::from_be_bytes([wide, narrow]).into(), u16::from_be_bytes([high, low]).into())?;
                if !matches!(precision, 8 | 12) || self.read != 6 + 3 * usize::from(components) {
                    return Err(Unfit::Broken("a size that contradicts itself"));
                }
                self.has_frame = true;
                At::Marker
            }
            (SOS, 0) => At::Scan,
            (_, 0) => At::Marker,
            (_, left) => At::Segment(code, left),
        };
        Ok(())
    }
}
