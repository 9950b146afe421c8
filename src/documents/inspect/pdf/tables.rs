//! What the tables of a PDF say, against what lies in it.

use std::collections::BTreeSet;

use super::super::Unfit;
use super::lexer::{is_space, run};
use super::walk::{NOT_WEB, Part, Seen, What};

/// Says whether each table lies where it is looked for and names what lies where it says; and whether the catalog, the
/// pages and what happens at the start are what they must be, in every revision of the file.
pub(super) fn check(bytes: &[u8], mut seen: Seen) -> Result<(), Unfit> {
    const ELSEWHERE: Unfit = Unfit::Broken("a table that names something else");
    seen.parts.sort_unstable_by_key(|part| (part.number, part.start));
    let parts = seen.parts.as_slice();

    // From the last table to those before; what none of them leads to, no reader looks at.
    let mut places = Vec::from_iter(seen.last);
    let mut reached = BTreeSet::new();
    while let Some(place) = places.pop() {
        let table = skip(bytes, place);
        if seen.tables.binary_search(&table).is_err() {
            return Err(Unfit::Broken("a table out of its place"));
        }
        if reached.insert(table) {
            places.extend(seen.jumps.iter().filter(|(from, _)| *from == table).map(|(_, to)| *to));
        }
    }
    if reached.is_empty() {
        return Err(Unfit::Broken("no table"));
    }
    let is_there = |&(table, number, place): &(usize, u32, usize)| {
        let start = Some(skip(bytes, place));
        !reached.contains(&table)
            || parts.binary_search_by_key(&(number, start), |part| (part.number, part.start)).is_ok()
    };
    seen.containers.retain(|(table, _)| reached.contains(table));
    let containers: Vec<u32> = seen.containers.iter().map(|(_, number)| *number).collect();
    if !seen.places.iter().all(is_there) || !all(parts, &containers, What::Container) {
        return Err(ELSEWHERE);
    }
    if !all(parts, &seen.lengths, What::Number) {
        return Err(Unfit::Broken("data of a wrong length"));
    }
    if seen.roots.is_empty()
        || !all(parts, &seen.roots, What::Catalog)
        || !all(parts, &seen.trees, What::Tree)
        || !parts.iter().any(|part| part.what == What::Page)
    {
        return Err(Unfit::Broken("no pages"));
    }
    if !all(parts, &seen.links, What::Web) {
        return Err(NOT_WEB);
    }
    // Other things than actions have an S as well, but none of them a name elsewhere.
    if any(parts, seen.kinds, What::Name) {
        return Err(Unfit::Active("an action whose kind is elsewhere"));
    }
    if !all(parts, &seen.openings, What::Place) {
        return Err(Unfit::Active("an action that starts when it is opened"));
    }
    Ok(())
}

/// Whether objects of these numbers are there, and all of them are that. `parts` are in order.
fn all(parts: &[Part], numbers: &[u32], what: What) -> bool {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().all(|number| {
        let from = parts.partition_point(|part| part.number < number);
        let mut same = parts[from..].iter().take_while(|part| part.number == number).peekable();
        same.peek().is_some() && same.all(|part| part.what == what)
    })
}

/// Whether an object of one of these numbers is that.
fn any(parts: &[Part], mut numbers: Vec<u32>, what: What) -> bool {
    numbers.sort_unstable();
    parts.iter().any(|part| part.what == what && numbers.binary_search(&part.number).is_ok())
}

/// The place after white space: tables may point to some before what they mean. Not to much, or each of many entries
/// could point to the same.
fn skip(bytes: &[u8], place: usize) -> usize {
    let near = bytes.get(place..).unwrap_or_default();
    place + run(&near[..near.len().min(16)], is_space)
}
