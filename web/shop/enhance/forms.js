// Forms that are sent by POST are sent by fetch, and steps through the history among the pages
// that this made. Links and GET forms are the browser's own.
import { fields, forget, keep, read } from './fields.js';
import { busy, focus, open, part, place, request, show, top } from './page.js';

/** @typedef {import('./fields.js').Field} Field */

/** The forms that are under way: another click on one sends nothing. @type {Set<HTMLFormElement>} */
export const sending = new Set();
let queue = Promise.resolve();
let scrolled = 0;

/** Forgets the forms that were under way when the page was left: no answer comes to them, and
 * none holds up the next one. */
export function abandon() {
  sending.clear();
  queue = Promise.resolve();
}

export function listen() {
  addEventListener('submit', submitted);
  addEventListener('popstate', stepped);
  addEventListener('input', keep);
  addEventListener('change', keep);
  addEventListener('scroll', () => {
    clearTimeout(scrolled);
    scrolled = setTimeout(() => history.replaceState({ ...history.state, y: scrollY }, ''), 250);
  });
}

/** @param {SubmitEvent} event */
function submitted(event) {
  const { target: form, submitter: by } = event;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== 'post' || form.target || form.hasAttribute('data-native')) return;
  event.preventDefault();
  if (sending.has(form)) return;
  sending.add(form);
  document.querySelectorAll('[data-part=lost]').forEach((notice) => notice.remove());
  keep(); // also what a browser filled in without a key
  const body = new URLSearchParams();
  new FormData(form, by).forEach((value, name) => body.append(name, String(value)));
  const sent = new Map([...fields(form)].map((field) => [field, read(field)]));
  const action = by?.hasAttribute('formaction') ? /** @type {HTMLButtonElement} */ (by).formAction : form.action;
  queue = queue.then(() => send(form, by, action, body, sent)); // none is cut off by the next
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} by @param {string} action @param {URLSearchParams} body @param {Map<Field, string>} sent */
async function send(form, by, action, body, sent) {
  const done = busy();
  const mine = ++open.requests;
  const answer = await request(action, { method: 'POST', body }).catch(() => null);
  done();
  sending.delete(form);
  const failed = answer && (answer.status === 429 || answer.status >= 500);
  if (!answer) lost(form, by);
  else if (failed && !answer.moved) lost(form, by, textOf(answer.doc));
  else if (!top(answer.doc, 'main')) HTMLFormElement.prototype.submit.call(form);
  else {
    forget(form);
    if (mine === open.requests) show(answer, { by, sent });
  }
}

/** @param {Document} doc */
function textOf(doc) {
  return [...doc.querySelectorAll('main h1, main p')].map((e) => e.textContent).join(' ');
}

/** Tells that a form was not answered, and offers to send it again. All that was typed stays.
 * @param {HTMLFormElement} form @param {HTMLElement | null} by @param {string} [why] */
function lost(form, by, why) {
  if (!form.isConnected) return;
  const notice = part('lost');
  if (why) notice.querySelector('p')?.replaceChildren(why);
  notice.querySelector('button')?.addEventListener('click', () => {
    by?.focus();
    notice.remove();
    form.requestSubmit(by);
  });
  form.before(notice);
  focus(notice);
}

/** @param {PopStateEvent} event */
async function stepped(event) {
  if (place(location) === open.shown) return; // within the page
  const done = busy();
  const mine = ++open.requests;
  const answer = await request(location.href).catch(() => null);
  done();
  if (mine !== open.requests) return;
  if (answer && top(answer.doc, 'main')) show(answer, { step: Number(event.state?.y ?? 0) });
  else location.reload();
}
