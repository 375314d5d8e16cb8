// The token of a mailed link stands after the # of its address, so that no server and no log
// gets it. It goes into the field that asks for it, and out of the address.
import { write } from './fields.js';

/** Takes the token out of the address, where the page asks for one. */
export function takeToken() {
  /** @type {HTMLInputElement | null} */
  const field = document.querySelector('[data-link]');
  if (!field || !location.hash.startsWith('#sm_ln_')) return;
  write(field, location.hash.slice(1));
  history.replaceState(history.state, '', location.pathname + location.search);
}

addEventListener('hashchange', takeToken);
