// GraphiQL with what it lacks here: who asks, what the policy did, files.

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { usePluginStore } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { Notice } from "../notice";
import { type Session, session } from "../session";
import { useStore } from "../store";
import { theme } from "../theme";
import { ACCESS } from "./access-panel";
import { type Example, examples } from "./examples";
import { fetcherFor } from "./fetcher";
import { FILES } from "./files";
import { storage } from "./storage";
import { known } from "./uploads";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "../style/graphiql.css";

const PLUGINS = [explorerPlugin({ showAttribution: false }), ACCESS, FILES];

/** Beside the panels there must be room for the editors. */
const isWide = matchMedia("(min-width: 900px)");

export default function View() {
  const who = useStore(session);
  const colours = useStore(theme);
  const [tabs, setTabs] = useState<Example[]>();
  const fetcher = useMemo(() => fetcherFor(who as Session), [who]);
  useEffect(() => {
    void examples().then(setTabs);
  }, []);
  const isReady = usePluginStore(({ plugins }) => tabs !== undefined && plugins.includes(ACCESS));
  useEffect(() => {
    // As somebody would: a panel that GraphiQL is given to begin with has no width.
    if (isReady && isWide.matches) document.querySelector<HTMLElement>(`[aria-label="Show ${ACCESS.title}"]`)?.click();
  }, [isReady]);
  if (!tabs) return <Notice title="Loading"><p>One moment.</p></Notice>;
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={tabs}
      defaultEditorToolsVisibility="variables"
      plugins={PLUGINS}
      onSchemaChange={known.set}
      forcedTheme={colours}
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      storage={storage}
    >
      <GraphiQL.Logo><span /></GraphiQL.Logo>
    </GraphiQL>
  );
}
