//! Nullable results that stay where they are: an error becomes `null` and an entry in `errors`, and never takes the
//! parent with it (a resolver of type `Result<Option<T>>` would).

use std::borrow::Cow;
use std::pin::Pin;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use crate::error::Result;

/// A value, nothing, or an error that is told here.
pub struct Maybe<T>(Result<Option<T>>);

/// A future on the heap. The library nests those of all fields of a type in one another: left there, the largest of them
/// would take its place on the stack once for each level of a document, and again for each part of a root.
type Boxed<F> = Pin<Box<F>>;

/// Awaits a result and keeps its error local.
pub fn maybe<T, I: Into<T>>(
    result: impl Future<Output = Result<Option<I>>>,
) -> Boxed<impl Future<Output = Maybe<T>>> {
    Box::pin(async { Maybe(result.await.map(|found| found.map(Into::into))) })
}

/// As [`maybe`], for what exists or is an error.
pub fn certain<T, I: Into<T>>(
    result: impl Future<Output = Result<I>>,
) -> Boxed<impl Future<Output = Maybe<T>>> {
    Box::pin(async { Maybe(result.await.map(|found| Some(found.into()))) })
}

impl<T: OutputType> OutputType for Maybe<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry);
        T::type_name().into_owned()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let error = match &self.0 {
            Ok(Some(value)) => match value.resolve(ctx, field).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            },
            Ok(None) => return Ok(Value::Null),
            Err(error) => async_graphql::Error::from(error.clone()).into_server_error(field.pos),
        };
        ctx.add_error(ctx.set_error_path(error));
        Ok(Value::Null)
    }
}
