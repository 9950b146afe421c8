// What of the matrix is shown.

import type { Field, Matrix } from "./matrix";
import { LEVELS, nameOf } from "./matrix";

export interface Filter {
  readonly text: string;
  readonly type: string;
  readonly classification: string;
  readonly level: string;
  /** None: all. */
  readonly roles: readonly string[];
  readonly onlyChanged: boolean;
}

export const EVERYTHING: Filter = { text: "", type: "", classification: "", level: "", roles: [], onlyChanged: false };

const CLASSIFICATIONS = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"];
const CATEGORIES = ["AUTH", "COMMUNICATION", "DOCUMENT", "FINANCIAL", "PII", "SERVICE"];

export const rolesShown = (matrix: Matrix, filter: Filter) =>
  matrix.roles.filter((role) => filter.roles.length === 0 || filter.roles.includes(role));

export function fieldsShown(matrix: Matrix, filter: Filter, changes: ReadonlyMap<string, string>): Field[] {
  const roles = rolesShown(matrix, filter);
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const isShown = (field: Field) => {
    const name = nameOf(field);
    const lower = name.toLowerCase();
    return (
      words.every((word) => lower.includes(word)) &&
      (!filter.classification || [field.level, field.category].includes(filter.classification)) &&
      (!filter.level || roles.some((role) => field.cells.get(role)?.level === filter.level)) &&
      (!filter.onlyChanged || roles.some((role) => changes.has(`${name} ${role}`)))
    );
  };
  const types = filter.type ? [filter.type] : [...matrix.fields.keys()];
  return types.flatMap((type) => matrix.fields.get(type) ?? []).filter(isShown);
}

interface Given {
  matrix: Matrix;
  filter: Filter;
  change: (filter: Filter) => void;
}

export function Filters({ matrix, filter, change }: Given) {
  const set = (part: Partial<Filter>) => change({ ...filter, ...part });
  const toggle = (role: string, isOn: boolean) =>
    set({ roles: matrix.roles.filter((one) => (one === role ? isOn : filter.roles.includes(one))) });
  return (
    <form className="filters tools" role="search" aria-label="Filter the matrix" onSubmit={(event) => event.preventDefault()}>
      <label>
        Field
        <input type="search" placeholder="email" value={filter.text} onChange={(event) => set({ text: event.target.value })} />
      </label>
      <label>
        Type
        <select value={filter.type} onChange={(event) => set({ type: event.target.value })}>
          <option value="">all</option>
          {[...matrix.fields.keys()].map((type) => <option key={type}>{type}</option>)}
        </select>
      </label>
      <label>
        Classification
        <select value={filter.classification} onChange={(event) => set({ classification: event.target.value })}>
          <option value="">all</option>
          <optgroup label="How sensitive">{CLASSIFICATIONS.map((one) => <option key={one}>{one}</option>)}</optgroup>
          <optgroup label="Kind of data">{CATEGORIES.map((one) => <option key={one}>{one}</option>)}</optgroup>
        </select>
      </label>
      <label>
        Shown as
        <select value={filter.level} onChange={(event) => set({ level: event.target.value })}>
          <option value="">any</option>
          {LEVELS.map((one) => <option key={one} value={one}>{one} for some role</option>)}
        </select>
      </label>
      <fieldset>
        <legend>Roles</legend>
        <div>
          {matrix.roles.map((role) => (
            <label key={role} className="chip">
              <input type="checkbox" checked={filter.roles.includes(role)} onChange={(event) => toggle(role, event.target.checked)} />
              {role}
            </label>
          ))}
        </div>
      </fieldset>
    </form>
  );
}
