//! Executes every field of every row as each role, and says of each cell what came.

use std::collections::{BTreeMap, BTreeSet};

use custodian::authz::Level;
use serde_json::{Value, json};

use super::rows::{STORED, Stored};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::ROLES;
use crate::reference::{Field, Matrix, Sdl, Typed};

/// What a role gets of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The value, as it is.
    Clear,
    /// Something else in its place.
    Mask,
    /// Null, and a FORBIDDEN error naming the field.
    Denied,
    /// The role reaches no row of the type.
    NoRows,
}

impl Shown {
    /// As the table shows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Mask => "mask",
            Self::Denied => "–",
            Self::NoRows => "no rows",
        }
    }
}

/// What came, by field and role.
#[derive(Default)]
pub struct Table {
    /// The cells that could be decided.
    pub cells: BTreeMap<(String, &'static str), Shown>,
    /// Cells that could not, and answers that are wrong whatever the matrix says.
    pub problems: Vec<String>,
}

/// The administrator's view tells the truth where a field has no mask; it sees every one of those in clear.
const WITNESS: &str = "admin@acme.example";

/// How many ids `nodes` takes.
const PAGE: usize = 100;

/// Fields whose value follows from who the viewer is and what he reaches: shown at all is shown in clear.
const DEPENDS_ON_VIEWER: [&str; 2] = ["Role.grantCount", "Session.isCurrent"];

/// The rows of a type as somebody sees them.
struct View {
    /// By id; those that were not found are left out.
    rows: BTreeMap<String, Value>,
    /// How often each field was FORBIDDEN.
    forbidden: BTreeMap<String, u64>,
}

impl Table {
    /// Asks for everything, as everybody.
    pub async fn executed(app: &TestApp, matrix: &Matrix, sdl: &Sdl) -> Self {
        let mut table = Self::default();
        let witness = app.login(WITNESS).await;
        for stored in &STORED {
            let ids = stored.ids(app).await;
            let fields = &sdl.objects[stored.name];
            let truth = view(&witness, stored.name, &ids, &selection(sdl, stored.name, true)).await;
            for (role, account) in ROLES {
                let client = app.login(account).await;
                let seen = view(&client, stored.name, &ids, &selection(sdl, stored.name, false)).await;
                // What a field may show, the values in it show as well.
                let own = format!("{}.", stored.name);
                let inner = seen.forbidden.keys().filter(|field| !field.starts_with(&own));
                table
                    .problems
                    .extend(inner.map(|field| format!("{field} within {own} as {role}: FORBIDDEN")));
                for (name, typed) in fields {
                    let field = format!("{}.{name}", stored.name);
                    let cell = Cell { app, client: &client, sdl, typed, name, field: matrix.field(&field) };
                    match cell.shown(&field, stored, &seen, &truth).await {
                        Ok(shown) => {
                            table.cells.insert((field, role), shown);
                        }
                        Err(problem) => table.problems.push(format!("{field} as {role}: {problem}")),
                    }
                }
            }
        }
        table
    }
}

/// Links and lists: that there is something is what they show.
pub fn is_link(sdl: &Sdl, typed: &Typed) -> bool {
    typed.named != "Money" && sdl.objects.contains_key(&typed.named)
}

/// Every field of a type. Of links the id where it is asked for, of lists their length, of values all they hold.
pub fn selection(sdl: &Sdl, name: &str, with_ids: bool) -> String {
    let fields = sdl.objects[name].iter().map(|(field, typed)| {
        let Some(inner) = sdl.objects.get(&typed.named) else { return field.clone() };
        let of_inner = match inner {
            list if list.contains_key("totalCount") => "totalCount".to_owned(),
            row if row.contains_key("id") && with_ids => "id".to_owned(),
            row if row.contains_key("id") => "__typename".to_owned(),
            value => value.keys().cloned().collect::<Vec<_>>().join(" "),
        };
        format!("{field} {{ {of_inner} }}")
    });
    fields.collect::<Vec<_>>().join(" ")
}

async fn view(client: &Client, name: &str, ids: &[String], selection: &str) -> View {
    let document = format!(
        "query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on {name} {{ {selection} }} }} }}"
    );
    let mut view = View { rows: BTreeMap::new(), forbidden: BTreeMap::new() };
    for page in ids.chunks(PAGE) {
        let answer = client.query(&document, json!({ "ids": page })).await;
        let nodes = answer.data()["nodes"].as_array().unwrap_or_else(|| panic!("{name}: {}", answer.text));
        assert_eq!(nodes.len(), page.len(), "{name}: {}", answer.text);
        let found = page.iter().zip(nodes).filter(|(_, row)| !row.is_null());
        view.rows.extend(found.map(|(id, row)| (id.clone(), row.clone())));
        for error in answer.errors() {
            match error["extensions"]["code"].as_str() {
                Some("NOT_FOUND") => {}
                Some("FORBIDDEN") => {
                    let field = error["extensions"]["field"].as_str().expect("the error names its field");
                    let count =
                        error["extensions"]["occurrences"].as_u64().expect("and how often it was met");
                    *view.forbidden.entry(field.to_owned()).or_default() += count;
                }
                other => panic!("{name}: {other:?} in {error}"),
            }
        }
    }
    view
}

struct Cell<'a> {
    app: &'a TestApp,
    client: &'a Client,
    sdl: &'a Sdl,
    typed: &'a Typed,
    name: &'a str,
    field: Option<&'a Field>,
}

impl Cell<'_> {
    async fn shown(&self, field: &str, stored: &Stored, seen: &View, truth: &View) -> Result<Shown, String> {
        if seen.rows.is_empty() {
            return Ok(Shown::NoRows);
        }
        let values: BTreeMap<&String, &Value> =
            seen.rows.iter().map(|(id, row)| (id, &row[self.name])).collect();
        if let Some(occurrences) = seen.forbidden.get(field) {
            let told = *occurrences == seen.rows.len() as u64 && values.values().all(|value| value.is_null());
            return told.then_some(Shown::Denied).ok_or_else(|| {
                format!("FORBIDDEN {occurrences} times on {} rows, or with a value", seen.rows.len())
            });
        }
        if is_link(self.sdl, self.typed) || DEPENDS_ON_VIEWER.contains(&field) {
            return self.link(&values, truth).await;
        }
        // Where the witness sees a mask, or nothing, the database tells.
        let is_untold =
            |known: &Field| known.mask.is_some() || known.cell("system_admin").level != Level::Clear;
        let expected: BTreeMap<String, Value> = match self.field.is_some_and(is_untold) {
            true => stored
                .values(self.app, self.name)
                .await
                .into_iter()
                .filter_map(|(id, value)| Some((id, json!(value?))))
                .collect(),
            false => truth.rows.iter().map(|(id, row)| (id.clone(), row[self.name].clone())).collect(),
        };
        let mut came = BTreeSet::new();
        for (id, value) in values {
            // A company's name is its own mask.
            let is_public = field == "Customer.displayName" && seen.rows[id]["type"] == "COMPANY";
            let Some(expected) = expected.get(id).filter(|value| !value.is_null() && !is_public) else {
                continue;
            };
            came.insert(match value {
                Value::Null => return Err(format!("null and no error, where {id} has a value")),
                value if is_same(value, expected) => "clear",
                _ => "mask",
            });
        }
        match came.into_iter().collect::<Vec<_>>().as_slice() {
            ["clear"] => Ok(Shown::Clear),
            ["mask"] => Ok(Shown::Mask),
            [] => Err("no row in reach has a value: add one in matrix/rows.rs".to_owned()),
            _ => Err("clear in some rows and masked in others".to_owned()),
        }
    }

    /// A link is clear when it leads somewhere, or when it is null only because the row it leads to is out of reach.
    async fn link(&self, values: &BTreeMap<&String, &Value>, truth: &View) -> Result<Shown, String> {
        if values.values().any(|value| !value.is_null()) {
            return Ok(Shown::Clear);
        }
        let targets = values.keys().filter_map(|id| truth.rows[*id][self.name]["id"].as_str());
        let Some(target) = targets.into_iter().next() else {
            return Err("no row in reach leads anywhere: add one in matrix/rows.rs".to_owned());
        };
        let answer = self
            .client
            .query("query($id: ID!) { node(id: $id) { __typename } }", json!({ "id": target }))
            .await;
        match answer.code() {
            Some("NOT_FOUND") => Ok(Shown::Clear),
            _ => Err(format!("null and no error, though the role reaches what it leads to: {}", answer.text)),
        }
    }
}

/// Whether an answer shows what the database holds, which is given as text where it was read there.
fn is_same(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Number(shown), Value::String(held)) => held.parse::<f64>().ok() == shown.as_f64(),
        (Value::Array(shown), Value::String(held)) => {
            held.split(',').map(Value::from).collect::<Vec<_>>() == *shown
        }
        _ => value == expected,
    }
}
