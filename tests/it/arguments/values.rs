//! Values for every type of input that the schema has, and how a document writes them.

use serde_json::{Map, Value, json};

use crate::reference::{Sdl, Typed};

/// A value that the type accepts and that no row has.
///
/// # Panics
/// For a type this file does not know: give it a value here.
pub fn value(sdl: &Sdl, typed: &Typed) -> Value {
    let one = match typed.named.as_str() {
        "String" => json!("no such text"),
        // Which row, and of which type, is for the test to say.
        "ID" => Value::Null,
        // A part of the request stands for it.
        "Upload" => Value::Null,
        "EmailAddress" => json!("nobody@nowhere.example"),
        "PhoneNumber" => json!("+442079460123"),
        "CountryCode" => json!("PT"),
        "CurrencyCode" => json!("CHF"),
        "LanguageCode" => json!("pt-BR"),
        "Date" => json!("2199-12-31"),
        "DateTime" => json!("2199-12-31T00:00:00Z"),
        "PartialDate" => json!("1961-04-12"),
        "BigInt" => json!(987_654_321),
        "Int" => json!(42),
        "Float" => json!(41.25),
        "Decimal" => json!("0.5"),
        "Boolean" => json!(true),
        "TokenScope" => json!("tickets:read"),
        "Cidr" => json!("192.0.2.0/24"),
        "IpAddress" => json!("192.0.2.7"),
        "MacAddress" => json!("3C:84:6A:12:34:57"),
        name => match (sdl.enums.get(name), sdl.inputs.contains_key(name)) {
            (Some(values), _) => json!(values[0]),
            (None, true) => Value::Object(required(sdl, name)),
            (None, false) => panic!("arguments/values.rs has no value for {name}"),
        },
    };
    if typed.is_list { json!([one]) } else { one }
}

/// An id of this kind that no row has.
pub fn absent(prefix: &str) -> String {
    format!("{prefix}_01h455vb4pex5vsknk084sn02q")
}

/// An input object with what it requires and nothing else.
pub fn required(sdl: &Sdl, name: &str) -> Map<String, Value> {
    let members = sdl.inputs[name].iter().filter(|(_, typed)| typed.is_required);
    members.map(|(name, typed)| (name.clone(), value_of(sdl, name, typed))).collect()
}

/// A value for a member of an input object: some texts have a form.
pub fn value_of(sdl: &Sdl, member: &str, typed: &Typed) -> Value {
    match member {
        "governmentIdNumber" => json!("X7654321L"),
        "taxId" => json!("B87654321"),
        "iban" => json!("GB82WEST12345698765432"),
        "last4" => json!("1234"),
        "ipv6Prefix" => json!("2001:db8:7::/48"),
        "timezone" => json!("Europe/Lisbon"),
        "slug" => json!("acme"),
        "username" => json!("jo@acme.example"),
        // What has happened.
        "detectedAt" | "notifiedAt" | "from" => json!("2026-01-31T00:00:00Z"),
        // What some may unmask.
        "fields" => json!(["phone"]),
        _ => value(sdl, typed),
    }
}

/// A value as a document writes it: values of enums without quotation marks.
pub fn literal(sdl: &Sdl, named: &str, value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(sdl, named, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let input = &sdl.inputs[named];
            let members: Vec<String> = (members.iter())
                .map(|(name, value)| format!("{name}: {}", literal(sdl, &input[name].named, value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::String(name) if sdl.enums.contains_key(named) => name.clone(),
        other => other.to_string(),
    }
}
