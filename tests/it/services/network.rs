//! The technical side of a subscription: what may be changed of it, and to what.

use custodian_entity::choice::{AccessTechnology, ConnectionType};
use custodian_entity::id::TypedId;
use custodian_entity::network_service::{Entity, Model};
use custodian_entity::personal::{IpPrefix, LineAddress, MacAddresses};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{Log, MARIA, customer, mutate};
use crate::past::all_open;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("services::a line is changed by who runs the network", change);
    suite.both("services::what no line can have is refused", bad_members);
    suite.both("services::a line of nothing given stays as it is", nothing);
}

const NETWORK: &str = "network@acme.example";

async fn line(app: &TestApp) -> Model {
    let maria = customer(app, MARIA).await;
    let mut lines = all_open::<Entity>(app).await;
    lines.retain(|row| row.customer_id == maria.id);
    lines.into_iter().min_by_key(|row| row.id).expect("María has a line")
}

async fn change(app: TestApp) {
    let client = app.login(NETWORK).await;
    let before = line(&app).await;
    let mut log = Log::mark(&app).await;
    let input = json!({
        "id": before.id.encode(), "accessTechnology": "DSL", "connectionType": "STATIC", "ipv4": "203.0.113.9",
        "ipv6Prefix": "2001:db8:9::/48", "serviceVlan": 1, "customerVlan": 4094, "circuitId": "CKT-9",
        "accessNode": "node-9", "accessPort": "1/1/9",
        // As devices write them; each once.
        "macAddresses": ["3c-84-6a-12-34-56", "3C846A123456", "f4f2.6d00.0001", "98:da:c4:00:00:02"],
    });
    let fields = "id ipv4 ipv6Prefix macAddresses serviceVlan subscription { id }";
    let outcome = mutate(&client, "networkServiceUpdate", fields, input).await;
    let macs = ["3C:84:6A:12:34:56", "F4:F2:6D:00:00:01", "98:DA:C4:00:00:02"];
    assert_eq!(outcome.done()["macAddresses"], json!(macs));
    assert_eq!(outcome.done()["subscription"]["id"], before.subscription_id.encode());
    let event = log.one(&app, "NETWORK_SERVICE_UPDATED").await;
    assert_eq!((event.customer_id, event.resource_id), (Some(before.customer_id), Some(before.id.encode())));
    let named = event.details["fields"].as_array().unwrap();
    assert_eq!(named.len(), 10, "an event names the fields that were given: {named:?}");
    let expected = Model {
        access_technology: AccessTechnology::Dsl,
        connection_type: ConnectionType::Static,
        ipv4: Some(LineAddress::new("203.0.113.9")),
        ipv6_prefix: Some(IpPrefix::new("2001:db8:9::/48")),
        mac_addresses: Some(MacAddresses::new(macs.join(","))),
        service_vlan: Some(1),
        customer_vlan: Some(4094),
        circuit_id: Some("CKT-9".to_owned()),
        access_node: Some("node-9".to_owned()),
        access_port: Some("1/1/9".to_owned()),
        ..before
    };
    assert_eq!(line(&app).await, expected);

    // Null removes, as does a list of nothing.
    let input = json!({
        "id": expected.id.encode(), "ipv4": null, "ipv6Prefix": null, "serviceVlan": null, "macAddresses": [],
        "circuitId": null,
    });
    mutate(&client, "networkServiceUpdate", "id", input).await.done();
    log.one(&app, "NETWORK_SERVICE_UPDATED").await;
    let expected = Model {
        ipv4: None,
        ipv6_prefix: None,
        mac_addresses: None,
        service_vlan: None,
        circuit_id: None,
        ..expected
    };
    assert_eq!(line(&app).await, expected);
}

async fn bad_members(app: TestApp) {
    let client = app.login(NETWORK).await;
    let before = line(&app).await;
    let mut log = Log::mark(&app).await;
    for (member, value, expected) in [
        ("ipv4", json!("2001:db8::1"), "ipv4 INVALID"),
        ("ipv4", json!("203.0.113.256"), "BAD_USER_INPUT"),
        ("ipv6Prefix", json!("203.0.113.0/24"), "ipv6Prefix INVALID"),
        ("ipv6Prefix", json!("2001:db8::"), "BAD_USER_INPUT"),
        ("macAddresses", json!(["3C:84:6A:12:34"]), "macAddresses INVALID"),
        ("macAddresses", json!(["3C:84:6A:12:34:5G"]), "macAddresses INVALID"),
        ("macAddresses", json!(["3C:84-6A:12:34:56"]), "macAddresses INVALID"),
        ("macAddresses", json!(["3:C846A:12:34:56"]), "macAddresses INVALID"),
        ("macAddresses", json!(["３C846A123456"]), "macAddresses INVALID"),
        ("macAddresses", json!([""]), "macAddresses INVALID"),
        ("macAddresses", json!(vec!["3C:84:6A:12:34:56"; 17]), "macAddresses TOO_LONG"),
        ("serviceVlan", json!(0), "serviceVlan INVALID"),
        ("customerVlan", json!(4095), "customerVlan INVALID"),
        ("circuitId", json!("a\nb"), "circuitId INVALID"),
        ("accessNode", json!("n".repeat(101)), "accessNode TOO_LONG"),
        ("accessPort", json!(" "), "accessPort INVALID"),
        ("accessTechnology", json!("CARRIER_PIGEON"), "BAD_USER_INPUT"),
        ("subscriptionId", Value::Null, "BAD_USER_INPUT"),
    ] {
        let input = json!({ "id": before.id.encode(), member: value });
        let outcome = mutate(&client, "networkServiceUpdate", "id", input).await;
        assert_eq!(outcome.summary(), expected, "{member} {value}");
    }
    log.none(&app).await;
    assert_eq!(line(&app).await, before);
}

async fn nothing(app: TestApp) {
    let client = app.login(NETWORK).await;
    let before = line(&app).await;
    mutate(&client, "networkServiceUpdate", "id", json!({ "id": before.id.encode() })).await.done();
    assert_eq!(line(&app).await, before);
}
