//! What stands behind a reveal besides its purpose: a ticket of the customer, or a check of who is calling.

use std::sync::Arc;

use custodian_entity::choice::TicketStatus;
use custodian_entity::id::{CustomerId, IdentityCheckId, TicketId};

use crate::authz::Operation;
use crate::authz::catalog::FieldId;
use crate::calls::passed;
use crate::error::{Error, Result};
use crate::graphql::{Outcome, UserError, UserErrorCode};
use crate::support::ticket_of;

/// What is put on record with the reveal.
#[derive(Debug, Default)]
pub(crate) struct Ground {
    pub(crate) ticket: Option<TicketId>,
    pub(crate) check: Option<IdentityCheckId>,
}

/// The ticket that was named, or else the check that stands behind revealing these fields of this customer's row; or
/// nothing, where the policy asks for neither.
pub(crate) async fn find(
    operation: &Arc<Operation>,
    fields: &[FieldId],
    customer: Option<CustomerId>,
    ticket: Option<TicketId>,
) -> Result<Outcome<Ground>> {
    if let Some(id) = ticket {
        let ticket = ticket_of(operation, id, customer.ok_or(Error::NotFound)?).await?;
        if matches!(ticket.status, TicketStatus::Resolved | TicketStatus::Closed) {
            let over = UserError::on("ticketId", UserErrorCode::Invalid, "this ticket is not open");
            return Ok(Err(vec![over]));
        }
        return Ok(Ok(Ground { ticket: Some(id), check: None }));
    }
    if fields.iter().all(|field| operation.rights.reveals_freely(*field)) {
        return Ok(Ok(Ground::default()));
    }
    let check = match customer {
        Some(customer) => passed(operation, customer).await?,
        None => None,
    };
    Ok(check.map(|check| Ground { ticket: None, check: Some(check) }).ok_or_else(|| {
        let needed = "name an open ticket of this customer, or check who is calling first";
        vec![UserError::on("ticketId", UserErrorCode::Required, needed)]
    }))
}
