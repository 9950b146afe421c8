//! What a file that is sent really is, and whether it is taken.
//!
//! ```text
//! safe_name ─ the name that is kept          kind_of ─ content, name and declared type say the same
//! Inspector ─ while the bytes come in: the frame of a JPEG or PNG image, byte for byte, and what lies beside the picture
//! check_pdf ─ a PDF, once all of it is there: its syntax, its tables, what it would do when it is opened
//! ```
//!
//! Invariants. A file is of one format from its first byte to its last: bytes before or after it, and other formats
//! inside, are refused. Memory is bounded: an [`Inspector`] keeps a few hundred bytes, [`check_pdf`] a small multiple of
//! the file. Time is linear in the bytes. What cannot be read is refused; nothing panics, whatever the bytes are.
//!
//! Absent on purpose: decoding of pictures (nothing here shows them), inflating of compressed texts in PNG files, and
//! the search for malware, which is the scanner's.

mod find;
mod jpeg;
mod name;
mod pdf;
mod png;
mod unfit;

pub use self::name::safe_name;
pub use self::pdf::check_pdf;
pub use self::unfit::Unfit;

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Portable Document Format, ISO 32000.
    Pdf,
    /// JPEG File Interchange, ITU-T T.81.
    Jpeg,
    /// Portable Network Graphics, W3C PNG.
    Png,
}

impl Kind {
    /// The media type under which it is stored and sent.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The endings of its names, the usual one first.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
        }
    }

    /// Its first bytes.
    const fn magic(self) -> &'static [u8] {
        match self {
            Self::Pdf => b"%PDF-",
            Self::Jpeg => &[0xFF, 0xD8, 0xFF],
            Self::Png => png::SIGNATURE,
        }
    }
}

/// The format of a file that begins with `start` (at least its first 16 bytes, where it has them).
///
/// The content tells; the ending of the name and the declared media type must agree with it. No declared type, an empty
/// one and `application/octet-stream`, which clients send when they know none, say nothing. Endings of programs and
/// pages are refused before the last one too: `a.exe.pdf`.
///
/// # Errors
///
/// It is another format, it is empty, or what it is called is not what it is.
pub fn kind_of(start: &[u8], name: &str, declared: Option<&str>) -> Result<Kind, Unfit> {
    if start.is_empty() {
        return Err(Unfit::Empty);
    }
    let kind = [Kind::Pdf, Kind::Jpeg, Kind::Png]
        .into_iter()
        .find(|kind| start.starts_with(kind.magic()))
        .ok_or(Unfit::Type)?;
    name::agrees(name, kind)?;
    let declared = declared.unwrap_or_default().split(';').next().unwrap_or_default();
    match declared.trim().to_ascii_lowercase().as_str() {
        "" | "application/octet-stream" => Ok(kind),
        // The second is no registered type, and what some clients send.
        "image/jpeg" | "image/jpg" if kind == Kind::Jpeg => Ok(kind),
        declared if declared == kind.mime() => Ok(kind),
        _ => Err(Unfit::Declared(kind)),
    }
}

/// Looks at a file while it comes in, in chunks of any size.
///
/// Of a PDF it sees to little: [`check_pdf`] needs all of it.
pub struct Inspector {
    frame: Frame,
    /// What the frame says; once it says no, that stays.
    verdict: Result<(), Unfit>,
    archive: find::Archive,
    /// Looks through the first bytes of a picture, compressed ones too: programs look there for what a file is.
    search: find::Search,
    found: Result<(), Unfit>,
    /// How many of them came.
    searched: usize,
}

enum Frame {
    Pdf,
    Jpeg(jpeg::Walk),
    Png(png::Walk),
}

impl Inspector {
    /// For a file of this kind.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let frame = match kind {
            Kind::Pdf => Frame::Pdf,
            Kind::Jpeg => Frame::Jpeg(jpeg::Walk::default()),
            Kind::Png => Frame::Png(png::Walk::default()),
        };
        let (archive, search) = (find::Archive::default(), find::Search::default());
        Self { frame, verdict: Ok(()), archive, search, found: Ok(()), searched: 0 }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// The file is refused, whatever follows.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Unfit> {
        /// Among which readers of PDF files take a header (PDF Reference 1.7, appendix H, note 13), and a few more.
        const FIRST: usize = 1_100;

        self.archive.push(chunk);
        let first = &chunk[..chunk.len().min(FIRST - self.searched)];
        self.searched += first.len();
        if !matches!(self.frame, Frame::Pdf) {
            // Told at the end: what the frame says counts first, in whatever pieces it comes.
            self.found = self.found.and(self.search.push(first));
        }
        self.verdict?;
        self.verdict = match &mut self.frame {
            Frame::Pdf => Ok(()),
            Frame::Jpeg(walk) => walk.push(chunk),
            Frame::Png(walk) => walk.push(chunk),
        };
        self.verdict
    }

    /// Says whether what was taken is a whole file.
    ///
    /// # Errors
    ///
    /// It is not, or an archive ends where it ends.
    pub fn finish(self) -> Result<(), Unfit> {
        if self.searched == 0 {
            return Err(Unfit::Empty);
        }
        self.verdict?;
        match self.frame {
            Frame::Pdf => {}
            Frame::Jpeg(walk) => walk.finish()?,
            Frame::Png(walk) => walk.finish()?,
        }
        self.found?;
        if self.archive.ends_here() { Err(Unfit::Foreign("an archive")) } else { Ok(()) }
    }
}

/// Says no to pictures without an extent, and to those that would fill the memory of who opens them.
fn extent(width: u32, height: u32) -> Result<(), Unfit> {
    const MOST_PIXELS: u64 = 50_000_000;
    match u64::from(width) * u64::from(height) {
        0 => Err(Unfit::Broken("the picture has no extent")),
        1..=MOST_PIXELS => Ok(()),
        _ => Err(Unfit::Dimensions),
    }
}
