//! The building blocks of the schema that every feature uses: ids, scalars, enums, connections, filters, payloads,
//! loaders.

pub mod batch;
pub mod choice;
pub mod connection;
pub mod filter;
pub mod id;
pub mod link;
pub mod page;
pub mod payload;
pub mod personal;
pub mod scalar;
pub mod upload;
pub mod validate;

pub use self::batch::{Batches, LOADED, LOADS};
pub use self::choice::Choice;
pub use self::connection::{Connection, Node, PageInfo};
pub use self::id::{Gid, id};
pub use self::maybe::{Maybe, certain, maybe};
pub use self::page::{CursorSeal, OrderDirection, Page};
pub use self::payload::{Outcome, UserError, UserErrorCode, is_taken};

mod maybe;

/// Declares the object type that wraps a row: `nodes! { Customer of customer; }`. Its fields follow in an `#[Object]`.
#[macro_export]
macro_rules! nodes {
    ($($(#[$doc:meta])* $name:ident of $module:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub custodian_entity::$module::Model);

        impl From<custodian_entity::$module::Model> for $name {
            fn from(row: custodian_entity::$module::Model) -> Self {
                Self(row)
            }
        }

        impl $crate::graphql::Node for $name {
            type Entity = custodian_entity::$module::Entity;
            const NAME: &'static str = stringify!($name);
            fn row(&self) -> &custodian_entity::$module::Model {
                &self.0
            }
        }
    )*};
}

/// The four paging arguments of a list on this type, read: the page, and what seals its cursors.
#[macro_export]
macro_rules! paging {
    ($ctx:expr, $owner:literal, $first:expr, $after:expr, $last:expr, $before:expr) => {{
        let seal = $crate::graphql::CursorSeal::of($ctx, $owner)?;
        let page = $crate::graphql::Page::read($ctx, &seal, $first, $after, $last, $before)?;
        (page, seal)
    }};
}

/// Takes a value, or ends the change with the reasons why not.
#[macro_export]
macro_rules! accept {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(reasons) => return Ok($crate::audit::Change::Refused(reasons)),
        }
    };
}
