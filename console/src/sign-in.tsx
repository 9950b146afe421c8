// The sign-in panel.

import { type FormEvent, useState } from "react";
import { SecondFactorNeeded, signIn } from "./session";
import { type DemoAccount, settings } from "./settings";
import { useStore } from "./store";

export function SignIn({ why }: { why?: string | undefined }) {
  const { demo } = useStore(settings);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);

  const enter = async (name: string, secret: string, second?: string) => {
    setBusy(true);
    setFault("");
    try {
      await signIn(name, secret, second);
    } catch (error) {
      if (error instanceof SecondFactorNeeded) setAsksCode(true);
      setFault(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter(username, password, code);
  };
  const pick = ({ username }: DemoAccount) => {
    setUsername(username);
    if (demo?.password) void enter(username, demo.password);
    else document.getElementById("password")?.focus();
  };
  return (
    <div className="sign-in">
      <section className="card" aria-labelledby="sign-in">
        <h1 id="sign-in">Sign in</h1>
        <p className="soft">You see the API as your role does: what is masked or denied for you is so here.</p>
        {why && <p role="status" className="fault">{why}</p>}
        <form onSubmit={submit}>
          <label htmlFor="username">Account</label>
          <input
            id="username" required autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus
            placeholder="name@provider" value={username} onChange={(event) => setUsername(event.target.value)}
          />
          <label htmlFor="password">Password</label>
          <input
            id="password" type="password" required autoComplete="current-password"
            value={password} onChange={(event) => setPassword(event.target.value)}
          />
          {asksCode && (
            <>
              <label htmlFor="code">Code of the second factor</label>
              <input
                id="code" inputMode="numeric" autoComplete="one-time-code" autoFocus
                value={code} onChange={(event) => setCode(event.target.value)}
              />
            </>
          )}
          {fault && <p role="alert" className="fault">{fault}</p>}
          <button type="submit" className="primary" disabled={busy}>{busy ? "Signing in…" : "Sign in"}</button>
        </form>
        <p className="soft small">Tokens stay in the memory of this page and end with it.</p>
      </section>
      {demo && (
        <section className="card" aria-labelledby="demo">
          <h2 id="demo">Demo accounts</h2>
          <p className="soft">
            {demo.password ? "One click signs in." : "Their password is in CUSTODIAN_DEMO_PASSWORD of the server."}
          </p>
          <ul className="accounts">
            {demo.accounts.map((account) => (
              <li key={account.username}>
                <button type="button" disabled={busy} onClick={() => pick(account)}>
                  <span>{account.username}</span> <span className="role">{account.role}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
