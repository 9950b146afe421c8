//! The tariffs of the demo providers.

use chrono::TimeDelta;
use custodian_entity::choice::{BillingPeriod, PlanStatus, ServiceKind};
use custodian_entity::id::TenantId;
use custodian_entity::service_plan;

use super::source::{Source, opening};

/// Code, name, kind, download and upload in kbit/s, price in minor units, status. Nothing delivers 0 kbit/s: it
/// means that the tariff has no data rate.
pub(super) type Row = (&'static str, &'static str, ServiceKind, i32, i32, i64, PlanStatus);

#[rustfmt::skip]
pub(super) const ACME: &[Row] = &[
    ("FIBRE-100", "Fibre 100", ServiceKind::Internet, 100_000, 50_000, 2_999, PlanStatus::Active),
    ("FIBRE-500", "Fibre 500", ServiceKind::Internet, 500_000, 250_000, 3_999, PlanStatus::Active),
    ("FIBRE-1000", "Fibre 1000", ServiceKind::Internet, 1_000_000, 500_000, 5_499, PlanStatus::Active),
    ("WIRELESS-30", "Rural Wireless 30", ServiceKind::Internet, 30_000, 5_000, 2_499, PlanStatus::Active),
    ("VOICE-EU", "Voice Europe", ServiceKind::Voice, 0, 0, 999, PlanStatus::Active),
    ("TV-START", "TV Start", ServiceKind::Television, 0, 0, 1_299, PlanStatus::Active),
    ("MOBILE-20", "Mobile 20 GB", ServiceKind::Mobile, 300_000, 50_000, 1_499, PlanStatus::Active),
    ("HOME-BUNDLE", "Home Bundle", ServiceKind::Bundle, 500_000, 250_000, 5_999, PlanStatus::Active),
    ("DSL-16", "DSL 16", ServiceKind::Internet, 16_000, 1_000, 1_999, PlanStatus::Retired),
    ("FIBRE-8000", "Fibre 8000", ServiceKind::Internet, 8_000_000, 8_000_000, 9_999, PlanStatus::Draft),
];

#[rustfmt::skip]
pub(super) const GLOBEX: &[Row] = &[
    ("CABLE-200", "Cable 200", ServiceKind::Internet, 200_000, 20_000, 4_500, PlanStatus::Active),
    ("CABLE-600", "Cable 600", ServiceKind::Internet, 600_000, 40_000, 6_500, PlanStatus::Active),
    ("FIBER-1G", "Fiber 1 Gig", ServiceKind::Internet, 1_000_000, 1_000_000, 8_000, PlanStatus::Active),
    ("HOMEPHONE", "Home Phone", ServiceKind::Voice, 0, 0, 1_500, PlanStatus::Active),
    ("MOBILE-5", "Mobile 5 GB", ServiceKind::Mobile, 150_000, 25_000, 2_000, PlanStatus::Active),
    ("SAT-25", "Satellite 25", ServiceKind::Internet, 25_000, 3_000, 7_000, PlanStatus::Active),
];

/// The tariffs as rows.
pub(super) fn rows(
    tenant_id: TenantId,
    currency: &str,
    table: &[Row],
    source: &mut Source,
) -> Vec<service_plan::Model> {
    let rate = |kbps: i32| (kbps > 0).then_some(kbps);
    let mut created_at = opening();
    table
        .iter()
        .map(|&(code, name, kind, download, upload, price_amount, status)| {
            created_at += TimeDelta::minutes(5);
            service_plan::Model {
                id: source.id(created_at),
                tenant_id,
                code: code.to_owned(),
                name: name.to_owned(),
                kind,
                download_kbps: rate(download),
                upload_kbps: rate(upload),
                // Mobile tariffs say their volume in their name: gigabytes of 10^9 bytes.
                data_cap_bytes: match code {
                    "MOBILE-20" => Some(20_000_000_000),
                    "MOBILE-5" => Some(5_000_000_000),
                    _ => None,
                },
                price_amount,
                currency: currency.to_owned(),
                billing_period: BillingPeriod::Monthly,
                status,
                created_at,
            }
        })
        .collect()
}
