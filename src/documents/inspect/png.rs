//! The frame of a PNG image (W3C, third edition): chunks, their order and sums, from the first byte to the last.

use super::find::Search;
use super::{Unfit, extent};

/// The first eight bytes.
pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";

/// Walks through the bytes of an image as they come.
#[derive(Default)]
pub(super) struct Walk {
    at: At,
    /// What is being collected: a header, or the first bytes of a chunk.
    head: [u8; 13],
    /// How many bytes of the part came.
    read: usize,
    sum: u32,
    /// The colour type; none before the header.
    colour: Option<u8>,
    has_palette: bool,
    picture: Picture,
    search: Search,
}

#[derive(Clone, Copy, Default)]
enum At {
    #[default]
    Signature,
    /// Length and type of a chunk.
    Header,
    /// So many bytes of a chunk of this type.
    Content([u8; 4], usize),
    Sum([u8; 4]),
    End,
}

/// The chunks of the picture follow each other.
#[derive(Clone, Copy, Default, PartialEq)]
enum Picture {
    #[default]
    Before,
    Within,
    After,
}

impl Walk {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Unfit> {
        while !bytes.is_empty() {
            let wanted = match self.at {
                At::Signature | At::Header => 8 - self.read,
                At::Content(_, left) => left,
                At::Sum(_) => 4 - self.read,
                At::End => return Err(Unfit::Trailing),
            };
            let (part, rest) = bytes.split_at(wanted.min(bytes.len()));
            for (place, byte) in self.head.iter_mut().skip(self.read).zip(part) {
                *place = *byte;
            }
            self.read += part.len();
            let is_whole = part.len() == wanted;
            match self.at {
                At::Content(kind, _) => self.content(kind, wanted, part)?,
                At::Signature if is_whole => {
                    if !self.head.starts_with(SIGNATURE) {
                        return Err(Unfit::Type);
                    }
                    self.enter(At::Header);
                }
                At::Header if is_whole => self.chunk()?,
                At::Sum(kind) if is_whole => self.close(kind)?,
                At::Signature | At::Header | At::Sum(_) | At::End => {}
            }
            bytes = rest;
        }
        Ok(())
    }

    /// Says whether the image is complete.
    pub(super) fn finish(self) -> Result<(), Unfit> {
        if matches!(self.at, At::End) { Ok(()) } else { Err(Unfit::Truncated) }
    }

    fn enter(&mut self, at: At) {
        self.at = at;
        self.read = 0;
    }

    /// Looks at the length and type of a chunk (sections 5.3, 5.4 and 5.6).
    fn chunk(&mut self) -> Result<(), Unfit> {
        let [a, b, c, d, kind @ ..] = self.head;
        let kind: [u8; 4] = [kind[0], kind[1], kind[2], kind[3]];
        let length = u32::from_be_bytes([a, b, c, d]);
        if (&kind == b"IHDR") != self.colour.is_none() {
            return Err(Unfit::Broken("a header out of its place"));
        }
        if &kind != b"IDAT" && self.picture == Picture::Within {
            self.picture = Picture::After;
        }
        match (&kind, length) {
            (b"IHDR", 13) => {}
            (b"PLTE", 3..=768)
                if length % 3 == 0
                    && !self.has_palette
                    && self.picture == Picture::Before
                    && !matches!(self.colour, Some(0 | 4)) =>
            {
                self.has_palette = true;
            }
            (b"IDAT", _)
                if self.picture != Picture::After && (self.has_palette || self.colour != Some(3)) => {}
            (b"IEND", 0) if self.picture == Picture::After => {}
            (b"acTL" | b"fcTL" | b"fdAT", _) => return Err(Unfit::Animated),
            // A small first letter: may be left out. A capital third: of this version.
            ([first, second, third, fourth], 0..0x8000_0000)
                if first.is_ascii_lowercase()
                    && second.is_ascii_alphabetic()
                    && third.is_ascii_uppercase()
                    && fourth.is_ascii_alphabetic() => {}
            _ => return Err(Unfit::Broken("a chunk that is unknown or out of its place")),
        }
        self.sum = crc(u32::MAX, &kind);
        self.search.reset();
        self.enter(if length == 0 { At::Sum(kind) } else { At::Content(kind, length as usize) });
        Ok(())
    }

    /// Takes a piece of a chunk of which `left` bytes were missing.
    fn content(&mut self, kind: [u8; 4], left: usize, content: &[u8]) -> Result<(), Unfit> {
        self.sum = crc(self.sum, content);
        if &kind == b"IDAT" {
            // The chunks hold one zlib stream (RFC 1950, section 2.2), whose first two bytes tell.
            if self.picture == Picture::Before && self.read >= 2 {
                let [method, check, ..] = self.head;
                if method & 0x0F != 8 || u16::from_be_bytes([method, check]) % 31 != 0 {
                    return Err(Unfit::Broken("no picture"));
                }
                self.picture = Picture::Within;
            }
        } else {
            self.search.push(content)?;
        }
        if left == content.len() {
            if &kind == b"IHDR" {
                self.header()?;
            }
            self.enter(At::Sum(kind));
        } else {
            self.at = At::Content(kind, left - content.len());
        }
        Ok(())
    }

    /// Looks at the header (section 11.2.1).
    fn header(&mut self) -> Result<(), Unfit> {
        let [w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, compression, filter, interlace] = self.head;
        extent(u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]))?;
        let is_sane = match colour {
            0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
            3 => matches!(depth, 1 | 2 | 4 | 8),
            2 | 4 | 6 => matches!(depth, 8 | 16),
            _ => false,
        };
        if !is_sane || compression != 0 || filter != 0 || interlace > 1 {
            return Err(Unfit::Broken("a header that contradicts itself"));
        }
        self.colour = Some(colour);
        Ok(())
    }

    fn close(&mut self, kind: [u8; 4]) -> Result<(), Unfit> {
        let [a, b, c, d, ..] = self.head;
        if u32::from_be_bytes([a, b, c, d]) != !self.sum {
            return Err(Unfit::Broken("a wrong sum"));
        }
        self.enter(if &kind == b"IEND" { At::End } else { At::Header });
        Ok(())
    }
}

/// The cyclic redundancy code of annex D, over more bytes.
fn crc(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| CODES[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ sum >> 8)
}

const CODES: [u32; 256] = {
    let mut codes = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut code = n as u32;
        let mut bit = 0;
        while bit < 8 {
            code = if code & 1 == 1 { 0xEDB8_8320 ^ code >> 1 } else { code >> 1 };
            bit += 1;
        }
        codes[n] = code;
        n += 1;
    }
    codes
};
