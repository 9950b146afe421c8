//! What becomes of each line of a batch, decided before anything is written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use custodian_entity::choice::{AddressType, CustomerStatus};
use custodian_entity::personal::Email;
use custodian_entity::{address, customer, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, EntityTrait, Iterable, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::line::{Line, Wanted, invalid};
use super::{Counts, Import, Refused};
use crate::authz::{Operation, Rows, sealing};
use crate::customers::mutation;
use crate::error::Result;
use crate::graphql::{Outcome, UserError, UserErrorCode};
use crate::vault::Index;

/// A customer that is to be what its line says, its personal data open.
pub(super) struct Differing {
    pub(super) before: customer::Model,
    pub(super) row: customer::ActiveModel,
    /// What is to become of the address that is there, or a new one.
    pub(super) addresses: Vec<(Option<address::Model>, address::ActiveModel)>,
}

/// What becomes of the lines of a batch.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) added: Vec<Wanted>,
    pub(super) changed: Vec<Differing>,
    same: u64,
    pub(super) refused: Vec<Refused>,
    /// The marks of the values that they take.
    pub(super) seen: HashSet<u64>,
}

/// What is there of the lines of a batch.
struct There {
    customers: HashMap<String, (customer::Model, Vec<address::Model>)>,
    /// The tags in use, among those that the lines would take.
    emails: HashSet<String>,
    usernames: HashSet<String>,
}

impl Plan {
    /// Reads the lines and looks at what is there.
    pub(super) async fn of(
        import: &Import,
        operation: &Arc<Operation>,
        lines: &[(u64, Line)],
    ) -> Result<Self> {
        let (mut plan, mut wanted) = (Self::default(), Vec::with_capacity(lines.len()));
        for (number, line) in lines {
            match Wanted::read(line, &import.tenant, operation.clock.today()) {
                Ok(one) => {
                    let tags = Tags::of(import, operation, &one).await?;
                    wanted.push((*number, one, tags));
                }
                Err(reasons) => plan.refused.push((*number, reasons)),
            }
        }
        let mut there = There::of(import, operation, &wanted).await?;
        for (number, wanted, tags) in wanted {
            let reference = import.mark("externalReference", &wanted.reference);
            if import.seen.contains(&reference) || !plan.seen.insert(reference) {
                plan.refused.push((number, vec![taken("externalReference", "stands in the file before")]));
                continue;
            }
            let decided = match there.customers.remove(&wanted.reference) {
                None => plan.add(import, &there, wanted, &tags),
                Some((before, addresses)) => plan.put(import, wanted, before, addresses),
            };
            if let Err(reasons) = decided {
                plan.refused.push((number, reasons));
            }
        }
        plan.refused.sort_by_key(|(number, _)| *number);
        Ok(plan)
    }

    pub(super) fn counts(&self) -> Counts {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        Counts {
            added: count(self.added.len()),
            changed: count(self.changed.len()),
            same: self.same,
            refused: count(self.refused.len()),
        }
    }

    fn add(&mut self, import: &Import, there: &There, wanted: Wanted, tags: &Tags) -> Outcome<()> {
        let claims = [("email", &tags.email, &there.emails), ("username", &tags.username, &there.usernames)];
        let (mut reasons, mut marks) = (Vec::new(), Vec::new());
        for (field, tag, in_use) in claims {
            let Some(tag) = tag else { continue };
            let mark = import.mark(field, tag);
            if in_use.contains(tag) || import.seen.contains(&mark) || self.seen.contains(&mark) {
                reasons.push(taken(field, "is in use already"));
            }
            marks.push(mark);
        }
        if !reasons.is_empty() {
            return Err(reasons);
        }
        self.seen.extend(marks);
        self.added.push(wanted);
        Ok(())
    }

    /// What a line does not say stays.
    fn put(
        &mut self,
        import: &Import,
        wanted: Wanted,
        before: customer::Model,
        known: Vec<address::Model>,
    ) -> Outcome<()> {
        use customer::Column::{Balance, Email, Kind, KycStatus, Status, Version};

        // Set by the row of a new customer, not by the line.
        let row = differences(wanted.row, &before, &[Status, Version, KycStatus, Balance]);
        // DOMAIN, rule 5: another address is to be confirmed.
        for (column, field) in [(Email, "email"), (Kind, "type")] {
            if row.get(column).is_set() {
                return Err(vec![invalid(field, "is not changed by an import")]);
            }
        }
        let mut addresses = Vec::new();
        for wanted in wanted.addresses {
            let is_its_kind = |known: &&address::Model| wanted.kind.try_as_ref() == Some(&known.kind);
            let known = known.iter().find(is_its_kind).cloned();
            let row = match &known {
                None => wanted,
                Some(known) => differences(wanted, known, &[]),
            };
            if row.is_changed() {
                addresses.push((known, row));
            }
        }
        if !row.is_changed() && addresses.is_empty() {
            self.same += 1;
            return Ok(());
        }
        if !import.manner.updates {
            return Err(vec![taken("externalReference", "is there already, and differs")]);
        }
        if before.status == CustomerStatus::Anonymized {
            return Err(vec![invalid("externalReference", "its data were erased")]);
        }
        self.changed.push(Differing { before, row, addresses });
        Ok(())
    }
}

/// The tags of what a line takes of what must be unique.
struct Tags {
    email: Option<String>,
    username: Option<String>,
}

impl Tags {
    #[expect(clippy::disallowed_methods, reason = "an address in use is found by its tag, made of it")]
    async fn of(import: &Import, operation: &Operation, wanted: &Wanted) -> Result<Self> {
        let email = match mutation::email_of(&wanted.row).as_ref().and_then(Email::expose) {
            Some(email) => Some(operation.keys.tag(import.tenant.id, Index::Email, email).await?),
            None => None,
        };
        let username = match &wanted.account {
            Some(account) => Some(operation.keys.user_name(&account.username).await?),
            None => None,
        };
        Ok(Self { email, username })
    }
}

impl There {
    /// On PostgreSQL nobody else changes what was found before the transaction is over; on SQLite nobody writes.
    #[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
    async fn of(import: &Import, operation: &Operation, wanted: &[(u64, Wanted, Tags)]) -> Result<Self> {
        use address::Column as Of;
        use customer::Column;

        let transaction = operation.transaction().await?;
        let own = Condition::all().add(Column::TenantId.eq(import.tenant.id)).add(match import.reseller {
            Some(reseller) => Column::ResellerId.eq(reseller),
            None => Column::ResellerId.is_null(),
        });
        let references = wanted.iter().map(|(_, one, _)| one.reference.as_str());
        let found = customer::Entity::find().filter(own.clone());
        let found = found.filter(Column::ExternalReference.is_in(references)).lock_exclusive();
        let found = opened::<customer::Entity>(operation, found.all(&*transaction).await?).await?;

        let ids = found.iter().map(|customer| customer.id);
        let known = address::Entity::find().filter(Of::CustomerId.is_in(ids)).filter(Of::IsPrimary.eq(true));
        let known = known.filter(Of::Kind.is_in([AddressType::Service, AddressType::Billing]));
        let known = known.order_by_asc(Of::Id).all(&*transaction).await?;
        let mut addresses: HashMap<_, Vec<address::Model>> = HashMap::new();
        for address in opened::<address::Entity>(operation, known).await? {
            addresses.entry(address.customer_id).or_default().push(address);
        }
        let with_addresses = |row: customer::Model| {
            let addresses = addresses.remove(&row.id).unwrap_or_default();
            Some((row.external_reference.clone()?, (row, addresses)))
        };
        let customers: HashMap<_, _> = found.into_iter().filter_map(with_addresses).collect();

        let new = || wanted.iter().filter(|(_, one, _)| !customers.contains_key(&one.reference));
        let taken = new().filter_map(|(.., tags)| tags.email.clone());
        let emails = customer::Entity::find().select_only().column(Column::EmailIndex).filter(own);
        let emails: Vec<String> =
            emails.filter(Column::EmailIndex.is_in(taken)).into_tuple().all(&*transaction).await?;
        let taken = new().filter_map(|(.., tags)| tags.username.clone());
        let usernames = user::Entity::find().select_only().column(user::Column::UsernameIndex);
        let usernames: Vec<String> = usernames
            .filter(user::Column::UsernameIndex.is_in(taken))
            .into_tuple()
            .all(&*transaction)
            .await?;
        let (emails, usernames) = (emails.into_iter().collect(), usernames.into_iter().collect());
        Ok(Self { customers, emails, usernames })
    }
}

/// Rows with all personal data open.
async fn opened<E: Rows>(operation: &Operation, mut rows: Vec<E::Model>) -> Result<Vec<E::Model>> {
    let columns: Vec<E::Column> = sealing::sealed_columns::<E>().collect();
    sealing::open::<E>(&operation.keys, &mut rows, &columns).await?;
    Ok(rows)
}

/// What a line says otherwise than the row does, but for these columns.
fn differences<A: ActiveModelTrait>(
    mut row: A,
    before: &<A::Entity as EntityTrait>::Model,
    kept: &[<A::Entity as EntityTrait>::Column],
) -> A {
    for column in <A::Entity as EntityTrait>::Column::iter() {
        if matches!(row.get(column), ActiveValue::Set(value) if value == before.get(column)) {
            row.not_set(column);
        }
    }
    kept.iter().for_each(|column| row.not_set(*column));
    row
}

fn taken(field: &str, message: &str) -> UserError {
    UserError::on(field, UserErrorCode::Taken, message)
}
