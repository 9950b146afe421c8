// Both pages are one: whoever goes from GraphiQL to the matrix stays signed in, though the tokens are only in memory.

import { StrictMode, Suspense, lazy, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Frame } from "./frame";
import { Notice } from "./notice";
import { type Route, navigate, route, titles } from "./route";
import { type Session, session, signOut } from "./session";
import { loadSettings } from "./settings";
import { SignIn } from "./sign-in";
import { useStore } from "./store";
import { apply } from "./theme";
import "./style/page.css";

const views = {
  graphiql: lazy(() => import("./graphiql/view")),
  access: lazy(() => import("./access/view")),
};

function Page() {
  const at = useStore(route);
  const who = useStore(session);
  useEffect(() => {
    document.title = `${titles[at]} · Custodian`;
  }, [at]);
  if (who.id === 0) {
    return <Frame><SignIn why={"why" in who ? who.why : undefined} /></Frame>;
  }
  return (
    <Frame>
      <Suspense fallback={<Notice title="Loading"><p>One moment.</p></Notice>}>
        <View at={at} who={who as Session} />
      </Suspense>
    </Frame>
  );
}

/** The policy decides who may use which page; here it is said politely. The API would refuse all the same. */
function View({ at, who }: { at: Route; who: Session }) {
  if (!who.may.schema) {
    return (
      <Notice title="Not for this role">
        <p>
          The role <strong>{who.role}</strong> may not look at the schema, so there is nothing here for {who.displayName}.
        </p>
        <p><button type="button" className="primary" onClick={() => void signOut()}>Sign out</button></p>
      </Notice>
    );
  }
  if (at === "access" && !who.may.matrix) {
    return (
      <Notice title="Not for this role">
        <p>The access matrix is for those who administer the policy. The role <strong>{who.role}</strong> does not.</p>
        <p><button type="button" className="primary" onClick={() => navigate("graphiql")}>Go to GraphiQL</button></p>
      </Notice>
    );
  }
  const Shown = views[at];
  return <Shown />;
}

apply();
void loadSettings();
const root = document.getElementById("page");
if (root) createRoot(root).render(<StrictMode><Page /></StrictMode>);
