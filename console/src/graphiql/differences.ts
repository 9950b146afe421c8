// Two answers to the same question, line by line.

export interface Line {
  /** What stands there; nothing where only the other side has it. */
  readonly left: string;
  readonly right: string;
  readonly differs: boolean;
  /** The keys that lead there, without positions in lists. */
  readonly path: string;
}

type Json = unknown;

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function differences(left: Json, right: Json): Line[] {
  const lines: Line[] = [];
  walk(left, right, "", "", 0, lines);
  return lines;
}

function walk(left: Json, right: Json, label: string, path: string, depth: number, lines: Line[]): void {
  const both = (text: string) => lines.push({ left: indent(depth, text), right: indent(depth, text), differs: false, path });
  if (Array.isArray(left) && Array.isArray(right) && left.length + right.length > 0) {
    both(`${label}[`);
    for (let at = 0; at < Math.max(left.length, right.length); at++) walk(left[at], right[at], "", path, depth + 1, lines);
    both("]");
  } else if (isObject(left) && isObject(right)) {
    both(`${label}{`);
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      walk(left[key], right[key], `${key}: `, path ? `${path}.${key}` : key, depth + 1, lines);
    }
    both("}");
  } else {
    const [mine, other] = [written(left, label, depth), written(right, label, depth)];
    const differs = JSON.stringify(left) !== JSON.stringify(right);
    for (let at = 0; at < Math.max(mine.length, other.length); at++) {
      lines.push({ left: mine[at] ?? "", right: other[at] ?? "", differs, path });
    }
  }
}

function written(value: Json, label: string, depth: number): string[] {
  if (value === undefined) return [];
  return `${label}${JSON.stringify(value, null, 2)}`.split("\n").map((line) => indent(depth, line));
}

const indent = (depth: number, text: string) => "  ".repeat(depth) + text;
