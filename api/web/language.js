// The interface in Korean or English: elements name their text, `data-t`, and it is put in.

import { recall, remember } from "./preferences.js";
import { STRINGS } from "./strings.js";

const listeners = [];
let language = "en";

export function currentLanguage() {
  return language;
}

/** Gives a text of the interface with its {0}, {1}, … filled in. */
export function say(key, ...values) {
  const text = STRINGS[language][key];
  return text.replace(/\{(\d)\}/g, (_, k) => values[Number(k)]);
}

export function knows(key) {
  return key in STRINGS[language];
}

/** Names an element for the ear and for the pointer. */
export function describe(element, key) {
  element.setAttribute("aria-label", say(key));
  element.title = say(key);
}

/** Calls `listener` now and whenever the language changes. */
export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

export function number(value, digits = 0) {
  const shape = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, shape).format(value);
}

export function percent(value) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(value);
}

function put() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = say(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", say(element.dataset.tLabel));
  }
  for (const element of document.querySelectorAll("[data-t-hint]")) element.placeholder = say(element.dataset.tHint);
  for (const listener of listeners) listener();
}

/** Starts with the remembered language or the browser's; a button switches it. */
export function startLanguage(button) {
  const wanted = recall("language") ?? navigator.languages?.[0] ?? navigator.language;
  language = wanted.startsWith("ko") ? "ko" : "en";
  button.addEventListener("click", () => {
    language = language === "ko" ? "en" : "ko";
    remember("language", language);
    put();
  });
  onLanguage(() => {
    // Named in the language it leads to, for those who cannot read the other.
    button.textContent = STRINGS[language].otherLanguage;
    button.lang = language === "ko" ? "en" : "ko";
  });
  put();
}
