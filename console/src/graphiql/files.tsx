// The panel in which files are chosen for the variables that take them.

import { type GraphiQLPlugin, useOperationsEditorState, useVariablesEditorState } from "@graphiql/react";
import { useMemo } from "react";
import { useStore } from "../store";
import { choose, files, known, pathsIn } from "./uploads";

function variablesOf(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function Files() {
  const [query] = useOperationsEditorState();
  const [variables] = useVariablesEditorState();
  const schema = useStore(known);
  const from = useStore(files);
  const paths = useMemo(
    () => (schema ? pathsIn({ query, variables: variablesOf(variables) }) : []),
    [schema, query, variables],
  );
  return (
    <section className="panel" aria-labelledby="files">
      <h2 id="files">Files</h2>
      {paths.length === 0 && (
        <p className="soft">
          This operation takes no file. Variables of type <code>Upload</code>, such as <code>$input.file</code> of{" "}
          <code>documentUpload</code>, are filled in here.
        </p>
      )}
      {paths.map((path) => {
        const file = from.get(path);
        return (
          <div className="file" key={path}>
            <label htmlFor={path}><code>${path.replace(/^variables\./, "")}</code></label>
            <input id={path} type="file" onChange={(event) => choose(path, event.target.files?.[0])} />
            {file && <p className="soft">{file.name}, {Math.ceil(file.size / 1024)} KiB, is sent when the operation is run.</p>}
          </div>
        );
      })}
    </section>
  );
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" strokeWidth="1.500" aria-hidden="true">
      <path d="m20 11-8.500 8.500a5 5 0 0 1-7-7L13 4a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400L14.500 7" strokeLinecap="round" />
    </svg>
  );
}

export const FILES: GraphiQLPlugin = { title: "Files", icon: Icon, content: Files };
