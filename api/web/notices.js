// What went wrong, in words, and what can be done: try again, by hand or by itself, or give a key.

import { describe, knows, onLanguage, say } from "./language.js";
import { currentKey, useKey } from "./preferences.js";

const LONGEST_WAIT_S = 30;
const BY_ITSELF = new Set(["not-ready", "overloaded", "draining", "unavailable"]);
const KEY_ASKED = new Set(["key-required", "forbidden"]);

/** Gives a problem in the reader's language; for one not known here, in the service's words.
 * @param about what was asked for; some problems are told in other words about documents.
 */
export function inWords(problem, about = "problem") {
  const kind = problem.kind.replaceAll("-", "_");
  const key = [`${about}_${kind}`, `problem_${kind}`].find(knows) ?? "problem_unknown";
  return key !== "problem_unknown" ? say(key) : say("problem_unknown", problem.detail || problem.kind);
}

export class Notices {
  /** @param retry does again what failed. */
  constructor(retry) {
    this.box = document.getElementById("problem");
    this.text = document.getElementById("problem-text");
    this.button = document.getElementById("retry");
    this.form = document.getElementById("key");
    this.retry = retry;
    this.problem = null;
    this.timer = 0;
    this.tries = 0;
    this.button.addEventListener("click", () => retry());
    addEventListener("online", () => this.problem?.kind === "offline" && retry());
    this.form.addEventListener("submit", (event) => this.takeKey(event));
    onLanguage(() => this.problem && (this.text.textContent = inWords(this.problem)));
  }

  show(problem) {
    this.problem = problem;
    this.text.textContent = inWords(problem);
    this.box.hidden = false;
    const asksKey = this.askKeyFor(problem);
    this.button.hidden = asksKey || problem.kind === "too-large" || problem.kind === "quota";
    clearTimeout(this.timer);
    if (!BY_ITSELF.has(problem.kind)) return;
    // Longer each time, so that a busy service is not kept busy by waiting pages.
    const wait = Math.min((problem.retryAfter ?? 1) * 1.5 ** this.tries, LONGEST_WAIT_S);
    this.tries += 1;
    this.timer = setTimeout(() => this.retry(), wait * 1000);
  }

  clear() {
    clearTimeout(this.timer);
    this.problem = null;
    this.tries = 0;
    this.box.hidden = true;
    this.form.hidden = true;
  }

  /** Asks for a key if that is what the problem is; tells whether it is. */
  askKeyFor(problem) {
    const asksKey = KEY_ASKED.has(problem.kind);
    if (asksKey) this.askKey();
    return asksKey;
  }

  askKey() {
    const field = document.getElementById("key-value");
    this.form.hidden = false;
    field.value = currentKey();
    describe(field, "keyLabel");
    field.focus();
  }

  takeKey(event) {
    event.preventDefault();
    useKey(document.getElementById("key-value").value.trim());
    this.form.hidden = true;
    document.getElementById("source").focus();
    this.retry();
  }
}
