//! The matrix: types and their fields down, roles across.

use std::fmt::Write;
use std::io::IsTerminal;

use clap::builder::styling::{AnsiColor, Style};
use custodian::authz::catalog::FieldId;
use custodian::authz::policy::{FieldFacts, Policy, Question, scope_word};
use custodian::authz::{Level, Rights};

use super::Failure;

/// What can be done with a field besides seeing it, by one letter each.
pub(super) const LETTERS: [(Question, char, &str); 4] = [
    (Question::Create, 'c', "given when creating"),
    (Question::Update, 'u', "given when changing"),
    (Question::Lookup, 'l', "looked up by its exact value"),
    (Question::Reveal, 'r', "unmasked on one row, with a purpose"),
];

/// A policy as a table.
pub(super) struct Matrix<'p> {
    pub(super) policy: &'p Policy,
    pub(super) roles: Vec<&'p Rights>,
    pub(super) types: Vec<Type<'p>>,
}

/// What the fields of a type are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Of rows, which some role reaches.
    Rows,
    /// Of values and payloads, which hold what the fields that return them may show.
    Values,
    /// Executed.
    Operations,
}

/// A type and its fields; of `Query` and `Mutation`, the operations.
pub(super) struct Type<'p> {
    pub(super) name: &'p str,
    pub(super) kind: Kind,
    pub(super) fields: Vec<(&'p str, FieldId)>,
}

/// What a role may do with a field.
pub(super) struct Cell {
    pub(super) level: Level,
    /// The questions of [`LETTERS`] that are answered with yes.
    pub(super) verbs: Vec<Question>,
}

impl Cell {
    /// `clear cu`
    fn text(&self) -> String {
        let letters = LETTERS.iter().filter(|(question, ..)| self.verbs.contains(question));
        let letters: String = letters.map(|(_, letter, _)| *letter).collect();
        let level = if self.level == Level::Denied { "-" } else { self.level.word() };
        format!("{level} {letters}").trim_end().to_owned()
    }

    /// `clear+create+update`
    fn csv(&self) -> String {
        let verbs = self.verbs.iter().map(|question| question.word());
        std::iter::once(self.level.word()).chain(verbs).collect::<Vec<_>>().join("+")
    }
}

impl<'p> Matrix<'p> {
    /// Of a whole policy, or of one type, for these roles or token scopes.
    pub(super) fn of(
        policy: &'p Policy,
        type_name: Option<&str>,
        roles: Vec<&'p Rights>,
    ) -> Result<Self, Failure> {
        let catalog = policy.catalog();
        let mut types: Vec<Type<'p>> = Vec::new();
        for field in catalog.field_ids() {
            let name = catalog.field_name(field);
            let owner = name.split('.').next().unwrap_or_default();
            if type_name.is_some_and(|type_name| type_name != owner) {
                continue;
            }
            match types.last_mut().filter(|last| last.name == owner) {
                Some(last) => last.fields.push((name, field)),
                None => {
                    let kind = if Question::shown(name) == Question::Execute {
                        Kind::Operations
                    } else if policy.roles().any(|rights| rights.scope(owner).is_some()) {
                        Kind::Rows
                    } else {
                        Kind::Values
                    };
                    types.push(Type { name: owner, kind, fields: vec![(name, field)] });
                }
            }
        }
        if let (Some(type_name), []) = (type_name, &*types) {
            return Err(Failure::Refused(format!("there is no type {type_name:?}")));
        }
        types.sort_by_key(|of| of.kind);
        Ok(Self { policy, roles, types })
    }

    pub(super) fn cell(rights: &Rights, name: &str, field: FieldId) -> Cell {
        let asked = Question::about(name);
        let verbs = LETTERS
            .iter()
            .map(|(question, ..)| *question)
            .filter(|question| asked.contains(question) && question.answer(rights, field) != Level::Denied);
        Cell { level: rights.level(field), verbs: verbs.collect() }
    }

    pub(super) fn scope(rights: &Rights, type_name: &str) -> &'static str {
        rights.scope(type_name).map_or("-", scope_word)
    }

    /// For reading in a terminal: coloured there, plain everywhere else.
    pub(super) fn text(&self) -> String {
        #[expect(
            clippy::disallowed_methods,
            reason = "NO_COLOR is the user's wish to all programs, no key of ours"
        )]
        let is_plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
        let paints = std::io::stdout().is_terminal() && !is_plain;
        let names = self.types.iter().flat_map(|of| &of.fields).map(|(name, _)| name.len());
        let first = names.max().unwrap_or_default();
        let width = |rights: &Rights| rights.role().len().max("rows: reseller".len());
        let bold = Style::new().bold();
        let mut text = format!("{:<first$}", "");
        // Writing to a string cannot fail, here and below.
        for rights in &self.roles {
            let _ = write!(text, "  {:<1$}", rights.role(), width(rights));
        }
        end_line(&mut text);
        for of in &self.types {
            text.push('\n');
            paint(&mut text, &format!("{:<first$}", of.name), bold, paints);
            for rights in self.roles.iter().filter(|_| of.kind == Kind::Rows) {
                let scope = format!("rows: {}", Self::scope(rights, of.name));
                let _ = write!(text, "  {scope:<0$}", width(rights));
            }
            end_line(&mut text);
            for (name, field) in &of.fields {
                let _ = write!(text, "{name:<first$}");
                for rights in &self.roles {
                    let cell = Self::cell(rights, name, *field);
                    text.push_str("  ");
                    paint(
                        &mut text,
                        &format!("{:<1$}", cell.text(), width(rights)),
                        style(cell.level),
                        paints,
                    );
                }
                end_line(&mut text);
            }
        }
        text.push_str("\nclear: as it is, or executed   masked: its partial form   -: denied\n");
        for (_, letter, meaning) in LETTERS {
            let _ = writeln!(text, "{letter}: may be {meaning}");
        }
        text
    }

    /// In the shape of a table of types, fields and roles; a line `*` has the rows each role reaches.
    pub(super) fn csv(&self) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let roles = self.roles.iter().map(|rights| rights.role().to_owned());
        let head = ["type", "field", "classification", "category"].map(str::to_owned);
        writer.write_record(head.into_iter().chain(roles)).map_err(Failure::failed)?;
        for of in &self.types {
            if of.kind == Kind::Rows {
                let scopes = self.roles.iter().map(|rights| Self::scope(rights, of.name));
                writer
                    .write_record([of.name, "*", "", ""].into_iter().chain(scopes))
                    .map_err(Failure::failed)?;
            }
            for (name, field) in &of.fields {
                let (classification, category) = self.facts(*field);
                let short = name.split_once('.').map_or(*name, |(_, short)| short);
                let cells = self.roles.iter().map(|rights| Self::cell(rights, name, *field).csv());
                let head = [of.name, short, classification, category].map(str::to_owned);
                writer.write_record(head.into_iter().chain(cells)).map_err(Failure::failed)?;
            }
        }
        let bytes = writer.into_inner().map_err(Failure::failed)?;
        String::from_utf8(bytes).map_err(Failure::failed)
    }

    /// Classification and category.
    pub(super) fn facts(&self, field: FieldId) -> (&'p str, &'p str) {
        let of = |facts: &'p FieldFacts| (&*facts.classification, facts.category.as_deref().unwrap_or("-"));
        self.policy.facts(field).map_or(("", ""), of)
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Clear => AnsiColor::Green.on_default(),
        Level::Masked => AnsiColor::Yellow.on_default(),
        Level::Denied => Style::new().dimmed(),
    }
}

fn paint(text: &mut String, what: &str, style: Style, paints: bool) {
    let _ = if paints { write!(text, "{style}{what}{style:#}") } else { write!(text, "{what}") };
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}
