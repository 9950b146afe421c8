//! The operations, and what mutations answer.

use async_graphql::{Context, Object};

use super::{Animal, Cell, Dog, Named, Owner, Spot, Thing, ran};

/// What can be asked.
pub struct Query;

#[Object]
impl Query {
    async fn count(&self, ctx: &Context<'_>) -> u32 {
        ran(ctx, "Query.count");
        3
    }
    async fn animal(&self, ctx: &Context<'_>, n: Option<u32>) -> Option<Animal> {
        ran(ctx, "Query.animal");
        Some(Animal::of(n.unwrap_or_default()))
    }
    async fn animals(&self, ctx: &Context<'_>, first: Option<i32>) -> Vec<Animal> {
        ran(ctx, "Query.animals");
        Animal::after(2, first)
    }
    async fn dog(&self, ctx: &Context<'_>) -> Option<Dog> {
        ran(ctx, "Query.dog");
        Some(Dog(6))
    }
    async fn named(&self, ctx: &Context<'_>) -> Vec<Named> {
        ran(ctx, "Query.named");
        vec![Named::Cell(Cell(5)), Named::Dog(Dog(9)), Named::Owner(Owner(2))]
    }
    async fn things(&self, ctx: &Context<'_>) -> Option<Vec<Thing>> {
        ran(ctx, "Query.things");
        Some((0..3).map(Thing::of).collect())
    }
    async fn owner(&self, ctx: &Context<'_>) -> Owner {
        ran(ctx, "Query.owner");
        Owner(10)
    }
}

/// What can be changed, though nothing is.
pub struct Mutation;

#[Object]
impl Mutation {
    async fn adopt(&self, ctx: &Context<'_>, spot: Spot) -> AdoptPayload {
        ran(ctx, "Mutation.adopt");
        AdoptPayload(u32::try_from(spot.x).unwrap_or_default())
    }
    async fn forget(&self, ctx: &Context<'_>) -> Option<AdoptPayload> {
        ran(ctx, "Mutation.forget");
        Some(AdoptPayload(4))
    }
    async fn touch(&self, ctx: &Context<'_>) -> Option<bool> {
        ran(ctx, "Mutation.touch");
        Some(true)
    }
}

/// What a mutation changed, or why it could not.
pub struct AdoptPayload(u32);

#[Object]
impl AdoptPayload {
    async fn animal(&self, ctx: &Context<'_>) -> Option<Animal> {
        ran(ctx, "AdoptPayload.animal");
        Some(Animal::of(self.0))
    }
    async fn owner(&self, ctx: &Context<'_>) -> Option<Owner> {
        ran(ctx, "AdoptPayload.owner");
        (self.0.is_multiple_of(2)).then_some(Owner(self.0))
    }
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<Reason> {
        ran(ctx, "AdoptPayload.userErrors");
        vec![Reason]
    }
}

/// Why not.
pub struct Reason;

#[Object]
impl Reason {
    async fn code(&self, ctx: &Context<'_>) -> &'static str {
        ran(ctx, "Reason.code");
        "INVALID"
    }
    async fn field(&self, ctx: &Context<'_>) -> Option<Vec<String>> {
        ran(ctx, "Reason.field");
        Some(vec!["spot".to_owned(), "x".to_owned()])
    }
}
