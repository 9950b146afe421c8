// Why a role may do something with a field, or may not.

import { useEffect, useState } from "react";
import { faultOf } from "./api";
import { ask } from "./session";

interface Rule {
  place: string;
  rule: string;
  through: string[];
  allows: boolean;
  decides: boolean;
}

interface Explained {
  verb: string;
  decision: string;
  rows: string | null;
  reasons: string[];
  rules: Rule[];
}

const QUERY = `query Explain($role: String!, $field: String!, $verb: AccessVerb) {
  explainAccess(role: $role, field: $field, verb: $verb) {
    verb decision rows reasons
    rules { place rule through allows decides }
  }
}`;

export function Level({ of }: { of: string }) {
  const word = of.toLowerCase();
  return <span className={`level ${word}`}><Mark of={word} /> {word}</span>;
}

/** A sign beside the word: told apart without colours, and when small. */
export function Mark({ of }: { of: string }) {
  return <span aria-hidden="true">{of === "clear" ? "●" : of === "masked" ? "◐" : "○"}</span>;
}

export function Explanation({ role, field, verb }: { role: string; field: string; verb?: string | undefined }) {
  const [found, setFound] = useState<Explained>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    let stale = false;
    setFound(undefined);
    setFault("");
    ask<{ explainAccess: Explained | null }>({ query: QUERY, variables: { role, field, verb: verb ?? null } })
      .then((answer) => {
        if (stale) return;
        if (answer.data?.explainAccess) setFound(answer.data.explainAccess);
        else setFault(faultOf(answer) ?? "There is no explanation.");
      })
      .catch((error: unknown) => !stale && setFault(String(error)));
    return () => {
      stale = true;
    };
  }, [role, field, verb]);

  if (fault) return <p className="fault" role="alert">{fault}</p>;
  if (!found) return <p className="soft" role="status">Asking the policy…</p>;
  return (
    <div className="explanation">
      <p>
        <strong>{found.verb.toLowerCase()}</strong> <Level of={found.decision} />
        {found.rows && <span className="soft"> on the rows of scope {found.rows.toLowerCase()}</span>}
      </p>
      {found.rules.length === 0 && found.reasons.map((reason) => <p key={reason}>{reason}</p>)}
      {found.rules.length > 0 && (
        <ol className="rules">
          {found.rules.map((rule) => (
            <li key={`${rule.place} ${rule.rule}`} className={rule.decides ? "decides" : ""}>
              <span className="soft">{rule.place}</span> {rule.allows ? "allows" : "denies"}
              {rule.decides ? <strong>, and decides</strong> : <span className="soft">, overruled</span>}
              <code>{rule.rule}</code>
              {rule.through.map((one) => <code key={one} className="soft">through {one}</code>)}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
