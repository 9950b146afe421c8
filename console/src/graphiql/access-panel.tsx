// What the policy did to the answer: a panel beside the editor.

import type { GraphiQLPlugin } from "@graphiql/react";
import classification from "virtual:classification";
import { useState } from "react";
import type { Access } from "../api";
import { Explanation, Level } from "../explanation";
import { type Session, session } from "../session";
import { useStore } from "../store";
import { Compare } from "./compare";
import { type Run, last } from "./last";

export const accessOf = (run: Pick<Run, "answer">): Access => run.answer.extensions?.access ?? { masked: [], denied: [] };

function Panel() {
  const run = useStore(last);
  const who = useStore(session);
  if (who.id === 0) return null;
  return (
    <section className="panel" aria-labelledby="access">
      <h2 id="access">Access</h2>
      {run ? <Outcome run={run} who={who as Session} /> : <p className="soft">Run an operation to see what the policy does to its answer.</p>}
      {run && <Compare run={run} who={who as Session} />}
    </section>
  );
}

function Outcome({ run, who }: { run: Run; who: Session }) {
  const access = accessOf(run);
  const untouched = access.masked.length + access.denied.length === 0;
  return (
    <div aria-live="polite">
      <p>
        {run.operation.operationName ? <code>{run.operation.operationName}</code> : "The operation"}, run as{" "}
        <span className="role">{run.who.role}</span>:
      </p>
      {untouched && <p><Level of="CLEAR" /> Nothing was masked or denied.</p>}
      <ul className="touched">
        {access.masked.map((field) => <Touched key={field} field={field} level="MASKED" run={run} who={who} />)}
        {access.denied.map((field) => <Touched key={field} field={field} level="DENIED" run={run} who={who} />)}
      </ul>
      {!untouched && !who.may.explain && <p className="soft">Why, administrators of the policy are told.</p>}
    </div>
  );
}

function Touched({ field, level, run, who }: { field: string; level: string; run: Run; who: Session }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li>
      <div className="row">
        <Level of={level} /> <strong className="mono">{field}</strong> <Classified field={field} />
        {who.may.explain && (
          <button type="button" className="link" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            Why<span className="unseen"> {field} is {level.toLowerCase()}</span>?
          </button>
        )}
      </div>
      {isOpen && <Explanation role={run.who.role} field={field} />}
    </li>
  );
}

export function Classified({ field }: { field: string }) {
  const known = classification[field];
  return known ? <span className="class">{known}</span> : null;
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M12 3 4.500 6v5.500c0 4.500 3 7.800 7.500 9.500 4.500-1.700 7.500-5 7.500-9.500V6z" strokeLinejoin="round" />
      <circle cx="12" cy="10.500" r="1.800" />
      <path d="M12 12.300V16" strokeLinecap="round" />
    </svg>
  );
}

export const ACCESS: GraphiQLPlugin = { title: "Access", icon: Icon, content: Panel };
