//! How personal data become part of an answer: one generic value type that asks the plan of the operation.
//!
//! A value cannot see which field it is returned from, so the field is part of its type. Where no rights are to be
//! found, or the guard let a denied field through, the value comes out masked or null: a second net under the guard.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, InputType, OutputType, Positioned, ServerResult, Value};

use super::table::{Level, Rights};

/// A value that has a clear and a partial form.
pub trait Personal: Send + Sync {
    /// The scalar under which the schema shows it.
    type Scalar: InputType;

    /// The value as it is.
    fn clear(&self) -> Value;

    /// Its partial form; null where it has none.
    fn masked(&self) -> Value;
}

/// Personal data returned from the field with this number (see [`super::field`]).
pub struct Pii<T, const FIELD: u64>(pub T);

impl<T: Personal, const FIELD: u64> OutputType for Pii<T, FIELD> {
    fn type_name() -> Cow<'static, str> {
        T::Scalar::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::Scalar::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(match ctx.data_opt::<Arc<Rights>>().map(|rights| rights.level_of_number(FIELD)) {
            Some(Level::Clear) => self.0.clear(),
            Some(Level::Masked) | None => self.0.masked(),
            Some(Level::Denied) => Value::Null,
        })
    }
}

/// A value without a partial form, returned from the field with this number: there in clear, or null.
pub struct Withheld<T, const FIELD: u64>(pub T);

impl<T: OutputType, const FIELD: u64> OutputType for Withheld<T, FIELD> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match ctx.data_opt::<Arc<Rights>>().map(|rights| rights.level_of_number(FIELD)) {
            Some(Level::Clear) => self.0.resolve(ctx, field).await,
            _ => Ok(Value::Null),
        }
    }
}
