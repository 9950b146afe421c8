// Which field of the schema stands at which place of an answer.

import {
  type DocumentNode, type FragmentDefinitionNode, type GraphQLNamedType, type GraphQLSchema, Kind, type OperationDefinitionNode,
  type OperationTypeNode,
  type SelectionSetNode,
  getNamedType, isInterfaceType, isObjectType, parse,
} from "graphql";
import type { Operation } from "../api";

/** By the keys that lead there, without the positions in lists: `customers.nodes.email` is `Customer.email`. */
export function placesIn(schema: GraphQLSchema | undefined, { query, operationName }: Operation): Map<string, string> {
  const places = new Map<string, string>();
  if (!schema) return places;
  let document: DocumentNode;
  try {
    document = parse(query, { noLocation: true });
  } catch {
    return places;
  }
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const walk = (set: SelectionSetNode, type: GraphQLNamedType | undefined, path: string, depth: number): void => {
    if (!type || depth > 30) return;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        if (!isObjectType(type) && !isInterfaceType(type)) continue;
        const field = type.getFields()[selection.name.value];
        if (!field) continue;
        const here = [path, (selection.alias ?? selection.name).value].filter(Boolean).join(".");
        places.set(here, `${type.name}.${field.name}`);
        if (selection.selectionSet) walk(selection.selectionSet, getNamedType(field.type), here, depth + 1);
      } else {
        const of = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (!of) continue;
        const narrowed = of.typeCondition ? schema.getType(of.typeCondition.name.value) : type;
        walk(of.selectionSet, narrowed ?? type, path, depth + 1);
      }
    }
  };
  for (const one of document.definitions) {
    if (one.kind !== Kind.OPERATION_DEFINITION) continue;
    if (operationName && one.name?.value !== operationName) continue;
    walk(one.selectionSet, schema.getRootType(one.operation) ?? undefined, "", 0);
  }
  return places;
}

/** The operation that is run; none if it cannot be told. */
function operationIn({ query, operationName }: Operation): OperationDefinitionNode | undefined {
  try {
    const definitions = parse(query, { noLocation: true }).definitions;
    const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
    return operations.length === 1 ? operations[0] : operations.find((one) => one.name?.value === operationName);
  } catch {
    return undefined;
  }
}

export const kindOf = (operation: Operation): OperationTypeNode | undefined => operationIn(operation)?.operation;

/** By its name: who goes to another tab and runs at once is otherwise still at the name of the tab before. */
export function named(operation: Operation): Operation {
  const { operationName: _, ...rest } = operation;
  const name = operationIn(operation)?.name?.value ?? operation.operationName;
  return name ? { ...rest, operationName: name } : rest;
}
