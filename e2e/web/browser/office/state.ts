import type { Desk, Who } from './office.ts';

/** A state of a screen, and how to bring it about. */
export interface State {
  name: string;
  open: (desk: Desk) => Promise<void>;
  /** Who is signed in; the owner where it is not stated. */
  who?: Who;
}
