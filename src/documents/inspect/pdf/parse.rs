//! The parser, by its only door to a single object: an object stream that holds nothing else.

use lopdf::xref::{Xref, decode_xref_stream_with_limit};
use lopdf::{Dictionary, Object, ObjectStream, Stream};

use super::super::Unfit;

/// The most bytes of an object without its data, and of an object stream, as it lies there and inflated.
pub(super) const MOST_BYTES: usize = 2 << 20;

const UNUSUAL: Unfit = Unfit::Broken("an unusual object stream");
const UNREADABLE: Unfit = Unfit::Broken("an object that cannot be read");

/// One object.
pub(super) fn object(body: &[u8]) -> Result<Object, Unfit> {
    if body.len() > MOST_BYTES {
        return Err(Unfit::Complex);
    }
    let mut dictionary = Dictionary::new();
    dictionary.set("N", 1);
    dictionary.set("First", 4);
    let stream = Stream::new(dictionary, [b"0 0 ", body].concat());
    ObjectStream::new(&stream).ok().and_then(|mut one| one.objects.remove(&(0, 0))).ok_or(UNREADABLE)
}

/// The data of an object stream or a cross-reference stream, inflated (ISO 32000-2, sections 7.5.7 and 7.5.8). Programs
/// write them as they are, or compressed in one way; where more is said of that than numbers, readers differ.
pub(super) fn inflate(dictionary: &Dictionary, data: &[u8]) -> Result<Stream, Unfit> {
    if data.len() > MOST_BYTES {
        return Err(Unfit::Complex);
    }
    let is_number = |(_, value): (_, &Object)| matches!(value, Object::Integer(_));
    let is_usual = match dictionary.get(b"DecodeParms") {
        Ok(Object::Dictionary(parameters)) => parameters.iter().all(is_number),
        Ok(_) => false,
        Err(_) => !dictionary.has(b"DP"),
    };
    let mut plain = Stream::new(dictionary.clone(), data.to_vec());
    match plain.filters().as_deref() {
        _ if !is_usual => return Err(UNUSUAL),
        Err(_) if !dictionary.has(b"Filter") => return Ok(plain),
        Ok([b"FlateDecode"]) => {}
        _ => return Err(UNUSUAL),
    }
    plain.decompress_with_limit(MOST_BYTES).map_err(|_| Unfit::Complex)?;
    if plain.content.is_empty() { Err(UNREADABLE) } else { Ok(plain) }
}

/// The objects of an object stream that is inflated.
pub(super) fn members(stream: &Stream) -> Result<impl Iterator<Item = (u32, Object)>, Unfit> {
    let members = ObjectStream::new(stream).map_err(|_| UNREADABLE)?;
    Ok(members.objects.into_iter().map(|((number, _), object)| (number, object)))
}

/// The entries of a cross-reference stream that is inflated.
pub(super) fn cross_references(stream: Stream) -> Result<Xref, Unfit> {
    let table = decode_xref_stream_with_limit(stream, Some(MOST_BYTES));
    table.map(|(table, _)| table).map_err(|_| Unfit::Broken("a table that cannot be read"))
}
