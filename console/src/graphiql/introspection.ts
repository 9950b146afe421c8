// The schema as the role sees it, with what each field holds.

import classification from "virtual:classification";

interface Described {
  name: string;
  description?: string | null;
}

interface Introspected {
  data?: { __schema?: { types: (Described & { fields?: Described[] | null })[] } } | null;
}

/** Adds the classification to each field's description: introspection has no other place for it. */
export function withClassification<T>(answer: T): T {
  const types = (answer as Introspected).data?.__schema?.types ?? [];
  for (const { name, fields } of types) {
    for (const field of fields ?? []) {
      const known = classification[`${name}.${field.name}`];
      if (known) field.description = marked(field.description ?? "", known);
    }
  }
  return answer;
}

/** In the first paragraph, because lists of fields show no other. */
function marked(description: string, known: string): string {
  const mark = known.split(" ").map((word) => `\`${word}\``).join(" ");
  const [first = "", ...rest] = description.split(/\n\s*\n/);
  return [`${first} ${mark}`.trim(), ...rest].join("\n\n");
}
