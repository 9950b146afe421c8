//! Closed sets of values as GraphQL enums: any enum of the entities, without mirroring it.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned,
    ServerResult, Value,
};
use sea_orm::ActiveEnum;

/// An enum of the entities; its GraphQL name and values are those under which it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<E>(pub E);

/// What such an enum has to be.
pub trait Set: ActiveEnum<Value = String> + Copy + Send + Sync + 'static {}
impl<E: ActiveEnum<Value = String> + Copy + Send + Sync + 'static> Set for E {}

fn name<E: Set>() -> String {
    E::name().to_string()
}

fn register<E: Set>(registry: &mut Registry) -> String {
    registry.create_input_type::<Choice<E>, _>(MetaTypeId::Enum, |_| MetaType::Enum {
        name: name::<E>(),
        description: None,
        enum_values: E::iter().map(|one| (one.to_value(), MetaEnumValue::new(one.to_value()))).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(std::any::type_name::<Choice<E>>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    })
}

impl<E: Set> InputType for Choice<E> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        name::<E>().into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::<E>(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let text = match value {
            Some(Value::Enum(name)) => name.to_string(),
            Some(Value::String(text)) => text,
            _ => return Err(InputValueError::custom("expected a value of the enum")),
        };
        E::try_from_value(&text).map(Self).map_err(|_| InputValueError::custom("not a value of the enum"))
    }

    fn to_value(&self) -> Value {
        Value::Enum(Name::new(self.0.to_value()))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<E: Set> OutputType for Choice<E> {
    fn type_name() -> Cow<'static, str> {
        name::<E>().into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::<E>(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(Name::new(self.0.to_value())))
    }
}
