//! Values as a client gives them: in the document, or in a variable.

use std::collections::HashMap;

use async_graphql::{Name, Variables};
use async_graphql_value::{ConstValue, Value};

/// Variables, with the defaults of the operation for those not given.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) variables: &'a Variables,
    pub(super) defaults: &'a HashMap<Name, ConstValue>,
}

/// A value of the document or, inside a variable, of the request.
#[derive(Clone, Copy)]
pub(super) enum Sent<'v> {
    Literal(&'v Value),
    Constant(&'v ConstValue),
}

impl<'a> Given<'a> {
    /// The value itself; of a variable what it holds, if it was given.
    pub(super) fn value<'v>(&self, sent: Sent<'v>) -> Option<Sent<'v>>
    where
        'a: 'v,
    {
        match sent {
            Sent::Literal(Value::Variable(name)) => {
                let held = self.variables.get(name).or_else(|| self.defaults.get(name));
                held.map(Sent::Constant)
            }
            other => Some(other),
        }
    }
}

impl<'v> Sent<'v> {
    pub(super) fn is_null(self) -> bool {
        matches!(self, Self::Literal(Value::Null) | Self::Constant(ConstValue::Null))
    }

    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Literal(Value::Number(number)) | Self::Constant(ConstValue::Number(number)) => {
                number.as_u64()
            }
            _ => None,
        }
    }

    /// What a list holds.
    pub(super) fn items(self) -> Option<impl Iterator<Item = Self>> {
        let (literals, constants): (&[Value], &[ConstValue]) = match self {
            Self::Literal(Value::List(items)) => (items, &[]),
            Self::Constant(ConstValue::List(items)) => (&[], items),
            _ => return None,
        };
        Some(literals.iter().map(Self::Literal).chain(constants.iter().map(Self::Constant)))
    }

    /// What an input object holds under a name.
    pub(super) fn member(self, name: &str) -> Option<Self> {
        match self {
            Self::Literal(Value::Object(members)) => members.get(name).map(Self::Literal),
            Self::Constant(ConstValue::Object(members)) => members.get(name).map(Self::Constant),
            _ => None,
        }
    }
}
