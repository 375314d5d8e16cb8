// Shows the contexts of this process and their dead letters, and redrives and discards these.
const service = "/shopmesh.operations.v1.OperationsService/";
const element = (id) => document.getElementById(id);

let token = "";
let next = ""; // the page token of the dead letters that follow
let shown; // the dead letter of the dialog

async function call(method, request = {}) {
  const answer = await fetch(service + method, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Connect-Protocol-Version": "1", Authorization: `Bearer ${token}` },
    body: JSON.stringify(request),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message ?? `The service answered ${answer.status}.`);
  return body;
}

// Does something and says how it went; a page that is not shown yet stays so when it fails.
async function attempt(work) {
  say("");
  try {
    say((await work()) ?? "");
  } catch (error) {
    say(error instanceof TypeError ? "The service does not answer." : error.message, true);
  }
}

function say(text, bad = false) {
  const outcome = element("outcome");
  outcome.textContent = text;
  outcome.className = bad ? "bad" : "";
}

async function read() {
  const [{ contexts = [] }, letters] = await Promise.all([call("GetStatus"), call("ListDeadLetters")]);
  element("contexts").replaceChildren(...contexts.map(contextRow));
  element("letters").replaceChildren();
  show(letters);
  element("shown").hidden = false;
}

function show({ deadLetters = [], nextPageToken = "" }) {
  element("letters").append(...deadLetters.map(letterRow));
  next = nextPageToken;
  element("more").hidden = next === "";
  const none = element("letters").childElementCount === 0;
  element("none").hidden = !none;
  element("letters-table").hidden = none;
  element("redrive-all").hidden = none;
}

// ProtoJSON leaves out what is zero, and writes 64-bit numbers as text.
function contextRow({ context, ready = false, cause = "", conditions = [], deadLetters = "0", outboxPending = "0", outboxOldestTime, consumerLag = "0", schemaVersion = "0", stoppedKeys = [] }) {
  const problems = [...(ready ? [] : [`not ready: ${cause}`]), ...conditions, ...stoppedKeys.map((key) => `stopped: ${key}`)];
  const waiting = outboxOldestTime ? `${outboxPending}, the oldest since ${time(outboxOldestTime)}` : outboxPending;
  const row = rowOf(context, problems.join("\n") || "ready", deadLetters, waiting, consumerLag, schemaVersion);
  if (problems.length > 0) row.cells[1].className = "bad";
  return row;
}

function letterRow(letter) {
  const row = rowOf(letter.context, letter.id, letter.eventType ?? "", letter.key ?? "", letter.cause ?? "waits behind another of its key", time(letter.createTime), "");
  const actions = row.cells[6];
  actions.append(button("Look", () => look(letter)));
  if (letter.key) actions.append(" ", button("Redrive its key", () => redrive({ context: letter.context, selection: { ids: [letter.id] } })));
  return row;
}

function rowOf(...texts) {
  const row = document.createElement("tr");
  for (const text of texts) row.insertCell().textContent = text;
  return row;
}

function button(text, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => attempt(onClick));
  return made;
}

function time(text) {
  return new Date(text).toLocaleString();
}

async function redrive(request) {
  const { redriven = "0", remaining = "0" } = await call("RedriveDeadLetters", request);
  await read();
  element("outcome").focus(); // the row with the focus may be gone
  return `${redriven} applied, ${remaining} stay.`;
}

async function look(letter) {
  const { event, unreadable = "" } = await call("GetDeadLetter", { context: letter.context, id: letter.id });
  shown = letter;
  element("letter-title").textContent = `${letter.context} ${letter.id}: ${letter.eventType ?? "no event"}`;
  element("letter-cause").textContent = letter.cause ?? "";
  element("letter-event").textContent = event ? JSON.stringify(event, null, 2) : unreadable;
  element("letter").showModal();
}

async function discard() {
  element("letter").close();
  await call("DiscardDeadLetters", { context: shown.context, ids: [shown.id] });
  await read();
  element("outcome").focus();
  return `${shown.context} ${shown.id} is discarded. Redrive what waited behind it.`;
}

element("access").addEventListener("submit", (event) => {
  event.preventDefault();
  token = element("token").value.trim();
  void attempt(read);
});
element("again").addEventListener("click", () => attempt(read));
element("redrive-all").addEventListener("click", () => attempt(() => redrive({})));
element("more").addEventListener("click", () => attempt(async () => show(await call("ListDeadLetters", { pageToken: next }))));
element("discard").addEventListener("click", () => attempt(discard));
element("close").addEventListener("click", () => element("letter").close());
