//! The accounts of the demo data and the roles they act in.

use chrono::{DateTime, Days, TimeDelta, Utc};
use custodian_entity::choice::{Scope, UserKind, UserStatus};
use custodian_entity::id::{CustomerId, ResellerId, RoleId, TenantId, UserId};
use custodian_entity::personal::{Email, IpAddress, Username};
use custodian_entity::{role_grant, user};

use super::source::{Source, first_of};

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The provider.
    Staff,
    /// The reseller with this code.
    Reseller(&'static str),
    /// The customer with this place in the numbers.
    Customer(u64),
}

/// An account to be made.
pub(super) struct Account {
    pub(super) username: &'static str,
    pub(super) role: &'static str,
    pub(super) display_name: &'static str,
    pub(super) owner: Owner,
}

const fn account(
    username: &'static str,
    role: &'static str,
    display_name: &'static str,
    owner: Owner,
) -> Account {
    Account { username, role, display_name, owner }
}

#[rustfmt::skip]
const ACCOUNTS: [Account; 11] = [
    account("admin@acme.example", "system_admin", "Ingrid Sørensen", Owner::Staff),
    account("tenant-admin@acme.example", "tenant_admin", "Oliver Bennett", Owner::Staff),
    account("support@acme.example", "support_agent", "Amara Okafor", Owner::Staff),
    account("billing@acme.example", "billing_manager", "Beatriz Lima", Owner::Staff),
    account("network@acme.example", "network_engineer", "佐藤 健司", Owner::Staff),
    account("reseller@acme.example", "reseller", "Fiona MacLeod", Owner::Reseller("NORTH")),
    account("reseller2@acme.example", "reseller", "Marco Conti", Owner::Reseller("SOUTH")),
    account("customer@acme.example", "customer", "María", Owner::Customer(1)),
    account("customer2@acme.example", "customer", "小明", Owner::Customer(2)),
    account("support@globex.example", "support_agent", "Dana Whitfield", Owner::Staff),
    account("customer@globex.example", "customer", "Emily", Owner::Customer(1)),
];

/// The demo accounts, all with the same password: user name and role.
pub const DEMO_ACCOUNTS: &[(&str, &str)] = &{
    let mut list = [("", ""); ACCOUNTS.len()];
    let mut at = 0;
    while at < list.len() {
        list[at] = (ACCOUNTS[at].username, ACCOUNTS[at].role);
        at += 1;
    }
    list
};

/// The accounts of the provider with this domain.
pub(super) fn of(domain: &str) -> impl Iterator<Item = &'static Account> {
    static TABLE: [Account; ACCOUNTS.len()] = ACCOUNTS;
    TABLE
        .iter()
        .filter(move |account| account.username.rsplit_once('@').is_some_and(|(_, part)| part == domain))
}

/// What an account is bound to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Binding {
    pub(super) reseller: Option<ResellerId>,
    pub(super) customer: Option<CustomerId>,
}

impl Account {
    /// The account as a row.
    pub(super) fn row(
        &self,
        id: UserId,
        tenant_id: TenantId,
        binding: Binding,
        created_at: DateTime<Utc>,
        password_hash: &str,
        source: &mut Source,
    ) -> user::Model {
        let day = first_of(6) + Days::new(source.below(28));
        let seen = source.during(day);
        user::Model {
            id,
            tenant_id,
            reseller_id: binding.reseller,
            customer_id: binding.customer,
            kind: match self.owner {
                Owner::Staff => UserKind::Staff,
                Owner::Reseller(_) => UserKind::Reseller,
                Owner::Customer(_) => UserKind::Customer,
            },
            status: UserStatus::Active,
            display_name: self.display_name.to_owned(),
            username: Username::new(self.username),
            // Set where it is sealed.
            username_index: String::new(),
            email: Email::new(self.username),
            password_hash: Some(password_hash.to_owned()),
            token_version: 0,
            tokens_valid_after: None,
            reset_not_before: None,
            mfa_enabled: false,
            must_change_password: false,
            password_changed_at: Some(created_at + TimeDelta::minutes(3)),
            locked_until: None,
            failed_login_count: 0,
            last_login_at: Some(seen),
            last_login_ip: Some(IpAddress::new(format!("192.0.2.{}", source.between(1, 254)))),
            created_at,
        }
    }

    /// Its one role, with the rows of customers that the role reaches.
    pub(super) fn grant(
        &self,
        account: &user::Model,
        role_id: RoleId,
        granted_by: Option<UserId>,
        source: &mut Source,
    ) -> role_grant::Model {
        role_grant::Model {
            id: source.id(account.created_at),
            tenant_id: account.tenant_id,
            user_id: account.id,
            role_id,
            is_primary: true,
            scope: match (self.owner, self.role) {
                (Owner::Reseller(_), _) => Scope::Reseller,
                (Owner::Customer(_), _) => Scope::Own,
                (Owner::Staff, "system_admin") => Scope::All,
                (Owner::Staff, _) => Scope::Tenant,
            },
            granted_by,
            granted_at: account.created_at,
            expires_at: None,
            justification: Some("Demo data".to_owned()),
        }
    }
}
