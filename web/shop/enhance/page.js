// Pages that were requested by a script, and how they come into the one that is open: its
// header, main and footer are those that the server rendered.
import { fields, initial, read, restore, selector, write } from './fields.js';
import { follow } from './live.js';

/** @typedef {import('./fields.js').Field} Field */
/** @typedef {{ doc: Document, url: URL, status: number, moved: boolean }} Answer */
/** @typedef {{ createHTML: (text: string) => string }} Policy */

/** requests counts the pages that were requested, so that no older one replaces a newer one;
 * shown is the address of what is in main; asOf is when that was last known to be true. */
export const open = { requests: 0, shown: place(location), asOf: new Date() };

/** What the server sent last for each part of the page, so that what is the same stays. @type {Map<string, string>} */
const served = new Map(['header', 'main', 'footer'].map((name) => [name, top(document, name)?.innerHTML ?? '']));

const windowWithTypes = /** @type {{ trustedTypes?: { createPolicy: (name: string, rules: Policy) => Policy } }} */ (window);
const policy = windowWithTypes.trustedTypes?.createPolicy('shop', { createHTML: (text) => text });

const region = document.body.appendChild(document.createElement('p'));
region.className = 'hidden';
region.setAttribute('role', 'status');

/** Has a text read out. @param {string | null | undefined} text */
export function say(text) {
  region.textContent = text ?? '';
}

/** @param {ParentNode} doc @param {string} name @returns {HTMLElement | null} */
export function top(doc, name) {
  return doc.querySelector(`body > ${name}`);
}

/** @param {URL | Location} url */
export function place(url) {
  return url.pathname + url.search;
}

/** Returns a copy of what each page brings along for the script. @param {string} name */
export function part(name) {
  const parts = /** @type {HTMLTemplateElement} */ (document.getElementById('parts'));
  return /** @type {HTMLElement} */ (parts.content.querySelector(`[data-part=${name}]`)?.cloneNode(true));
}

/** Adds the button that prints where the page has a place for it: without a script the browser's
 * own menu prints. */
export function offerPrint() {
  const place = document.querySelector('[data-print]');
  if (!place || place.querySelector('[data-part=print]')) return;
  const button = part('print');
  button.addEventListener('click', () => window.print());
  place.append(button);
}

/** Requests a page. It throws where nothing answers; what is no page has no main.
 * @param {string} url @param {RequestInit} [how] @returns {Promise<Answer>} */
export async function request(url, how) {
  const res = await fetch(url, { ...how, headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(60_000) });
  const text = res.headers.get('Content-Type')?.startsWith('text/html') ? await res.text() : '';
  const doc = new DOMParser().parseFromString(policy?.createHTML(text) ?? text, 'text/html');
  return { doc, url: new URL(res.url), status: res.status, moved: res.redirected };
}

/** Shows that something is under way, once it takes a while, until what it returns is called. */
export function busy() {
  const timer = setTimeout(() => {
    top(document, 'main')?.setAttribute('aria-busy', 'true');
    say(part('busy').textContent);
  }, 300);
  return () => {
    clearTimeout(timer);
    idle();
  };
}

export function idle() {
  const main = top(document, 'main');
  if (main?.hasAttribute('aria-busy')) say('');
  main?.removeAttribute('aria-busy');
}

/** Returns which build a page belongs to: what it loads. @param {Document} doc */
export function build(doc) {
  return [...doc.head.querySelectorAll('script[src],link[rel=stylesheet]')].map((e) => e.getAttribute('src') ?? e.getAttribute('href')).join();
}

/** Puts what differs from what was sent before into the page. What was typed meanwhile and not
 * sent stays, on the same page. sent is what the fields held of the form that is answered.
 * @param {Document} doc @param {boolean} same @param {Map<Field, string>} [sent] */
export function swap(doc, same, sent) {
  for (const [name, before] of served) {
    const old = top(document, name);
    const next = top(doc, name);
    if (!old || !next || next.innerHTML === before) continue;
    served.set(name, next.innerHTML);
    if (same || name === 'header') carry(old, next, sent);
    old.replaceWith(next);
  }
  document.title = doc.title;
  open.asOf = new Date();
  restore();
  offerPrint();
}

/** @param {HTMLElement} old @param {HTMLElement} next @param {Map<Field, string>} [sent] */
function carry(old, next, sent) {
  for (const field of fields(old)) {
    if (read(field) !== (sent?.get(field) ?? initial(field))) write(next.querySelector(selector(field)), read(field));
  }
  const opened = [...old.querySelectorAll('details')].map((details) => details.open);
  next.querySelectorAll('details').forEach((details, i) => (details.open ||= opened[i] ?? false));
}

/** @param {Element | null | undefined} element @param {FocusOptions} [how] */
export function focus(element, how) {
  if (!(element instanceof HTMLElement)) return false;
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus(how);
  return true;
}

/** Returns what stands for an element after it was swapped out. @param {Element | null | undefined} element */
export function twin(element) {
  if (!element || element === document.body) return null;
  if (element.id) return document.getElementById(element.id);
  return [...document.querySelectorAll(`main ${element.localName}`)].find((other) => other.outerHTML === element.outerHTML);
}

/** Shows the answer to a form, or the page of a step through the history, as browsers do: with
 * its address and title, from the top. Its notice, its errors or else its heading get the focus.
 * On the same page again the place and the focus stay.
 * @param {Answer} answer @param {{ step?: number, by?: HTMLElement | null, sent?: Map<Field, string> }} how */
export function show({ doc, url, status, moved }, { step, by, sent }) {
  const to = place(url);
  const got = step !== undefined || moved;
  if (got && build(doc) !== build(document)) {
    if (step === undefined) location.assign(url);
    else location.replace(url);
    return; // another build was put up
  }
  const again = url.pathname === location.pathname && step === undefined;
  const had = document.activeElement === document.body ? by : document.activeElement;
  if (step !== undefined) history.replaceState(history.state, '', to);
  else {
    history.replaceState({ y: scrollY }, '');
    if (!got || to !== place(location)) history.pushState({}, '', got ? to : location.href);
  }
  swap(doc, again && status < 400, sent);
  open.shown = got ? to : '';
  const heading = document.querySelector('main h1');
  const notice = document.querySelector('main [autofocus]') ?? document.querySelector('main .notice');
  if (!again) scrollTo({ top: step ?? 0, behavior: 'instant' });
  if (step !== undefined) focus(heading, { preventScroll: true });
  else if (!focus(notice) && !(again && focus(twin(had), { preventScroll: true }))) focus(heading, { preventScroll: again });
  if (again && !notice) say(document.querySelector('header .cart')?.textContent);
  follow();
}
