//! Customers: who they are and how far they have come, and the order in which their rows are made.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use custodian_entity::choice::{CustomerStatus, CustomerType, KycStatus};
use custodian_entity::customer;
use custodian_entity::id::UserId;
use custodian_entity::personal::{
    BirthDate, ConfidentialAmount, ConfidentialNumber, Email, GovernmentId, Name, Phone, TaxId,
};

use super::batch::Batch;
use super::countries::{COUNTRIES, Country};
use super::names::{Order, Word};
use super::setting::Setting;
use super::source::{Source, first_of, opening, today};
use super::tickets::{self, Caller};
use super::{billing, contacts, methods, network};

/// What is decided about a customer before anything else is.
pub(super) struct Outline {
    /// Its place in the numbers of the provider, and the number itself.
    pub(super) number: (u64, String),
    pub(super) country: &'static Country,
    pub(super) kind: CustomerType,
    pub(super) status: CustomerStatus,
    pub(super) created_at: DateTime<Utc>,
    /// The account it signs in with.
    pub(super) account: Option<UserId>,
    /// Its telephone number in E.164, where it is not left to chance.
    pub(super) phone: Option<&'static str>,
}

/// The name of a made-up person.
pub(super) struct Person {
    given: Word,
    family: Word,
    order: Order,
}

impl Person {
    /// Somebody from this country.
    pub(super) fn new(country: &Country, source: &mut Source) -> Self {
        let names = country.names;
        Self { given: *source.pick(names.given), family: *source.pick(names.family), order: names.order }
    }

    /// The full name as it is written at home.
    pub(super) fn full_name(&self) -> String {
        let (given, family) = (self.given.0, self.family.0);
        match self.order {
            Order::GivenFirst => format!("{given} {family}"),
            Order::FamilyFirst => format!("{family} {given}"),
            Order::Joined => format!("{family}{given}"),
        }
    }

    /// The part of an e-mail address before the `@`.
    pub(super) fn mailbox(&self) -> String {
        format!("{}.{}", self.given.1, self.family.1)
    }
}

/// Adds a customer as they come over from an older system in one import, some seconds apart.
pub(super) fn add_imported(batch: &mut Batch, setting: &Setting, number: (u64, String)) {
    // The imports took the last six days of March; after more customers than that holds, times repeat.
    let import = opening() + TimeDelta::days(84);
    let created_at = import + TimeDelta::seconds((number.0 % (6 * 86_400)) as i64);
    let mut source = Source::new(setting.streams + number.0);
    let status = match source.below(100) {
        0..82 => CustomerStatus::Active,
        82..88 => CustomerStatus::Suspended,
        88..93 => CustomerStatus::Closed,
        93..96 => CustomerStatus::Prospect,
        _ => CustomerStatus::PendingVerification,
    };
    let kind = kind(&mut source);
    let country = source.pick(COUNTRIES);
    let outline = Outline { number, country, kind, status, created_at, account: None, phone: None };
    add(batch, setting, outline, &mut source);
    methods::add(batch, &mut source);
}

/// The mix of legal forms.
pub(super) fn kind(source: &mut Source) -> CustomerType {
    match source.below(100) {
        0..70 => CustomerType::Individual,
        70..82 => CustomerType::SoleTrader,
        _ => CustomerType::Company,
    }
}

/// Adds a customer and everything that hangs off it.
pub(super) fn add(batch: &mut Batch, setting: &Setting, outline: Outline, source: &mut Source) {
    let person = Person::new(outline.country, source);
    let domain = match outline.kind {
        CustomerType::Individual => {
            ["mail.example", "post.example", "inbox.example", "example.org", "example.net"]
                [source.below(5) as usize]
                .to_owned()
        }
        _ => format!("{}-{}.example", person.family.1, outline.number.0),
    };
    let country = outline.country;
    let phone = outline.phone.map_or_else(|| source.fill(country.phone), str::to_owned);
    let mut customer = customer(setting, &outline, &person, &domain, source);
    customer.phone = Some(Phone::new(phone.clone()));
    let service_address = contacts::add_addresses(batch, &customer, country, source);
    contacts::add_contacts(batch, &customer, country, &domain, source);
    let services = network::add(batch, setting, &customer, outline.number.0, service_address, source);
    customer.balance = billing::add(batch, setting, &customer, country, &services, source);
    let caller = Caller { account: outline.account, phone: &phone };
    tickets::add(batch, setting, &customer, &caller, &services, source);
    batch.customers.push(customer);
}

fn customer(
    setting: &Setting,
    outline: &Outline,
    person: &Person,
    domain: &str,
    source: &mut Source,
) -> customer::Model {
    let (n, country, created_at) = (outline.number.0, outline.country, outline.created_at);
    let natural = outline.kind != CustomerType::Company;
    let company_name =
        (outline.kind != CustomerType::Individual).then(|| country.company.replace("{}", person.family.0));
    let display_name = company_name.clone().unwrap_or_else(|| person.full_name());
    let email = match outline.kind {
        CustomerType::Individual => format!("{}.{n}@{domain}", person.mailbox()),
        _ => format!("office@{domain}"),
    };
    let tax_id = if natural { country.personal_tax_id } else { country.company_tax_id };
    let known = outline.status != CustomerStatus::Prospect;
    let verified = known && outline.status != CustomerStatus::PendingVerification;
    let ended = matches!(outline.status, CustomerStatus::Closed | CustomerStatus::Anonymized);
    customer::Model {
        id: source.id(created_at),
        tenant_id: setting.tenant,
        reseller_id: setting.reseller_of(n),
        customer_number: outline.number.1.clone(),
        kind: outline.kind,
        status: outline.status,
        version: 1,
        language: Some(country.language.to_owned()),
        external_reference: source.chance(60).then(|| format!("CRM-{}", 100_000 + n)),
        account_manager_id: (!natural || source.chance(15)).then_some(setting.support),
        display_name: Name::new(display_name),
        first_name: natural.then(|| Name::new(person.given.0)),
        last_name: natural.then(|| Name::new(person.family.0)),
        company_name,
        email: Some(Email::new(email)),
        // Tags are set where values are sealed.
        email_index: None,
        phone_index: None,
        government_id_index: None,
        billing_email: (outline.kind != CustomerType::Individual)
            .then(|| Email::new(format!("accounts@{domain}"))),
        phone: None,
        date_of_birth: natural.then(|| BirthDate::new(birth_date(source))),
        government_id_type: (natural && known).then_some(country.papers.0),
        government_id_country: (natural && known).then(|| country.code.to_owned()),
        government_id_number: (natural && known).then(|| GovernmentId::new(source.fill(country.papers.1))),
        tax_id: known.then(|| TaxId::new(source.fill(tax_id))),
        email_verified_at: verified.then(|| created_at + TimeDelta::minutes(source.between(2, 600))),
        kyc_status: kyc_status(outline.status, source),
        balance: 0,
        credit_limit: source.chance(50).then(|| ConfidentialAmount::new(source.between(1, 40) * 5_000)),
        risk_score: known.then(|| ConfidentialNumber::new(source.between(1, 100) as i32)),
        // Six years from the end of the year it closed in: a usual duty to keep books.
        retention_expires_at: ended.then(|| first_of(1) + Months::new(7 * 12) - Days::new(1)),
        anonymized_at: None,
        created_at,
        updated_at: created_at + TimeDelta::seconds(source.between(3_600, 90 * 86_400)),
    }
}

/// Somebody between 18 and 90 years of age.
fn birth_date(source: &mut Source) -> NaiveDate {
    today() - Days::new(source.between(18 * 366, 90 * 365).unsigned_abs())
}

fn kyc_status(status: CustomerStatus, source: &mut Source) -> KycStatus {
    match status {
        CustomerStatus::Prospect => KycStatus::NotStarted,
        CustomerStatus::PendingVerification if source.chance(25) => KycStatus::Rejected,
        CustomerStatus::PendingVerification => KycStatus::Pending,
        _ if source.chance(8) => KycStatus::Expired,
        _ => KycStatus::Verified,
    }
}
