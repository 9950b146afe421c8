//! `auditVerify`

use std::collections::HashSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, ID, Object, SimpleObject};
use custodian_entity::audit_event;
use custodian_entity::choice::Scope;
use custodian_entity::id::{TenantId, TypedId};
use sea_orm::prelude::Uuid;

use crate::audit::{
    Change, Event, EventType, Fault, Head, Signed, SignedError, Span, Subject, Verification, recorded,
    signed, verify,
};
use crate::authn::token::Tokens;
use crate::authz::{InOperation, Operation, Rows};
use crate::crypto::KeyRing;
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::scalar::{BigInt, DateTime};
use crate::graphql::{Maybe, certain, id};

/// The name of the operation: a query that leaves a record.
pub const VERIFY: &str = "auditVerify";

/// How many may be under way at once: each holds a connection to the database.
const AT_ONCE: usize = 2;

/// After how many seconds who was refused may ask again.
const AGAIN: u64 = 10;

/// How many signed heads are held at once. A chain has at most 1,440 a day.
const HEADS: usize = 100_000;

/// Whether the log is what was written.
#[derive(SimpleObject)]
pub struct AuditVerification {
    /// Whether nothing was found that is not.
    is_valid: bool,
    /// How many chains were looked at: each provider has one, and so has what belongs to none.
    chains: usize,
    /// How many entries were as they had been written.
    entries: BigInt,
    /// How many are from before there were chains, and prove nothing.
    earlier: BigInt,
    /// How many signed ends of chains agreed.
    heads: usize,
    /// The first that is not as it was written.
    fault: Option<AuditFault>,
}

/// Where the log is not what was written.
#[derive(SimpleObject)]
pub struct AuditFault {
    /// The provider whose chain it is; none where it is the chain of what belongs to none, or a file of signed ends.
    tenant_id: Option<ID>,
    /// The number of the entry in the chain; none where a file of signed ends is not as it was written.
    sequence: Option<BigInt>,
    /// The entry, if there is one.
    event_id: Option<ID>,
    /// What is wrong with it.
    reason: String,
}

fn big(number: u64) -> BigInt {
    BigInt(i64::try_from(number).unwrap_or(i64::MAX))
}

impl From<Verification> for AuditVerification {
    fn from(found: Verification) -> Self {
        let Verification { chains, entries, earlier, heads, fault } = found;
        Self {
            is_valid: fault.is_none(),
            chains,
            entries: big(entries),
            earlier: big(earlier),
            heads,
            fault: fault.map(|Fault { chain, sequence, id: entry, what }| AuditFault {
                tenant_id: (!chain.is_nil()).then(|| id(TenantId::from_uuid(chain))),
                sequence: Some(BigInt(sequence)),
                event_id: entry.map(id),
                reason: what.to_string(),
            }),
        }
    }
}

impl AuditVerification {
    fn of_broken_heads() -> Self {
        let fault = AuditFault {
            tenant_id: None,
            sequence: None,
            event_id: None,
            reason: "a line of a file of signed heads is no head, or not as it was signed".to_owned(),
        };
        Self { is_valid: false, fault: Some(fault), ..Verification::default().into() }
    }
}

/// Where signed heads are, and which part of the log is being verified. It is part of the schema's data.
pub struct Verifier {
    heads: PathBuf,
    running: Arc<Mutex<HashSet<Option<Uuid>>>>,
}

/// That a part of the log is being verified. It ends when it is dropped.
struct Turn {
    part: Option<Uuid>,
    running: Arc<Mutex<HashSet<Option<Uuid>>>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.part);
    }
}

impl Verifier {
    /// Signed heads are in this folder, if there is one.
    pub fn new(heads: PathBuf) -> Self {
        Self { heads, running: Arc::default() }
    }

    /// One at a time for each provider, one for all, and few of them at once.
    fn turn(&self, part: Option<Uuid>) -> Result<Turn> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.len() >= AT_ONCE || !running.insert(part) {
            return Err(Error::RateLimited(AGAIN));
        }
        Ok(Turn { part, running: self.running.clone() })
    }

    /// The heads that prove something of this part. Reading them takes as long as there are many: the turn lasts until it is
    /// over, whether or not somebody waits.
    async fn signed(&self, turn: Turn, span: Span, ring: Arc<KeyRing>) -> Result<(Turn, Read)> {
        let folder = self.heads.clone();
        let read = tokio::task::spawn_blocking(move || {
            if !folder.is_dir() {
                return Ok((turn, Read::Heads(Vec::new())));
            }
            match signed(&folder, &ring, span, HEADS) {
                Ok(Signed { heads, unknown }) => {
                    if !unknown.is_empty() {
                        tracing::warn!(
                            ?unknown,
                            "heads were signed by keys that are not in signing_keys_dir"
                        );
                    }
                    Ok((turn, Read::Heads(heads)))
                }
                Err(error @ SignedError::Invalid { .. }) => {
                    tracing::error!(%error, "signed heads of the audit log are not as they were written");
                    Ok((turn, Read::Broken))
                }
                Err(SignedError::TooMany(most)) => {
                    Err(Error::bad_input(format!("from: more than {most} signed heads are younger")))
                }
                Err(error @ SignedError::Unreadable { .. }) => Err(Error::internal(error)),
            }
        });
        read.await.map_err(Error::internal)?
    }
}

/// What files of signed heads hold.
enum Read {
    Heads(Vec<Head>),
    /// Something that is none.
    Broken,
}

/// Which chain the viewer may have verified; none stands for all.
fn part(operation: &Operation) -> Result<Option<Uuid>> {
    match operation.reach(audit_event::Entity::TYPE) {
        Some(Scope::All) => Ok(None),
        Some(Scope::Tenant) => Ok(Some(operation.identity()?.tenant.uuid())),
        _ => Err(Error::Forbidden("a part of a provider's log proves nothing".to_owned())),
    }
}

/// How the log is verified.
#[derive(Default)]
pub struct VerifyQuery;

#[Object]
impl VerifyQuery {
    /// Goes through the audit log, entry by entry, to the first that is not as it was written: the provider's own; for who
    /// reaches all, everybody's. Only entries from this time on, or to before this time, if given: of a long log the time
    /// that a request may take does not suffice for all. What was found is on record. Not by GET.
    async fn audit_verify(
        &self,
        ctx: &Context<'_>,
        from: Option<DateTime>,
        to: Option<DateTime>,
    ) -> Maybe<AuditVerification> {
        certain(async {
            if from.zip(to).is_some_and(|(from, to)| from >= to) {
                return Err(Error::bad_input("from has to lie before to"));
            }
            let missing = || Error::bug("the schema cannot verify the log");
            let verifier = ctx.data_opt::<Verifier>().ok_or_else(missing)?;
            let ring = ctx.data_opt::<Arc<Tokens>>().ok_or_else(missing)?.ring();
            let operation = ctx.operation()?;
            let chain = part(operation)?;
            let span = Span { chain, from: from.map(|time| time.0), to: to.map(|time| time.0) };
            let (_turn, read) = verifier.signed(verifier.turn(chain)?, span, ring).await?;
            let event = Event::done(EventType::AuditVerified, Subject::default());
            let (event, answer) = match read {
                Read::Broken => (event.failed(), AuditVerification::of_broken_heads()),
                Read::Heads(heads) => {
                    let found = found(operation, span, &heads).await?;
                    (event.verified(&found), found.into())
                }
            };
            let recorded = operation.aside(async move |operation| {
                recorded(operation, VERIFY, async || Ok(Change::<_, Infallible>::Done((), event))).await
            });
            let Ok(()) = recorded.await?;
            Ok::<AuditVerification, Error>(answer)
        })
        .await
    }
}

/// What verifying finds, in a transaction that reads one state of the log: writers do not wait for it.
async fn found(operation: &Operation, span: Span, heads: &[Head]) -> Result<Verification> {
    let reader = operation.told(Settings::of_audit());
    let transaction = reader.transaction().await?;
    let found = verify(&transaction, span, heads, |_| ()).await;
    drop(transaction);
    reader.end().await?;
    found
}
