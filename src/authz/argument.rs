//! Arguments are reads and writes: checks every value a client gives against the policy, before anything runs.

use std::collections::BTreeSet;

use async_graphql::Name;
use async_graphql_value::{ConstValue, Value};

use super::catalog::{Catalog, FieldId, ORDER_FIELD, argument_position};
use super::given::{Given, Sent};
use super::mask;
use super::policy::{Needs, Policy, Question};
use super::table::{Level, Rights, Verb};
use crate::error::code;

/// Why an argument refuses the whole operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refused {
    NotQueryable(FieldId),
    NotWritable(FieldId, Verb),
    NoLookup(FieldId),
    MaskWrittenBack(FieldId),
}

impl Refused {
    pub(super) fn field(self) -> FieldId {
        match self {
            Self::NotQueryable(field)
            | Self::NotWritable(field, _)
            | Self::NoLookup(field)
            | Self::MaskWrittenBack(field) => field,
        }
    }

    /// What the policy answered so that this is refused. A mask is written back because the field is read masked.
    pub(super) fn question(self) -> Question {
        match self {
            Self::NotQueryable(_) => Question::Query,
            Self::NotWritable(_, verb) => verb.into(),
            Self::NoLookup(_) => Question::Lookup,
            Self::MaskWrittenBack(_) => Question::Read,
        }
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NotQueryable(_) => code::FIELD_NOT_QUERYABLE,
            Self::NotWritable(..) | Self::NoLookup(_) => code::FORBIDDEN,
            Self::MaskWrittenBack(_) => code::MASKED_VALUE_ROUNDTRIP,
        }
    }

    pub(super) fn message(self, field: &str) -> String {
        match self {
            Self::NotQueryable(_) => format!("{field} cannot be filtered or ordered by in this role"),
            Self::NotWritable(..) => format!("{field} cannot be set in this role"),
            Self::NoLookup(_) => format!("{field} cannot be looked up in this role"),
            Self::MaskWrittenBack(_) => format!("{field}: a masked value cannot be written back"),
        }
    }
}

/// Collects what is refused.
pub(super) struct ArgumentCheck<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) policy: &'a Policy,
    pub(super) rights: &'a Rights,
    pub(super) given: Given<'a>,
    pub(super) refused: BTreeSet<Refused>,
    /// Whether a text of the document holds the character NUL.
    pub(super) holds_nul: bool,
}

impl ArgumentCheck<'_> {
    /// Checks one argument of a field of an object type.
    pub(super) fn argument(&mut self, owner: &str, field: &str, name: &str, type_name: &str, value: &Value) {
        self.value(&argument_position(owner, field, name), type_name, Sent::Literal(value));
    }

    fn value(&mut self, position: &str, type_name: &str, value: Sent<'_>) {
        let Some(value) = self.given.value(value) else { return };
        match self.policy.needs(position) {
            Some(Needs::Right(verb, fields)) => {
                fields.iter().for_each(|field| self.need(*verb, *field, value));
            }
            // A position the schema does not have is a validation error; one it has is decided, or nothing starts.
            Some(Needs::Nothing) | None => {}
        }
        self.parts(type_name, value);
    }

    /// Looks into lists, input objects, and enums whose values name fields.
    fn parts(&mut self, type_name: &str, value: Sent<'_>) {
        for item in value.items().into_iter().flatten() {
            if let Some(item) = self.given.value(item) {
                self.parts(type_name, item);
            }
        }
        match value {
            Sent::Literal(Value::Object(members)) => {
                for (name, member) in members {
                    self.member(type_name, name, Sent::Literal(member));
                }
            }
            Sent::Constant(ConstValue::Object(members)) => {
                for (name, member) in members {
                    self.member(type_name, name, Sent::Constant(member));
                }
            }
            Sent::Literal(Value::Enum(name)) | Sent::Constant(ConstValue::Enum(name)) => {
                self.choice(type_name, name.as_str());
            }
            Sent::Literal(Value::String(name)) | Sent::Constant(ConstValue::String(name)) => {
                self.holds_nul |= name.contains('\0');
                self.choice(type_name, name);
            }
            Sent::Literal(_) | Sent::Constant(_) => {}
        }
    }

    fn member(&mut self, type_name: &str, name: &Name, value: Sent<'_>) {
        let member_type = self.catalog.input(type_name).and_then(|fields| fields.get(name.as_str())).cloned();
        if let Some(member_type) = member_type {
            self.value(&format!("{type_name}.{name}"), &member_type, value);
        }
    }

    fn choice(&mut self, type_name: &str, name: &str) {
        if type_name.ends_with(ORDER_FIELD)
            && let Some(Needs::Right(verb, fields)) = self.policy.needs(&format!("{type_name}.{name}"))
        {
            let denied = fields.iter().filter(|field| !self.rights.allows(*verb, **field));
            self.refused.extend(denied.map(|field| Refused::NotQueryable(*field)));
        }
    }

    fn need(&mut self, verb: Verb, field: FieldId, value: Sent<'_>) {
        if !self.rights.allows(verb, field) {
            self.refused.insert(match verb {
                Verb::Query => Refused::NotQueryable(field),
                Verb::Lookup => Refused::NoLookup(field),
                Verb::Create | Verb::Update | Verb::Reveal => Refused::NotWritable(field, verb),
            });
            return;
        }
        let text = match value {
            Sent::Literal(Value::String(text)) | Sent::Constant(ConstValue::String(text)) => text,
            _ => return,
        };
        let kind = self.policy.facts(field).and_then(|facts| facts.mask.as_deref()).unwrap_or_default();
        if self.rights.level(field) != Level::Clear && is_typed_mask(kind, text) {
            self.refused.insert(Refused::MaskWrittenBack(field));
        }
    }
}

/// Whether a value of a kind with a fixed form can only be a mask: no e-mail address, telephone number, id or address
/// of a network holds a mask character, and no date of birth is a bare year.
fn is_typed_mask(kind: &str, text: &str) -> bool {
    match kind {
        "email" | "phone" | "idnum" | "username" | "ip" | "mac" | "iban" => {
            text.chars().any(mask::is_mask_character)
        }
        "dob" => {
            text.chars().any(mask::is_mask_character)
                || (text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()))
        }
        _ => false,
    }
}
