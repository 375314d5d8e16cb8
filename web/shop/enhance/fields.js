// Fields of forms, and drafts: what was typed into a form with data-draft="kind:id" and not
// sent yet stays in its tab (docs/decisions/0069), but for passwords and codes that sign in. A
// form with another id begins anew.

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */

/** Returns the fields that people type into. @param {ParentNode} within @returns {NodeListOf<Field>} */
export function fields(within) {
  return within.querySelectorAll('input:not([type=hidden]),select,textarea');
}

/** @param {Field} field @returns {field is HTMLInputElement} */
function ticked(field) {
  return field.type === 'radio' || field.type === 'checkbox';
}

/** Returns what a field holds. @param {Field} field */
export function read(field) {
  return ticked(field) ? String(field.checked) : field.value;
}

/** Returns what a field holds as long as nobody typed. @param {Field} field */
export function initial(field) {
  if (field instanceof HTMLSelectElement) return (field.querySelector('option[selected]') ?? field.options[0])?.getAttribute('value') ?? '';
  return ticked(field) ? String(field.defaultChecked) : field.defaultValue;
}

/** Types into a field, where there is one. @param {Field | null} field @param {string} value */
export function write(field, value) {
  if (!field) return;
  if (ticked(field)) field.checked = value === 'true';
  else field.value = value;
  field.closest('details')?.setAttribute('open', '');
}

/** Finds a field in another copy of its page. @param {Field} field */
export function selector(field) {
  return field.id ? `#${CSS.escape(field.id)}` : `[name="${CSS.escape(field.name)}"][value="${CSS.escape(field.value)}"]`;
}

/** @returns {NodeListOf<HTMLFormElement>} */
function drafted() {
  return document.querySelectorAll('form[data-draft]');
}

/** @param {HTMLFormElement} form */
function keyOf(form) {
  return `draft:${form.dataset.draft?.split(':')[0]}`;
}

/** Does something with the tab's storage, which browsers may refuse. @param {() => void} use */
function stored(use) {
  try {
    use();
  } catch {
    // What was typed is in the page alone, as without a script.
  }
}

/** Keeps what was typed into forms with drafts. */
export function keep() {
  stored(() => {
    for (const form of drafted()) {
      const typed = [...fields(form)].filter((field) => !field.matches('[type=password],[autocomplete=one-time-code]') && read(field) !== initial(field));
      const draft = [form.dataset.draft, typed.map((field) => [selector(field), read(field)])];
      if (typed.length > 0) sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
      else forget(form);
    }
  });
}

/** Forgets the draft of a form that was answered: the server keeps what it refuses. @param {HTMLFormElement} form */
export function forget(form) {
  stored(() => sessionStorage.removeItem(keyOf(form)));
}

/** Types the drafts into their forms again. */
export function restore() {
  stored(() => {
    for (const form of drafted()) {
      /** @type {[string, [string, string][]]} */
      const [of, typed] = JSON.parse(sessionStorage.getItem(keyOf(form)) ?? '["",[]]');
      if (of !== form.dataset.draft) forget(form);
      else for (const [field, value] of typed) write(form.querySelector(field), value);
    }
  });
}
