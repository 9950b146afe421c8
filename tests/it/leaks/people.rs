//! Plants markers in accounts, partners and providers, and binds the demo customers to planted ones.

use custodian_entity::choice::{Scope, UserKind, UserStatus};
use custodian_entity::id::{CustomerId, ResellerId, TenantId, UserId};
use custodian_entity::personal::{Confidential, Email, IpAddress, Name, Phone, TaxId, Username};
use custodian_entity::{customer, reseller, role, role_grant, service_plan, tenant, user};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

use super::plant::{Garden, Owner};
use crate::fixture::account;
use crate::past::{add, change};

impl Garden<'_> {
    /// Everything: customers of each owner, accounts, partners, providers.
    pub async fn everything(&mut self) {
        for tenant in tenant::Entity::find().all(self.app.db()).await.unwrap() {
            self.provider(tenant.clone()).await;
            let plan = service_plan::Entity::find().filter(service_plan::Column::TenantId.eq(tenant.id));
            let plan = plan.one(self.app.db()).await.unwrap().unwrap().id;
            let staff = self.account(UserKind::Staff, tenant.id, None, None).await;
            let owner = Owner { tenant: tenant.id, reseller: None, plan, staff, talks: false };
            let direct = self.customer(owner).await;
            if tenant.slug != "acme" {
                self.bind(&format!("customer@{}", tenant.domain), direct).await;
            }
            let partners = reseller::Entity::find().filter(reseller::Column::TenantId.eq(tenant.id));
            for partner in partners.all(self.app.db()).await.unwrap() {
                // The suspended one has no account that signs in.
                let account = match partner.code.as_str() {
                    "NORTH" => Some("customer"),
                    "SOUTH" => Some("customer2"),
                    _ => None,
                };
                let owner = Owner { reseller: Some(partner.id), ..owner };
                self.partner(partner.clone()).await;
                let id = self.customer(owner).await;
                if let Some(account) = account {
                    self.bind(&format!("{account}@{}", tenant.domain), id).await;
                }
                self.account(UserKind::Reseller, tenant.id, Some(partner.id), None).await;
                let talkative = self.customer(Owner { talks: true, ..owner }).await;
                self.account(UserKind::Customer, tenant.id, Some(partner.id), Some(talkative)).await;
            }
        }
    }

    /// Makes a demo account that of this customer.
    async fn bind(&self, username: &str, customer_id: CustomerId) {
        let owner = customer::Entity::find_by_id(customer_id).one(self.app.db()).await.unwrap().unwrap();
        change(self.app, &account(self.app, username).await, |account| {
            account.customer_id = Set(Some(customer_id));
            account.reseller_id = Set(owner.reseller_id);
        })
        .await;
    }

    async fn provider(&mut self, row: tenant::Model) {
        let word = self.mint.word();
        let mut changed = row.clone().into_active_model();
        changed.legal_name = Set(Some(self.keep(word, &["Tenant.legalName"], row.id)));
        changed.update(self.app.db()).await.unwrap();
    }

    async fn partner(&mut self, row: reseller::Model) {
        let (legal, name, email) = (self.mint.word(), self.mint.name(), self.mint.email());
        let (phone, tax) = (self.mint.phone(), self.mint.number());
        let legal_name = Confidential::new(self.keep(legal, &["Reseller.legalName"], row.id));
        let contact_name = Name::new(self.keep(name, &["Reseller.contactName"], row.id));
        let contact_email = Email::new(self.keep(email, &["Reseller.contactEmail"], row.id));
        let contact_phone = Phone::new(self.keep(phone, &["Reseller.contactPhone"], row.id));
        let tax_id = TaxId::new(self.keep(tax, &["Reseller.taxId"], row.id));
        change(self.app, &row, |changed| {
            changed.legal_name = Set(Some(legal_name));
            changed.contact_name = Set(Some(contact_name));
            changed.contact_email = Set(Some(contact_email));
            changed.contact_phone = Set(Some(contact_phone));
            changed.tax_id = Set(Some(tax_id));
        })
        .await;
    }

    /// An account with a role. Nobody signs in with it: its password hash is a marker too, to be seen by nobody.
    async fn account(
        &mut self,
        kind: UserKind,
        tenant_id: TenantId,
        reseller_id: Option<ResellerId>,
        customer_id: Option<CustomerId>,
    ) -> UserId {
        let id = self.id();
        let (shown, username, email) = (self.mint.word(), self.mint.email(), self.mint.email());
        let (ip, hash, why) = (self.mint.ipv4(), self.mint.word(), self.mint.word());
        let row = user::Model {
            id,
            tenant_id,
            reseller_id,
            customer_id,
            kind,
            status: UserStatus::Active,
            display_name: self.keep(shown, &["User.displayName"], id),
            username: Username::new(self.keep(username, &["User.username"], id)),
            username_index: String::new(),
            email: Email::new(self.keep(email, &["User.email"], id)),
            password_hash: Some(self.keep(hash, &[], id)),
            token_version: 0,
            tokens_valid_after: None,
            reset_not_before: None,
            mfa_enabled: false,
            must_change_password: false,
            password_changed_at: None,
            locked_until: None,
            failed_login_count: 0,
            last_login_at: None,
            last_login_ip: Some(IpAddress::new(self.keep(ip, &["User.lastLoginIp"], id))),
            created_at: self.now,
        };
        add(self.app, row).await;
        let (role, scope) = match kind {
            UserKind::Staff => ("support_agent", Scope::Tenant),
            UserKind::Reseller => ("reseller", Scope::Reseller),
            UserKind::Customer => ("customer", Scope::Own),
        };
        let role = role::Entity::find()
            .filter(role::Column::Name.eq(role))
            .one(self.app.db())
            .await
            .unwrap()
            .unwrap();
        let grant = self.id();
        let row = role_grant::Model {
            id: grant,
            tenant_id,
            user_id: id,
            role_id: role.id,
            is_primary: true,
            scope,
            granted_by: None,
            granted_at: self.now,
            expires_at: None,
            justification: Some(self.keep(why, &["RoleGrant.justification"], grant)),
        };
        add(self.app, row).await;
        id
    }
}
