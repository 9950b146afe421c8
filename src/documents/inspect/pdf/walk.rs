//! One way through the file, from the header to the end.

use lopdf::xref::XrefEntry;
use lopdf::{Dictionary, Object};

use super::super::{Unfit, find};
use super::lexer::{Lexer, Token, digits, find as find_bytes, is_value, run};
use super::{names, parse};

/// What was seen on it.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) parts: Vec<Part>,
    /// Where tables begin.
    pub(super) tables: Vec<usize>,
    /// Tables, and where they say that one before begins.
    pub(super) jumps: Vec<(usize, usize)>,
    /// Where the end of the file says that the last one begins.
    pub(super) last: Option<usize>,
    /// Tables, numbers of objects, and where the tables say that these begin.
    pub(super) places: Vec<(usize, u32, usize)>,
    /// Tables, and object streams that they name.
    pub(super) containers: Vec<(usize, u32)>,
    /// Objects that hold the length of a stream.
    pub(super) lengths: Vec<u32>,
    /// Objects that are said to be the catalog.
    pub(super) roots: Vec<u32>,
    /// Objects that are said to be the page tree.
    pub(super) trees: Vec<u32>,
    /// Objects that are the targets of links.
    pub(super) links: Vec<u32>,
    /// Objects that may be the kind of an action.
    pub(super) kinds: Vec<u32>,
    /// Objects that say what happens when the file is opened.
    pub(super) openings: Vec<u32>,
}

/// One object.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) number: u32,
    /// None within an object stream.
    pub(super) start: Option<usize>,
    pub(super) what: What,
}

/// What it is, as far as that matters.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum What {
    Catalog,
    Tree,
    Page,
    /// A place in the file, or an action that goes to one.
    Place,
    Number,
    /// A name, or a reference to who knows what.
    Name,
    /// The address of a link that is taken.
    Web,
    Data,
    Container,
    Other,
}

/// The most objects and entries of tables, tables, and words of one object and of all.
const MOST_PARTS: usize = 200_000;
const MOST_TABLES: usize = 1_000;
const MOST_WORDS: usize = 65_000;
const MOST_WORDS_OF_ALL: usize = 3_000_000;

/// The most bytes that object streams are inflated to together.
const MOST_INFLATED: usize = 32 << 20;

pub(super) const NOT_WEB: Unfit = Unfit::Active("links to something else than the web");
const OTHER_FILES: Unfit = Unfit::Active("links into other files");
const WRONG_LENGTH: Unfit = Unfit::Broken("data of a wrong length");
const OUT_OF_PLACE: Unfit = Unfit::Broken("something between its parts");

/// The state of the way.
pub(super) struct Walk<'a> {
    lexer: Lexer<'a>,
    seen: Seen,
    words: usize,
    inflated: usize,
    /// Where the part began that is not data.
    syntax: usize,
}

impl<'a> Walk<'a> {
    /// Goes through a file.
    pub(super) fn through(bytes: &'a [u8]) -> Result<Seen, Unfit> {
        // The header is a comment; the search would find its start.
        let lexer = Lexer::new(bytes, 1);
        let mut walk = Self { lexer, seen: Seen::default(), words: 0, inflated: 0, syntax: 1 };
        walk.lexer.at += run(&bytes[1..], |byte| !matches!(byte, b'\r' | b'\n'));
        while walk.step()? {}
        find::search(&bytes[walk.syntax..])?;
        Ok(walk.seen)
    }

    /// One object, table, trailer or pointer.
    fn step(&mut self) -> Result<bool, Unfit> {
        self.lexer.skip_space();
        let start = self.lexer.at;
        match self.lexer.next()? {
            None => return Ok(false),
            Some(Token::Word(b"xref")) => self.table(start)?,
            Some(Token::Word(b"trailer")) => {
                let body = self.lexer.at;
                self.words(|token, depth| *token == Token::Close && depth == 0)?;
                let content = parse::object(&self.lexer.bytes[body..self.lexer.at])?;
                self.links(&content)?;
                let Object::Dictionary(trailer) = content else { return Err(OUT_OF_PLACE) };
                self.trailer(&trailer)?;
            }
            Some(Token::Word(b"startxref")) => self.seen.last = Some(self.lexer.number()? as usize),
            Some(Token::Word(word)) => {
                let number = digits(word).ok_or(OUT_OF_PLACE)?;
                self.lexer.number()?;
                if self.lexer.next()? != Some(Token::Word(b"obj")) {
                    return Err(OUT_OF_PLACE);
                }
                self.object(start, number)?;
            }
            Some(_) => return Err(OUT_OF_PLACE),
        }
        let Seen { parts, places, containers, tables, jumps, .. } = &self.seen;
        let is_complex = parts.len().max(places.len()).max(containers.len()) > MOST_PARTS
            || tables.len().max(jumps.len()) > MOST_TABLES;
        if is_complex { Err(Unfit::Complex) } else { Ok(true) }
    }

    /// The lines of a table (section 7.5.4).
    fn table(&mut self, start: usize) -> Result<(), Unfit> {
        self.seen.tables.push(start);
        loop {
            let before = self.lexer.at;
            let Some(Token::Word(word)) = self.lexer.next()? else { return Err(OUT_OF_PLACE) };
            let Some(first) = digits(word) else {
                self.lexer.at = before;
                return Ok(());
            };
            for line in 0..self.lexer.number()? {
                let place = self.lexer.number()? as usize;
                self.lexer.number()?;
                match (self.lexer.next()?, first.checked_add(line)) {
                    (Some(Token::Word(b"n")), Some(number)) => self.place(start, number, place),
                    (Some(Token::Word(b"f")), Some(_)) => {}
                    _ => return Err(Unfit::Broken("a table that cannot be read")),
                }
                if self.seen.places.len() > MOST_PARTS {
                    return Err(Unfit::Complex);
                }
            }
        }
    }

    /// An entry of a table. Some programs write the start of the file for what is not there.
    fn place(&mut self, table: usize, number: u32, place: usize) {
        self.seen.places.extend((place != 0).then_some((table, number, place)));
    }

    /// What follows a table, or is one with it (section 7.5.5).
    fn trailer(&mut self, trailer: &Dictionary) -> Result<(), Unfit> {
        let table = *self.seen.tables.last().ok_or(OUT_OF_PLACE)?;
        for key in [&b"Prev"[..], b"XRefStm"] {
            if let Ok(place) = trailer.get(key) {
                let place = place.as_i64().ok().and_then(|place| usize::try_from(place).ok());
                self.seen.jumps.push((table, place.ok_or(Unfit::Broken("a table that cannot be read"))?));
            }
        }
        self.seen.roots.extend(trailer.get(b"Root").and_then(Object::as_reference).map(|(number, _)| number));
        Ok(())
    }

    fn object(&mut self, start: usize, number: u32) -> Result<(), Unfit> {
        let body = self.lexer.at;
        let mut values = 0;
        let end = self.words(|token, depth| {
            values += usize::from(depth == 0 && *token != Token::Open);
            depth == 0 && matches!(token, Token::Word(b"endobj" | b"stream"))
        })?;
        let content = parse::object(&self.lexer.bytes[body..end])?;
        // One value and the end; a reference is of three words.
        if values != if matches!(content, Object::Reference(_)) { 4 } else { 2 } {
            return Err(OUT_OF_PLACE);
        }
        let mut what = self.what(&content)?;
        if self.lexer.bytes[end..].starts_with(b"stream") {
            let dictionary = content.as_dict().map_err(|_| OUT_OF_PLACE)?;
            what = self.stream(start, dictionary)?;
        }
        self.seen.parts.push(Part { number, start: Some(start), what });
        Ok(())
    }

    /// Goes on to the word that `is_end`, given the depth after it; tells where that begins.
    fn words(&mut self, mut is_end: impl FnMut(&Token<'_>, usize) -> bool) -> Result<usize, Unfit> {
        let mut count = 0;
        loop {
            self.lexer.skip_space();
            let start = self.lexer.at;
            let token = self.lexer.next()?.ok_or(Unfit::Truncated)?;
            if is_end(&token, self.lexer.depth()) {
                return Ok(start);
            }
            value(&token, &mut count, &mut self.words)?;
        }
    }

    /// Data after their dictionary (section 7.3.8). They end where the dictionary says, and with the first `endstream`.
    fn stream(&mut self, start: usize, dictionary: &Dictionary) -> Result<What, Unfit> {
        let bytes = self.lexer.bytes;
        self.lexer.at += run(&bytes[self.lexer.at..], |byte| matches!(byte, b' ' | b'\t'));
        self.lexer.at += match bytes[self.lexer.at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => return Err(OUT_OF_PLACE),
        };
        let from = self.lexer.at;
        find::search(&bytes[self.syntax..from])?;
        let found = &bytes[from..from + find_bytes(&bytes[from..], b"endstream").ok_or(Unfit::Truncated)?];
        self.syntax = from + found.len();
        self.lexer.at = self.syntax + b"endstream".len();
        if self.lexer.next()? != Some(Token::Word(b"endobj")) {
            return Err(OUT_OF_PLACE);
        }
        names::check_data(found)?;
        if [&b"F"[..], b"FFilter", b"Ref"].iter().any(|key| dictionary.has(key)) {
            return Err(OTHER_FILES);
        }
        let data = match dictionary.get(b"Length") {
            Ok(Object::Integer(length)) => {
                let length = usize::try_from(*length).unwrap_or(usize::MAX);
                let (data, rest) = found.split_at_checked(length).ok_or(WRONG_LENGTH)?;
                if rest.len() > 4 || rest.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
                    return Err(WRONG_LENGTH);
                }
                data
            }
            // Another object, to which the way may not have come.
            Ok(Object::Reference((number, _))) => {
                self.seen.lengths.push(*number);
                found
            }
            _ => return Err(WRONG_LENGTH),
        };
        // Readers differ in whether they ask for the type.
        let is_container = dictionary.has_type(b"ObjStm") || dictionary.has(b"First");
        let is_table = dictionary.has_type(b"XRef") || dictionary.has(b"W");
        match (is_container, is_table) {
            (false, false) => Ok(What::Data),
            (true, false) => self.container(dictionary, data),
            (false, true) => self.stream_table(start, dictionary, data),
            (true, true) => Err(Unfit::Broken("an unusual object stream")),
        }
    }

    /// The objects of an object stream (section 7.5.7), each of which begins where the one before has ended.
    fn container(&mut self, dictionary: &Dictionary, data: &[u8]) -> Result<What, Unfit> {
        const WRONG: Unfit = Unfit::Broken("an object stream that cannot be read");
        let stream = parse::inflate(dictionary, data)?;
        let content = stream.content.as_slice();
        self.count_inflated(content.len())?;
        find::search(content)?;
        let first = stream.dict.get(b"First").and_then(Object::as_i64).ok();
        let first = first.and_then(|first| usize::try_from(first).ok()).ok_or(WRONG)?;
        let mut index = Lexer::new(content.get(..first).ok_or(WRONG)?, 0);
        let mut lexer = Lexer::new(content, first);
        let (mut count, mut members, mut wanted) = (0, 0_usize, None);
        loop {
            if wanted.is_none() {
                index.skip_space();
                if index.at < first {
                    index.number()?;
                    wanted = Some(first.saturating_add(index.number()? as usize));
                    members += 1;
                }
            }
            lexer.skip_space();
            let (start, depth) = (lexer.at, lexer.depth());
            let Some(token) = lexer.next()? else { break };
            value(&token, &mut count, &mut self.words)?;
            if depth == 0 && wanted == Some(start) {
                wanted = None;
            }
        }
        let objects = parse::members(&stream)?;
        let before = self.seen.parts.len();
        for (number, object) in objects {
            let what = self.what(&object)?;
            self.seen.parts.push(Part { number, start: None, what });
        }
        let is_whole = wanted.is_none() && index.at >= first && self.seen.parts.len() - before == members;
        if is_whole { Ok(What::Container) } else { Err(WRONG) }
    }

    /// A table in a stream.
    fn stream_table(&mut self, start: usize, dictionary: &Dictionary, data: &[u8]) -> Result<What, Unfit> {
        let stream = parse::inflate(dictionary, data)?;
        self.count_inflated(stream.content.len())?;
        let widths = dictionary.get(b"W").and_then(Object::as_array).map_or(&[][..], Vec::as_slice);
        let width = widths.iter().take(3).filter_map(|width| usize::try_from(width.as_i64().ok()?).ok());
        let width = width.fold(0, usize::saturating_add);
        // An entry takes more in memory than there.
        if stream.content.len() / width.max(1) > MOST_PARTS {
            return Err(Unfit::Complex);
        }
        self.seen.tables.push(start);
        for (number, entry) in parse::cross_references(stream)?.entries {
            match entry {
                XrefEntry::Normal { offset, .. } => self.place(start, number, offset as usize),
                XrefEntry::Compressed { container, .. } => self.seen.containers.push((start, container)),
                XrefEntry::Free | XrefEntry::UnusableFree => {}
            }
        }
        self.trailer(dictionary)?;
        Ok(What::Data)
    }

    fn count_inflated(&mut self, bytes: usize) -> Result<(), Unfit> {
        self.inflated += bytes;
        if self.inflated > MOST_INFLATED { Err(Unfit::Complex) } else { Ok(()) }
    }

    /// Looks at the links in an object (section 12.6.4.8).
    fn links(&mut self, object: &Object) -> Result<(), Unfit> {
        let dictionary = match object {
            Object::Array(items) => return items.iter().try_for_each(|item| self.links(item)),
            Object::Dictionary(dictionary) => dictionary,
            _ => return Ok(()),
        };
        let kind = dictionary.get(b"S").ok();
        if let Some(Object::Reference((number, _))) = kind {
            self.seen.kinds.push(*number);
        }
        let is_link = matches!(kind, Some(Object::Name(name)) if name == b"URI");
        match dictionary.get(b"URI") {
            Ok(Object::String(address, _)) if is_web(address) => {}
            Ok(Object::String(..)) => return Err(NOT_WEB),
            Ok(Object::Reference((number, _))) if is_link => self.seen.links.push(*number),
            _ if is_link => return Err(NOT_WEB),
            _ => {}
        }
        // File specifications (section 7.11), and actions with one. Flags of annotations are numbers.
        let is_action = matches!(kind, Some(Object::Name(_)));
        for key in [&b"F"[..], b"UF"] {
            match dictionary.get(key) {
                Ok(Object::String(..)) => return Err(OTHER_FILES),
                Ok(Object::Dictionary(_) | Object::Reference(_)) if is_action => return Err(OTHER_FILES),
                _ => {}
            }
        }
        dictionary.iter().try_for_each(|(_, value)| self.links(value))
    }

    /// What an object is, and what it says of others.
    fn what(&mut self, object: &Object) -> Result<What, Unfit> {
        self.links(object)?;
        let dictionary = match object {
            Object::Array(_) => return Ok(What::Place),
            Object::Integer(_) => return Ok(What::Number),
            Object::Name(_) | Object::Reference(_) => return Ok(What::Name),
            Object::String(address, _) if is_web(address) => return Ok(What::Web),
            Object::Dictionary(dictionary) => dictionary,
            _ => return Ok(What::Other),
        };
        match dictionary.get(b"OpenAction") {
            Err(_) | Ok(Object::Null | Object::Array(_)) => {}
            Ok(Object::Reference((number, _))) => self.seen.openings.push(*number),
            Ok(Object::Dictionary(action)) if goes_to(action) => {}
            Ok(_) => return Err(Unfit::Active("an action that starts when it is opened")),
        }
        if dictionary.has_type(b"Catalog") {
            let tree = dictionary.get(b"Pages").and_then(Object::as_reference);
            self.seen.trees.push(tree.map_err(|_| Unfit::Broken("no pages"))?.0);
            return Ok(What::Catalog);
        }
        Ok(match dictionary.get_type() {
            Ok(b"Pages") => What::Tree,
            Ok(b"Page") => What::Page,
            _ if goes_to(dictionary) => What::Place,
            _ => What::Other,
        })
    }
}

/// Counts one word of an object, and looks at it.
fn value(token: &Token<'_>, count: &mut usize, of_all: &mut usize) -> Result<(), Unfit> {
    *count += 1;
    *of_all += 1;
    if *count > MOST_WORDS || *of_all > MOST_WORDS_OF_ALL {
        return Err(Unfit::Complex);
    }
    match token {
        Token::Name(name) => names::check(name),
        Token::Word(word) if !is_value(word) => Err(OUT_OF_PLACE),
        _ => Ok(()),
    }
}

/// Whether an address is of the web, or one to write or call to.
fn is_web(address: &[u8]) -> bool {
    let scheme = address.split(|byte| *byte == b':').next().unwrap_or_default();
    [&b"https"[..], b"http", b"mailto", b"tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// Whether an action shows another page of the same file, and nothing after it.
fn goes_to(action: &Dictionary) -> bool {
    action.get(b"S").and_then(Object::as_name).is_ok_and(|name| name == b"GoTo") && !action.has(b"Next")
}
