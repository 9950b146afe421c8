//! Introspection: `__schema` and `__type` show a role the part of the schema that it can use, and nothing of the rest.
//!
//! ```text
//! separate   guarded operation → what asks for data, and what asks about the schema
//! visible    catalogue × rights → the types, fields, arguments, input fields and values that the role can use
//! build      those → a schema of the library, which answers introspection and nothing else
//! ```
//!
//! The schema of a role is built when it is first asked for, and is part of its [`Rights`]: a policy that is swapped
//! takes it along.

mod build;
mod separate;
mod visible;

use std::sync::OnceLock;

use async_graphql::dynamic::Schema;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, Variables};

pub use self::separate::join;
pub(super) use self::separate::separate;
use super::plan::Refusal;
use super::policy::Policy;
use super::table::Rights;
use crate::error::{Error, Result};

/// The schema that a role can use, once somebody asked for it, or why there is none to show.
pub(super) type Shown = OnceLock<Result<Schema>>;

/// The part of the schema that can be used with these rights, which must be of this policy.
///
/// # Errors
/// [`Error::Forbidden`] when no field of `Query` can be used: a schema has at least one.
pub fn schema<'r>(policy: &Policy, rights: &'r Rights) -> Result<&'r Schema> {
    let build = || {
        let types = visible::visible(policy, rights);
        if !types.contains_key("Query") {
            let text =
                format!("the role {} can use no field of Query: there is no schema to show", rights.role());
            return Err(Error::Forbidden(text));
        }
        build::schema(types).map_err(Error::internal)
    };
    rights.shown().get_or_init(build).as_ref().map_err(Error::clone)
}

/// Answers a document of questions about the schema.
#[expect(clippy::disallowed_methods, reason = "a schema that answers nothing but introspection")]
pub async fn answer(
    policy: &Policy,
    rights: &Rights,
    document: ExecutableDocument,
    variables: Variables,
) -> Response {
    match schema(policy, rights) {
        Ok(schema) => {
            let mut request = Request::new("").variables(variables);
            request.set_parsed_query(document);
            schema.execute(request).await
        }
        Err(error) => Refusal::from(error).into_response(),
    }
}
