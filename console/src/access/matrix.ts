// Who may do what with which field, as the API says it or as a table of it was kept.

import classification from "virtual:classification";

export const LEVELS = ["clear", "masked", "denied"] as const;
export const VERBS = ["create", "update", "lookup", "reveal"] as const;

export type LevelWord = (typeof LEVELS)[number];
export type Verb = (typeof VERBS)[number];

export interface Cell {
  readonly level: LevelWord;
  readonly verbs: readonly Verb[];
}

export interface Field {
  readonly type: string;
  readonly name: string;
  readonly level: string;
  readonly category: string;
  /** By role. */
  readonly cells: ReadonlyMap<string, Cell>;
}

export interface Matrix {
  readonly roles: readonly string[];
  /** By type. */
  readonly fields: ReadonlyMap<string, readonly Field[]>;
  /** By type and role: which rows are reached. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** One of the API. */
export interface AccessCell {
  role: string;
  field: string;
  read: string;
  create: boolean;
  update: boolean;
  lookup: boolean;
  reveal: boolean;
  rows: string | null;
}

export const QUERY = `query AccessMatrix {
  accessMatrix { role field read create update lookup reveal rows }
}`;

export const nameOf = (field: Field) => `${field.type}.${field.name}`;

/** What an operation may is to be run, not to be seen. */
export const isRoot = (type: string) => ["Query", "Mutation", "Live"].includes(type);

export function matrixOf(cells: AccessCell[]): Matrix {
  const roles = new Set<string>();
  const fields = new Map<string, Map<string, Field>>();
  const rows = new Map<string, Map<string, string>>();
  for (const cell of cells) {
    const [type = "", name = ""] = cell.field.split(".");
    roles.add(cell.role);
    const [level = "", category = ""] = (classification[cell.field] ?? "").split(" ");
    const of = within(fields, type);
    const field = of.get(name) ?? { type, name, level, category, cells: new Map() };
    of.set(name, field);
    const verbs = VERBS.filter((verb) => cell[verb]);
    (field.cells as Map<string, Cell>).set(cell.role, { level: cell.read.toLowerCase() as LevelWord, verbs });
    if (cell.rows) within(rows, type).set(cell.role, cell.rows.toLowerCase());
  }
  // What has rows is what the policy is about; what is run comes last.
  const rank = (type: string) => (rows.has(type) ? 0 : isRoot(type) ? 2 : 1);
  const listed = [...fields].map(([type, of]) => [type, [...of.values()]] as const);
  listed.sort(([one], [two]) => rank(one) - rank(two));
  return { roles: [...roles], fields: new Map(listed), rows };
}

function within<V>(of: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let inner = of.get(key);
  if (!inner) of.set(key, (inner = new Map()));
  return inner;
}

export const written = (cell: Cell | undefined) => (cell ? [cell.level, ...cell.verbs].join("+") : "");

export interface Comparison {
  /** Where another policy decides otherwise: by `Type.field role`, what it says. */
  readonly changes: ReadonlyMap<string, string>;
  /** What only one of both knows. A table of one type, or of some roles, is compared as far as it goes. */
  readonly onlyHere: readonly string[];
  readonly onlyThere: readonly string[];
}

export function compared(now: Matrix, other: Matrix): Comparison {
  const changes = new Map<string, string>();
  const roles = now.roles.filter((role) => other.roles.includes(role));
  for (const [type, fields] of now.fields) {
    const others = new Map(other.fields.get(type)?.map((field) => [field.name, field]));
    if (others.size === 0) continue;
    for (const field of fields) {
      for (const role of roles) {
        const [mine, its] = [written(field.cells.get(role)), written(others.get(field.name)?.cells.get(role))];
        if (mine !== its) changes.set(`${nameOf(field)} ${role}`, its || "not there");
      }
    }
  }
  const [here, there] = [namesIn(now, other), namesIn(other, now)];
  const lacks = (names: Set<string>) => (name: string) => !names.has(name);
  return { changes, onlyHere: [...here].filter(lacks(there)), onlyThere: [...there].filter(lacks(here)) };
}

/** Roles and types; and the fields of types that both know. */
function namesIn({ roles, fields }: Matrix, other: Matrix): Set<string> {
  const shared = [...fields].filter(([type]) => other.fields.has(type)).flatMap(([, of]) => of.map(nameOf));
  return new Set([...roles, ...fields.keys(), ...shared]);
}
