//! What Custodian stores: SeaORM entities, a typed id for each, and the types of personal data.
//!
//! Invariant: this crate knows nothing of GraphQL, of roles or of masks. A value of [`personal`] can be stored and
//! compared here; how it is shown is decided in the server's `authz` module, and nowhere else.

pub mod account_token;
pub mod address;
pub mod alert_cursor;
pub mod api_client;
pub mod audit_cursor;
pub mod audit_event;
pub mod audit_head;
pub mod call_log;
pub mod casbin_rule;
pub mod change_record;
pub mod choice;
pub mod contact;
pub mod containment;
pub mod customer;
pub mod customer_note;
pub mod customer_word;
pub mod disclosed_cursor;
pub mod disclosed_customer;
pub mod disclosed_list;
pub mod disclosure;
pub mod document;
pub mod document_link;
pub mod email_verification;
pub mod external_identity;
pub mod id;
pub mod identity_check;
pub mod invoice;
pub mod invoice_line;
pub mod letter;
pub mod network_service;
pub mod number_series;
pub mod payment;
pub mod payment_method;
pub mod personal;
pub mod policy_version;
pub mod recovery_code;
pub mod refresh_token;
pub mod refund;
pub mod reseller;
pub mod revoked_token;
pub mod role;
pub mod role_grant;
pub mod second_factor;
pub mod security_alert;
pub mod service_plan;
pub mod session;
pub mod sign_in_attempt;
pub mod step_up;
pub mod subscription;
pub mod tenant;
pub mod ticket;
pub mod ticket_message;
pub mod user;
