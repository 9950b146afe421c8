// Which variables are files, and the files that were chosen for them.

import {
  type DocumentNode, type GraphQLInputType, type GraphQLSchema, Kind, getNamedType, isInputObjectType, isListType,
  isNonNullType, parse, typeFromAST,
} from "graphql";
import type { Operation, Upload } from "../api";
import { store } from "../store";

/** By the path of the variable: `variables.input.file`. */
export const files = store<ReadonlyMap<string, File>>(new Map());

/** The schema of the session, to know by. */
export const known = store<GraphQLSchema | undefined>(undefined);

export function choose(path: string, file: File | undefined): void {
  const next = new Map(files.get());
  if (file) next.set(path, file);
  else next.delete(path);
  files.set(next);
}

export function chosen(paths: string[]): Upload[] {
  const from = files.get();
  return paths.flatMap((path) => {
    const file = from.get(path);
    return file ? [{ path, file }] : [];
  });
}

/** The paths at which an operation takes files; lists have as many as the variables have items, one at least. */
export function pathsIn({ query, variables, operationName }: Operation): string[] {
  const schema = known.get();
  if (!schema) return [];
  let document: DocumentNode;
  try {
    document = parse(query, { noLocation: true });
  } catch {
    return [];
  }
  const found: string[] = [];
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (operationName && definition.name?.value !== operationName) continue;
    for (const { variable, type } of definition.variableDefinitions ?? []) {
      const name = variable.name.value;
      const of = typeFromAST(schema, type as never) as GraphQLInputType | undefined;
      if (of) collect(of, `variables.${name}`, variables?.[name], found, 0);
    }
  }
  return found;
}

function collect(type: GraphQLInputType, path: string, value: unknown, found: string[], depth: number): void {
  if (isNonNullType(type)) return collect(type.ofType, path, value, found, depth);
  if (isListType(type)) {
    // Most lists hold no file: one look is enough to know.
    const items = Array.isArray(value) && value.length > 0 ? value : [undefined];
    items.forEach((item, at) => collect(type.ofType, `${path}.${at}`, item, found, depth + 1));
  } else if (isInputObjectType(type)) {
    if (depth > 4) return;
    for (const field of Object.values(type.getFields())) {
      const inner = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[field.name] : undefined;
      collect(field.type, `${path}.${field.name}`, inner, found, depth + 1);
    }
  } else if (getNamedType(type).name === "Upload") {
    found.push(path);
  }
}
