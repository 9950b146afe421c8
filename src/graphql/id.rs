//! Ids as clients give them: a TypeID of the right kind, or a clear error.

use std::borrow::Cow;

use async_graphql::registry::Registry;
use async_graphql::{ID, InputType, InputValueError, InputValueResult, Value};
use custodian_entity::id::TypedId;

/// An id of one kind, in an argument or input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gid<T>(pub T);

impl<T: TypedId> InputType for Gid<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            Some(Value::String(text)) => T::decode(&text).map(Self).map_err(InputValueError::custom),
            _ => Err(InputValueError::custom(format!("expected an id of the form {}_…", T::PREFIX))),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.encode())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// An id as an answer shows it.
pub fn id<T: TypedId>(id: T) -> ID {
    ID(id.encode())
}
