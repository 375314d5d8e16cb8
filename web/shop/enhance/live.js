// What keeps an open page true: an order's page hears of each version that the order comes to,
// while its tab is visible; what comes back from the browser's memory is read again.
import { keep, restore } from './fields.js';
import { abandon, listen, sending } from './forms.js';
import { takeToken } from './link.js';
import { build, focus, idle, offerPrint, open, part, place, request, say, show, swap, top, twin } from './page.js';

/** How long nothing may be heard of a connection before it counts as lost: three beats. */
const patience = 30_000;

/** @type {EventSource | null} */
let source = null;
let silence = 0;
let again = 0;
let pause = 2_000;
let heard = 0; // the last version that an event told
let refreshing = false;
let offline = false; // the browser told so

/** Shows that the page can't be kept true, with the time as of which it is; or no longer. @param {boolean} lost */
function connection(lost) {
  const shown = document.querySelector('[data-part=connection]');
  // What was under way comes after the event that tells that the connection is lost.
  if (!lost && !offline) {
    shown?.remove();
    open.asOf = new Date();
  } else if (!shown) {
    const time = new Intl.DateTimeFormat(`${document.documentElement.lang}-u-nu-latn`, { timeStyle: 'short', hourCycle: 'h23' });
    const bar = part('connection');
    bar.textContent = bar.textContent.replace('{time}', time.format(open.asOf));
    top(document, 'header')?.append(bar);
    say(bar.textContent);
  }
}

/** Brings the page up to date where it stands, and returns whether that went well. */
async function refresh() {
  const at = open.requests;
  const answer = await request(location.href).catch(() => null);
  if (at !== open.requests || sending.size > 0) return true; // something newer is under way
  connection(!answer || answer.status >= 500);
  if (!answer || answer.status >= 400 || !top(answer.doc, 'main')) return false;
  if (place(answer.url) !== place(location)) show(answer, { step: 0 });
  else if (build(answer.doc) !== build(document)) location.reload();
  else {
    const had = document.activeElement;
    const before = document.getElementById('state')?.textContent;
    swap(answer.doc, true);
    connection(false); // its header has no line
    if (!had?.isConnected) focus(twin(had), { preventScroll: true });
    const state = document.getElementById('state')?.textContent;
    if (state !== before) say(state);
    follow();
  }
  return true;
}

/** Returns where the page hears of its next versions; empty where it shows none. */
function address() {
  return document.querySelector('[data-events]')?.getAttribute('data-events') ?? '';
}

/** Returns the version that the page shows; the last there can be where none come any more. */
function version() {
  const url = address();
  return url ? Number(new URL(url, location.href).searchParams.get('after')) : Infinity;
}

/** Reads the order until the page shows the last version that was heard of, or reading it
 * brings no newer one. */
async function renew() {
  if (refreshing) return;
  refreshing = true;
  for (let before = -1; heard > version() && version() > before; ) {
    before = version();
    if (!(await refresh())) break;
  }
  refreshing = false;
}

/** Waits for what comes next; a connection of which nothing comes is given up. */
function attend() {
  clearTimeout(silence);
  silence = setTimeout(() => {
    connection(true);
    leave();
    retry();
  }, patience);
}

function alive() {
  connection(false);
  attend();
}

function leave() {
  clearTimeout(silence);
  clearTimeout(again);
  source?.close();
  source = null;
}

function retry() {
  clearTimeout(again);
  pause = Math.min(pause * 2, 60_000);
  again = setTimeout(async () => {
    await refresh();
    follow();
  }, pause);
}

/** Opens, keeps or closes the events that the page asks for. */
export function follow() {
  const url = address();
  if (!url || document.visibilityState === 'hidden') {
    leave();
    return;
  }
  if (source && source.readyState !== EventSource.CLOSED && new URL(source.url).pathname === new URL(url, location.href).pathname) return;
  leave();
  heard = 0;
  const events = (source = new EventSource(url));
  events.addEventListener('open', () => {
    pause = 2_000;
    alive();
  });
  events.addEventListener('beat', () => {
    alive();
    void renew(); // where that failed before
  });
  events.addEventListener('message', (event) => {
    alive();
    heard = Number(event.lastEventId);
    void renew();
  });
  events.addEventListener('error', () => {
    // A browser tries again by itself, unless it was answered something else than events.
    if (events === source && events.readyState === EventSource.CLOSED) retry();
  });
  attend();
}

document.addEventListener('visibilitychange', () => {
  keep();
  follow();
});
addEventListener('pagehide', () => {
  keep();
  leave();
});
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  abandon();
  idle();
  document.querySelectorAll('[data-part=lost]').forEach((notice) => notice.remove());
  void refresh().then(follow);
});
addEventListener('offline', () => {
  offline = true;
  connection(true);
});
addEventListener('online', () => {
  offline = false;
  leave();
  void refresh().then(follow);
});
listen();
restore();
offerPrint();
takeToken();
follow();
// A page that Back shows comes from the browser's cache, as it was.
const [load] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
if (load?.type === 'back_forward') void refresh();
