//! Many rows at once.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, Insert};

/// How many rows a statement adds. A connection keeps what it prepared by its text: were any number of rows a text of its
/// own, it would soon keep a hundred, of some megabytes each. Even the widest rows stay far below the values that a
/// statement takes (32,766 on SQLite, 65,535 on PostgreSQL).
const AT_ONCE: [usize; 3] = [64, 8, 1];

/// Adds rows of a table, whosesoever, many to a statement.
///
/// # Errors
/// When the database is away, or refuses one.
#[expect(clippy::disallowed_methods, reason = "whoever calls says why it passes by row scope")]
pub async fn add<A: ActiveModelTrait>(db: &impl ConnectionTrait, rows: Vec<A>) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    for count in AT_ONCE {
        while rows.len() >= count {
            Insert::<A>::many(rows.by_ref().take(count)).exec_without_returning(db).await?;
        }
    }
    Ok(())
}
