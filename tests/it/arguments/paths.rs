//! Paths: a field gets the same decision whichever way it is reached. Every way is made from the schema: by id, by
//! list, edge and link, through the interface, in what a mutation gives back, plain and in fragments.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use async_graphql::Variables;
use custodian::authz::Level;
use custodian::authz::guard::guard;
use custodian::config::Config;
use custodian_entity::customer;
use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::rows::{Rows, complete};
use super::writes::{Ids, Mutation};
use super::{Specification, assert_none};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ROLES, all};
use crate::matrix::STORED;
use crate::reference::Typed;
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("arguments::paths, decided alike wherever a type stands in a document", decided_alike);
    for (role, account) in ROLES {
        suite.both(
            format!("arguments::paths, {role} is shown a row alike wherever it is met"),
            async move |app: TestApp| shown_alike(app, role, account).await,
        );
    }
}

/// The name of a type and its fields that lead nowhere.
fn fields(spec: &Specification, kind: &str) -> String {
    let plain = spec.sdl.objects[kind].iter().filter(|(_, field)| field.arguments.is_empty());
    let fields = plain.filter_map(|(name, field)| match field.named.as_str() {
        "Money" => Some(format!("{name} {{ amount currency }}")),
        named if leads_on(spec, named) => None,
        _ => Some(name.clone()),
    });
    ["__typename".to_owned()].into_iter().chain(fields).collect::<Vec<_>>().join(" ")
}

/// Whether values of the type have fields of their own.
fn leads_on(spec: &Specification, named: &str) -> bool {
    named == "Node" || spec.sdl.objects.contains_key(named)
}

/// The types that a field can lead to: of an interface, those that have ids.
fn targets<'s>(spec: &'s Specification, field: &'s Typed) -> Vec<&'s str> {
    match field.named.as_str() {
        "Node" => STORED.iter().map(|stored| stored.name).collect(),
        named if spec.sdl.objects.contains_key(named) => vec![named],
        _ => Vec::new(),
    }
}

/// One step towards a type: a field, and the type that it is taken to lead to.
type Step<'s> = (&'s str, &'s str);

/// The shortest way from a root to each type.
fn shortest<'s>(spec: &'s Specification, root: &'s str) -> BTreeMap<&'s str, Vec<Step<'s>>> {
    let mut known = BTreeMap::from([(root, Vec::new())]);
    let mut waiting = VecDeque::from([root]);
    while let Some(kind) = waiting.pop_front() {
        for (name, field) in &spec.sdl.objects[kind] {
            for target in targets(spec, field) {
                if !known.contains_key(target) {
                    let way = [known[kind].as_slice(), &[(name.as_str(), target)]].concat();
                    known.insert(target, way);
                    waiting.push_back(target);
                }
            }
        }
    }
    known
}

/// The forms of a document that follows these steps and selects this in the end.
fn documents(operation: &str, steps: &[Step<'_>], selection: &str) -> [String; 4] {
    let kind = steps.last().expect("a way has steps").1;
    let inside = |inner: &str| {
        steps.iter().rev().fold(inner.to_owned(), |inner, (field, kind)| {
            format!("{field} {{ ... on {kind} {{ {inner} }} }}")
        })
    };
    let plain = inside(selection);
    [
        format!("{operation} {{ {plain} }}"),
        format!("{operation} {{ {} }}", inside(&format!("... on {kind} {{ ... {{ {selection} }} }}"))),
        format!("{operation} {{ {} }} fragment F on {kind} {{ {selection} }}", inside("...F ...F")),
        format!(
            "{operation} {{ ...R }} fragment R on {} {{ {plain} }}",
            if operation == "query" { "Query" } else { "Mutation" }
        ),
    ]
}

/// What the guard decides about the fields of a type does not depend on what leads there.
fn decided_alike() {
    let spec = runtime().block_on(Specification::read());
    let limits = Config::default().limits;
    let catalog = spec.policy.catalog();
    let (mut problems, mut asked, mut reached) = (Vec::new(), 0, BTreeSet::new());
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation"), ("Live", "subscription")] {
        let ways = shortest(&spec, root);
        for (owner, way) in &ways {
            for (name, field) in &spec.sdl.objects[*owner] {
                for kind in targets(&spec, field) {
                    let steps = [way.as_slice(), &[(name.as_str(), kind)]].concat();
                    for (role, _) in ROLES {
                        let rights = spec.policy.rights(role).expect("the policy knows the role");
                        for document in documents(operation, &steps, &fields(&spec, kind)) {
                            let guarded =
                                guard(&spec.policy, rights, &limits, &document, None, &Variables::default());
                            let Ok(guarded) = guarded else { continue };
                            let name = |id: &_| catalog.field_name(*id).to_owned();
                            let denied: BTreeSet<String> = guarded.plan.denied().iter().map(name).collect();
                            let masked: BTreeSet<String> =
                                guarded.plan.masked().map(|id| name(&id)).collect();
                            // A denied link ends the way.
                            if is_cut(&denied, root, &steps) {
                                continue;
                            }
                            asked += 1;
                            reached.insert(kind);
                            for name in fields(&spec, kind).split(' ') {
                                let field = format!("{kind}.{name}");
                                let Some(id) = catalog.field(&field) else { continue };
                                let is = match (denied.contains(&field), masked.contains(&field)) {
                                    (true, _) => Level::Denied,
                                    (false, true) => Level::Masked,
                                    (false, false) => Level::Clear,
                                };
                                if is != rights.level(id) {
                                    problems.push(format!("{field} is {is:?} to {role}: {document}"));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    let types =
        spec.sdl.objects.keys().filter(|name| !["Query", "Mutation", "Live"].contains(&name.as_str()));
    let missed: Vec<_> = types.filter(|name| !reached.contains(name.as_str())).collect();
    assert!(missed.is_empty() && asked > 3_000, "{asked} documents, none of which reaches {missed:?}");
    assert_none(&problems);
}

/// Whether one of the fields on the way is denied.
fn is_cut(denied: &BTreeSet<String>, root: &str, steps: &[Step<'_>]) -> bool {
    let mut owner = root;
    for (field, kind) in steps {
        if denied.contains(&format!("{owner}.{field}")) {
            return true;
        }
        owner = kind;
    }
    false
}

/// What was shown of each row: by id, each field with its value and the document that showed it.
#[derive(Default)]
struct Shown {
    rows: BTreeMap<String, (Value, String)>,
    met: usize,
    problems: Vec<String>,
}

impl Shown {
    /// Looks for rows in an answer. A row is an object with type and id and nothing that leads on.
    fn read(&mut self, value: &Value, document: &str) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.read(item, document)),
            Value::Object(members) => {
                if let Some(row) = members.get("row_id") {
                    self.met += 1;
                    let plain = members.iter().filter(|(name, _)| !name.starts_with("to_"));
                    let plain: Value = plain.map(|(name, value)| (name.clone(), value.clone())).collect();
                    let first = self.rows.entry(row.to_string());
                    let first = first.or_insert_with(|| (plain.clone(), document.to_owned()));
                    if first.0 != plain {
                        let (shown, by) = first;
                        self.problems.push(format!("{plain} by {document}\n  {shown} by {by}"));
                    }
                }
                members.values().for_each(|member| self.read(member, document));
            }
            _ => {}
        }
    }
}

/// Writes selections, each row in another form.
struct Writer<'s> {
    spec: &'s Specification,
    turn: usize,
}

impl Writer<'_> {
    /// A row with all that it holds, and one link followed.
    fn row(&mut self, kind: &str, link: Option<(&str, &Typed)>) -> String {
        let link = link.map_or_else(String::new, |(name, field)| {
            let first = if field.arguments.contains_key("first") { "(first: 3)" } else { "" };
            format!("to_{name}: {name}{first} {}", self.behind(&field.named, None))
        });
        let body = format!("row_id: id {} {link}", fields(self.spec, kind));
        self.turn += 1;
        match self.turn % 3 {
            0 => format!("{{ {body} }}"),
            1 => format!("{{ ... on {kind} {{ {body} }} }}"),
            _ => format!("{{ ... on Node {{ ... on {kind} {{ {body} }} }} }}"),
        }
    }

    /// What is behind a field: a row, or a page of rows and edges.
    fn behind(&mut self, kind: &str, link: Option<(&str, &Typed)>) -> String {
        match kind.strip_suffix("Connection") {
            Some(row) => {
                let (nodes, edges) = (self.row(row, link), self.row(row, link));
                format!("{{ nodes {nodes} edges {{ node {edges} }} }}")
            }
            None => self.row(kind, link),
        }
    }
}

/// The links of a type, and none.
fn links<'s>(spec: &'s Specification, kind: &str) -> Vec<Option<(&'s str, &'s Typed)>> {
    let row = kind.trim_end_matches("Connection");
    let Some((_, fields)) = spec.sdl.objects.get_key_value(row) else { return vec![None] };
    let is_row = |named: &str| STORED.iter().any(|stored| stored.name == named);
    let leading = fields.iter().filter(|(_, field)| is_row(field.named.trim_end_matches("Connection")));
    leading.map(|(name, field)| Some((name.as_str(), field))).chain([None]).collect()
}

async fn shown_alike(app: TestApp, role: &str, account: &str) {
    complete(&app).await;
    let spec = Specification::read().await;
    let client = app.login(account).await;
    let mut shown = Shown::default();
    let mut writer = Writer { spec: &spec, turn: 0 };
    for stored in &STORED {
        let ids: Vec<String> = stored.ids(&app).await.into_iter().take(20).collect();
        for link in links(&spec, stored.name) {
            let body = writer.row(stored.name, link);
            let mut heads = vec![(format!("nodes(ids: {ids:?})"), body.clone())];
            heads.extend(ids.iter().take(2).map(|id| (format!("node(id: {id:?})"), body.clone())));
            let root = format!("{}{}", stored.name[..1].to_lowercase(), &stored.name[1..]);
            let by_id = spec.sdl.objects["Query"].get(&root);
            if by_id.is_some_and(|field| field.arguments.contains_key("id")) {
                let plain = writer.row(stored.name, link);
                heads.extend(ids.iter().take(5).map(|id| (format!("{root}(id: {id:?})"), plain.clone())));
            }
            for (head, body) in heads {
                // An interface is asked for what it can be.
                let body = match head.starts_with("node") {
                    true => format!("{{ ... on {} {body} }}", stored.name),
                    false => body,
                };
                ask(&client, &format!("{{ {head} {body} }}"), &mut shown).await;
            }
        }
    }
    for (list, field) in &spec.sdl.objects["Query"] {
        let Some(row) = field.named.strip_suffix("Connection") else { continue };
        // What has no id is a value, and met nowhere else.
        let is_row = spec.sdl.objects[row].contains_key("id");
        if !is_row || !spec.may_execute(role, &format!("Query.{list}")) {
            continue;
        }
        for link in links(&spec, &field.named) {
            for paging in ["first: 12", "last: 12"] {
                let body = writer.behind(&field.named, link);
                ask(&client, &format!("{{ {list}({paging}) {body} }}"), &mut shown).await;
            }
        }
    }
    if spec.may_execute(role, "Query.customerLookup") {
        for row in all::<customer::Entity>(&app).await.into_iter().take(8) {
            let body = writer.row("Customer", None);
            let document =
                format!("{{ customerLookup(by: {{ customerNumber: {:?} }}) {body} }}", row.customer_number);
            ask(&client, &document, &mut shown).await;
        }
    }
    ask(
        &client,
        &format!(
            "{{ tenant {} viewer {{ tenant {} }} }}",
            writer.row("Tenant", None),
            writer.row("Tenant", None)
        ),
        &mut shown,
    )
    .await;
    let count = shown.rows.len();
    assert!(count > 10 && shown.met > 3 * count, "{role}: {count} rows were met {} times only", shown.met);
    assert_none(&shown.problems);
    payloads(&app, &spec, &client, role).await;
}

async fn ask(client: &Client, document: &str, shown: &mut Shown) {
    let answer = client.query(document, Value::Null).await;
    let code = answer.code().unwrap_or("FORBIDDEN");
    assert!(["FORBIDDEN", "NOT_FOUND"].contains(&code), "{document}: {}", answer.text);
    shown.read(answer.data(), document);
}

/// What a mutation gives back is what asking for the row by its id gives: after the change, or, of what was removed,
/// before it.
async fn payloads(app: &TestApp, spec: &Specification, client: &Client, role: &str) {
    let rows = Rows::of(app, role).await;
    let mut compared = 0;
    for mutation in Mutation::all(spec) {
        if !spec.may_execute(role, &format!("Mutation.{}", mutation.name)) {
            continue;
        }
        let payload = &spec.sdl.objects[&spec.sdl.objects["Mutation"][mutation.name].named];
        let is_row = |field: &Typed| STORED.iter().any(|stored| stored.name == field.named);
        // What is no row, a time or a recovery code, has no other way to it.
        let Some((link, field)) = payload.iter().find(|(_, field)| is_row(field)) else { continue };
        let kind = &field.named;
        let body = fields(spec, kind);
        let mut input = mutation.input_with(spec, None, &Ids::Mine(&rows));
        if input.contains_key("version") {
            let customers = all::<customer::Entity>(app).await;
            let row = customers.iter().find(|row| json!(row.id.encode()) == input["id"]);
            input.insert("version".to_owned(), json!(row.expect("it is there").version));
        }
        let document = format!(
            "mutation($input: {}!) {{ {}(input: $input) {{ {link} {{ {body} }} userErrors {{ code }} }} }}",
            mutation.input, mutation.name
        );
        let by_id = |id: &Value| format!("{{ node(id: {id}) {{ ... on {kind} {{ {body} }} }} }}");
        let before = match input.get("id") {
            Some(id) => client.query(&by_id(id), Value::Null).await.data()["node"].clone(),
            None => Value::Null,
        };
        let answer = client.query(&document, json!({ "input": input })).await;
        let given = &answer.data()[mutation.name][link];
        if given.is_null() {
            continue;
        }
        let after = client.query(&by_id(&given["id"]), Value::Null).await.data()["node"].clone();
        let is_removed = mutation.name.ends_with("Delete") || mutation.name == "roleRevoke";
        let expected = if is_removed { before } else { after };
        assert_eq!(*given, expected, "{role}: what {} gives back", mutation.name);
        compared += 1;
    }
    assert!(compared > 0 || role == "network_engineer", "{role}: no mutation gave anything back");
}
