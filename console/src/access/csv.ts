// The matrix as a table of values, as `custodian policy matrix --csv` writes it: either can be read back here.

import { type Cell, type Field, type LevelWord, type Matrix, LEVELS, VERBS, written } from "./matrix";

const HEAD = ["type", "field", "classification", "category"];

export function toCsv(roles: readonly string[], fields: readonly Field[], rows: Matrix["rows"]): string {
  const lines = [[...HEAD, ...roles]];
  let type = "";
  for (const field of fields) {
    if (field.type !== type) {
      type = field.type;
      const reached = rows.get(type);
      if (reached) lines.push([type, "*", "", "", ...roles.map((role) => reached.get(role) ?? "-")]);
    }
    const cells = roles.map((role) => written(field.cells.get(role)));
    lines.push([field.type, field.name, field.level, field.category || "-", ...cells]);
  }
  return lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

/** Roles are named by people: a spreadsheet must not take a name for a formula. A dash alone is none. */
function quoted(value: string): string {
  const safe = /^[=+@\t\r]|^-./.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function fromCsv(text: string): Matrix {
  const [head = [], ...lines] = records(text.replace(/^\uFEFF/, ""));
  if (HEAD.some((name, at) => head[at] !== name)) {
    throw new Error(`This is no access matrix: its first line does not begin with ${HEAD.join(",")}.`);
  }
  const roles = head.slice(HEAD.length).map(plain);
  const fields = new Map<string, Field[]>();
  const rows = new Map<string, Map<string, string>>();
  lines.forEach((line, at) => {
    const [type = "", name = "", level = "", category = "", ...cells] = line;
    if (name === "*") {
      rows.set(type, new Map(roles.flatMap((role, at) => (cells[at] && cells[at] !== "-" ? [[role, cells[at]]] : []))));
      return;
    }
    const place = `line ${at + 2}`;
    const of = fields.get(type) ?? [];
    fields.set(type, of);
    const decided = roles.map((role, at) => [role, cellOf(cells[at] ?? "", place)] as const);
    of.push({ type, name, level, category: category === "-" ? "" : category, cells: new Map(decided) });
  });
  return { roles, fields, rows };
}

const plain = (value: string) => value.replace(/^'(?=[=+@\t\r-])/, "");

function cellOf(text: string, place: string): Cell {
  const [level, ...verbs] = text.split("+");
  const isLevel = (LEVELS as readonly string[]).includes(level ?? "");
  const known = VERBS.filter((verb) => verbs.includes(verb));
  if (!isLevel || known.length !== verbs.length) throw new Error(`This is no access matrix: ${place} has “${text}”.`);
  return { level: level as LevelWord, verbs: known };
}

/** RFC 4180. */
function records(text: string): string[][] {
  const found: string[][] = [];
  let line: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (end === "" && quoted === undefined && bare === "" && line.length === 0) break;
    line.push(quoted !== undefined ? quoted.replaceAll('""', '"') : (bare ?? ""));
    if (end !== ",") {
      found.push(line);
      line = [];
    }
  }
  return found;
}
