//! `documentUpload`, `documentUploadMany`

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use custodian_entity::choice::{CustomerStatus, DocumentStatus, DocumentType, ScanStatus, UserKind};
use custodian_entity::customer;
use custodian_entity::document::{ActiveModel, Entity, Model};
use custodian_entity::id::{CustomerId, DocumentId, TypedId};
use custodian_entity::personal::{DocumentKey, FileName};
use garde::Validate;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Set};

use super::intake::{Intake, Refused, Taken};
use super::{Document, room, subject};
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::Date;
use crate::graphql::upload::{Arriving, Files, Upload};
use crate::graphql::validate::{check, line};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A file, and what it is.
#[derive(InputObject, Validate)]
pub struct DocumentUploadInput {
    /// Whose.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// What it shows.
    #[garde(skip)]
    #[graphql(name = "type")]
    kind: Choice<DocumentType>,
    /// What it is called in lists: name nobody.
    #[garde(custom(line), length(chars, min = 1, max = 200))]
    title: String,
    /// The last day on which what it shows is good.
    #[garde(skip)]
    expires_on: Option<Date>,
    /// Whether the customer is shown it. What customers and resellers upload is; of the rest, nothing unless it is said here.
    #[garde(skip)]
    is_visible_to_customer: Option<bool>,
    /// A PDF, JPEG or PNG file, as a part of the request (GraphQL multipart request specification).
    #[garde(skip)]
    file: Upload,
}

/// Files of one customer, and what they are.
#[derive(InputObject)]
pub struct DocumentUploadManyInput {
    /// Whose.
    customer_id: Gid<CustomerId>,
    /// Each file.
    #[graphql(validator(min_items = 1, max_items = 5))]
    documents: Vec<DocumentInput>,
}

/// One of several files.
#[derive(InputObject, Validate)]
pub struct DocumentInput {
    /// What it shows.
    #[garde(skip)]
    #[graphql(name = "type")]
    kind: Choice<DocumentType>,
    /// What it is called in lists: name nobody.
    #[garde(custom(line), length(chars, min = 1, max = 200))]
    title: String,
    /// The last day on which what it shows is good.
    #[garde(skip)]
    expires_on: Option<Date>,
    /// As of a single file.
    #[garde(skip)]
    is_visible_to_customer: Option<bool>,
    /// A PDF, JPEG or PNG file, as a part of the request.
    #[garde(skip)]
    file: Upload,
}

crate::payloads! { DocumentUploadPayload { document: Document } }

/// What became of each file.
#[derive(SimpleObject)]
pub struct DocumentUploadManyPayload {
    /// In the order of the input: one that is refused, or that fails, takes no other with it.
    results: Vec<Maybe<DocumentUploadPayload>>,
    /// Why none was looked at; empty when they were.
    user_errors: Vec<UserError>,
}

/// How documents come in.
#[derive(Default)]
pub struct UploadMutation;

#[Object]
impl UploadMutation {
    /// Takes in a file: a PDF without anything that runs, a JPEG or a PNG, of at most 10 MiB unless the provider says
    /// otherwise. It can be read once the scanner has found nothing in it.
    async fn document_upload(
        &self,
        ctx: &Context<'_>,
        input: DocumentUploadInput,
    ) -> Maybe<DocumentUploadPayload> {
        certain(async {
            let DocumentUploadInput { customer_id, kind, title, expires_on, is_visible_to_customer, file } =
                input;
            let item = DocumentInput { kind, title, expires_on, is_visible_to_customer, file };
            let results = upload(ctx, "documentUpload", customer_id.0, &[item]).await?;
            match results {
                Ok(mut results) => results.pop().ok_or_else(|| Error::bug("a file without a result"))?,
                Err(refused) => Ok(Err(refused)),
            }
        })
        .await
    }

    /// Takes in up to five files, each as if it came alone.
    async fn document_upload_many(
        &self,
        ctx: &Context<'_>,
        input: DocumentUploadManyInput,
    ) -> Maybe<DocumentUploadManyPayload> {
        certain(async {
            let outcome = upload(ctx, "documentUploadMany", input.customer_id.0, &input.documents).await?;
            let (taken, user_errors) = match outcome {
                Ok(results) => (results, Vec::new()),
                Err(refused) => (Vec::new(), refused),
            };
            let mut results = Vec::with_capacity(taken.len());
            for result in taken {
                results.push(certain(std::future::ready(result)).await);
            }
            Ok::<_, Error>(DocumentUploadManyPayload { results, user_errors })
        })
        .await
    }
}

/// Takes in the files of a customer in the order in which they come, and tells of each in the order of the input.
async fn upload(
    ctx: &Context<'_>,
    action: &'static str,
    customer: CustomerId,
    items: &[DocumentInput],
) -> Result<Outcome<Vec<Result<Outcome<Model>>>>> {
    let operation = ctx.operation()?;
    let intake = ctx.data_opt::<Arc<Intake>>().ok_or_else(|| Error::bug("the schema takes no files in"))?;
    let customer = Scoped::<customer::Entity>::of(operation).get(customer).await?;
    // Nothing of the database is held while bytes come in.
    operation.end().await?;
    if let Err(left) = still_here(&customer) {
        return Ok(Err(left));
    }
    let files = Files::of(ctx)?;
    let mut results: Vec<Option<Result<Outcome<Model>>>> = items.iter().map(|_| None).collect();
    let mut ended = None;
    while results.iter().any(Option::is_none) {
        let file = match files.next().await {
            Ok(Some(file)) => file,
            Ok(None) => break,
            Err(error) => {
                ended = Some(error);
                break;
            }
        };
        let place = items.iter().position(|item| item.file == file.slot);
        let Some((item, result)) = place.and_then(|place| Some((items.get(place)?, results.get_mut(place)?)))
        else {
            ended = Some(Error::bad_input("files are given to one field of a request"));
            break;
        };
        *result = Some(one(operation, intake, action, &customer, item, file).await);
    }
    let ended = ended.unwrap_or_else(|| Error::bad_input("a file was announced and did not come"));
    Ok(Ok(results.into_iter().map(|result| result.unwrap_or_else(|| Err(ended.clone()))).collect()))
}

/// That the customer has not left.
fn still_here(customer: &customer::Model) -> Outcome<()> {
    if matches!(customer.status, CustomerStatus::Closed | CustomerStatus::Anonymized) {
        let left = UserError::on("customerId", UserErrorCode::Invalid, "this customer has left");
        return Err(vec![left]);
    }
    Ok(())
}

/// Takes in one file.
async fn one(
    operation: &Arc<Operation>,
    intake: &Intake,
    action: &'static str,
    customer: &customer::Model,
    item: &DocumentInput,
    file: Arriving<'_>,
) -> Result<Outcome<Model>> {
    if let Err(refused) = acceptable(operation, intake, customer, item).await? {
        return Ok(Err(refused));
    }
    let taken = match intake.take(file).await? {
        Ok(taken) => taken,
        Err(refused) => return refuse(operation, action, customer, refused).await,
    };
    intake.store.put(&taken.spooled).await?;
    let added = add(operation, action, customer.id, item, &taken).await;
    // Of a commit that fails nobody knows here whether it took effect: the sweep asks the database which objects have a row.
    if matches!(added, Ok(Err(_))) {
        // Should this fail as well, it is an orphan, and swept.
        if let Err(error) = intake.store.delete(&taken.object).await {
            Error::from(error).log();
        }
    }
    added
}

/// What can be said against a file before a byte of it is read.
async fn acceptable(
    operation: &Arc<Operation>,
    intake: &Intake,
    customer: &customer::Model,
    item: &DocumentInput,
) -> Result<Outcome<()>> {
    let mut refused = check(item).err().unwrap_or_default();
    if item.expires_on.is_some_and(|Date(day)| day < operation.clock.today()) {
        refused.push(UserError::on("expiresOn", UserErrorCode::Invalid, "lies in the past"));
    }
    if refused.is_empty()
        && let Some(full) = room::lacking(operation, intake.room, customer.tenant_id, customer.id).await?
    {
        refused.push(UserError::on("file", UserErrorCode::FileTooLarge, full));
    }
    Ok(if refused.is_empty() { Ok(()) } else { Err(refused) })
}

/// Says why; that something was found in it is on record.
async fn refuse(
    operation: &Arc<Operation>,
    action: &'static str,
    customer: &customer::Model,
    refused: Refused,
) -> Result<Outcome<Model>> {
    let on_file = |code, message: String| Ok(Err(vec![UserError::on("file", code, message)]));
    match refused {
        Refused::Unfit(unfit) => on_file(UserErrorCode::FileTypeNotAllowed, unfit.to_string()),
        Refused::TooLarge(most) => {
            on_file(UserErrorCode::FileTooLarge, format!("is longer than {} MiB", most / (1024 * 1024)))
        }
        Refused::Infected(signature) => {
            let subject = Subject::row("Customer", customer.id, customer.tenant_id)
                .of_customer(customer.id, customer.reseller_id);
            let event = Event::denied(EventType::DocumentInfected, subject).infection(signature);
            let Ok(()) =
                recorded(operation, action, async || Ok(Change::<_, Infallible>::Done((), event))).await?;
            let message = "something harmful was found in it: nothing of it was kept";
            on_file(UserErrorCode::FileInfected, message.to_owned())
        }
    }
}

/// Adds the row of a file whose content is in the store.
async fn add(
    operation: &Arc<Operation>,
    action: &'static str,
    customer: CustomerId,
    item: &DocumentInput,
    taken: &Taken,
) -> Result<Outcome<Model>> {
    recorded(operation, action, async || {
        // It may have moved, or left, while the file came in; until the row is there it does neither.
        let is_it = customer::Column::Id.eq(customer);
        let found = Scoped::<customer::Entity>::of(operation);
        let customer = found.one(|rows| rows.filter(is_it).lock_shared()).await?.ok_or(Error::NotFound)?;
        accept!(still_here(&customer));
        let identity = operation.identity()?;
        let is_waiting = taken.is_scanned == ScanStatus::Pending;
        let row = ActiveModel {
            id: Set(DocumentId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            kind: Set(item.kind.0),
            title: Set(item.title.trim().to_owned()),
            status: Set(if is_waiting { DocumentStatus::Scanning } else { DocumentStatus::PendingReview }),
            scan_status: Set(taken.is_scanned),
            mime_type: Set(taken.kind.mime().to_owned()),
            size_bytes: Set(i32::try_from(taken.spooled.size).map_err(Error::internal)?),
            sha256: Set(taken.spooled.sha256_text()),
            filename: Set(FileName::new(taken.name.clone())),
            object_name: Set(Some(taken.object.to_string())),
            content_key: Set(Some(DocumentKey::new(taken.key.to_base64().as_str()))),
            is_visible_to_customer: Set(item
                .is_visible_to_customer
                .unwrap_or(identity.kind != UserKind::Staff)),
            expires_on: Set(item.expires_on.map(|Date(day)| day)),
            uploaded_at: Set(operation.clock.now()),
            uploaded_by: Set(identity.user),
            verified_by: Set(None),
            verified_at: Set(None),
            rejection_reason: Set(None),
        };
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        let mut names = vec!["type", "title"];
        names.extend(item.expires_on.map(|_| "expiresOn"));
        names.extend(item.is_visible_to_customer.map(|_| "isVisibleToCustomer"));
        let event = Event::done(EventType::DocumentUploaded, subject(&added)).fields(names);
        Ok(Change::Done(added, event))
    })
    .await
}
