import type { ReactNode } from "react";

/** A page that only says something. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="notice card">
      <h1>{title}</h1>
      {children}
    </section>
  );
}
