// The table: fields down, roles across. One cell is reached by Tab, the others from there by arrows.

import { Fragment, type KeyboardEvent, memo, useEffect, useRef } from "react";
import { Mark } from "../explanation";
import { type Cell, type Field, type Matrix, isRoot, nameOf } from "./matrix";

export interface Asked {
  role: string;
  field: string;
}

interface Given {
  matrix: Matrix;
  roles: readonly string[];
  fields: readonly Field[];
  changes: ReadonlyMap<string, string>;
  explain: (asked: Asked) => void;
}

const LETTERS = { create: "c", update: "u", lookup: "l", reveal: "r" } as const;
const STEPS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
};

export const Table = memo(function Table({ matrix, roles, fields, changes, explain }: Given) {
  const table = useRef<HTMLTableElement>(null);
  useEffect(() => {
    // The one that Tab reached may have been filtered away.
    const one = table.current?.querySelector<HTMLButtonElement>('button[tabindex="0"]');
    const first = one ?? table.current?.querySelector<HTMLButtonElement>("button[data-at]");
    if (first) first.tabIndex = 0;
  }, [fields, roles]);
  const find = (row: number, column: number) =>
    table.current?.querySelector<HTMLButtonElement>(`button[data-at="${row} ${column}"]`);
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const at = (event.target as HTMLElement).dataset["at"];
    if (!step || !at) return;
    const [row = 0, column = 0] = at.split(" ").map(Number);
    const next = find(row + step[0], column + step[1]);
    if (!next) return;
    event.preventDefault();
    table.current?.querySelectorAll<HTMLButtonElement>('button[tabindex="0"]').forEach((one) => (one.tabIndex = -1));
    next.tabIndex = 0;
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  return (
    <table ref={table} className="matrix" onKeyDown={move}>
      <caption className="unseen">What each role may do with each field. Arrow keys go from cell to cell, Enter explains.</caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col" className="classes">Class</th>
          {roles.map((role) => <th scope="col" key={role}>{role.split("_").map((word, at) => <Fragment key={at}>{at > 0 && <>_<wbr /></>}{word}</Fragment>)}</th>)}
        </tr>
      </thead>
      {grouped(fields).map(({ type, first, fields }) => (
        <tbody key={type}>
          <tr className="type">
            <th scope="rowgroup" colSpan={2}>{type}</th>
            {roles.map((role) => <td key={role}>{rowsOf(matrix, type, role)}</td>)}
          </tr>
          {fields.map((field, at) => {
            const name = nameOf(field);
            return (
              <tr key={name}>
                <th scope="row">{field.name}<Class field={field} isSmall /></th>
                <td className="classes"><Class field={field} /></td>
                {roles.map((role, column) => (
                  <Decision
                    key={role} name={name} role={role} cell={field.cells.get(role)} other={changes.get(`${name} ${role}`)}
                    at={`${first + at} ${column}`} isFirst={first + at + column === 0} explain={explain} isRun={isRoot(type)}
                  />
                ))}
              </tr>
            );
          })}
        </tbody>
      ))}
    </table>
  );
});

function Class({ field, isSmall }: { field: Field; isSmall?: boolean }) {
  const text = [field.level, field.category].filter(Boolean).join(" ");
  return text ? <span className={`class ${isSmall ? "small-only" : ""} ${field.level.toLowerCase()}`}>{text}</span> : null;
}

interface DecisionGiven {
  role: string;
  name: string;
  cell: Cell | undefined;
  other: string | undefined;
  at: string;
  isFirst: boolean;
  isRun: boolean;
  explain: (asked: Asked) => void;
}

function Decision({ name, role, cell, other, at, isFirst, isRun, explain }: DecisionGiven) {
  if (!cell) return <td>–</td>;
  const word = isRun && cell.level === "clear" ? "may" : cell.level;
  return (
    <td className={other ? "changed" : ""}>
      <button
        type="button" className={`level ${cell.level}`} data-at={at} tabIndex={isFirst ? 0 : -1}
        onClick={() => explain({ role, field: name })}
      >
        <span className="unseen">{name}, {role}: </span>
        <Mark of={cell.level} /> {word}
        {cell.verbs.map((verb) => <span className="verb" key={verb} title={verb}> <span aria-hidden="true">{LETTERS[verb]}</span><span className="unseen">, {verb}</span></span>)}
      </button>
      {other && <span className="other">≠ other: {other}</span>}
    </td>
  );
}

function rowsOf(matrix: Matrix, type: string, role: string): string {
  const reached = matrix.rows.get(type);
  return reached ? `rows: ${reached.get(role) ?? "none"}` : "";
}

function grouped(fields: readonly Field[]): { type: string; first: number; fields: Field[] }[] {
  const groups: { type: string; first: number; fields: Field[] }[] = [];
  fields.forEach((field, at) => {
    const group = groups.at(-1);
    if (group?.type === field.type) group.fields.push(field);
    else groups.push({ type: field.type, first: at, fields: [field] });
  });
  return groups;
}
