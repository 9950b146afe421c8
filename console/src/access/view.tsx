// The access matrix.

import { type ChangeEvent, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { faultOf } from "../api";
import { Explanation, Level } from "../explanation";
import { Notice } from "../notice";
import { ask, session } from "../session";
import { useStore } from "../store";
import { fromCsv, toCsv } from "./csv";
import { EVERYTHING, Filters, fieldsShown, rolesShown } from "./filters";
import { type AccessCell, type Matrix, QUERY, VERBS, compared, isRoot, matrixOf } from "./matrix";
import { type Asked, Table } from "./table";
import "../style/access.css";

export default function View() {
  const who = useStore(session);
  const [matrix, setMatrix] = useState<Matrix>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    setMatrix(undefined);
    setFault("");
    ask<{ accessMatrix: AccessCell[] | null }>({ query: QUERY })
      .then((answer) => {
        if (answer.data?.accessMatrix) setMatrix(matrixOf(answer.data.accessMatrix));
        else setFault(faultOf(answer) ?? "There is no matrix.");
      })
      .catch((error: unknown) => setFault(String(error)));
  }, [who]);
  if (fault) return <Notice title="No matrix"><p role="alert">{fault}</p></Notice>;
  if (!matrix) return <Notice title="Loading"><p role="status">Asking the policy…</p></Notice>;
  return <Policy matrix={matrix} />;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

function Policy({ matrix }: { matrix: Matrix }) {
  const [filter, setFilter] = useState(EVERYTHING);
  const [other, setOther] = useState<{ name: string; matrix: Matrix }>();
  const [fault, setFault] = useState("");
  const [asked, setAsked] = useState<Asked>();
  const comparison = useMemo(() => (other ? compared(matrix, other.matrix) : undefined), [matrix, other]);
  const changes = comparison?.changes ?? NOTHING;
  const deferred = useDeferredValue(filter);
  const roles = useMemo(() => rolesShown(matrix, deferred), [matrix, deferred]);
  const fields = useMemo(() => fieldsShown(matrix, deferred, changes), [matrix, deferred, changes]);
  const explain = useCallback((asked: Asked) => setAsked(asked), []);

  const load = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (!file) return;
    try {
      setOther({ name: file.name, matrix: fromCsv(await file.text()) });
      setFault("");
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const forget = () => {
    setOther(undefined);
    setFilter({ ...filter, onlyChanged: false });
  };
  return (
    <div className="policy">
      <div className="head tools">
        <h1>Access matrix</h1>
        <p className="legend" aria-label="Legend">
          <Level of="CLEAR" /> <Level of="MASKED" /> <Level of="DENIED" />
          <span className="soft">and may {VERBS.map((verb, at) => <span key={verb}>{at > 0 && ", "}<b>{verb[0]}</b> {verb}</span>)}</span>
        </p>
        <span className="actions">
          <button type="button" onClick={() => download(toCsv(roles, fields, matrix.rows))}>Download CSV</button>
          <label className="button">
            Compare with…
            <input className="unseen" type="file" accept=".csv,text/csv" onChange={(event) => void load(event)} />
          </label>
          <button type="button" onClick={() => print()}>Print</button>
        </span>
      </div>
      <Filters matrix={matrix} filter={filter} change={setFilter} />
      {fault && <p className="fault" role="alert">{fault}</p>}
      {other && comparison && (
        <p className="comparison tools">
          <span>
            In force, against <strong>{other.name}</strong>: {changes.size} decisions differ, marked ≠.
            <OnlyOne names={comparison.onlyHere} who="Only what is in force has" />
            <OnlyOne names={comparison.onlyThere} who="Only the other has" />
          </span>
          <label>
            <input type="checkbox" checked={filter.onlyChanged} onChange={(event) => setFilter({ ...filter, onlyChanged: event.target.checked })} />{" "}
            only what differs
          </label>
          <button type="button" onClick={forget}>End comparison</button>
        </p>
      )}
      <p className="count soft" role="status">
        {fields.length} of {[...matrix.fields.values()].flat().length} fields, {roles.length} of {matrix.roles.length} roles
      </p>
      <div className="around" tabIndex={-1}>
        <Table matrix={matrix} roles={roles} fields={fields} changes={changes} explain={explain} />
      </div>
      {asked && <Why asked={asked} matrix={matrix} close={() => setAsked(undefined)} />}
    </div>
  );
}

function OnlyOne({ names, who }: { names: readonly string[]; who: string }) {
  if (names.length === 0) return null;
  const some = names.slice(0, 5).join(", ");
  return <> {who} {some}{names.length > 5 && ` and ${names.length - 5} more`}.</>;
}

/** Every decision about the field, each with its rules. */
function Why({ asked, matrix, close }: { asked: Asked; matrix: Matrix; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const [type = "", name] = asked.field.split(".");
  const field = matrix.fields.get(type)?.find((one) => one.name === name);
  const questions = isRoot(type) ? [undefined] : ["READ", "QUERY", "LOOKUP", "CREATE", "UPDATE", "REVEAL"];
  return (
    <dialog ref={dialog} className="why" aria-labelledby="why" onClose={close}>
      <header>
        <h2 id="why"><span className="mono">{asked.field}</span> for <span className="role">{asked.role}</span></h2>
        <button type="button" className="button" onClick={() => dialog.current?.close()}>Close</button>
      </header>
      {field?.level && <p><span className="class">{[field.level, field.category].filter(Boolean).join(" ")}</span></p>}
      <div className="scroll">
        {questions.map((verb) => <Explanation key={verb ?? "run"} role={asked.role} field={asked.field} verb={verb} />)}
      </div>
    </dialog>
  );
}

function download(text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = `access-matrix-${new Date().toISOString().slice(0, 10)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
