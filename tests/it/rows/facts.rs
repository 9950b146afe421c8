//! Random rows, what they hold, and whether a filter lets one through, worked out without any SQL.

use std::cell::RefCell;
use std::collections::BTreeMap;

use custodian_entity::choice::{
    CustomerStatus, CustomerType, InvoiceStatus, KycStatus, PaymentStatus, Priority, SubscriptionStatus,
    TicketCategory, TicketStatus, UserKind,
};
use custodian_entity::*;
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy};
use proptest::sample::select;
use proptest::strategy::Union;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter, Set,
};
use serde_json::{Value, json};

use super::world::{Who, World};
use crate::app::TestApp;
use crate::arguments::Specification;
use crate::arguments::ways::links;
use crate::reference::needs_of;
use custodian::authz::Level;

/// Gives rows another owner, other states and other gaps. Copies of a row's owner go with it.
pub(super) async fn shuffle(db: &DatabaseConnection, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let resellers = reseller::Entity::find().all(db).await.unwrap();
    let users = user::Entity::find().filter(user::Column::Kind.eq(UserKind::Staff)).all(db).await.unwrap();
    for row in customer::Entity::find().all(db).await.unwrap() {
        let own: Vec<_> =
            resellers.iter().filter(|of| of.tenant_id == row.tenant_id).map(|of| of.id).collect();
        let staff: Vec<_> = users.iter().filter(|of| of.tenant_id == row.tenant_id).map(|of| of.id).collect();
        let id = row.id;
        let of = [None, Some(*one_of(&mut rng, &own))];
        let reseller = *one_of(&mut rng, &of);
        let mut row = row.into_active_model();
        row.reseller_id = Set(reseller);
        row.account_manager_id =
            Set(*one_of(&mut rng, &[None, staff.first().copied(), staff.last().copied()]));
        row.kind = Set(*one_of(&mut rng, &[CustomerType::Individual, CustomerType::Company]));
        row.status = Set(*one_of(
            &mut rng,
            &[CustomerStatus::Active, CustomerStatus::Suspended, CustomerStatus::Closed],
        ));
        row.kyc_status = Set(*one_of(&mut rng, &[KycStatus::Verified, KycStatus::Pending]));
        row.language = Set(one_of(&mut rng, &[None, Some("en"), Some("es")]).map(str::to_owned));
        row.company_name = Set(one_of(&mut rng, &[None, Some("One"), Some("Two")]).map(str::to_owned));
        row.balance = Set(*one_of(&mut rng, &[-500, 0, 1, 90_000]));
        let verified = *one_of(&mut rng, &[None, row.created_at.clone().take()]);
        row.email_verified_at = Set(verified);
        row.update(db).await.unwrap();
        macro_rules! follow {
            ($($module:ident)*) => {$(
                let copies = $module::Entity::update_many()
                    .set($module::ActiveModel { reseller_id: Set(reseller), ..Default::default() })
                    .filter($module::Column::CustomerId.eq(id));
                copies.exec(db).await.unwrap();
            )*};
        }
        follow! { address contact customer_note subscription network_service invoice invoice_line payment ticket ticket_message }
        let accounts = user::Entity::update_many()
            .set(user::ActiveModel { reseller_id: Set(reseller), ..Default::default() })
            .filter(user::Column::CustomerId.eq(id))
            .filter(user::Column::Kind.eq(UserKind::Customer));
        accounts.exec(db).await.unwrap();
    }
    for row in subscription::Entity::find().all(db).await.unwrap() {
        let mut row = row.into_active_model();
        row.status = Set(*one_of(&mut rng, &[SubscriptionStatus::Active, SubscriptionStatus::Suspended]));
        let end = *one_of(&mut rng, &[None, row.start_date.clone().take()]);
        row.end_date = Set(end);
        row.update(db).await.unwrap();
    }
    for row in invoice::Entity::find().all(db).await.unwrap() {
        let mut row = row.into_active_model();
        row.status =
            Set(*one_of(&mut rng, &[InvoiceStatus::Issued, InvoiceStatus::Paid, InvoiceStatus::Void]));
        let paid = *one_of(&mut rng, &[None, row.created_at.clone().take()]);
        row.paid_at = Set(paid);
        row.update(db).await.unwrap();
    }
    for row in payment::Entity::find().all(db).await.unwrap() {
        let invoice = *one_of(&mut rng, &[None, row.invoice_id]);
        let mut row = row.into_active_model();
        row.status = Set(*one_of(&mut rng, &[PaymentStatus::Succeeded, PaymentStatus::Failed]));
        row.invoice_id = Set(invoice);
        row.update(db).await.unwrap();
    }
    for row in ticket::Entity::find().all(db).await.unwrap() {
        let own: Vec<_> = users.iter().filter(|of| of.tenant_id == row.tenant_id).map(|of| of.id).collect();
        let category =
            *one_of(&mut rng, &[TicketCategory::Billing, TicketCategory::Technical, TicketCategory::General]);
        let assignees = [None, Some(*one_of(&mut rng, &own))];
        let assignee = *one_of(&mut rng, &assignees);
        let shared = rng.next_u32() % 2 == 0;
        let id = row.id;
        let mut row = row.into_active_model();
        row.category = Set(category);
        row.assignee_id = Set(assignee);
        row.shared_with_reseller = Set(shared);
        row.status =
            Set(*one_of(&mut rng, &[TicketStatus::New, TicketStatus::InProgress, TicketStatus::Closed]));
        row.priority = Set(*one_of(&mut rng, &[Priority::Low, Priority::High]));
        row.update(db).await.unwrap();
        let copies = ticket_message::ActiveModel {
            ticket_category: Set(category),
            ticket_assignee_id: Set(assignee),
            shared_with_reseller: Set(shared),
            ..Default::default()
        };
        let of = ticket_message::Column::TicketId.eq(id);
        ticket_message::Entity::update_many().set(copies).filter(of).exec(db).await.unwrap();
    }
}

fn one_of<'a, T>(rng: &mut ChaCha8Rng, values: &'a [T]) -> &'a T {
    &values[rng.next_u32() as usize % values.len()]
}

/// What every row holds in the fields that lists can be filtered by: by type and id.
pub(super) struct Facts {
    rows: BTreeMap<String, BTreeMap<String, Value>>,
    /// Filters made before: by role, type and depth.
    filters: RefCell<BTreeMap<(String, String, u32), BoxedStrategy<Value>>>,
}

impl Facts {
    /// As the system administrator is shown it, who reaches everything and sees all of these fields in clear.
    pub(super) async fn read(app: &TestApp, spec: &Specification) -> Self {
        let client = app.login("admin@acme.example").await;
        let mut facts = BTreeMap::new();
        for (list, field) in &spec.sdl.objects["Query"] {
            let Some(filter) = field.arguments.get("filter") else { continue };
            let kind = filter.named.trim_end_matches("Filter");
            let shown = spec.sdl.inputs[&filter.named].keys().filter_map(|member| {
                let named = &spec.sdl.objects[kind].get(member)?.named;
                Some(match named.as_str() {
                    "Money" => format!("{member} {{ amount }}"),
                    // Rows that hang off a row say so themselves.
                    named if named.ends_with("Connection") => return None,
                    named if spec.sdl.objects.contains_key(named) => format!("{member} {{ id }}"),
                    _ => member.clone(),
                })
            });
            let shown = shown.collect::<Vec<_>>().join(" ");
            let document = format!(
                "query($after: String) {{ {list}(first: 100, after: $after) \
                 {{ nodes {{ id {shown} }} pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let rows: &mut BTreeMap<String, Value> = facts.entry(kind.to_owned()).or_default();
            let mut after = Value::Null;
            loop {
                let answer = client.query(&document, json!({ "after": after })).await;
                let page = &answer.ok()[list];
                for row in page["nodes"].as_array().unwrap() {
                    rows.insert(row["id"].as_str().unwrap().to_owned(), row.clone());
                }
                if page["pageInfo"]["hasNextPage"] != true {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
        }
        Self { rows: facts, filters: RefCell::default() }
    }

    /// A row's value as a filter compares it: of money its amount, of a link the id.
    fn value<'a>(&'a self, kind: &str, id: &str, member: &str) -> &'a Value {
        let value = &self.rows[kind][id][member];
        value.get("amount").or_else(|| value.get("id")).unwrap_or(value)
    }

    /// Whether it leads to a row out of a viewer's reach, and so to none.
    fn leads_nowhere(&self, world: &World, who: &Who, kind: &str, id: &str, member: &str) -> bool {
        let to = self.rows[kind][id][member].get("id").and_then(Value::as_str);
        to.is_some_and(|row| !world.reaches(who, row))
    }

    /// Whether a filter lets a row through, asked by this viewer.
    pub(super) fn holds(&self, world: &World, who: &Who, kind: &str, filter: &Value, id: &str) -> bool {
        let inner = |filter: &Value| self.holds(world, who, kind, filter, id);
        filter.as_object().expect("a filter is an object").iter().all(|(member, condition)| {
            let parts = || condition.as_array().expect("a list of filters").iter();
            match member.as_str() {
                "and" => parts().all(inner),
                "or" => parts().any(inner),
                "not" => !parts().any(inner),
                _ => condition.as_object().expect("operators").iter().all(|(operator, operand)| {
                    let value = self.value(kind, id, member);
                    match operator.as_str() {
                        "is" => {
                            let to = target(kind, member);
                            value.as_str().is_some_and(|row| {
                                world.reaches(who, row) && self.holds(world, who, to, operand, row)
                            })
                        }
                        "some" => {
                            let of = target(kind, member);
                            self.rows[of].keys().any(|child| {
                                self.value(of, child, "customer") == id
                                    && world.reaches(who, child)
                                    && self.holds(world, who, of, operand, child)
                            })
                        }
                        _ if value.is_null() || self.leads_nowhere(world, who, kind, id, member) => false,
                        "eq" => value == operand,
                        "in" => operand.as_array().expect("a list").contains(value),
                        "gte" => is_less(value, operand) == Some(false),
                        "lt" => is_less(value, operand) == Some(true),
                        other => panic!("rows/facts.rs does not know the operator {other}"),
                    }
                }),
            }
        })
    }

    /// Filters of a type by fields that are clear to a role, nested at most so deep.
    pub(super) fn filters(
        &self,
        spec: &Specification,
        role: &str,
        kind: &str,
        depth: u32,
    ) -> BoxedStrategy<Value> {
        let key = (role.to_owned(), kind.to_owned(), depth);
        if let Some(known) = self.filters.borrow().get(&key) {
            return known.clone();
        }
        let made = self.new_filters(spec, role, kind, depth);
        self.filters.borrow_mut().insert(key, made.clone());
        made
    }

    fn new_filters(&self, spec: &Specification, role: &str, kind: &str, depth: u32) -> BoxedStrategy<Value> {
        let name = format!("{kind}Filter");
        let is_clear = |member: &str| match needs_of(&format!("{name}.{member}")) {
            Some((_, field)) => spec.matrix.decided(field).cell(role).level == Level::Clear,
            None => false,
        };
        // A role may be shown nothing to ask by.
        let mut leaves: Vec<BoxedStrategy<Value>> = vec![Just(json!({})).boxed()];
        for (member, operators) in spec.sdl.inputs[&name].iter().filter(|(member, _)| is_clear(member)) {
            let values: Vec<Value> =
                self.rows[kind].keys().map(|id| self.value(kind, id, member).clone()).collect();
            let mut values: Vec<Value> = values.into_iter().filter(|value| !value.is_null()).collect();
            values.sort_by_key(Value::to_string);
            values.dedup();
            for (operator, leaf) in &spec.sdl.inputs[&operators.named] {
                if values.is_empty() || ["is", "some"].contains(&operator.as_str()) {
                    continue;
                }
                let (member, operator) = (member.clone(), operator.clone());
                let value = match leaf.is_list {
                    true => vec(select(values.clone()), 0..4).prop_map(Value::Array).boxed(),
                    false => select(values.clone()).boxed(),
                };
                leaves.push(value.prop_map(move |value| json!({ &member: { &operator: value } })).boxed());
            }
        }
        let leaf = Union::new(leaves).boxed();
        if depth == 0 {
            return leaf;
        }
        let inner = self.filters(spec, role, kind, depth - 1);
        let parts = vec(inner.clone(), 0..3);
        let nested = (select(vec!["and", "or", "not"]), parts);
        let mut all = vec![
            (3, leaf.clone()),
            (4, nested.prop_map(|(member, parts)| json!({ member: parts })).boxed()),
            (2, (leaf, inner).prop_map(|(one, other)| both(&one, &other)).boxed()),
        ];
        for link in links(&spec.sdl, &name).into_iter().filter(|link| is_clear(&link.member)) {
            let inner = self.filters(spec, role, link.to.trim_end_matches("Filter"), depth - 1);
            all.push((1, inner.prop_map(move |inner| link.around(inner)).boxed()));
        }
        Union::new_weighted(all).boxed()
    }
}

/// The members of two filters in one.
fn both(one: &Value, other: &Value) -> Value {
    let members =
        [one, other].into_iter().flat_map(|filter| filter.as_object().expect("a filter is an object"));
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The type of the rows that a member of a filter looks at.
fn target(kind: &str, member: &str) -> &'static str {
    match member {
        "customer" => "Customer",
        "reseller" => "Reseller",
        "accountManager" | "assignee" => "User",
        "plan" => "ServicePlan",
        "invoice" | "invoices" => "Invoice",
        "payments" => "Payment",
        "subscriptions" => "Subscription",
        "tickets" => "Ticket",
        _ => panic!("say in rows/facts.rs what {kind}.{member} leads to"),
    }
}

fn is_less(value: &Value, operand: &Value) -> Option<bool> {
    match (value, operand) {
        (Value::Number(value), Value::Number(operand)) => Some(value.as_i64()? < operand.as_i64()?),
        // Times and dates are written so that their texts are ordered as they are.
        (Value::String(value), Value::String(operand)) => Some(value < operand),
        _ => None,
    }
}
