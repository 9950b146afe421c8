//! Sets of customers that disclosures are about, each kept once: the same page, and the same one customer, is shown again
//! and again. A set is known by its provider and the SHA-256 of its ids in their order, which its entries hold as well; all
//! of it, so that nobody who chooses what he is shown finds two sets that are known by the same.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use custodian_entity::{audit_event, disclosed_list, disclosed_set};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, Condition, DatabaseTransaction, DbBackend, IntoActiveModel, Statement, Value,
};

use crate::database;
use crate::error::Result;

/// How many sets are remembered.
const MOST: usize = 4_096;

/// Sets that are there because this process added them: they are not sent again. Whoever's transaction fails forgets them.
#[derive(Debug, Default)]
pub(super) struct Sets {
    added: HashSet<(Uuid, Vec<u8>)>,
    new: Vec<disclosed_set::ActiveModel>,
}

impl Sets {
    /// Notes the set of an entry, and says what it is known by.
    pub(super) fn note(&mut self, chain: Uuid, sequence: i64, customers: &[Uuid]) -> Vec<u8> {
        let customers = bytes(customers);
        let digest = sha256(&customers);
        if self.added.insert((chain, digest.clone())) {
            let set = disclosed_set::Model { chain, digest: digest.clone(), sequence, customers };
            self.new.push(set.into_active_model().reset_all());
        }
        digest
    }

    /// Adds the sets that were noted and are not known to be there. Which of them are there is not asked: where row-level
    /// security is, who adds an entry need not be one who may read it.
    ///
    /// # Errors
    /// When the database is away or refuses.
    #[expect(
        clippy::disallowed_methods,
        reason = "the log has no viewer's scope: it records what any viewer did"
    )]
    pub(super) async fn add(&mut self, db: &DatabaseTransaction) -> Result<()> {
        database::add_new(db, std::mem::take(&mut self.new)).await?;
        if self.added.len() > MOST {
            self.added.clear();
        }
        Ok(())
    }
}

/// Ids one behind the other.
pub(super) fn bytes(ids: &[Uuid]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.as_bytes()).collect()
}

/// What a set is known by.
pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// SQL for the customers of some sets, a row each: `chain`, `digest`, `customer_id`. Which sets is SQL too, for distinct
/// `chain` and `digest`.
pub(super) fn customers_of(backend: DbBackend, of: &str) -> String {
    match backend {
        DbBackend::Postgres => format!(
            "SELECT chain, digest,
                encode(substring(customers FROM place * 16 + 1 FOR 16), 'hex')::uuid AS customer_id
             FROM disclosed_set JOIN ({of}) AS wanted USING (chain, digest),
                generate_series(0, length(customers) / 16 - 1) AS place"
        ),
        _ => format!(
            "SELECT chain, digest, substr(customers, place * 16 + 1, 16) AS customer_id
             FROM disclosed_set JOIN (
                WITH RECURSIVE each (chain, digest, place, places) AS (
                    SELECT chain, digest, 0, length(customers) / 16
                    FROM disclosed_set JOIN ({of}) USING (chain, digest)
                    UNION ALL
                    SELECT chain, digest, place + 1, places FROM each WHERE place + 1 < places)
                SELECT chain, digest, place FROM each) USING (chain, digest)"
        ),
    }
}

/// SQL for the customers that some entries are about, as that of [`customers_of`], with its values.
pub(crate) fn shown_by(backend: DbBackend, entries: Condition) -> (String, Vec<Value>) {
    use disclosed_list::Column::{Chain, Digest, Sequence};
    let list = |column| Expr::col((disclosed_list::Entity, column));
    let entry = |column| (audit_event::Entity, column);
    let is_about = list(Chain)
        .equals(entry(audit_event::Column::Chain))
        .and(list(Sequence).equals(entry(audit_event::Column::Sequence)));
    let sets = Query::select()
        .distinct()
        .columns([Chain, Digest].map(|column| (disclosed_list::Entity, column)))
        .from(audit_event::Entity)
        .inner_join(disclosed_list::Entity, is_about)
        .cond_where(entries)
        .to_owned();
    let Statement { sql, values, .. } = backend.build(&sets);
    (customers_of(backend, &sql), values.map_or_else(Vec::new, |values| values.0))
}
