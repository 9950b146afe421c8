//! Plants a marker in every cell that holds personal or restricted data, for customers of each owner.

use chrono::{DateTime, Utc};
use custodian_entity::choice::{
    AccessTechnology, AddressType, AuthorKind, CallOutcome, Channel, ConnectionType, CpniAuthMethod,
    CustomerStatus, CustomerType, Direction, DocumentStatus, DocumentType, GovernmentIdType, InvoiceStatus,
    KycStatus, NoteCategory, Outcome, PaymentMethodKind, PaymentMethodStatus, PaymentStatus, Priority,
    ProvisioningState, ScanStatus, Severity, SubscriptionStatus, TicketCategory, TicketStatus,
    VerificationStatus,
};
use custodian_entity::id::{
    CustomerId, PaymentMethodId, ResellerId, ServicePlanId, TenantId, TypedId, UserId,
};
use custodian_entity::personal::{
    AddressLine, BirthDate, Confidential, ConfidentialAmount, ConfidentialNumber, Coordinate, DocumentKey,
    Email, FileName, FreeText, GovernmentId, Iban, IpPrefix, LineAddress, MacAddresses, Name, PastValue,
    Phone, PostalCode, ProcessorToken, TaxId, Username,
};
use custodian_entity::{
    address, call_log, change_record, contact, customer, customer_note, document, email_verification,
    identity_check, invoice, invoice_line, network_service, payment, payment_method, subscription, ticket,
    ticket_message,
};
use sea_orm::prelude::Uuid;

use super::marker::{Marker, Mint};
use crate::app::TestApp;
use crate::past::add;

/// Whose a planted customer is, and who works on its tickets.
#[derive(Clone, Copy)]
pub struct Owner {
    pub tenant: TenantId,
    pub reseller: Option<ResellerId>,
    pub plan: ServicePlanId,
    pub staff: UserId,
    /// Whether its messages repeat its own data. Who reads those in clear sees everything of this customer.
    pub talks: bool,
}

/// Everything planted so far.
pub struct Garden<'a> {
    pub app: &'a TestApp,
    pub now: DateTime<Utc>,
    pub mint: Mint,
    pub markers: Vec<Marker>,
    ids: u64,
}

impl<'a> Garden<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, now: app.clock.now(), mint: Mint::new(), markers: Vec::new(), ids: 0 }
    }

    /// An id behind all others, so that the last pages of lists hold what is planted: of 2100-01-01 and later.
    pub fn id<T: TypedId>(&mut self) -> T {
        self.ids += 1;
        let time = uuid::Timestamp::from_unix(uuid::NoContext, 4_102_444_800 + self.ids, 0);
        T::from_uuid(Uuid::new_v7(time))
    }

    /// Keeps a marker, to be read at these fields of a row, and gives its value.
    pub fn keep(&mut self, marker: Marker, fields: &[&'static str], row: impl TypedId) -> String {
        let value = marker.value.clone();
        let marker = fields.iter().fold(marker, |marker, field| marker.at(field, row.encode()));
        self.markers.push(marker);
        value
    }

    fn word(&mut self, field: &'static str, row: impl TypedId) -> String {
        let marker = self.mint.word();
        self.keep(marker, &[field], row)
    }

    fn name(&mut self, field: &'static str, row: impl TypedId) -> Name {
        let marker = self.mint.name();
        Name::new(self.keep(marker, &[field], row))
    }

    fn email(&mut self, field: &'static str, row: impl TypedId) -> Email {
        let marker = self.mint.email();
        Email::new(self.keep(marker, &[field], row))
    }

    fn phone(&mut self, field: &'static str, row: impl TypedId) -> Phone {
        let marker = self.mint.phone();
        Phone::new(self.keep(marker, &[field], row))
    }

    fn amount(&mut self, fields: &[&'static str], row: impl TypedId) -> i64 {
        let (marker, amount) = self.mint.amount();
        self.keep(marker, fields, row);
        amount
    }

    /// A customer with one of everything, and tickets of each kind.
    pub async fn customer(&mut self, owner: Owner) -> CustomerId {
        let first = self.markers.len();
        let id: CustomerId = self.id();
        let row = self.customer_row(id, owner);
        add(self.app, row).await;
        self.contact(id, owner).await;
        self.note(id, owner).await;
        self.services(id, owner).await;
        self.billing(id, owner).await;
        self.calls(id, owner).await;
        self.document(id, owner).await;
        // What was planted until here is what its messages can repeat.
        let own: Vec<usize> = (first..self.markers.len()).collect();
        self.ticket(id, owner, TicketCategory::General, owner.reseller.is_some(), &own).await;
        self.ticket(id, owner, TicketCategory::Billing, false, &[]).await;
        self.ticket(id, owner, TicketCategory::Technical, true, &[]).await;
        id
    }

    fn customer_row(&mut self, id: CustomerId, owner: Owner) -> customer::Model {
        let (born, date) = self.mint.birth();
        self.keep(born, &["Customer.dateOfBirth"], id);
        let (government, tax) = (self.mint.number(), self.mint.number());
        let (score, risk) = self.mint.score();
        self.keep(score, &["Customer.riskScore"], id);
        customer::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_number: format!("P-{:06}", self.ids),
            kind: CustomerType::Individual,
            status: CustomerStatus::Active,
            version: 1,
            language: Some("de".to_owned()),
            external_reference: Some(self.word("Customer.externalReference", id)),
            account_manager_id: Some(owner.staff),
            display_name: self.name("Customer.displayName", id),
            first_name: Some(self.name("Customer.firstName", id)),
            last_name: Some(self.name("Customer.lastName", id)),
            company_name: Some(self.word("Customer.companyName", id)),
            email: Some(self.email("Customer.email", id)),
            email_index: None,
            phone_index: None,
            government_id_index: None,
            billing_email: Some(self.email("Customer.billingEmail", id)),
            phone: Some(self.phone("Customer.phone", id)),
            date_of_birth: Some(BirthDate::new(date)),
            government_id_type: Some(GovernmentIdType::Passport),
            government_id_country: Some("DE".to_owned()),
            government_id_number: Some(GovernmentId::new(self.keep(
                government,
                &["Customer.governmentIdNumber"],
                id,
            ))),
            tax_id: Some(TaxId::new(self.keep(tax, &["Customer.taxId"], id))),
            email_verified_at: Some(self.now),
            kyc_status: KycStatus::Verified,
            balance: self.amount(&["Customer.balance"], id),
            credit_limit: Some(ConfidentialAmount::new(self.amount(&["Customer.creditLimit"], id))),
            risk_score: Some(ConfidentialNumber::new(risk)),
            retention_expires_at: None,
            anonymized_at: None,
            created_at: self.now,
            updated_at: self.now,
        }
    }

    async fn contact(&mut self, customer_id: CustomerId, owner: Owner) {
        let id = self.id();
        let row = contact::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            kinds: "GENERAL,BILLING".to_owned(),
            is_primary: true,
            is_authorized: true,
            name: self.name("Contact.name", id),
            job_title: Some(Confidential::new(self.word("Contact.jobTitle", id))),
            email: Some(self.email("Contact.email", id)),
            phone: Some(self.phone("Contact.phone", id)),
            created_at: self.now,
        };
        add(self.app, row).await;
    }

    async fn note(&mut self, customer_id: CustomerId, owner: Owner) {
        let id = self.id();
        let row = customer_note::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            category: NoteCategory::General,
            body: FreeText::new(self.word("CustomerNote.body", id)),
            author_id: owner.staff,
            is_pinned: false,
            created_at: self.now,
        };
        add(self.app, row).await;
    }

    async fn services(&mut self, customer_id: CustomerId, owner: Owner) {
        let id = self.id();
        let (north, latitude) = self.mint.degrees();
        self.keep(north, &["Address.latitude"], id);
        let (east, longitude) = self.mint.degrees();
        self.keep(east, &["Address.longitude"], id);
        let code = self.mint.postal_code();
        let row = address::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            kind: AddressType::Service,
            line1: AddressLine::new(self.word("Address.line1", id)),
            line2: Some(AddressLine::new(self.word("Address.line2", id))),
            postal_code: Some(PostalCode::new(self.keep(code, &["Address.postalCode"], id))),
            city: Some(self.word("Address.city", id)),
            subdivision: Some(self.word("Address.subdivision", id)),
            country_code: "DE".to_owned(),
            latitude: Some(Coordinate::new(latitude)),
            longitude: Some(Coordinate::new(longitude)),
            access_instructions: Some(Confidential::new(self.word("Address.accessInstructions", id))),
            is_primary: true,
            created_at: self.now,
        };
        add(self.app, row).await;
        let (subscription, service) = (self.id(), self.id());
        let line = self.mint.word();
        let row = subscription::Model {
            id: subscription,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            plan_id: owner.plan,
            service_address_id: Some(id),
            status: SubscriptionStatus::Active,
            status_reason: Some(self.word("Subscription.statusReason", subscription)),
            start_date: self.now.date_naive(),
            suspended_at: None,
            end_date: None,
            price_amount: self.amount(&["Subscription.price"], subscription),
            currency: "EUR".to_owned(),
            next_billing_date: None,
            provisioning_state: ProvisioningState::Provisioned,
            radius_username: Some(Username::new(self.keep(
                line,
                &["Subscription.radiusUsername"],
                subscription,
            ))),
            created_at: self.now,
        };
        add(self.app, row).await;
        let (ipv4, prefix) = (self.mint.ipv4(), self.mint.ipv6_prefix());
        let macs = [self.mint.mac(), self.mint.mac()];
        let macs = macs.map(|mac| self.keep(mac, &["NetworkService.macAddresses"], service));
        let row = network_service::Model {
            id: service,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            subscription_id: subscription,
            access_technology: AccessTechnology::Fibre,
            connection_type: ConnectionType::Pppoe,
            ipv4: Some(LineAddress::new(self.keep(ipv4, &["NetworkService.ipv4"], service))),
            ipv6_prefix: Some(IpPrefix::new(self.keep(prefix, &["NetworkService.ipv6Prefix"], service))),
            mac_addresses: Some(MacAddresses::new(macs.join(","))),
            service_vlan: Some(101),
            customer_vlan: Some(102),
            circuit_id: Some(self.word("NetworkService.circuitId", service)),
            access_node: Some(self.word("NetworkService.accessNode", service)),
            access_port: Some(self.word("NetworkService.accessPort", service)),
            created_at: self.now,
        };
        add(self.app, row).await;
    }

    async fn billing(&mut self, customer_id: CustomerId, owner: Owner) {
        let (id, line, paid) = (self.id(), self.id(), self.id());
        let (subtotal, tax_total) =
            (self.amount(&["Invoice.subtotal"], id), self.amount(&["Invoice.taxTotal"], id));
        // The one amount that follows from others.
        let total = subtotal + tax_total;
        let mut sum = self.mint.amount().0;
        (sum.value, sum.secret, sum.tokens) =
            (total.to_string(), vec![total.to_string()], vec![total.to_string()]);
        self.keep(sum, &["Invoice.total", "Invoice.amountDue"], id);
        let row = invoice::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            number: self.word("Invoice.number", id),
            status: InvoiceStatus::Draft,
            issue_date: self.now.date_naive(),
            due_date: self.now.date_naive(),
            period_start: None,
            period_end: None,
            currency: "EUR".to_owned(),
            subtotal,
            tax_total,
            total,
            amount_paid: 0,
            memo: Some(self.word("Invoice.memo", id)),
            internal_note: Some(self.word("Invoice.internalNote", id)),
            void_reason: Some(self.word("Invoice.voidReason", id)),
            paid_at: None,
            created_at: self.now,
        };
        add(self.app, row).await;
        let row = invoice_line::Model {
            id: line,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            invoice_id: id,
            position: 1,
            description: self.word("InvoiceLine.description", line),
            quantity: 1_000,
            unit_price: self.amount(&["InvoiceLine.unitPrice"], line),
            amount: self.amount(&["InvoiceLine.amount"], line),
            tax_rate: 2_100,
            currency: "EUR".to_owned(),
        };
        add(self.app, row).await;
        let method = self.payment_method(customer_id, owner).await;
        let key = self.mint.word();
        let (score, refunded) = self.mint.score();
        self.keep(score, &["Payment.refundedAmount"], paid);
        let row = payment::Model {
            id: paid,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            invoice_id: Some(id),
            method_id: Some(method),
            status: PaymentStatus::Succeeded,
            amount: self.amount(&["Payment.amount"], paid),
            refunded_amount: refunded.into(),
            currency: "EUR".to_owned(),
            paid_at: Some(self.now),
            failure_code: None,
            processor_reference: Some(self.word("Payment.processorReference", paid)),
            idempotency_key: self.keep(key, &[], paid),
            recorded_by: Some(owner.staff),
            created_at: self.now,
        };
        add(self.app, row).await;
    }

    async fn payment_method(&mut self, customer_id: CustomerId, owner: Owner) -> PaymentMethodId {
        let id = self.id();
        let (token, iban) = (self.mint.word(), self.mint.iban());
        let row = payment_method::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            kind: PaymentMethodKind::BankAccount,
            is_default: true,
            status: PaymentMethodStatus::Active,
            // Nobody reads it.
            processor_token: Some(ProcessorToken::new(self.keep(token, &[], id))),
            brand: None,
            last4: None,
            exp_month: None,
            exp_year: None,
            bank_name: Some(self.word("PaymentMethod.bankName", id)),
            holder_name: Some(self.name("PaymentMethod.holderName", id)),
            iban: Some(Iban::new(self.keep(iban, &["PaymentMethod.iban"], id))),
            created_at: self.now,
        };
        add(self.app, row).await;
        id
    }

    async fn document(&mut self, customer_id: CustomerId, owner: Owner) {
        let id = self.id();
        let (name, key) = (self.mint.word(), self.mint.word());
        let row = document::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            kind: DocumentType::Passport,
            title: self.word("Document.title", id),
            status: DocumentStatus::Rejected,
            scan_status: ScanStatus::Clean,
            mime_type: "application/pdf".to_owned(),
            size_bytes: 1_000,
            sha256: self.word("Document.sha256", id),
            filename: FileName::new(self.keep(name, &["Document.filename"], id)),
            object_name: Some(id.encode()),
            // Nobody reads it.
            content_key: Some(DocumentKey::new(self.keep(key, &[], id))),
            is_visible_to_customer: true,
            expires_on: Some(self.now.date_naive()),
            uploaded_at: self.now,
            uploaded_by: owner.staff,
            verified_by: Some(owner.staff),
            verified_at: Some(self.now),
            rejection_reason: Some(self.word("Document.rejectionReason", id)),
        };
        add(self.app, row).await;
    }

    async fn calls(&mut self, customer_id: CustomerId, owner: Owner) {
        let (id, check) = (self.id(), self.id());
        let row = call_log::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            direction: Direction::Inbound,
            started_at: self.now,
            duration_seconds: 60,
            agent_id: Some(owner.staff),
            outcome: CallOutcome::Answered,
            ticket_id: None,
            counterparty_number: self.phone("CallLog.counterpartyNumber", id),
            subject: Some(FreeText::new(self.word("CallLog.subject", id))),
            summary: Some(FreeText::new(self.word("CallLog.summary", id))),
            authentication_method: Some(CpniAuthMethod::Password),
            authenticated_at: Some(self.now),
            created_at: self.now,
        };
        add(self.app, row).await;
        let row = identity_check::Model {
            id: check,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            method: CpniAuthMethod::Password,
            outcome: Outcome::Success,
            performed_by: owner.staff,
            performed_at: self.now,
            valid_until: self.now,
            ticket_id: None,
        };
        add(self.app, row).await;
        let id = self.id::<custodian_entity::id::EmailVerificationId>();
        let row = email_verification::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            status: VerificationStatus::Pending,
            email: self.email("EmailVerification.email", id),
            token_hash: id.encode(),
            requested_at: self.now,
            expires_at: self.now + chrono::TimeDelta::hours(24),
            verified_at: None,
            attempt_count: 0,
        };
        add(self.app, row).await;
        let id = self.id();
        let row = change_record::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            entity_type: "Customer".to_owned(),
            entity_id: customer_id.uuid(),
            field: "email".to_owned(),
            changed_at: self.now,
            actor_kind: AuthorKind::Staff,
            changed_by: Some(owner.staff),
            api_client_id: None,
            reason: None,
            version: 2,
            old_value: Some(PastValue::new(self.word("ChangeRecord.oldValue", id))),
            new_value: Some(PastValue::new(self.word("ChangeRecord.newValue", id))),
        };
        add(self.app, row).await;
    }

    /// A ticket with a message for all and one among staff. With `repeated`, the first repeats these markers.
    async fn ticket(
        &mut self,
        customer_id: CustomerId,
        owner: Owner,
        category: TicketCategory,
        shared: bool,
        repeated: &[usize],
    ) {
        let id = self.id();
        let row = ticket::Model {
            id,
            tenant_id: owner.tenant,
            reseller_id: owner.reseller,
            customer_id,
            number: self.word("Ticket.number", id),
            category,
            severity: Severity::Low,
            priority: Priority::Low,
            status: TicketStatus::New,
            channel: Channel::Phone,
            subject: FreeText::new(self.word("Ticket.subject", id)),
            description: FreeText::new(self.word("Ticket.description", id)),
            subscription_id: None,
            assignee_id: None,
            shared_with_reseller: shared && owner.reseller.is_some(),
            due_at: None,
            created_at: self.now,
            resolved_at: None,
            closed_at: None,
        };
        add(self.app, row.clone()).await;
        for is_internal in [false, true] {
            let message = self.id();
            let remark = self.mint.remark();
            let mut body = self.keep(remark, &["TicketMessage.body"], message);
            if owner.talks && !is_internal {
                for place in repeated {
                    let marker = &mut self.markers[*place];
                    if super::is_repeated(marker) {
                        body.push_str(&format!(", {}", marker.value));
                        *marker = marker.clone().at("TicketMessage.body", TypedId::encode(message));
                    }
                }
            }
            let row = ticket_message::Model {
                id: message,
                tenant_id: owner.tenant,
                reseller_id: owner.reseller,
                customer_id,
                ticket_id: id,
                ticket_category: category,
                ticket_assignee_id: None,
                shared_with_reseller: row.shared_with_reseller,
                is_internal,
                author_kind: AuthorKind::Staff,
                author_id: Some(owner.staff),
                body: FreeText::new(body),
                internal_body: Some(FreeText::new(self.word("TicketMessage.internalBody", message))),
                sent_at: self.now,
            };
            add(self.app, row).await;
        }
    }
}
