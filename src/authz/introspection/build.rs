//! Makes a schema of type definitions. It answers introspection; none of its fields is ever resolved.

use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, FieldValue, InputObject, InputValue, Interface, InterfaceField,
    Object, Scalar, Schema, SchemaError, Subscription, SubscriptionField, SubscriptionFieldFuture, Type,
    TypeRef, Union,
};
use async_graphql::parser::types::{
    BaseType, ConstDirective, EnumValueDefinition, FieldDefinition, InputValueDefinition, Type as ParsedType,
    TypeDefinition, TypeKind,
};
use async_graphql::{Error, Positioned};
use async_graphql_value::ConstValue;
use futures_util::stream;

use super::visible::Types;
use crate::authz::catalog::LIVE;

/// The schema that these types are. Each name they use is the name of one of them, or of a scalar of the language.
pub(super) fn schema(types: Types) -> Result<Schema, SchemaError> {
    let mutation = types.contains_key("Mutation").then_some("Mutation");
    let live = types.contains_key(LIVE).then_some(LIVE);
    let empty = Schema::build("Query", mutation, live).introspection_only().disable_suggestions();
    types.into_values().fold(empty, |schema, definition| schema.register(built(definition))).finish()
}

/// What the library's builders share and no trait of theirs says.
macro_rules! described {
    ($built:expr, $definition:expr) => {
        match $definition.description {
            Some(text) => $built.description(text.node),
            None => $built,
        }
    };
}

/// As `described`, with a deprecation.
macro_rules! documented {
    ($built:expr, $definition:expr) => {{
        let built = described!($built, $definition);
        match directive(&$definition.directives, "deprecated") {
            Some(directive) => built.deprecation(text(directive, "reason")),
            None => built,
        }
    }};
}

fn built(definition: TypeDefinition) -> Type {
    let name = definition.name.node.as_str();
    match definition.kind {
        TypeKind::Scalar => {
            let scalar = described!(Scalar::new(name), definition);
            let url =
                directive(&definition.directives, "specifiedBy").and_then(|directive| text(directive, "url"));
            match url {
                Some(url) => scalar.specified_by_url(url).into(),
                None => scalar.into(),
            }
        }
        TypeKind::Object(object) if name == LIVE => {
            let empty = described!(Subscription::new(name), definition);
            object.fields.into_iter().fold(empty, |built, one| built.field(event(one.node))).into()
        }
        TypeKind::Object(object) => {
            let empty = described!(Object::new(name), definition);
            let with_fields =
                object.fields.into_iter().fold(empty, |built, one| built.field(field(one.node)));
            object.implements.iter().fold(with_fields, |built, one| built.implement(one.node.as_str())).into()
        }
        TypeKind::Interface(interface) => {
            let empty = described!(Interface::new(name), definition);
            let with_fields =
                interface.fields.into_iter().fold(empty, |built, one| built.field(interface_field(one.node)));
            interface
                .implements
                .iter()
                .fold(with_fields, |built, one| built.implement(one.node.as_str()))
                .into()
        }
        TypeKind::Union(union) => {
            let empty = described!(Union::new(name), definition);
            union.members.iter().fold(empty, |built, one| built.possible_type(one.node.as_str())).into()
        }
        TypeKind::Enum(choice) => {
            let empty = described!(Enum::new(name), definition);
            choice.values.into_iter().fold(empty, |built, one| built.item(item(one.node))).into()
        }
        TypeKind::InputObject(input) => {
            let empty = described!(InputObject::new(name), definition);
            let built = input.fields.into_iter().fold(empty, |built, one| built.field(value(one.node)));
            if directive(&definition.directives, "oneOf").is_some() {
                built.oneof().into()
            } else {
                built.into()
            }
        }
    }
}

fn field(definition: FieldDefinition) -> Field {
    let name = definition.name.node.as_str();
    let empty = Field::new(name, type_ref(&definition.ty.node), |_| FieldFuture::Value(None));
    let built = documented!(empty, definition);
    definition.arguments.into_iter().fold(built, |built, one| built.argument(value(one.node)))
}

fn event(definition: FieldDefinition) -> SubscriptionField {
    let name = definition.name.node.as_str();
    let empty = SubscriptionField::new(name, type_ref(&definition.ty.node), |_| {
        SubscriptionFieldFuture::new(async { Ok(stream::empty::<Result<FieldValue<'_>, Error>>()) })
    });
    let built = documented!(empty, definition);
    definition.arguments.into_iter().fold(built, |built, one| built.argument(value(one.node)))
}

fn interface_field(definition: FieldDefinition) -> InterfaceField {
    let empty = InterfaceField::new(definition.name.node.as_str(), type_ref(&definition.ty.node));
    let built = documented!(empty, definition);
    definition.arguments.into_iter().fold(built, |built, one| built.argument(value(one.node)))
}

fn value(definition: InputValueDefinition) -> InputValue {
    let empty = InputValue::new(definition.name.node.as_str(), type_ref(&definition.ty.node));
    let built = documented!(empty, definition);
    match definition.default_value {
        Some(default) => built.default_value(default.node),
        None => built,
    }
}

fn item(definition: EnumValueDefinition) -> EnumItem {
    documented!(EnumItem::new(definition.value.node.as_str()), definition)
}

fn type_ref(ty: &ParsedType) -> TypeRef {
    let nullable = match &ty.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(inner) => TypeRef::List(Box::new(type_ref(inner))),
    };
    if ty.nullable { nullable } else { TypeRef::NonNull(Box::new(nullable)) }
}

fn directive<'d>(directives: &'d [Positioned<ConstDirective>], name: &str) -> Option<&'d ConstDirective> {
    directives.iter().map(|directive| &directive.node).find(|directive| directive.name.node == name)
}

/// A text given to a directive.
fn text<'d>(directive: &'d ConstDirective, argument: &str) -> Option<&'d str> {
    match &directive.get_argument(argument)?.node {
        ConstValue::String(text) => Some(text),
        _ => None,
    }
}
