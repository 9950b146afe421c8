//! Files built in code: small ones that are sound, the same with more in them, and sound ones of exactly so many bytes.

use std::fmt::Write as _;

use lopdf::{Dictionary, Stream};

/// A PDF of one empty page.
pub fn pdf() -> Vec<u8> {
    Pdf::default().build()
}

/// A grey JPEG image of 8 by 8 pixels.
pub fn jpeg() -> Vec<u8> {
    jpeg_with(&[], &[])
}

/// A grey PNG image of one pixel.
pub fn png() -> Vec<u8> {
    png_with(&[])
}

/// A PDF of exactly `size` bytes; which bytes they are tells where they belong.
pub fn pdf_of(size: usize) -> Vec<u8> {
    let of = |padding: usize| Pdf::default().stream(4, "", &filler(padding)).build();
    of(size - of(0).len())
}

/// A JPEG image of exactly `size` bytes.
pub fn jpeg_of(size: usize) -> Vec<u8> {
    let room = size - jpeg().len();
    let mut comments = Vec::new();
    for piece in filler(room).chunks(60_000) {
        // Where too little is left for a comment: marks may have more of their first byte before them.
        match piece.len().checked_sub(4) {
            Some(content) => comments.extend(segment(0xFE, &piece[..content])),
            None => comments.extend(piece.iter().map(|_| 0xFF)),
        }
    }
    jpeg_with(&[], &comments)
}

/// A PNG image of exactly `size` bytes, at least 12 more than the smallest.
pub fn png_of(size: usize) -> Vec<u8> {
    let room = size - png().len() - 12;
    png_with(&chunk(b"fiLl", &filler(room)))
}

/// Bytes that repeat nowhere, and with which nothing begins that does not belong into a file.
pub fn filler(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"bcdefghiklmnoqsu"[(state >> 28) as usize]
    };
    std::iter::repeat_with(next).take(size).collect()
}

/// A JPEG segment.
pub fn segment(code: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("it fits into a segment").to_be_bytes();
    [&[0xFF, code], &length[..], content].concat()
}

/// The image with segments after its start and others before its size, each whole.
pub fn jpeg_with(first: &[u8], then: &[u8]) -> Vec<u8> {
    let scan = [segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![0x3F]].concat();
    jpeg_around(first, then, [8, 8], &scan)
}

/// The image of these scans, of this height and width.
pub fn jpeg_around(first: &[u8], then: &[u8], [height, width]: [u16; 2], scans: &[u8]) -> Vec<u8> {
    let [h, w] = [height.to_be_bytes(), width.to_be_bytes()];
    // Of either table: one code of one bit, for zero.
    let codes = |class| [&[class, 1][..], &[0; 15], &[0]].concat();
    [
        vec![0xFF, 0xD8],
        first.to_vec(),
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        then.to_vec(),
        segment(0xDB, &[&[0][..], &[1; 64]].concat()),
        segment(0xC0, &[8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0]),
        segment(0xC4, &codes(0x00)),
        segment(0xC4, &codes(0x10)),
        scans.to_vec(),
        vec![0xFF, 0xD9],
    ]
    .concat()
}

/// A PNG chunk with its sum.
pub fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("it fits into a chunk").to_be_bytes();
    let codes: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |code, _| if code & 1 == 1 { code >> 1 ^ 0xEDB8_8320 } else { code >> 1 })
    });
    let bytes = kind.iter().chain(content);
    let sum = bytes.fold(u32::MAX, |sum, byte| codes[usize::from(sum as u8 ^ byte)] ^ sum >> 8);
    [&length[..], kind, content, &(!sum).to_be_bytes()].concat()
}

/// The image with chunks before its picture, each whole.
pub fn png_with(chunks: &[u8]) -> Vec<u8> {
    png_of_chunks(&[&header(1, 1, 8, 0), chunks, &picture(), &chunk(b"IEND", b"")])
}

/// Chunks after the signature.
pub fn png_of_chunks(chunks: &[&[u8]]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1A\n".as_slice(), &chunks.concat()].concat()
}

/// The header of a PNG image.
pub fn header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let content = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    chunk(b"IHDR", &content)
}

/// One grey pixel: a zlib stream of one stored block.
pub fn picture() -> Vec<u8> {
    chunk(b"IDAT", &[0x78, 0x01, 0x01, 2, 0, 0xFD, 0xFF, 0, 0x80, 0x01, 0x82, 0x00, 0x81])
}

/// Builds a PDF: catalog 1, page tree 2, page 3, and what is added.
#[derive(Clone, Default)]
pub struct Pdf {
    catalog: String,
    parts: Vec<(u32, Vec<u8>)>,
    trailer: String,
}

impl Pdf {
    /// Adds to the catalog.
    pub fn catalog(mut self, more: &str) -> Self {
        self.catalog.push_str(more);
        self
    }

    /// Adds an object.
    pub fn object(mut self, number: u32, content: &str) -> Self {
        self.parts.push((number, content.into()));
        self
    }

    /// Adds data.
    pub fn stream(self, number: u32, dictionary: &str, data: &[u8]) -> Self {
        self.data(number, &format!("/Length {:010} {dictionary}", data.len()), data)
    }

    /// Adds data of which the dictionary says all.
    pub fn data(mut self, number: u32, dictionary: &str, data: &[u8]) -> Self {
        let start = format!("<< {dictionary} >>\nstream\n");
        self.parts.push((number, [start.as_bytes(), data, b"\nendstream"].concat()));
        self
    }

    /// Adds objects in an object stream, compressed.
    pub fn packed(self, number: u32, objects: &[(u32, &str)]) -> Self {
        let (mut index, mut content) = (String::new(), String::new());
        for (number, object) in objects {
            write!(index, "{number} {} ", content.len()).expect("a text takes all");
            content += object;
            content += "\n";
        }
        let dictionary =
            format!("/Type /ObjStm /N {} /First {} /Filter /FlateDecode", objects.len(), index.len());
        self.stream(number, &dictionary, &deflated((index + content.as_str()).as_bytes()))
    }

    /// Adds to the trailer.
    pub fn trailer(mut self, more: &str) -> Self {
        self.trailer.push_str(more);
        self
    }

    /// The file, with a table.
    pub fn build(&self) -> Vec<u8> {
        let (mut file, places) = self.parts();
        let size = places.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
        let start = file.len();
        let mut table = String::from("xref\n0 1\n0000000000 65535 f\r\n");
        for (number, place) in places {
            write!(table, "{number} 1\n{place:010} 00000 n\r\n").expect("a text takes all");
        }
        write!(table, "trailer\n<< /Size {size} /Root 1 0 R {} >>\n", self.trailer)
            .expect("a text takes all");
        write!(table, "startxref\n{start:010}\n%%EOF\n").expect("a text takes all");
        file.extend(table.into_bytes());
        file
    }

    /// The file, with its table in a stream that names the object stream of each of `packed`.
    pub fn build_with_stream(&self, packed: &[(u32, u32)]) -> Vec<u8> {
        let (mut file, mut places) = self.parts();
        let (own, start) = (99, file.len());
        places.push((own, start));
        let (mut index, mut entries) = (String::from("0 1 "), vec![0; 7]);
        let mut add = |number: u32, kind: u8, value: u32| {
            write!(index, "{number} 1 ").expect("a text takes all");
            entries.extend([&[kind][..], &value.to_be_bytes(), &[0, 0]].concat());
        };
        for (number, place) in places {
            add(number, 1, u32::try_from(place).expect("the file is small"));
        }
        for (number, container) in packed {
            add(*number, 2, *container);
        }
        let data = deflated(&entries);
        let dictionary = format!(
            "<< /Type /XRef /Size 100 /W [1 4 2] /Index [{index}] /Root 1 0 R {} /Filter /FlateDecode /Length {} >>",
            self.trailer,
            data.len()
        );
        file.extend([format!("{own} 0 obj\n{dictionary}\nstream\n").as_bytes(), &data].concat());
        file.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").into_bytes());
        file
    }

    /// The header and the objects, and where these begin.
    fn parts(&self) -> (Vec<u8>, Vec<(u32, usize)>) {
        let own = [
            (1, format!("<< /Type /Catalog /Pages 2 0 R {} >>", self.catalog)),
            (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned()),
            (3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>".to_owned()),
        ];
        let own = own.into_iter().map(|(number, content)| (number, content.into_bytes()));
        let mut file = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
        let mut places = Vec::new();
        for (number, content) in own.chain(self.parts.iter().cloned()) {
            places.push((number, file.len()));
            file.extend([format!("{number} 0 obj\n").as_bytes(), &content, b"\nendobj\n"].concat());
        }
        (file, places)
    }
}

/// A revision appended to a PDF: one object more, or another one of a number that is there.
pub fn revised(mut file: Vec<u8>, number: u32, content: &str) -> Vec<u8> {
    let end = String::from_utf8_lossy(&file[file.len() - 40..]).into_owned();
    let before =
        end.split("startxref\n").nth(1).and_then(|rest| rest.lines().next()).expect("it has a table");
    let place = file.len();
    file.extend(format!("{number} 0 obj\n{content}\nendobj\n").into_bytes());
    let start = file.len();
    file.extend(
        format!(
            "xref\n{number} 1\n{place:010} 00000 n\r\ntrailer\n<< /Size 100 /Root 1 0 R /Prev {before} >>\n\
             startxref\n{start}\n%%EOF\n"
        )
        .into_bytes(),
    );
    file
}

/// A zlib stream. Data that do not become smaller must not be given.
pub fn deflated(plain: &[u8]) -> Vec<u8> {
    let mut stream = Stream::new(Dictionary::new(), plain.to_vec());
    stream.compress().expect("all bytes can be compressed");
    if stream.dict.has(b"Filter") { stream.content } else { stored(plain) }
}

/// A zlib stream of one stored block.
fn stored(plain: &[u8]) -> Vec<u8> {
    let length = u16::try_from(plain.len()).expect("it fits into a block");
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in plain {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let sum = (b << 16 | a).to_be_bytes();
    [&[0x78, 0x01, 0x01][..], &length.to_le_bytes(), &(!length).to_le_bytes(), plain, &sum].concat()
}
