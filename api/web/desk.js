// The text panel: what was typed, what came back, and what of the one belongs to the other.

import { Problem, stream, translate } from "./client.js";
import { Details } from "./details.js";
import { drawFlags } from "./flags.js";
import { parseGlossary } from "./glossary.js";
import { onLanguage, percent, say } from "./language.js";
import { Notices } from "./notices.js";
import { Output } from "./output.js";
import { Runner } from "./runner.js";
import { Source } from "./source.js";
import { linkWords, linksOf, strongest } from "./words.js";

// Attention grows with the square of a sentence: longer texts get it when a sentence is looked at.
const EAGER_CHARS = 600;
const MOST_ALTERNATIVES = 5;
const ANNOUNCED_CHARS = 300;
const SLOW_MS = 250;
const POINTED_MS = 150;
const SHOWN_LINKS = 3;

export class Desk {
  constructor(models) {
    this.models = models;
    this.sentences = [];
    this.selected = null;
    this.glossary = {};
    this.place = null;
    this.timer = 0;
    /** Other translations that the reader took, by model and sentence. */
    this.taken = new Map();
    this.runner = new Runner((signal) => this.run(signal));
    this.notices = new Notices(() => this.runner.now());
    this.source = new Source(
      (toCaret, isComposing) => this.changed(toCaret, isComposing),
      (place) => this.light("source", place, false),
    );
    this.output = new Output(
      (place, byKeyboard) => this.light("target", place, byKeyboard),
      (index, byKeyboard) => this.open(index, byKeyboard),
    );
    this.details = new Details((text) => this.take(text), () => this.close());
    this.readout = document.getElementById("readout");
    this.announcer = document.getElementById("announce");
    onLanguage(() => this.drawFlags());
  }

  changed(toCaret, isComposing) {
    this.dim();
    if (this.source.text.trim()) this.runner.changed(toCaret, isComposing);
    else this.runner.now();
  }

  useGlossary(text) {
    const { terms, wrong } = parseGlossary(text);
    const before = JSON.stringify(this.glossary);
    this.glossary = terms;
    if (before !== JSON.stringify(terms)) this.runner.changed("", false);
    return { count: Object.keys(terms).length, wrong };
  }

  /** Translates what is there now. */
  async run(signal) {
    const text = this.source.text;
    const waiting = setTimeout(() => this.setState("working"), SLOW_MS);
    try {
      await this.models.load();
      if (signal.aborted) return;
      if (!text.trim()) this.empty();
      else if (this.source.isTooLong) this.fail(new Problem("too-large"));
      else await this.receive(text, signal);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    } finally {
      clearTimeout(waiting);
      if (!signal.aborted) this.setState(null);
    }
  }

  /** Shows the sentences of a text as they come. */
  async receive(text, signal) {
    const open = this.sentences[this.selected]?.source;
    const body = this.body(text, text.length <= EAGER_CHARS);
    this.output.fade();
    let count = 0;
    for await (const sentence of stream(body, signal)) {
      if (signal.aborted) return;
      sentence.isComplete = Boolean(body.attention) || sentence.score === null;
      sentence.chosen = this.taken.get(this.takenKey(sentence)) ?? null;
      this.sentences[count] = sentence;
      this.output.put(count, sentence);
      this.notices.clear();
      count += 1;
    }
    this.finish(count, open);
  }

  body(text, isWhole) {
    const body = { text, model: this.models.name };
    if (Object.keys(this.glossary).length) body.glossary = this.glossary;
    if (!isWhole) return body;
    const beam = this.models.current?.search.beam_size ?? 1;
    return { ...body, attention: true, n_best: Math.min(beam, MOST_ALTERNATIVES) };
  }

  finish(count, open) {
    this.sentences.length = count;
    this.notices.clear();
    this.output.trim(count);
    this.source.mark(this.sentences);
    this.drawFlags();
    document.getElementById("copy").disabled = count === 0;
    const text = this.output.text;
    this.announcer.textContent = text.length > ANNOUNCED_CHARS ? say("announcedLong", count) : say("announced", text);
    if (this.selected === null) return;
    if (this.sentences[this.selected]?.source === open) this.open(this.selected, false);
    else this.close();
  }

  empty() {
    this.sentences = [];
    this.output.trim(0);
    this.notices.clear();
    this.setState(null);
    this.drawFlags();
    this.announcer.textContent = "";
    document.getElementById("copy").disabled = true;
    this.close();
  }

  fail(error) {
    if (!(error instanceof Problem)) throw error;
    this.notices.show(error);
  }

  setState(key) {
    const state = document.getElementById("state");
    state.textContent = key ? say(key) : "";
    document.querySelector(".result").setAttribute("aria-busy", String(Boolean(key)));
  }

  drawFlags() {
    drawFlags(document.getElementById("flags"), this.sentences, (index) => {
      this.output.go(index, null);
      this.open(index, false);
    });
  }

  /** Lays a sentence open below. */
  open(index, byKeyboard) {
    const isNew = this.selected !== index;
    this.selected = index;
    this.output.select(index);
    this.showDetails(index);
    this.complete(index).then(() => this.showDetails(index));
    if (isNew) this.details.box.scrollIntoView({ block: "nearest", behavior: "smooth" });
    if (byKeyboard) this.details.focus();
  }

  showDetails(index) {
    if (index !== this.selected || !this.sentences[index]) return;
    this.details.show(this.sentences[index], this.models.current?.attention ?? true);
  }

  close() {
    if (this.selected === null) return;
    const focused = this.details.box.contains(document.activeElement);
    const span = this.output.sentence(this.selected);
    this.selected = null;
    this.output.select(null);
    this.details.close();
    if (focused) span?.focus();
  }

  /** Fetches attention and other translations of a sentence of a long text, once. */
  async complete(index) {
    const sentence = this.sentences[index];
    if (!sentence || sentence.isComplete) return;
    sentence.completing ??= this.fetchRest(sentence);
    try {
      await sentence.completing;
    } catch (error) {
      sentence.completing = null;
      this.fail(error);
    }
  }

  async fetchRest(sentence) {
    const found = (await translate(this.body(sentence.source, true))).sentences;
    sentence.isComplete = true;
    if (found.length !== 1) return;
    const { alternatives, attention, text } = found[0];
    sentence.alternatives = alternatives.filter((other) => other.text !== sentence.text);
    if (!attention || text !== sentence.text) return;
    for (const token of attention.source_tokens) {
      token.start += sentence.start;
      token.end += sentence.start;
    }
    sentence.attention = attention;
  }

  /** Completes a sentence in which the pointer stays. */
  completeSoon(side, place) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      if (this.place !== place) return;
      await this.complete(place.sentence);
      if (this.place === place) this.light(side, place, false);
    }, POINTED_MS);
  }

  takenKey(sentence) {
    return `${this.models.name}\n${sentence.source}`;
  }

  /** Puts another translation of the open sentence in its place. */
  take(text) {
    const sentence = this.sentences[this.selected];
    sentence.chosen = text;
    if (text) this.taken.set(this.takenKey(sentence), text);
    else this.taken.delete(this.takenKey(sentence));
    this.output.put(this.selected, sentence);
    this.showDetails(this.selected);
  }

  /** Lights a sentence on both sides, and what one of its words belongs to. */
  light(side, place, byKeyboard) {
    this.dim();
    this.place = place;
    const sentence = place && this.sentences[place.sentence];
    if (!sentence) return;
    const index = place.sentence;
    for (const span of [this.output.sentence(index), this.source.spans[index]]) span?.classList.add("lit");
    if (place.word !== null && !sentence.isComplete) this.completeSoon(side, place);
    if (place.word === null || !sentence.attention) return;
    const links = linkWords(sentence);
    const { shown, real } = linksOf(links, side, place.word);
    const [here, there] = side === "target"
      ? [this.output.wordSpans(index), this.source.wordSpans(index)]
      : [this.source.wordSpans(index), this.output.wordSpans(index)];
    here[place.word]?.classList.add("at");
    there.forEach((span, k) => {
      span.style.setProperty("--w", shown[k] ?? 0);
      span.classList.toggle("linked", (shown[k] ?? 0) > 0);
    });
    this.tell(side, links, place.word, real, byKeyboard);
  }

  tell(side, links, word, real, byKeyboard) {
    const [here, there] = side === "target" ? [links.target, links.source] : [links.source, links.target];
    const found = strongest(real, SHOWN_LINKS).map((k) => `${there[k].text} ${percent(real[k])}`);
    if (!found.length) return;
    this.readout.textContent = say(side === "target" ? "linkTarget" : "linkSource", here[word].text, found.join(", "));
    if (byKeyboard) this.announcer.textContent = this.readout.textContent;
  }

  dim() {
    this.readout.textContent = "";
    for (const span of document.querySelectorAll(".lit, .at, .linked")) {
      if (!span.closest("#heatmap")) span.classList.remove("lit", "at", "linked");
    }
  }
}
