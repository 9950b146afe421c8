//! What must be unique tells nobody what others have, nor does what a row is linked to (DOMAIN, rule 2).

use custodian_entity::id::TypedId;
use custodian_entity::{customer as customers, payment, reseller};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

use super::comparable;
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, MARIA, SUPPORT, account, customer};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("rows::a provider's short name does not confirm another provider's", short_name);
    suite.both("rows::an e-mail address in use does not confirm another reseller's customer", email);
    suite.both("rows::a reference in use does not confirm another reseller's customer", reference);
    suite.both("rows::an idempotency key does not confirm another customer's payment", idempotency_key);
    suite.both("rows::a link that reads null is found by no id", hidden_links);
}

/// The answer to a value that others use is the answer to one that nobody uses. What a change gives out (ids, numbers)
/// is not asked for.
async fn alike(client: &Client, document: &str, used: Value, unused: Value) {
    let used = client.query(document, json!({ "value": used })).await;
    let unused = client.query(document, json!({ "value": unused })).await;
    assert_eq!(comparable(&used), comparable(&unused), "the answer tells that somebody else has the value");
}

async fn short_name(app: TestApp) {
    let client = app.login("tenant-admin@acme.example").await;
    let document =
        "mutation ($value: String) { tenantUpdate(input: { slug: $value }) { userErrors { code } } }";
    alike(&client, document, json!("globex"), json!("nobody-yet")).await;
}

/// A customer of the reseller SOUTH, whom NORTH must not learn of.
async fn of_south(app: &TestApp) -> customers::Model {
    let south = reseller::Entity::find().filter(reseller::Column::Code.eq("SOUTH"));
    let south = south.one(app.db()).await.unwrap().unwrap();
    let theirs = customers::Entity::find()
        .filter(customers::Column::ResellerId.eq(south.id))
        .filter(customers::Column::Email.is_not_null())
        .filter(customers::Column::ExternalReference.is_not_null());
    theirs.one(app.db()).await.unwrap().unwrap()
}

async fn email(app: TestApp) {
    let theirs = of_south(&app).await;
    let client = app.login("reseller@acme.example").await;
    let document = "mutation ($value: EmailAddress) { customerCreate(input: { type: INDIVIDUAL, displayName: \"N\", \
                    email: $value }) { userErrors { code } } }";
    alike(&client, document, json!(theirs.email.unwrap().expose()), json!("nobody@else.example")).await;
}

async fn reference(app: TestApp) {
    let theirs = of_south(&app).await;
    let client = app.login("reseller@acme.example").await;
    let document = "mutation ($value: String) { customerCreate(input: { type: INDIVIDUAL, displayName: \"N\", \
                    externalReference: $value }) { userErrors { code } } }";
    alike(&client, document, json!(theirs.external_reference), json!("R-NOBODY")).await;
}

async fn idempotency_key(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let theirs = payment::Entity::find()
        .filter(payment::Column::TenantId.eq(maria.tenant_id))
        .filter(payment::Column::CustomerId.ne(maria.id));
    let theirs = theirs.one(app.db()).await.unwrap().unwrap();
    let client = app.login("customer@acme.example").await;
    let document = format!(
        "mutation ($value: String!) {{ paymentCreate(input: {{ customerId: {}, amount: 5, idempotencyKey: $value }}) \
         {{ userErrors {{ code }} }} }}",
        json!(maria.id.encode())
    );
    alike(&client, &document, json!(theirs.idempotency_key), json!("nobody used it")).await;
}

async fn hidden_links(app: TestApp) {
    let manager = account(&app, SUPPORT).await.id;
    let managed = customers::Entity::update_many()
        .set(customers::ActiveModel { account_manager_id: Set(Some(manager)), ..Default::default() });
    managed.exec(app.db()).await.unwrap();
    let document = "query ($filter: CustomerFilter) { customers(filter: $filter, first: 1) \
                    { totalCount nodes { accountManager { id } } } }";
    let by_id = [
        json!({ "eq": manager.encode() }),
        json!({ "in": [manager.encode()] }),
        json!({ "eq": manager.encode(), "is": {} }),
    ];
    // Staff reach him, the reseller of the same customers does not.
    for (username, reaches) in [(ADMIN, true), ("reseller@acme.example", false)] {
        let client = app.login(username).await;
        let ask = async |filter: Value| client.query(document, json!({ "filter": filter })).await;
        let all = ask(json!({})).await.ok()["customers"].clone();
        assert!(all["totalCount"].as_u64() > Some(0), "{username}: {all}");
        assert_eq!(all["nodes"][0]["accountManager"].is_null(), !reaches, "{username}: {all}");
        for by_id in &by_id {
            let found = ask(json!({ "accountManager": by_id })).await;
            let others = ask(json!({ "not": [{ "accountManager": by_id }] })).await;
            let (found, others) =
                (&found.ok()["customers"]["totalCount"], &others.ok()["customers"]["totalCount"]);
            let (every, none) = (&all["totalCount"], &json!(0));
            let expected = if reaches { (every, none) } else { (none, every) };
            assert_eq!((found, others), expected, "{username}: {by_id}");
        }
        // Nothing is asked of the link.
        assert_eq!(ask(json!({ "accountManager": {} })).await.ok()["customers"], all, "{username}");
    }
}
