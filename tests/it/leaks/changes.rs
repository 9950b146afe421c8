//! Every mutation, with every input a role may give and with every one there is, marked.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::documents::{Request, SDL, STYLES, change};
use super::marker::{Marker, Mint};
use crate::reference::{Matrix, input_needs};
use crate::rows::matrix;

static MATRIX: LazyLock<Matrix> = LazyLock::new(Matrix::read);

/// What a role sends.
pub struct Sent {
    pub requests: Vec<Request>,
    /// The marks in it, and the fields they are given for.
    pub given: Vec<(Marker, &'static str)>,
}

/// Mutations in an order in which each finds what it needs.
const ORDER: &[&str] = &[
    "sessionRevoke",
    "tenantUpdate",
    "resellerCreate",
    "resellerUpdate",
    "roleCreate",
    "roleUpdate",
    "roleGrant",
    "roleRevoke",
    "roleDelete",
    "userInvite",
    "userInvitationResend",
    "userUpdate",
    "userUnlock",
    "passwordChange",
    "customerCreate",
    "customerUpdate",
    "customerEmailChange",
    "emailVerificationSend",
    "emailVerificationConfirm",
    "addressCreate",
    "addressUpdate",
    "contactCreate",
    "contactUpdate",
    "customerNoteCreate",
    "customerNoteUpdate",
    "subscriptionCreate",
    "subscriptionSuspend",
    "subscriptionResume",
    "subscriptionActivate",
    "ticketCreate",
    "ticketUpdate",
    "ticketAssign",
    "ticketReply",
    "ticketTransition",
    "callLogCreate",
    "identityCheckPerform",
    "documentVerify",
    "documentArchive",
    "documentReject",
    "documentDownloadLink",
    "fieldReveal",
    "securityAlertAcknowledge",
    "incidentOpen",
    "incidentUpdate",
    "incidentAffectedAdd",
    "incidentNotify",
    "incidentTransition",
    "apiClientCreate",
    "apiClientRotate",
    "apiClientRevoke",
    "networkServiceUpdate",
    "invoiceCreate",
    "invoiceIssue",
    "paymentMethodAttach",
    "paymentCreate",
    "paymentRefund",
    "paymentMethodDetach",
    "invoiceVoid",
    "customerSuspend",
    "customerResume",
    "customerActivate",
    "subscriptionTerminate",
    "customerNoteDelete",
    "contactDelete",
    "addressDelete",
    "customerMoveReseller",
    "customerClose",
    "resellerSuspend",
    "resellerResume",
    "incidentContainmentLift",
    "incidentContain",
    "userDeactivate",
];

/// Signing in and out, which writes nothing that a client gave.
const SIGN_IN: [&str; 6] =
    ["login", "logout", "logoutEverywhere", "tokenRefresh", "passwordResetRequest", "passwordResetConfirm"];

/// A mutation that is missing from the list above would leak unseen; those of a second factor take nothing but codes.
pub fn all_mutations_are_sent() {
    // Files are no JSON: tests/it/documents sends them.
    let is_other = |name: &&String| {
        !SIGN_IN.contains(&name.as_str()) && !name.starts_with("mfa") && !name.starts_with("documentUpload")
    };
    for mutation in SDL.objects["Mutation"].keys().filter(is_other) {
        assert!(ORDER.contains(&mutation.as_str()), "{mutation}: add it to ORDER");
    }
}

struct Sender<'a> {
    role: &'a str,
    rows: &'a BTreeMap<&'static str, String>,
    mint: &'a mut Mint,
    given: Vec<(Marker, &'static str)>,
}

/// Everything this role can try on these rows: an id for each type.
pub fn sent(role: &str, rows: &BTreeMap<&'static str, String>, mint: &mut Mint) -> Sent {
    let mut sender = Sender { role, rows, mint, given: Vec::new() };
    let mut requests = Vec::new();
    for (mutation, style) in ORDER.iter().zip(STYLES.iter().cycle()) {
        let input = &SDL.objects["Mutation"][*mutation].arguments["input"].named;
        // First what is refused whole for most roles, then what the role may do.
        for only_allowed in [false, true] {
            let input = sender.input(input, only_allowed);
            requests.push(change(mutation, &input, *style));
        }
    }
    Sent { requests, given: sender.given }
}

impl Sender<'_> {
    fn input(&mut self, name: &str, only_allowed: bool) -> Value {
        let needs = input_needs();
        let mut input = Map::new();
        for (member, typed) in &SDL.inputs[name] {
            let need = needs[&format!("{name}.{member}")].clone();
            let is_change = ["Update", "Change", "Void"].iter().any(|verb| name.contains(verb));
            let letter = if is_change { 'u' } else { 'c' };
            let is_allowed =
                need.as_ref().is_none_or(|(_, field)| matrix::may_write(self.role, field, letter));
            if only_allowed && !is_allowed && !typed.is_required {
                continue;
            }
            let field = need.map(|(_, field)| field);
            if let Some(value) = self.value(name, member, &typed.named, field.as_deref()) {
                let value = if typed.is_list && !value.is_array() { json!([value]) } else { value };
                input.insert(member.clone(), value);
            }
        }
        Value::Object(input)
    }

    fn value(&mut self, input: &str, member: &str, kind: &str, field: Option<&str>) -> Option<Value> {
        let row = |of: &str| self.rows.get(of).map(|id| json!(id));
        Some(match (kind, member) {
            ("ID", "id") if input == "IncidentContainInput" => return row("User"),
            ("ID", "id") if input.starts_with("Incident") && input != "IncidentContainmentLiftInput" => {
                return row("SecurityIncident");
            }
            ("ID", "leadId" | "actorId") => return row("User"),
            ("ID", "alertId") => return row("SecurityAlert"),
            ("ID", "id") => {
                let of = [
                    "ApiClient",
                    "SecurityAlert",
                    "CustomerNote",
                    "Customer",
                    "Address",
                    "Contact",
                    "Subscription",
                    "NetworkService",
                    "Invoice",
                    "PaymentMethod",
                    "Payment",
                    "Document",
                    "Ticket",
                    "User",
                    "Reseller",
                ];
                // What is named to be unmasked is no field: what is one, tests/it/reveal.rs unmasks.
                let of = of.into_iter().find(|of| input.starts_with(of)).unwrap_or("Customer");
                return row(of);
            }
            ("ID", "accountManagerId" | "assigneeId" | "agentId") => return row("User"),
            ("ID", "methodId") => return row("PaymentMethod"),
            ("ID", "planId") => return row("ServicePlan"),
            ("ID", "serviceAddressId") => return row("Address"),
            // A ticket about a service of another customer would be refused.
            ("ID", _) => {
                let of = member.trim_end_matches("Id");
                let of = format!("{}{}", of[..1].to_uppercase(), &of[1..]);
                return row(&of);
            }
            (_, "version") => json!(1),
            (_, "timezone" | "slug" | "dataRegion") => return None,
            // An account is made in tests/it/verification: one that cannot be would make the rest unseen.
            (_, "username" | "password") if input == "CustomerCreateInput" => return None,
            // Who asks it of himself does nothing more here.
            (_, "mustChangePassword") => return None,
            ("Boolean", _) => json!(true),
            ("Int", "expYear") => json!(2031),
            ("Int", _) => json!(7),
            ("Float", _) => {
                return self
                    .marked(field, |mint| mint.degrees().0)
                    .and_then(|text| Some(json!(text.as_str()?.parse::<f64>().ok()?)));
            }
            ("BigInt", "amount" | "unitPrice") => json!(3),
            ("BigInt", _) => {
                return self
                    .marked(field, |mint| mint.amount().0)
                    .and_then(|text| Some(json!(text.as_str()?.parse::<i64>().ok()?)));
            }
            ("Decimal", "taxRate") => json!("0.1"),
            ("Decimal", _) => json!("1"),
            ("TokenScope", _) => json!("tickets:read"),
            ("IpAddress", _) => return self.marked(field, Mint::ipv4),
            ("Cidr", "ipv6Prefix") => return self.marked(field, Mint::ipv6_prefix),
            ("MacAddress", _) => return self.marked(field, Mint::mac),
            ("Cidr", _) => json!("192.0.2.0/24"),
            ("CountryCode", _) => json!("DE"),
            ("CurrencyCode", _) => json!("EUR"),
            ("LanguageCode", _) => json!("de"),
            ("Date", _) => json!("2026-04-01"),
            ("DateTime", "detectedAt" | "from") => json!("2026-01-31T00:00:00Z"),
            (
                "DateTime",
                "startedAt" | "authenticatedAt" | "awareAt" | "determinedAt" | "containedAt" | "notifiedAt"
                | "to",
            ) => json!("2026-02-01T00:00:00Z"),
            ("DateTime", _) => json!("2026-04-01T00:00:00Z"),
            ("PartialDate", _) => return self.marked(field, |mint| mint.birth().0),
            ("EmailAddress", _) => return self.marked(field, Mint::email),
            ("PhoneNumber", _) => return self.marked(field, Mint::phone),
            ("String", "last4") => json!("4242"),
            ("String", "iban") => return self.marked(field, Mint::iban),
            ("String", "holderName") => return self.marked(field, Mint::name),
            ("String", "governmentIdNumber" | "taxId") => return self.marked(field, Mint::number),
            ("String", "postalCode") => return self.marked(field, Mint::postal_code),
            ("String", _) if field == Some("TicketMessage.body") => return self.marked(field, Mint::remark),
            ("String", _) => return self.marked(field, Mint::word),
            ("IncidentStatus", _) => json!("CONTAINED"),
            ("TicketStatus", _) => json!("IN_PROGRESS"),
            (set, _) if SDL.enums.contains_key(set) => json!(SDL.enums[set][0]),
            (nested, _) => self.input(nested, false),
        })
    }

    /// A mark for a field; for a member without one, such as a reason or a key, one that nobody need see.
    fn marked(&mut self, field: Option<&str>, mint: impl FnOnce(&mut Mint) -> Marker) -> Option<Value> {
        let marker = mint(self.mint);
        let value = json!(marker.value);
        let named = MATRIX.fields.iter().find(|known| Some(known.name.as_str()) == field);
        if let Some(named) = named {
            self.given.push((marker, named.name.as_str()));
        }
        Some(value)
    }
}
