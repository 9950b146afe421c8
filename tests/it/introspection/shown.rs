//! What the answer to the standard query names.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{Request, Response};
use custodian::authz::introspection::schema;
use custodian::authz::policy::PolicyFiles;
use serde_json::{Value, json};

use super::STANDARD;
use super::oracle::Oracle;
use crate::app::TestApp;
use crate::fixture::{ROLES, SUPPORT, text};
use crate::matrix::policy;
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("introspection::each role sees what it can use, and nothing else", each_role);
    suite.sqlite("introspection::a type alone is what it is among all", one_type);
    suite.pure("introspection::who can use everything sees what the library knows", complete);
    suite.pure("introspection::a schema is built once for a role and a policy", built_once);
}

/// The names in an answer, as the oracle writes them.
pub fn names(schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for kind in list(&schema["types"]) {
        let name = text(&kind["name"]);
        if name.starts_with("__") {
            continue; // the types of introspection itself
        }
        names.insert(name.to_owned());
        names.extend(list(&kind["interfaces"]).iter().map(|one| format!("{name}: {}", text(&one["name"]))));
        for field in list(&kind["fields"]) {
            let field_name = format!("{name}.{}", text(&field["name"]));
            names.extend(
                list(&field["args"]).iter().map(|one| format!("{field_name}({})", text(&one["name"]))),
            );
            names.insert(field_name);
        }
        for part in list(&kind["inputFields"]).iter().chain(list(&kind["enumValues"])) {
            names.insert(format!("{name}.{}", text(&part["name"])));
        }
    }
    names
}

/// The items of a list, or none where there is no list.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What makes the answer a schema: every name leads somewhere, nothing is empty, objects have what their interfaces
/// ask for.
pub fn assert_sound(schema: &Value, role: &str) {
    let kinds: BTreeMap<&str, &Value> =
        list(&schema["types"]).iter().map(|kind| (text(&kind["name"]), kind)).collect();
    let innermost = |mut of: &Value| -> (String, String) {
        while !of["ofType"].is_null() {
            of = &of["ofType"];
        }
        (text(&of["kind"]).to_owned(), text(&of["name"]).to_owned())
    };
    let resolve = |of: &Value, allowed: &[&str], place: &str| {
        let (kind, name) = innermost(of);
        let target = kinds.get(name.as_str());
        assert!(
            target.is_some_and(|target| target["kind"] == kind.as_str()),
            "{role}: {place} leads to {kind} {name}"
        );
        assert!(allowed.contains(&kind.as_str()), "{role}: {place} is a {kind}");
    };
    let output = ["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM"];
    let input = ["SCALAR", "ENUM", "INPUT_OBJECT"];
    for (name, kind) in &kinds {
        let parts = match text(&kind["kind"]) {
            "OBJECT" | "INTERFACE" => &kind["fields"],
            "INPUT_OBJECT" => &kind["inputFields"],
            "ENUM" => &kind["enumValues"],
            "UNION" => &kind["possibleTypes"],
            _ => continue,
        };
        assert!(!list(parts).is_empty(), "{role}: {name} is empty");
        for field in list(&kind["fields"]) {
            let place = format!("{name}.{}", text(&field["name"]));
            resolve(&field["type"], &output, &place);
            list(&field["args"]).iter().for_each(|argument| resolve(&argument["type"], &input, &place));
        }
        list(&kind["inputFields"]).iter().for_each(|field| resolve(&field["type"], &input, name));
        for interface in list(&kind["interfaces"]) {
            resolve(interface, &["INTERFACE"], name);
            let asked = list(&kinds[text(&interface["name"])]["fields"]);
            let has = |field: &Value| list(&kind["fields"]).iter().any(|own| own["name"] == field["name"]);
            assert!(asked.iter().all(has), "{role}: {name} lacks fields of {}", interface["name"]);
        }
        list(&kind["possibleTypes"]).iter().for_each(|object| resolve(object, &["OBJECT"], name));
    }
    for directive in list(&schema["directives"]) {
        let place = format!("@{}", text(&directive["name"]));
        list(&directive["args"]).iter().for_each(|argument| resolve(&argument["type"], &input, &place));
    }
}

/// Names that are said of other things as well: the form of answers, an error that anybody may get, and a law.
const OF_ALL: [&str; 3] = ["GDPR", "JSON", "RATE_LIMITED"];

async fn each_role(app: TestApp) {
    let oracle = Oracle::new(&PolicyFiles::built_in());
    let everything = oracle.everything();
    let mut seen = BTreeSet::new();
    for (role, account) in ROLES.into_iter().filter(|(role, _)| *role != "customer") {
        let answer = app.login(account).await.query(STANDARD, json!({})).await;
        let schema = &answer.ok()["__schema"];
        let (shown, usable) = (names(schema), oracle.usable(role));
        let too_much: Vec<&String> = shown.difference(&usable).collect();
        let too_little: Vec<&String> = usable.difference(&shown).collect();
        assert!(
            too_much.is_empty() && too_little.is_empty(),
            "{role} sees {too_much:?} and misses {too_little:?}"
        );
        assert_sound(schema, role);

        // Not in a description either. Names that are English words as well are told apart by their capitals.
        let words: BTreeSet<&str> =
            answer.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        let parts = |names: &BTreeSet<String>| -> BTreeSet<String> {
            names.iter().flat_map(|name| name.split(['.', '(', ')', ':', ' '])).map(str::to_owned).collect()
        };
        // The words of introspection itself (`QUERY` is a place for directives) are everybody's.
        let own = list(&schema["types"]).iter().filter(|kind| text(&kind["name"]).starts_with("__"));
        let own: BTreeSet<&str> =
            own.flat_map(|kind| list(&kind["enumValues"])).map(|value| text(&value["name"])).collect();
        let is_telling = |word: &&String| {
            let is_name = word.chars().skip(1).any(|c| c.is_ascii_uppercase());
            is_name && !own.contains(word.as_str()) && !OF_ALL.contains(&word.as_str())
        };
        let hidden: Vec<String> =
            parts(&everything).difference(&parts(&shown)).filter(is_telling).cloned().collect();
        let told: Vec<&String> = hidden.iter().filter(|word| words.contains(word.as_str())).collect();
        assert!(told.is_empty(), "{role} reads of {told:?}");
        if !shown.is_superset(&everything) {
            assert!(!hidden.is_empty(), "{role}: this looks at nothing");
        }
        seen.insert(shown);
    }
    assert!(seen.len() >= 5, "the roles see hardly anything different: {} schemas", seen.len());
}

async fn one_type(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let (_, fragments) = STANDARD.split_once("fragment FullType").expect("the query has it");
    let all = client.query(STANDARD, json!({})).await;
    let types = list(&all.ok()["__schema"]["types"]);
    for types in types.chunks(5) {
        let ask = types
            .iter()
            .enumerate()
            .map(|(n, kind)| format!("t{n}: __type(name: {}) {{ ...FullType }}", kind["name"]));
        let document = format!("{{ {} }} fragment FullType{fragments}", ask.collect::<Vec<_>>().join(" "));
        let answer = client.query(&document, json!({})).await;
        for (n, kind) in types.iter().enumerate() {
            assert_eq!(answer.ok()[format!("t{n}")], *kind);
        }
    }
    let oracle = Oracle::new(&PolicyFiles::built_in());
    let usable = oracle.usable("support_agent");
    let everything = oracle.everything();
    let hidden = everything.difference(&usable).filter(|name| !name.contains(['.', ':']));
    let mut asked = 0;
    for name in hidden.map(String::as_str).chain(["Planted", "", "customer", "__Planted"]) {
        let document = "query($name: String!) { __type(name: $name) { name } }";
        let answer = client.query(document, json!({ "name": name })).await;
        assert_eq!(*answer.ok(), json!({ "__type": null }), "{name}");
        asked += 1;
    }
    assert!(asked > 4, "support sees every type: this looks at nothing");
}

/// As JSON, with lists in the order of their names: the SDL that the guard reads is sorted.
fn sorted(response: &Response) -> Value {
    fn sort(value: &mut Value) {
        match value {
            Value::Array(items) => {
                items.iter_mut().for_each(sort);
                items.sort_by_key(|item| item["name"].as_str().unwrap_or_default().to_owned());
            }
            Value::Object(members) => members.values_mut().for_each(sort),
            _ => {}
        }
    }
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    let mut data = serde_json::to_value(&response.data).unwrap();
    sort(&mut data);
    data
}

/// Nothing gets lost on the way over the SDL: descriptions, defaults, kinds.
fn complete() {
    runtime().block_on(async {
        let policy = policy().await;
        let ours = schema(&policy, policy.everything()).unwrap().execute(Request::new(STANDARD)).await;
        let library = custodian::schema::builder().finish().execute(Request::new(STANDARD)).await;
        let (ours, library) = (sorted(&ours), sorted(&library));
        let types = |schema: &Value| list(&schema["__schema"]["types"]).to_vec();
        for (ours, library) in types(&ours).iter().zip(&types(&library)) {
            assert_eq!(ours, library);
        }
        assert_eq!(ours, library);
    });
}

fn built_once() {
    let (first, second) = runtime().block_on(async { (policy().await, policy().await) });
    for (role, _) in ROLES {
        let rights = first.rights(role).unwrap();
        let built = schema(&first, rights).unwrap();
        assert!(std::ptr::eq(built, schema(&first, rights).unwrap()), "{role}: built twice");
        // A policy that takes its place has schemas of its own, because it may decide otherwise.
        assert!(!std::ptr::eq(built, schema(&second, second.rights(role).unwrap()).unwrap()), "{role}");
    }
}
