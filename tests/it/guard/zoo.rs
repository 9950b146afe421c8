//! A small schema for documents at random: two interfaces over objects that are decided differently, a union, nested
//! lists, fields that may and may not be null, personal values, a field that fails, payloads of mutations.
//!
//! Invariants: every resolver records that it ran; equal documents have equal answers; below a field there is always
//! more to ask for.

mod roots;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    Context, ContextSelectionSet, EmptySubscription, ID, InputObject, Interface, Object, OutputType,
    Positioned, Schema, ServerResult, Union, Value,
};
use custodian::authz::{Personal, Pii, Withheld, field};
use custodian::error::Error;
use custodian::graphql::{Maybe, maybe};

pub use self::roots::{Mutation, Query};

/// The schema itself.
pub type Zoo = Schema<Query, Mutation, EmptySubscription>;

/// The schema, as ours is built.
pub fn zoo() -> Zoo {
    Schema::build(Query, Mutation, EmptySubscription).disable_suggestions().finish()
}

/// The resolvers that ran in one operation.
pub type Ran = Arc<Mutex<BTreeSet<&'static str>>>;

/// The fields that have a masked form.
pub const PERSONAL: [&str; 10] = [
    "Cat.name",
    "Cat.nick",
    "Cat.secrets",
    "Cell.secret",
    "Dog.name",
    "Dog.nick",
    "Fish.name",
    "Fish.nick",
    "Owner.email",
    "Owner.name",
];

fn ran(ctx: &Context<'_>, field: &'static str) {
    if let Some(ran) = ctx.data_opt::<Ran>() {
        ran.lock().unwrap().insert(field);
    }
}

/// A personal value that says which form it has.
pub struct Word(String);

impl Word {
    fn of(what: &str, n: u32) -> Self {
        Self(format!("{what} {n}"))
    }
}

impl Personal for Word {
    type Scalar = String;
    fn clear(&self) -> Value {
        Value::String(format!("clear {}", self.0))
    }
    fn masked(&self) -> Value {
        Value::String(format!("masked {}", self.0))
    }
}

/// What an interface returns where its objects return different types.
macro_rules! one_of {
    ($name:ident { $first:ident($first_type:ty), $($variant:ident($type:ty)),* }) => {
        pub enum $name { $first($first_type), $($variant($type)),* }

        impl From<$first_type> for $name {
            fn from(value: $first_type) -> Self { Self::$first(value) }
        }
        $(impl From<$type> for $name {
            fn from(value: $type) -> Self { Self::$variant(value) }
        })*

        impl OutputType for $name {
            fn type_name() -> Cow<'static, str> {
                <$first_type>::type_name()
            }
            fn qualified_type_name() -> String {
                <$first_type>::qualified_type_name()
            }
            fn create_type_info(registry: &mut Registry) -> String {
                <$first_type>::create_type_info(registry)
            }
            async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
                match self {
                    Self::$first(value) => value.resolve(ctx, field).await,
                    $(Self::$variant(value) => value.resolve(ctx, field).await,)*
                }
            }
        }
    };
}

one_of!(AnimalName {
    Dog(Pii<Word, { field("Dog.name") }>),
    Cat(Pii<Word, { field("Cat.name") }>),
    Fish(Pii<Word, { field("Fish.name") }>)
});
one_of!(AnimalNick {
    Dog(Option<Pii<Word, { field("Dog.nick") }>>),
    Cat(Option<Pii<Word, { field("Cat.nick") }>>),
    Fish(Option<Pii<Word, { field("Fish.nick") }>>)
});
one_of!(NamedName {
    Dog(Pii<Word, { field("Dog.name") }>),
    Owner(Pii<Word, { field("Owner.name") }>),
    Cell(String)
});

/// Decided field by field on its three objects, through which it also leads to itself.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID"),
    field(name = "name", ty = "AnimalName"),
    field(name = "nick", ty = "AnimalNick"),
    field(
        name = "label",
        ty = "String",
        arg(name = "prefix", ty = "Option<String>"),
        arg(name = "spot", ty = "Option<Spot>")
    ),
    field(name = "owner", ty = "Option<Owner>"),
    field(name = "friends", ty = "Vec<Animal>", arg(name = "first", ty = "Option<i32>")),
    field(name = "broken", ty = "Maybe<String>")
)]
pub enum Animal {
    Dog(Dog),
    Cat(Cat),
    Fish(Fish),
}

impl Animal {
    fn of(n: u32) -> Self {
        match n % 3 {
            0 => Self::Dog(Dog(n)),
            1 => Self::Cat(Cat(n)),
            _ => Self::Fish(Fish(n)),
        }
    }

    fn after(n: u32, first: Option<i32>) -> Vec<Self> {
        let first = u32::try_from(first.unwrap_or(2)).unwrap_or_default().min(3);
        (1..=first).map(|i| Self::of((2 * n + i) % 1_000)).collect()
    }
}

/// An interface that shares objects with the other one.
#[derive(Interface)]
#[graphql(field(name = "name", ty = "NamedName"))]
pub enum Named {
    Dog(Dog),
    Owner(Owner),
    Cell(Cell),
}

/// An object of either interface or of none.
#[derive(Union)]
pub enum Thing {
    Dog(Dog),
    Owner(Owner),
    Cell(Cell),
}

impl Thing {
    fn of(n: u32) -> Self {
        match n % 3 {
            0 => Self::Owner(Owner(n)),
            1 => Self::Dog(Dog(n)),
            _ => Self::Cell(Cell(n)),
        }
    }
}

/// An argument with members.
#[derive(InputObject)]
pub struct Spot {
    x: i32,
    text: Option<String>,
}

macro_rules! animal {
    ($name:ident, $label:literal { $($own:tt)* }) => {
        /// An animal with its number.
        #[derive(Clone, Copy)]
        pub struct $name(u32);

        #[Object]
        impl $name {
            async fn id(&self, ctx: &Context<'_>) -> ID {
                ran(ctx, concat!($label, ".id"));
                self.0.into()
            }
            async fn name(&self, ctx: &Context<'_>) -> Pii<Word, { field(concat!($label, ".name")) }> {
                ran(ctx, concat!($label, ".name"));
                Pii(Word::of("name", self.0))
            }
            async fn nick(&self, ctx: &Context<'_>) -> Option<Pii<Word, { field(concat!($label, ".nick")) }>> {
                ran(ctx, concat!($label, ".nick"));
                (self.0 % 4 != 3).then(|| Pii(Word::of("nick", self.0)))
            }
            async fn label(&self, ctx: &Context<'_>, prefix: Option<String>, spot: Option<Spot>) -> String {
                ran(ctx, concat!($label, ".label"));
                let spot = spot.map(|spot| format!("{} {}", spot.x, spot.text.unwrap_or_default()));
                format!("{} {} {}", prefix.unwrap_or_default(), $label, spot.unwrap_or_default())
            }
            async fn owner(&self, ctx: &Context<'_>) -> Option<Owner> {
                ran(ctx, concat!($label, ".owner"));
                (self.0 % 5 != 4).then_some(Owner(self.0))
            }
            async fn friends(&self, ctx: &Context<'_>, first: Option<i32>) -> Vec<Animal> {
                ran(ctx, concat!($label, ".friends"));
                Animal::after(self.0, first)
            }
            async fn broken(&self, ctx: &Context<'_>) -> Maybe<String> {
                ran(ctx, concat!($label, ".broken"));
                maybe(async { Err::<Option<String>, _>(Error::NotFound) }).await
            }
            $($own)*
        }
    };
}

animal!(Dog, "Dog" {
    async fn kennel(&self, ctx: &Context<'_>) -> Option<Home> {
        ran(ctx, "Dog.kennel");
        Some(Home(self.0))
    }
    async fn is_good(&self, ctx: &Context<'_>) -> bool {
        ran(ctx, "Dog.isGood");
        true
    }
});

animal!(Cat, "Cat" {
    async fn lives(&self, ctx: &Context<'_>) -> Option<i32> {
        ran(ctx, "Cat.lives");
        (self.0.is_multiple_of(2)).then_some(7)
    }
    async fn secrets(&self, ctx: &Context<'_>) -> Vec<Pii<Word, { field("Cat.secrets") }>> {
        ran(ctx, "Cat.secrets");
        vec![Pii(Word::of("first", self.0)), Pii(Word::of("second", self.0))]
    }
});

animal!(Fish, "Fish" {
    async fn tank(&self, ctx: &Context<'_>) -> Home {
        ran(ctx, "Fish.tank");
        Home(self.0)
    }
});

/// A person.
#[derive(Clone, Copy)]
pub struct Owner(u32);

#[Object]
impl Owner {
    async fn id(&self, ctx: &Context<'_>) -> ID {
        ran(ctx, "Owner.id");
        self.0.into()
    }
    async fn name(&self, ctx: &Context<'_>) -> Pii<Word, { field("Owner.name") }> {
        ran(ctx, "Owner.name");
        Pii(Word::of("owner", self.0))
    }
    async fn email(&self, ctx: &Context<'_>) -> Option<Pii<Word, { field("Owner.email") }>> {
        ran(ctx, "Owner.email");
        Some(Pii(Word::of("email", self.0)))
    }
    async fn balance(&self, ctx: &Context<'_>) -> Option<Withheld<u32, { field("Owner.balance") }>> {
        ran(ctx, "Owner.balance");
        Some(Withheld(self.0))
    }
    async fn boss(&self, ctx: &Context<'_>) -> Option<Owner> {
        ran(ctx, "Owner.boss");
        (self.0.is_multiple_of(2)).then_some(Owner(self.0 + 1))
    }
    async fn codes(&self, ctx: &Context<'_>) -> Vec<Option<Vec<String>>> {
        ran(ctx, "Owner.codes");
        vec![Some(vec!["a".to_owned(), self.0.to_string()]), None, Some(Vec::new())]
    }
    async fn animals(&self, ctx: &Context<'_>, first: Option<i32>) -> Option<Vec<Animal>> {
        ran(ctx, "Owner.animals");
        Some(Animal::after(self.0, first))
    }
    async fn things(&self, ctx: &Context<'_>) -> Vec<Option<Thing>> {
        ran(ctx, "Owner.things");
        vec![Some(Thing::of(self.0 + 1)), None, Some(Thing::of(self.0 + 2))]
    }
    async fn home(&self, ctx: &Context<'_>) -> Home {
        ran(ctx, "Owner.home");
        Home(self.0)
    }
}

/// A place with lists of lists.
#[derive(Clone, Copy)]
pub struct Home(u32);

#[Object]
impl Home {
    async fn city(&self, ctx: &Context<'_>) -> Option<&'static str> {
        ran(ctx, "Home.city");
        (self.0 % 2 == 1).then_some("Sevilla")
    }
    async fn owner(&self, ctx: &Context<'_>) -> Option<Owner> {
        ran(ctx, "Home.owner");
        Some(Owner(self.0 + 1))
    }
    async fn rows(&self, ctx: &Context<'_>) -> Vec<Vec<Cell>> {
        ran(ctx, "Home.rows");
        vec![vec![Cell(self.0), Cell(self.0 + 1)], Vec::new(), vec![Cell(self.0 + 2)]]
    }
}

/// A part of a place.
#[derive(Clone, Copy)]
pub struct Cell(u32);

#[Object]
impl Cell {
    async fn name(&self, ctx: &Context<'_>) -> String {
        ran(ctx, "Cell.name");
        format!("cell {}", self.0)
    }
    async fn x(&self, ctx: &Context<'_>) -> u32 {
        ran(ctx, "Cell.x");
        self.0
    }
    async fn secret(&self, ctx: &Context<'_>) -> Option<Pii<Word, { field("Cell.secret") }>> {
        ran(ctx, "Cell.secret");
        (!self.0.is_multiple_of(3)).then(|| Pii(Word::of("secret", self.0)))
    }
    async fn animal(&self, ctx: &Context<'_>) -> Animal {
        ran(ctx, "Cell.animal");
        Animal::of(self.0)
    }
}
