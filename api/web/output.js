// The translation, sentence by sentence. One stop of the Tab key; the arrow keys move inside it.

import { fillWithWords } from "./source.js";

export class Output {
  /**
   * @param onPoint is called with ({sentence, word} or null, whether by keyboard).
   * @param onOpen is called with a sentence that was clicked, and whether by keyboard.
   */
  constructor(onPoint, onOpen) {
    this.box = document.getElementById("output");
    this.onPoint = onPoint;
    this.onOpen = onOpen;
    this.units = [];
    this.at = { sentence: 0, word: null };
    this.box.addEventListener("pointerover", (event) => this.point(event.target));
    this.box.addEventListener("pointerleave", () => this.onPoint(null, false));
    this.box.addEventListener("click", (event) => this.open(event.target, event.detail === 0));
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focusin", (event) => this.focused(event.target));
    this.box.addEventListener("focusout", () => this.onPoint(null, false));
  }

  /** The whole translation as it stands there. */
  get text() {
    return this.units.map((unit) => unit.textContent).join("");
  }

  /** Puts a sentence in its place, after those before it. */
  put(index, sentence) {
    const unit = this.units[index] ?? this.add(index);
    unit.firstChild.textContent = sentence.gap;
    const span = unit.lastChild;
    fillWithWords(span, sentence.chosen ?? sentence.text);
    span.classList.toggle("flagged", sentence.flags.length > 0);
    span.classList.toggle("chosen", Boolean(sentence.chosen));
    if (sentence.flags.length) span.setAttribute("aria-describedby", "flags");
    else span.removeAttribute("aria-describedby");
    unit.classList.remove("stale");
  }

  add(index) {
    const unit = document.createElement("span");
    const span = Object.assign(document.createElement("span"), { className: "sentence", tabIndex: index ? -1 : 0 });
    span.dataset.sentence = index;
    span.setAttribute("role", "button");
    span.setAttribute("aria-expanded", "false");
    span.setAttribute("aria-controls", "details");
    unit.append(document.createTextNode(""), span);
    this.units.push(unit);
    this.box.append(unit);
    return unit;
  }

  /** Drops all sentences but the first `count`. */
  trim(count) {
    for (const unit of this.units.splice(count)) unit.remove();
    if (this.at.sentence >= count) this.moveTo(0);
  }

  /** Marks what is there as belonging to the text before. */
  fade() {
    for (const unit of this.units) unit.classList.add("stale");
  }

  sentence(index) {
    return this.units[index]?.lastChild ?? null;
  }

  wordSpans(index) {
    return [...(this.sentence(index)?.querySelectorAll(".word") ?? [])];
  }

  /** Marks the sentence that is laid open below; null for none. */
  select(index) {
    this.units.forEach((unit, k) => unit.lastChild.setAttribute("aria-expanded", String(k === index)));
  }

  point(element) {
    const sentence = element.closest("[data-sentence]");
    if (!sentence) return this.onPoint(null, false);
    const word = element.closest("[data-word]");
    return this.onPoint({ sentence: Number(sentence.dataset.sentence), word: word && Number(word.dataset.word) }, false);
  }

  open(element, byKeyboard) {
    const sentence = element.closest("[data-sentence]");
    // Who marks text with the pointer wants the text.
    if (!sentence || String(getSelection()).length > 0) return;
    this.moveTo(Number(sentence.dataset.sentence));
    this.onOpen(this.at.sentence, byKeyboard);
  }

  focused(element) {
    const sentence = element.closest("[data-sentence]");
    if (!sentence || !sentence.matches(":focus-visible")) return;
    this.at = { sentence: Number(sentence.dataset.sentence), word: null };
    this.onPoint(this.at, true);
  }

  key(event) {
    const { sentence, word } = this.at;
    if (event.key === "Enter" || event.key === " ") this.onOpen(sentence, true);
    else if (event.key === "ArrowDown") this.go(sentence + 1, null);
    else if (event.key === "ArrowUp") this.go(sentence - 1, null);
    else if (event.key === "ArrowRight") this.step(sentence, (word ?? -1) + 1);
    else if (event.key === "ArrowLeft") this.step(sentence, (word ?? 0) - 1);
    else if (event.key === "Home") this.go(0, null);
    else if (event.key === "End") this.go(this.units.length - 1, null);
    else return;
    event.preventDefault();
  }

  /** Goes to a word, at a sentence's edges into its neighbour. */
  step(sentence, word) {
    if (word < 0) return this.go(sentence - 1, Math.max(this.wordSpans(sentence - 1).length - 1, 0));
    if (word >= this.wordSpans(sentence).length) return this.go(sentence + 1, 0);
    return this.go(sentence, word);
  }

  go(sentence, word) {
    if (!this.sentence(sentence)) return;
    this.moveTo(sentence);
    this.sentence(sentence).focus();
    this.at = { sentence, word };
    this.onPoint(this.at, true);
  }

  moveTo(sentence) {
    this.units.forEach((unit, k) => (unit.lastChild.tabIndex = k === sentence ? 0 : -1));
    this.at = { sentence, word: null };
  }
}
