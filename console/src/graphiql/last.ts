// What was run last, for the access panel.

import type { Answer, Operation } from "../api";
import type { Session } from "../session";
import { store } from "../store";

export interface Run {
  readonly operation: Operation;
  /** Of a subscription, the newest event. */
  readonly answer: Answer;
  readonly who: Session;
}

export const last = store<Run | undefined>(undefined);
