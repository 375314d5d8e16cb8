// Shows each component of the office in each of its states: light, dark, from right to left, and
// with large text, by the last part of the address.
import type { Mode } from "./modes";
import { modes } from "./modes";

const mode: Mode = modes.find(({ name }) => location.pathname.endsWith(`/${name}`)) ?? modes[0];
const page = document.documentElement;
page.lang = mode.language;
page.dir = mode.dir;
page.style.colorScheme = mode.scheme;
page.style.fontSize = mode.size;

// The office's texts are those of the language that its reader has chosen when they are loaded.
localStorage.setItem("office-language", mode.language);
void import("./Gallery").then(({ show }) => show(mode));
