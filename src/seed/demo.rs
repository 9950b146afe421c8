//! The demo data: two providers, their partners, tariffs, accounts and first customers.

use std::collections::HashMap;

use chrono::TimeDelta;
use custodian_entity::choice::{
    CustomerStatus, CustomerType, PlanStatus, ResellerDataRole, ResellerStatus, TenantStatus,
};
use custodian_entity::id::{RoleId, TenantId, UserId};
use custodian_entity::personal::{Confidential, Email, Name, Phone, TaxId};
use custodian_entity::{reseller, role, role_grant, service_plan, tenant, user};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};

use super::accounts::{self, Account, Binding, Owner};
use super::batch::Batch;
use super::calls;
use super::changes;
use super::countries::COUNTRIES;
use super::customers::{self, Outline};
use super::documents;
use super::methods;
use super::notes;
use super::numbers::Numbers;
use super::plans;
use super::rows::{insert_all, insert_sealed, select};
use super::setting::Setting;
use super::showcase;
use super::source::{Source, opening};
use super::verifications;
use super::{DemoSummary, SeedError};
use crate::store::Store;
use crate::vault::OpenKeys;

/// The slug of the provider that everything else is added to.
pub(super) const ACME: &str = "acme";
/// The domain of its user names: of those that nobody can own (RFC 2606, 2).
pub(super) const DOMAIN: &str = "acme.example";
/// The codes of its resellers.
pub(super) const RESELLERS: [&str; 2] = ["NORTH", "SOUTH"];
/// The first of its streams.
pub(super) const ACME_STREAMS: u64 = 0;

/// The places in the numbers of the customers that called: those with an account, one who has yet to answer a letter, and
/// some more.
const CALLERS: [u64; 7] = [1, 2, 3, 4, 7, 10, 17];

/// A provider to be made.
struct Provider {
    slug: &'static str,
    domain: &'static str,
    names: (&'static str, &'static str),
    country: &'static str,
    timezone: &'static str,
    currency: &'static str,
    region: &'static str,
    resellers: &'static [&'static str],
    /// One that is suspended, and through which nobody came.
    suspended: Option<&'static str>,
    plans: &'static [plans::Row],
    customers: u64,
    /// Where in the table of countries its first customer lives.
    first_country: usize,
    streams: u64,
}

const PROVIDERS: [Provider; 2] = [
    Provider {
        slug: ACME,
        domain: DOMAIN,
        names: ("Acme Broadband", "Acme Broadband plc"),
        country: "GB",
        timezone: "Europe/London",
        currency: "EUR",
        region: "eu-west",
        resellers: &RESELLERS,
        suspended: Some("WEST"),
        plans: plans::ACME,
        customers: 40,
        first_country: 0,
        streams: ACME_STREAMS,
    },
    Provider {
        slug: "globex",
        domain: "globex.example",
        names: ("Globex Telecom", "Globex Telecom Inc."),
        country: "US",
        timezone: "America/Chicago",
        currency: "USD",
        region: "us-central",
        resellers: &[],
        suspended: None,
        plans: plans::GLOBEX,
        customers: 10,
        first_country: COUNTRIES.len() - 1,
        streams: 1 << 40,
    },
];

/// Who signs for what: each grant names the administrator of the installation.
struct Grants {
    roles: HashMap<String, RoleId>,
    administrator: Option<UserId>,
    rows: Vec<role_grant::Model>,
}

impl Grants {
    fn add(&mut self, account: &Account, row: &user::Model, source: &mut Source) -> Result<(), DbErr> {
        let role = self.roles.get(account.role).copied().ok_or_else(|| {
            DbErr::RecordNotFound(format!("the built-in role {}: migrate the database first", account.role))
        })?;
        self.rows.push(account.grant(row, role, self.administrator, source));
        if account.role == "system_admin" {
            self.administrator = Some(row.id);
        }
        Ok(())
    }
}

/// Writes everything.
pub(super) async fn write(
    db: &impl ConnectionTrait,
    keys: &OpenKeys,
    store: &Store,
    password_hash: &str,
) -> Result<DemoSummary, SeedError> {
    let built_in = select::<role::Entity>().filter(role::Column::TenantId.is_null()).all(db).await?;
    let roles = built_in.into_iter().map(|role| (role.name, role.id)).collect();
    let mut grants = Grants { roles, administrator: None, rows: Vec::new() };
    let mut customers = 0;
    for provider in &PROVIDERS {
        let mut source = Source::new(provider.streams);
        let setting = open(db, keys, provider, password_hash, &mut grants, &mut source).await?;
        customers += populate(db, keys, store, provider, &setting, password_hash, &mut grants).await?;
    }
    let accounts = grants.rows.len();
    insert_all::<role_grant::Entity>(db, grants.rows).await?;
    Ok(DemoSummary { created: true, tenants: PROVIDERS.len(), accounts, customers })
}

/// Writes a provider with its partners, tariffs and all accounts but those of customers.
async fn open(
    db: &impl ConnectionTrait,
    keys: &OpenKeys,
    provider: &Provider,
    password_hash: &str,
    grants: &mut Grants,
    source: &mut Source,
) -> Result<Setting, SeedError> {
    let tenant = tenant(provider, source);
    let mut resellers: Vec<_> =
        provider.resellers.iter().map(|code| reseller(tenant.id, code, source)).collect();
    let plans = plans::rows(tenant.id, provider.currency, provider.plans, source);
    let mut staff = Vec::new();
    for (account, minute) in accounts::of(provider.domain).zip(30..) {
        let reseller = match account.owner {
            Owner::Staff => None,
            Owner::Reseller(code) => resellers.iter().find(|row| row.code == code).map(|row| row.id),
            Owner::Customer(_) => continue,
        };
        let created_at = opening() + TimeDelta::minutes(minute);
        let binding = Binding { reseller, customer: None };
        let row = account.row(source.id(created_at), tenant.id, binding, created_at, password_hash, source);
        grants.add(account, &row, source)?;
        staff.push((account.role, row));
    }
    let in_role = |role| staff.iter().find(|(name, _)| *name == role).map(|(_, row)| row.id);
    let support = in_role("support_agent")
        .ok_or_else(|| DbErr::Custom(format!("{} has no support agent", provider.slug)))?;
    let mut setting = Setting {
        tenant: tenant.id,
        domain: tenant.domain.clone(),
        currency: tenant.currency.clone(),
        resellers: resellers.iter().map(|reseller| reseller.id).collect(),
        plans: plans.iter().filter(|plan| plan.status == PlanStatus::Active).cloned().collect(),
        support,
        billing: in_role("billing_manager").unwrap_or(support),
        network: in_role("network_engineer").unwrap_or(support),
        streams: provider.streams,
    };
    resellers.extend(provider.suspended.map(|code| {
        let status = ResellerStatus::Suspended;
        reseller::Model { status, ..reseller(tenant.id, code, source) }
    }));
    setting.plans.sort_by(|left, right| left.code.cmp(&right.code));
    insert_all::<tenant::Entity>(db, vec![tenant]).await?;
    insert_sealed::<reseller::Entity>(db, keys, resellers).await?;
    insert_all::<service_plan::Entity>(db, plans).await?;
    insert_sealed::<user::Entity>(db, keys, staff.into_iter().map(|(_, row)| row).collect()).await?;
    Ok(setting)
}

/// Writes the customers of a provider, with their accounts, and how far its numbers have come.
async fn populate(
    db: &impl ConnectionTrait,
    keys: &OpenKeys,
    store: &Store,
    provider: &Provider,
    setting: &Setting,
    password_hash: &str,
    grants: &mut Grants,
) -> Result<usize, SeedError> {
    let mut numbers = Numbers::default();
    let mut batch = Batch::default();
    for _ in 0..provider.customers {
        let mut source = Source::new(setting.streams + numbers.customer.unsigned_abs() + 1);
        let mut outline = outline(provider, numbers.next_customer(), &mut source);
        let n = outline.number.0;
        let created_at = outline.created_at + TimeDelta::minutes(1);
        let account = accounts::of(provider.domain)
            .find(|account| account.owner == Owner::Customer(n))
            .map(|account| (account, source.id(created_at)));
        outline.account = account.map(|(_, id)| id);
        outline.phone = showcase::phone(provider.slug, n);
        customers::add(&mut batch, setting, outline, &mut source);
        showcase::polish(&mut batch, provider.slug, n, &mut source);
        if let (Some((account, id)), Some(customer)) = (account, batch.customers.last()) {
            let binding = Binding { reseller: customer.reseller_id, customer: Some(customer.id) };
            let row = account.row(id, setting.tenant, binding, created_at, password_hash, &mut source);
            grants.add(account, &row, &mut source)?;
            batch.accounts.push(row);
        }
        if let Some(customer) = batch.customers.last().cloned()
            && CALLERS.contains(&n)
        {
            calls::add(&mut batch, setting, &customer, &mut source);
            verifications::add(&mut batch, &customer, &mut source);
            notes::add(&mut batch, setting, &customer, &mut source);
            changes::add(&mut batch, setting, &customer, &mut source);
        }
        methods::add(&mut batch, &mut source);
        if let Some(customer) = batch.customers.last().cloned()
            && CALLERS.contains(&n)
        {
            documents::add(&mut batch, store, setting, &customer, &mut source).await?;
        }
    }
    numbers.number(&mut batch);
    let customers = batch.customers.len();
    batch.insert(db, keys).await?;
    numbers.save(db, setting.tenant).await?;
    Ok(customers)
}

/// Every second day one more customer, each in another country, with every status among them.
fn outline(provider: &Provider, number: (u64, String), source: &mut Source) -> Outline {
    let n = number.0;
    let status = match n {
        5 | 21 => CustomerStatus::Suspended,
        9 | 31 => CustomerStatus::Closed,
        13 | 37 => CustomerStatus::Prospect,
        17 | 38 => CustomerStatus::PendingVerification,
        showcase::ANONYMIZED => CustomerStatus::Anonymized,
        _ => CustomerStatus::Active,
    };
    let kind = match n {
        1 | 2 | showcase::ANONYMIZED => CustomerType::Individual,
        _ => customers::kind(source),
    };
    Outline {
        country: &COUNTRIES[(provider.first_country + n as usize - 1) % COUNTRIES.len()],
        number,
        kind,
        status,
        created_at: opening()
            + TimeDelta::days(2 * n as i64 - 2)
            + TimeDelta::minutes(source.between(480, 1_080)),
        account: None,
        phone: None,
    }
}

fn tenant(provider: &Provider, source: &mut Source) -> tenant::Model {
    tenant::Model {
        id: source.id(opening()),
        slug: provider.slug.to_owned(),
        domain: provider.domain.to_owned(),
        display_name: provider.names.0.to_owned(),
        legal_name: Some(provider.names.1.to_owned()),
        country_code: provider.country.to_owned(),
        timezone: provider.timezone.to_owned(),
        currency: provider.currency.to_owned(),
        support_email: Some(format!("help@{}", provider.domain)),
        dpo_contact: Some(format!("privacy@{}", provider.domain)),
        security_contact: Some(format!("security@{}", provider.domain)),
        status: TenantStatus::Active,
        data_region: Some(provider.region.to_owned()),
        mfa_required_roles: String::new(),
        created_at: opening(),
    }
}

fn reseller(tenant_id: TenantId, code: &str, source: &mut Source) -> reseller::Model {
    let created_at = opening() + TimeDelta::minutes(20);
    let (name, legal_name, contact, phone, data_role) = match code {
        "NORTH" => (
            "Northern Lights IT",
            "Northern Lights IT Ltd",
            "Fiona MacLeod",
            "+442079460321",
            ResellerDataRole::Processor,
        ),
        "WEST" => (
            "Westwind Telecom",
            "Westwind Telecom Ltd",
            "Gareth Price",
            "+442920180123",
            ResellerDataRole::Processor,
        ),
        _ => {
            ("Sud Reti", "Sud Reti S.r.l.", "Marco Conti", "+390612345678", ResellerDataRole::JointController)
        }
    };
    let mailbox = code.to_lowercase();
    reseller::Model {
        id: source.id(created_at),
        tenant_id,
        code: code.to_owned(),
        name: name.to_owned(),
        status: ResellerStatus::Active,
        data_role,
        legal_name: Some(Confidential::new(legal_name)),
        contact_name: Some(Name::new(contact)),
        contact_email: Some(Email::new(format!("partner@{mailbox}.example"))),
        contact_phone: Some(Phone::new(phone)),
        tax_id: Some(TaxId::new(source.fill("GB#########"))),
        commission_rate: Some(1_250),
        created_at,
    }
}
