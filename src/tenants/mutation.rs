//! `tenantUpdate`

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use chrono_tz::Tz;
use custodian_entity::{role, tenant};
use garde::Validate;
use sea_orm::{ColumnTrait, QueryFilter};

use super::Tenant;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::Result;
use crate::graphql::scalar::{CountryCode, CurrencyCode, EmailAddress};
use crate::graphql::validate::{self, Given, line};
use crate::graphql::{Maybe, Outcome, UserError, UserErrorCode, certain};

/// What is to be changed; what is not given stays.
#[derive(InputObject, Validate)]
pub struct TenantUpdateInput {
    /// Short name.
    #[garde(inner(custom(line), length(chars, max = 63)))]
    slug: Option<String>,
    /// The name shown to people.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    display_name: Option<String>,
    /// Where it does business.
    #[garde(skip)]
    country_code: Option<CountryCode>,
    /// IANA time zone.
    #[garde(inner(custom(zone)))]
    timezone: Option<String>,
    /// The currency of balances.
    #[garde(skip)]
    currency: Option<CurrencyCode>,
    /// Where customers get help.
    #[garde(skip)]
    support_email: MaybeUndefined<EmailAddress>,
    /// The data-protection officer.
    #[garde(custom(validate::optional_line::<200>))]
    dpo_contact: MaybeUndefined<String>,
    /// Where to report a vulnerability.
    #[garde(custom(validate::optional_line::<200>))]
    security_contact: MaybeUndefined<String>,
    /// The name in the register of companies.
    #[garde(custom(validate::optional_line::<200>))]
    legal_name: MaybeUndefined<String>,
    /// Where its data are kept.
    #[garde(custom(validate::optional_line::<200>))]
    data_region: MaybeUndefined<String>,
    /// The roles that nobody acts in without a second factor, all of them; at most 50.
    #[garde(inner(length(max = 50)))]
    mfa_required_roles: Option<Vec<String>>,
}

crate::payloads! { TenantUpdatePayload { tenant: Tenant } }

/// What can be changed about providers.
#[derive(Default)]
pub struct TenantMutation;

#[Object]
impl TenantMutation {
    /// Changes the viewer's own provider.
    async fn tenant_update(&self, ctx: &Context<'_>, input: TenantUpdateInput) -> Maybe<TenantUpdatePayload> {
        certain(async {
            let operation = ctx.operation()?;
            recorded(operation, "tenantUpdate", async || {
                let id = operation.identity()?.tenant;
                let mut row = tenant::ActiveModel::default();
                let required = match &input.mfa_required_roles {
                    Some(roles) => Some(accept!(known_roles(operation, roles).await?)),
                    None => None,
                };
                let names = accept!(fill(&mut row, input, required));
                let rows = Scoped::<tenant::Entity>::of(operation);
                let changed = match names.is_empty() {
                    true => rows.get(id).await?,
                    false => rows.change(id, row, |update| update).await?,
                };
                let event = Event::done(EventType::TenantUpdated, Subject::row("Tenant", id, id));
                Ok(Change::Done(changed, event.fields(names)))
            })
            .await
        })
        .await
    }
}

/// Names of roles, comma-separated; a misspelt one would protect nobody.
async fn known_roles(operation: &Arc<Operation>, names: &[String]) -> Result<Outcome<String>> {
    let named = role::Column::Name.is_in(names);
    let known = Scoped::<role::Entity>::of(operation).all(|roles| roles.filter(named)).await?;
    let known: BTreeSet<&str> = known.iter().map(|role| role.name.as_str()).collect();
    if names.iter().all(|name| known.contains(name.as_str())) {
        return Ok(Ok(known.into_iter().collect::<Vec<_>>().join(",")));
    }
    let unknown = "names a role that there is not";
    Ok(Err(vec![UserError::on("mfaRequiredRoles", UserErrorCode::Invalid, unknown)]))
}

/// garde: a name of the IANA time zone database (RFC 6557).
fn zone(name: &str, _: &()) -> garde::Result {
    name.parse::<Tz>().map(drop).map_err(|_| garde::Error::new("is no time zone such as Europe/Madrid"))
}

fn fill(
    row: &mut tenant::ActiveModel,
    input: TenantUpdateInput,
    mfa_required_roles: Option<String>,
) -> Outcome<Vec<&'static str>> {
    let mut given = Given::checked(&input);
    let support_email = given.read(input.support_email, |EmailAddress(text)| {
        validate::email("supportEmail", &text)?;
        Ok(text.trim().to_owned())
    });
    given.set("slug", &mut row.slug, input.slug);
    given.set("displayName", &mut row.display_name, input.display_name);
    given.set("countryCode", &mut row.country_code, input.country_code.map(|code| code.0));
    given.set("timezone", &mut row.timezone, input.timezone);
    given.set("currency", &mut row.currency, input.currency.map(|code| code.0));
    given.set_or_clear("supportEmail", &mut row.support_email, support_email);
    given.set_or_clear("dpoContact", &mut row.dpo_contact, input.dpo_contact);
    given.set_or_clear("securityContact", &mut row.security_contact, input.security_contact);
    given.set_or_clear("legalName", &mut row.legal_name, input.legal_name);
    given.set_or_clear("dataRegion", &mut row.data_region, input.data_region);
    given.set("mfaRequiredRoles", &mut row.mfa_required_roles, mfa_required_roles);
    given.finish()
}
