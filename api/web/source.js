// The Korean text: a text area over a mirror of itself, in which sentences and words light up.
// The mirror gives the text area its height, so that there is one thing to scroll.

import { number, onLanguage, say } from "./language.js";
import { countChars, splitWords } from "./words.js";

export class Source {
  /**
   * @param onInput is called with (text to the caret, whether it is being composed).
   * @param onPoint is called with (sentence, word) or null: where the pointer or the caret is.
   */
  constructor(onInput, onPoint) {
    this.area = document.getElementById("source");
    this.mirror = document.getElementById("mirror");
    this.counter = document.getElementById("counter");
    this.limit = Number(document.querySelector("meta[name=max-chars]").content);
    this.onInput = onInput;
    this.onPoint = onPoint;
    this.spans = [];
    this.isComposing = false;
    this.listen();
    onLanguage(() => this.count());
    this.plain();
  }

  get text() {
    const text = this.area.value;
    return text.toWellFormed?.() ?? text;
  }

  set text(value) {
    this.area.value = value;
    this.changed();
    this.area.focus();
  }

  get isTooLong() {
    return countChars(this.text) > this.limit;
  }

  listen() {
    const area = this.area;
    area.addEventListener("compositionstart", () => (this.isComposing = true));
    area.addEventListener("compositionend", () => {
      this.isComposing = false;
      this.changed();
    });
    area.addEventListener("input", () => this.changed());
    let frame = 0;
    area.addEventListener("pointermove", (event) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => this.point(event.clientX, event.clientY));
    });
    area.addEventListener("pointerleave", () => {
      cancelAnimationFrame(frame);
      this.onPoint(null);
    });
    const moves = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
    area.addEventListener("keyup", (event) => moves.has(event.key) && this.pointCaret());
    area.addEventListener("blur", () => this.onPoint(null));
  }

  changed() {
    this.plain();
    this.count();
    this.onInput(this.area.value.slice(0, this.area.selectionEnd), this.isComposing);
  }

  count() {
    const count = countChars(this.text);
    const over = count > this.limit;
    this.counter.textContent = say(over ? "counterOver" : "counter", number(count), number(this.limit));
    this.counter.classList.toggle("warn", over);
    document.getElementById("clear").hidden = count === 0;
    document.getElementById("example").hidden = count > 0;
  }

  /** Shows the text without sentences. The zero-width space gives a last empty line its height. */
  plain() {
    this.spans = [];
    this.mirror.replaceChildren(`${this.area.value}\u200b`);
  }

  /** Marks the sentences in the mirror; `sentences` are in order. */
  mark(sentences) {
    const chars = Array.from(this.text);
    const parts = [];
    let at = 0;
    this.spans = sentences.map((sentence, k) => {
      const span = Object.assign(document.createElement("span"), { className: "sentence", textContent: sentence.source });
      span.dataset.sentence = k;
      parts.push(chars.slice(at, sentence.start).join(""), span);
      at = sentence.end;
      return span;
    });
    this.mirror.replaceChildren(...parts, `${chars.slice(at).join("")}\u200b`);
  }

  /** Gives the spans of a sentence's words; made when they are first needed. */
  wordSpans(index) {
    const span = this.spans[index];
    if (!span) return [];
    if (!span.querySelector(".word")) fillWithWords(span, span.textContent);
    return [...span.querySelectorAll(".word")];
  }

  point(x, y) {
    // The text area lies on top and gets the pointer; the mirror below knows the words.
    const below = () =>
      document.elementsFromPoint(x, y).find((element) => element !== this.mirror && this.mirror.contains(element));
    const sentence = below()?.closest("[data-sentence]");
    if (!sentence) return this.onPoint(null);
    this.wordSpans(Number(sentence.dataset.sentence));
    return this.tell(below() ?? sentence);
  }

  pointCaret() {
    const before = countChars(this.area.value.slice(0, this.area.selectionEnd));
    let at = 0;
    for (const node of this.mirror.childNodes) {
      const length = countChars(node.textContent);
      if (node.dataset && before >= at && before <= at + length) {
        const index = Number(node.dataset.sentence);
        const word = splitWords(node.textContent).findIndex((w) => before - at >= w.start && before - at <= w.end);
        return this.onPoint({ sentence: index, word: word < 0 ? null : word });
      }
      at += length;
    }
    return this.onPoint(null);
  }

  tell(element) {
    const sentence = element?.closest("[data-sentence]");
    if (!sentence) return this.onPoint(null);
    const word = element.closest("[data-word]");
    return this.onPoint({ sentence: Number(sentence.dataset.sentence), word: word && Number(word.dataset.word) });
  }
}

/** Puts a text into an element, each word in a span of its own. */
export function fillWithWords(element, text) {
  const chars = Array.from(text);
  const parts = [];
  let at = 0;
  splitWords(text).forEach((word, k) => {
    const span = Object.assign(document.createElement("span"), { className: "word", textContent: word.text });
    span.dataset.word = k;
    parts.push(chars.slice(at, word.start).join(""), span);
    at = word.end;
  });
  element.replaceChildren(...parts, chars.slice(at).join(""));
}
