//! The documents of a customer: specimens, which show nothing of anybody.

use chrono::{Months, TimeDelta};
use custodian_entity::choice::{DocumentStatus, DocumentType, ScanStatus};
use custodian_entity::personal::{DocumentKey, FileName};
use custodian_entity::{customer, document};

use super::SeedError;
use super::batch::Batch;
use super::setting::Setting;
use super::source::{Source, first_of};
use crate::store::{ContentKey, ObjectName, Store};

/// Adds a passport that was found right, and a contract that the customer is not shown yet, with their contents.
pub(super) async fn add(
    batch: &mut Batch,
    store: &Store,
    setting: &Setting,
    owner: &customer::Model,
    source: &mut Source,
) -> Result<(), SeedError> {
    let uploaded_at = owner.created_at + TimeDelta::hours(3);
    let passport = document::Model {
        id: source.id(uploaded_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        kind: DocumentType::Passport,
        title: "Passport".to_owned(),
        status: DocumentStatus::Verified,
        scan_status: ScanStatus::Skipped,
        mime_type: "application/pdf".to_owned(),
        size_bytes: 0,
        sha256: String::new(),
        filename: FileName::new(source.fill("scan-2026-@@##.pdf")),
        object_name: None,
        content_key: None,
        is_visible_to_customer: true,
        expires_on: Some(first_of(4) + Months::new(60)),
        uploaded_at,
        uploaded_by: setting.support,
        verified_by: Some(setting.support),
        verified_at: Some(uploaded_at + TimeDelta::hours(20)),
        rejection_reason: None,
    };
    let contract_at = uploaded_at + TimeDelta::days(2);
    let contract = document::Model {
        id: source.id(contract_at),
        kind: DocumentType::Contract,
        title: "Contract, signed".to_owned(),
        status: DocumentStatus::PendingReview,
        filename: FileName::new(source.fill("contract-#####.pdf")),
        is_visible_to_customer: false,
        expires_on: None,
        uploaded_at: contract_at,
        verified_by: None,
        verified_at: None,
        ..passport.clone()
    };
    for row in [passport, contract] {
        batch.documents.push(stored(store, row).await?);
    }
    Ok(())
}

/// The row with a specimen as its content.
async fn stored(store: &Store, row: document::Model) -> Result<document::Model, SeedError> {
    let (key, name) = (ContentKey::new()?, ObjectName::new()?);
    let mut spool = store.spool(&key, &name).await?;
    spool.write(&specimen(&row.title)).await?;
    let spooled = spool.finish().await?;
    store.put(&spooled).await?;
    Ok(document::Model {
        size_bytes: i32::try_from(spooled.size).unwrap_or(i32::MAX),
        sha256: spooled.sha256_text(),
        object_name: Some(name.to_string()),
        content_key: Some(DocumentKey::new(key.to_base64().as_str())),
        ..row
    })
}

/// A PDF of one page that says what it stands for (ISO 32000-1, 7.5).
fn specimen(title: &str) -> Vec<u8> {
    let drawing = format!("BT /F1 24 Tf 72 720 Td (SPECIMEN: {title}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let (mut pdf, mut table) = ("%PDF-1.4\n".to_owned(), String::from("0000000000 65535 f \n"));
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let (start, count) = (pdf.len(), objects.len() + 1);
    pdf += &format!("xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n");
    pdf += &format!("startxref\n{start}\n%%EOF\n");
    pdf.into_bytes()
}
