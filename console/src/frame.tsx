// What is around every page: where one is, who one is, and until when.

import { type MouseEvent, type ReactNode, useEffect, useState } from "react";
import { type Route, navigate, route, titles } from "./route";
import { type Session, actAs, expiry, session, signIn, signOut } from "./session";
import { settings } from "./settings";
import { useStore } from "./store";
import { type Theme, choose, theme } from "./theme";
import icon from "./icon.svg";

export function Frame({ children }: { children: ReactNode }) {
  const at = useStore(route);
  const who = useStore(session);
  return (
    <>
      <a className="skip" href="#content">Skip to the content</a>
      <header className="bar">
        <span className="brand"><img src={icon} alt="" width="22" height="22" /><span className="brand-name">Custodian</span></span>
        {who.id !== 0 && (who as Session).may.schema && (
          <nav aria-label="Pages">
            {(Object.keys(titles) as Route[]).map((to) => <Link key={to} to={to} isHere={to === at} />)}
          </nav>
        )}
        <span className="space" />
        {who.id !== 0 && <Account who={who as Session} />}
        <ThemeChoice />
      </header>
      <main id="content" tabIndex={-1}>{children}</main>
    </>
  );
}

function Link({ to, isHere }: { to: Route; isHere: boolean }) {
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={`/${to}`} onClick={go} aria-current={isHere ? "page" : undefined}>{titles[to]}</a>;
}

function Account({ who }: { who: Session }) {
  const { demo } = useStore(settings);
  const [fault, setFault] = useState("");
  const attempt = (what: Promise<void>) => {
    setFault("");
    what.catch((error: unknown) => setFault(error instanceof Error ? error.message : String(error)));
  };
  const password = demo?.password;
  return (
    <div className="account">
      {fault && <span role="alert" className="fault">{fault}</span>}
      {password && demo.accounts.some(({ username }) => username === who.username) ? (
        <label>
          <span className="unseen">Signed in as</span>
          <select
            value={who.username}
            title={`${who.displayName}, ${who.provider}`}
            onChange={(event) => attempt(signIn(event.target.value, password))}
          >
            {demo.accounts.map(({ username }) => <option key={username} value={username}>{username}</option>)}
          </select>
        </label>
      ) : (
        <span className="who" title={who.provider}>{who.username}</span>
      )}
      {who.roles.length > 1 ? (
        <label>
          <span className="unseen">Role acted in</span>
          <select className="role" value={who.role} onChange={(event) => attempt(actAs(event.target.value))}>
            {who.roles.map((role) => <option key={role}>{role}</option>)}
          </select>
        </label>
      ) : (
        <span className="role" title="Role acted in">{who.role}</span>
      )}
      <Expiry />
      <button type="button" onClick={() => void signOut()}>Sign out</button>
    </div>
  );
}

/** How long the token still lives; it is exchanged for another before that. */
function Expiry() {
  const at = useStore(expiry);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.round((at - now) / 1000));
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return (
    <span className="expiry" title="The access token ends then; it is renewed a minute before">
      <span className="unseen">Access token ends in </span>
      <span aria-hidden="true" className="clock">◷</span> {text}
    </span>
  );
}

function ThemeChoice() {
  const now = useStore(theme);
  return (
    <label className="theme">
      <span className="unseen">Colours</span>
      <select value={now} onChange={(event) => choose(event.target.value as Theme)}>
        <option value="system">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
