// The same query as two roles, side by side. Only queries: what changes something is not run twice.

import { useRef, useState } from "react";
import type { Access, Answer } from "../api";
import { Explanation, Level } from "../explanation";
import { type Session, ask, askAs } from "../session";
import { settings } from "../settings";
import { useStore } from "../store";
import { Classified } from "./access-panel";
import { type Line, differences } from "./differences";
import type { Run } from "./last";
import { kindOf, placesIn } from "./places";
import { known } from "./uploads";

/** Another account, or another role of one's own. */
interface Other {
  key: string;
  label: string;
  role: string;
  ask(run: Run): Promise<Answer>;
}

interface Side {
  label: string;
  role: string;
  access: Access;
}

interface Result {
  left: Side;
  right: Side;
  lines: Line[];
  fields: string[];
  places: Map<string, string>;
}

const none: Access = { masked: [], denied: [] };

function useOthers(who: Session): Other[] {
  const { demo } = useStore(settings);
  const own = who.roles.map((role) => ({
    key: `role ${role}`,
    label: role === who.role ? `${role} (${who.username})` : role,
    role,
    ask: ({ operation }: Run) => ask(operation, role === who.role ? {} : { "X-Custodian-Role": role }),
  }));
  const password = demo?.password;
  if (!password) return own;
  const accounts = demo.accounts.filter(({ username }) => username !== who.username);
  return own.concat(accounts.map(({ username, role }) => ({
    key: username,
    label: `${role} (${username})`,
    role,
    ask: ({ operation }: Run) => askAs(username, password, operation),
  })));
}

export function Compare({ run, who }: { run: Run; who: Session }) {
  const others = useOthers(who);
  const [left, setLeft] = useState("");
  const [right, setRight] = useState("");
  const [result, setResult] = useState<Result>();
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  if (others.length < 2) return null;
  const at = (key: string, otherwise: string | undefined) => others.find((other) => other.key === (key || otherwise));
  const [first, second] = preferred(others, who);

  const compare = async () => {
    const [one, two] = [at(left, first), at(right, second)];
    if (!one || !two) return;
    setBusy(true);
    setFault("");
    try {
      const [mine, other] = await Promise.all([one.ask(run), two.ask(run)]);
      const side = ({ label, role }: Other, answer: Answer): Side => ({ label, role, access: answer.extensions?.access ?? none });
      const sides = { left: side(one, mine), right: side(two, other) };
      const data = (answer: Answer) => answer.data ?? { errors: answer.errors?.map(({ message }) => message) };
      const touched = [sides.left, sides.right].flatMap(({ access }) => [...access.masked, ...access.denied]);
      setResult({
        ...sides,
        lines: differences(data(mine), data(other)),
        fields: [...new Set(touched)].sort(),
        places: placesIn(known.get(), run.operation),
      });
      dialog.current?.showModal();
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  const choice = (label: string, value: string, change: (key: string) => void) => (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => change(event.target.value)}>
        {others.map(({ key, label }) => <option key={key} value={key}>{label}</option>)}
      </select>
    </label>
  );
  return (
    <div className="compare tools">
      <h3>As another role</h3>
      {kindOf(run.operation) === "query" ? (
        <>
          {choice("Left", at(left, first)?.key ?? "", setLeft)}
          {choice("Right", at(right, second)?.key ?? "", setRight)}
          <button type="button" className="primary" disabled={busy} onClick={() => void compare()}>
            {busy ? "Asking both…" : "Compare"}
          </button>
          {fault && <p className="fault" role="alert">{fault}</p>}
        </>
      ) : (
        <p className="soft">Only queries are compared: nothing is changed twice.</p>
      )}
      <dialog ref={dialog} className="side-by-side" aria-labelledby="compared" onClose={() => setResult(undefined)}>
        {result && <SideBySide result={result} mayExplain={who.may.explain} close={() => dialog.current?.close()} />}
      </dialog>
    </div>
  );
}

/** As oneself, and as who sees most of the same provider, or else its support. */
function preferred(others: Other[], who: Session): [string | undefined, string | undefined] {
  const provider = who.username.split("@")[1];
  const of = (role: string) => others.find((other) => other.role === role && other.key.endsWith(`@${provider}`));
  const first = others.find(({ key }) => key === `role ${who.role}`);
  const second = [of("tenant_admin"), of("support_agent"), ...others].find((other) => other && other.role !== who.role);
  return [first?.key, second?.key];
}

function SideBySide({ result, mayExplain, close }: { result: Result; mayExplain: boolean; close: () => void }) {
  const { left, right, lines, fields, places } = result;
  const differing = lines.filter((line) => line.differs).length;
  return (
    <>
      <header>
        <h2 id="compared">The same query as two roles</h2>
        <button type="button" className="button" onClick={close}>Close</button>
      </header>
      <p className="soft">
        {differing === 0 ? "Both answers are the same." : `${differing} of ${lines.length} lines differ, marked ≠ and coloured.`}
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-label="Both answers">
        <table className="lines">
          <thead>
            <tr><th><span className="unseen">Differs</span></th><th scope="col">{left.label}</th><th scope="col">{right.label}</th></tr>
          </thead>
          <tbody>
            {lines.map((line, at) => {
              const field = places.get(line.path);
              return (
                <tr key={at} className={line.differs ? "differs" : ""}>
                  <td>{line.differs && <><span aria-hidden="true">≠</span><span className="unseen">differs</span></>}</td>
                  <td><code>{line.left}</code>{line.differs && field && line.left && <Shown field={field} of={left.access} />}</td>
                  <td><code>{line.right}</code>{line.differs && field && line.right && <Shown field={field} of={right.access} />}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {fields.length > 0 && <Fields fields={fields} left={left} right={right} mayExplain={mayExplain} />}
    </>
  );
}

const levelOf = (field: string, { masked, denied }: Access) =>
  denied.includes(field) ? "DENIED" : masked.includes(field) ? "MASKED" : "CLEAR";

function Shown({ field, of }: { field: string; of: Access }) {
  const level = levelOf(field, of);
  return level === "CLEAR" ? null : <> <Level of={level} /></>;
}

function Fields({ fields, left, right, mayExplain }: { fields: string[]; left: Side; right: Side; mayExplain: boolean }) {
  const [asked, setAsked] = useState<{ field: string; role: string }>();
  const cell = (field: string, side: Side) => (
    <td>
      <Level of={levelOf(field, side.access)} />{" "}
      {mayExplain && (
        <button type="button" className="link" onClick={() => setAsked({ field, role: side.role })}>
          Why<span className="unseen"> {field} is so for {side.role}</span>?
        </button>
      )}
    </td>
  );
  return (
    <div className="scroll">
      <table className="fields">
        <thead><tr><th scope="col">Field</th><th scope="col">{left.role}</th><th scope="col">{right.role}</th></tr></thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field}>
              <th scope="row"><span className="mono">{field}</span> <Classified field={field} /></th>
              {cell(field, left)}
              {cell(field, right)}
            </tr>
          ))}
        </tbody>
      </table>
      {asked && (
        <div className="asked">
          <h3><span className="mono">{asked.field}</span> for <span className="role">{asked.role}</span></h3>
          <Explanation role={asked.role} field={asked.field} />
        </div>
      )}
    </div>
  );
}
