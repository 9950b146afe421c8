//! The server is killed under load (FA1): whatever it acknowledged is there, with its entry in the audit log. (Documents:
//! `documents::killed`.)

use std::sync::Arc;

use custodian_entity::audit_event;
use custodian_entity::id::{CustomerId, TypedId};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::BACK;
use crate::commands::run;
use crate::database::connect;
use crate::fixture::text;
use crate::serving::Serving;
use crate::suite::{Suite, runtime};

pub(super) fn register(suite: &mut Suite) {
    suite.pure(
        "faults::a server that is killed in the middle of changes loses none that it acknowledged",
        killed,
    );
}

/// How many change something at the same time.
const AT_ONCE: usize = 12;

/// After how many acknowledgements the server is killed, round by round.
const ROUNDS: [u32; 5] = [0, 5, 17, 30, 44];

/// As many as it takes, each of another address.
const SETTINGS: [(&str, &str); 1] = [("CUSTODIAN_CUSTOMER_CREATE_PER_MINUTE", "1000")];

pub(super) const CREATE: &str = "mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { \
    customer { id version } userErrors { code } } }";
const UPDATE: &str = "mutation($input: CustomerUpdateInput!) { customerUpdate(input: $input) { \
    customer { id version } userErrors { code } } }";

/// What was acknowledged of a customer: the address, and whether the change of it was.
struct Acknowledged {
    id: String,
    email: String,
    is_changed: bool,
}

/// A new customer.
pub(super) fn input(email: &str) -> Value {
    json!({ "input": { "type": "INDIVIDUAL", "displayName": "Jo Doe", "email": email } })
}

/// Adds customers and changes them, one after the other, until nobody answers.
async fn work(serving: Arc<Serving>, name: String, count: Arc<Semaphore>) -> Vec<Acknowledged> {
    let mut done = Vec::new();
    for number in 0.. {
        let email = format!("{name}-{number}@load.example");
        let Ok(answer) = serving.try_ask(CREATE, input(&email)).await else { break };
        let customer = &answer["data"]["customerCreate"]["customer"];
        assert!(customer.is_object(), "it was answered, and not done: {answer}");
        let id = text(&customer["id"]).to_owned();
        done.push(Acknowledged { id: id.clone(), email, is_changed: false });
        count.add_permits(1);
        let change = json!({ "input": { "id": id, "version": customer["version"], "language": "fr" } });
        let Ok(answer) = serving.try_ask(UPDATE, change).await else { break };
        assert!(
            answer["data"]["customerUpdate"]["customer"].is_object(),
            "it was answered, and not done: {answer}"
        );
        done.last_mut().expect("it was added").is_changed = true;
        count.add_permits(1);
    }
    done
}

fn killed() {
    runtime().block_on(async {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut acknowledged = Vec::new();
        for (round, after) in ROUNDS.into_iter().enumerate() {
            let serving = timeout(BACK, Serving::begin(folder.path(), &SETTINGS)).await;
            let serving = Arc::new(serving.expect("a server that was killed does not come back in time"));
            let count = Arc::new(Semaphore::new(0));
            let mut working = JoinSet::new();
            for number in 0..AT_ONCE {
                working.spawn(work(serving.clone(), format!("r{round}w{number}"), count.clone()));
            }
            drop(count.acquire_many(after).await.expect("nobody closes it"));
            crate::commands::kill(&serving.server, "-KILL");
            while let Some(done) = working.join_next().await {
                acknowledged.extend(done.expect("a client does not panic"));
            }
        }
        let serving =
            timeout(BACK, Serving::begin(folder.path(), &SETTINGS)).await.expect("it comes back in time");
        let data = folder.path().join("data");
        let url = format!("sqlite://{}", data.join("custodian.db").display());
        let events = audit_event::Entity::find().all(&connect(&url).await.expect("an address")).await;
        let events = events.expect("the database answers");
        let is_recorded = |id: &str, kind: &str| {
            let id = CustomerId::decode(id).expect("an id");
            events.iter().any(|event| event.event_type == kind && event.customer_id == Some(id))
        };
        for Acknowledged { id, email, is_changed } in &acknowledged {
            let read = serving
                .ask("query($id: ID!) { customer(id: $id) { email language } }", json!({ "id": id }))
                .await;
            assert_eq!(read["customer"]["email"], json!(email), "{id} was acknowledged and is gone");
            assert!(
                !is_changed || read["customer"]["language"] == "fr",
                "a change of {id} was acknowledged and is gone"
            );
            assert!(
                is_recorded(id, "CUSTOMER_CREATED"),
                "{id} is there and its entry in the audit log is not"
            );
            assert!(!is_changed || is_recorded(id, "CUSTOMER_UPDATED"), "{id} was changed without an entry");
        }
        assert!(
            acknowledged.len() > ROUNDS.iter().sum::<u32>() as usize / 3,
            "{} were acknowledged",
            acknowledged.len()
        );
        drop(serving);
        let output = run(folder.path(), &["audit", "verify"], &[("CUSTODIAN_LOG", "off")]);
        assert!(output.status.success(), "the chain is broken: {}", String::from_utf8_lossy(&output.stdout));
    });
}
