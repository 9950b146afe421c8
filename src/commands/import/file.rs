//! The lines of a file, one at a time: what is read of it at once does not grow with it.

use std::cell::Cell;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use csv::ByteRecord;
use custodian::customers::import::{COLUMNS, Line};
use custodian::graphql::{UserError, UserErrorCode};
use serde_json::{Map, Value};

/// The longest line, quoted line ends and all. A quote that is never closed makes one of the rest of the file.
const LONGEST: u64 = 1 << 20;

/// A line with its number, or why it cannot be read.
type Numbered = (u64, Result<Line, UserError>);

/// A file that is open.
pub(super) struct Lines {
    format: Format,
    size: u64,
}

enum Format {
    Csv { reader: Box<csv::Reader<Capped>>, columns: Vec<String>, left: Rc<Cell<u64>> },
    Json { reader: BufReader<File>, number: u64, position: u64 },
}

/// Gives no more of a file than may be read for one line.
struct Capped {
    file: BufReader<File>,
    left: Rc<Cell<u64>>,
}

impl Read for Capped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::other("a line is longer than 1 MiB: is a quote missing?"));
        }
        let most = usize::try_from(self.left.get()).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

fn invalid(message: impl Into<String>) -> UserError {
    UserError { field: None, code: UserErrorCode::Invalid, message: message.into() }
}

fn on(column: &str, message: &str) -> UserError {
    UserError::on(column, UserErrorCode::Invalid, message)
}

impl Lines {
    /// Opens a file and reads its column names, if it has any.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let named = |error: &dyn Display| format!("{}: {error}", path.display());
        let file = File::open(path).map_err(|error| named(&error))?;
        let size = file.metadata().map_err(|error| named(&error))?.len();
        let mut file = BufReader::new(file);
        let start = file.fill_buf().map_err(|error| named(&error))?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(named(&"is UTF-16: save it as UTF-8"));
        }
        // A byte order mark says what the file has to be anyway.
        if start.starts_with(b"\xef\xbb\xbf") {
            file.consume(3);
        }
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => csv(file).map_err(|error| named(&error))?,
            Some("jsonl" | "ndjson") => Format::Json { reader: file, number: 0, position: 0 },
            _ => return Err(named(&"is neither .csv nor .jsonl")),
        };
        Ok(Self { format, size })
    }

    /// How many bytes it has.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How many of them were read.
    pub(super) fn position(&self) -> u64 {
        match &self.format {
            Format::Csv { reader, .. } => reader.position().byte(),
            Format::Json { position, .. } => *position,
        }
    }

    /// The next line, if there is one. After a line that is too long nothing can be read.
    pub(super) fn next_line(&mut self) -> Result<Option<Numbered>, String> {
        match &mut self.format {
            Format::Csv { reader, columns, left } => loop {
                left.set(LONGEST);
                let (mut record, start) = (ByteRecord::new(), reader.position().line());
                let is_read = reader.read_byte_record(&mut record);
                if !is_read.map_err(|error| format!("line {start}: {error}"))? {
                    return Ok(None);
                }
                // Empty lines before it are not of the record, though it is said to start with them.
                let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
                let number = start.max(reader.position().line().saturating_sub(1 + within));
                if record.len() > 1 || !record.as_slice().trim_ascii().is_empty() {
                    return Ok(Some((number, fields(columns, &record))));
                }
            },
            Format::Json { reader, number, position } => loop {
                let mut bytes = Vec::new();
                let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes);
                let read = read.map_err(|error| error.to_string())? as u64;
                (*number, *position) = (*number + 1, *position + read);
                if read == 0 {
                    return Ok(None);
                }
                if read == LONGEST && !bytes.ends_with(b"\n") {
                    return Err(format!("line {number}: it is longer than 1 MiB"));
                }
                if !bytes.trim_ascii().is_empty() {
                    return Ok(Some((*number, members(&bytes))));
                }
            },
        }
    }
}

/// Says nothing of what it found: a file without column names begins with somebody's data.
fn csv(file: BufReader<File>) -> Result<Format, String> {
    let left = Rc::new(Cell::new(LONGEST));
    let reader = Capped { file, left: left.clone() };
    let mut form = csv::ReaderBuilder::new();
    // A carriage return before it is white space at the end of a field; as an end of its own it would count no line.
    form.flexible(true).has_headers(false).terminator(csv::Terminator::Any(b'\n'));
    let mut reader = form.from_reader(reader);
    let mut first = ByteRecord::new();
    if !reader.read_byte_record(&mut first).map_err(|error| error.to_string())? {
        return Err("is empty".to_owned());
    }
    let mut columns: Vec<String> = Vec::new();
    for (at, name) in (1..).zip(&first) {
        let name = name.trim_ascii();
        let Some(known) = COLUMNS.iter().find(|known| known.as_bytes() == name) else {
            return Err(format!("column {at} of the first line is none of {}", COLUMNS.join(", ")));
        };
        if columns.contains(known) {
            return Err(format!("the column {known} is there twice"));
        }
        columns.push(known.clone());
    }
    Ok(Format::Csv { reader: Box::new(reader), columns, left })
}

fn fields(columns: &[String], record: &ByteRecord) -> Result<Line, UserError> {
    if record.len() != columns.len() {
        return Err(invalid(format!("has {} fields, not {}", record.len(), columns.len())));
    }
    let mut line = Line::new();
    for (column, bytes) in columns.iter().zip(record) {
        let text = std::str::from_utf8(bytes).map_err(|_| on(column, "is not UTF-8"))?.trim();
        if !text.is_empty() {
            line.insert(column.clone(), text.to_owned());
        }
    }
    Ok(line)
}

fn members(bytes: &[u8]) -> Result<Line, UserError> {
    let text = std::str::from_utf8(bytes).map_err(|_| invalid("is not UTF-8"))?;
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| invalid("is no JSON object"))?;
    let mut line = Line::new();
    for (column, value) in object {
        if !COLUMNS.contains(&column) {
            return Err(invalid("has a member that is no column"));
        }
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return Err(on(&column, "is neither text nor number")),
        };
        if !text.is_empty() {
            line.insert(column, text);
        }
    }
    Ok(line)
}
