// One sentence laid open: its other translations, to take one of them, and its attention.

import { drawHeatMap } from "./heatmap.js";
import { number, onLanguage, say } from "./language.js";

export class Details {
  /**
   * @param onChoose is called with the text of another translation, or null for the first.
   * @param onClose is called when the reader closes it.
   */
  constructor(onChoose, onClose) {
    this.box = document.getElementById("details");
    this.list = document.getElementById("alternatives");
    this.figure = document.getElementById("heatmap");
    this.onChoose = onChoose;
    this.onClose = onClose;
    this.sentence = null;
    document.getElementById("details-close").addEventListener("click", onClose);
    this.box.addEventListener("keydown", (event) => event.key === "Escape" && onClose());
    this.list.addEventListener("change", (event) => this.choose(Number(event.target.value)));
    onLanguage(() => this.sentence && this.show(this.sentence, this.hasAttention));
  }

  get isOpen() {
    return !this.box.hidden;
  }

  /** Shows a sentence, or what has since become known of it. */
  show(sentence, hasAttention) {
    this.sentence = sentence;
    this.hasAttention = hasAttention;
    document.getElementById("details-source").textContent = sentence.source;
    const focused = this.list.contains(document.activeElement);
    this.drawAlternatives(sentence);
    if (focused) this.focus();
    drawHeatMap(this.figure, sentence, hasAttention);
    this.box.hidden = false;
  }

  close() {
    this.sentence = null;
    this.box.hidden = true;
  }

  focus() {
    const target = this.list.querySelector("input:checked") ?? document.getElementById("details-close");
    target.focus();
  }

  drawAlternatives(sentence) {
    const legend = Object.assign(document.createElement("legend"), { textContent: say("alternatives") });
    const texts = [{ text: sentence.text, score: sentence.score }, ...sentence.alternatives];
    const taken = sentence.chosen ? texts.findIndex((other) => other.text === sentence.chosen) : 0;
    const rows = texts.map((other, k) => this.option(other, k, k === taken));
    if (texts.length === 1) {
      const why = sentence.isComplete ? "noAlternatives" : "fetching";
      rows.push(Object.assign(document.createElement("p"), { className: "small", textContent: say(why) }));
    }
    this.list.replaceChildren(legend, ...rows);
  }

  option(other, k, isTaken) {
    const row = Object.assign(document.createElement("label"), { className: "option" });
    const radio = Object.assign(document.createElement("input"), {
      type: "radio", name: "alternative", value: k, checked: isTaken,
    });
    const text = Object.assign(document.createElement("span"), { lang: "en", textContent: other.text });
    const score = Object.assign(document.createElement("span"), { className: "scores" });
    if (other.score !== null) {
      score.textContent = number(other.score, 2);
      score.title = say("scoreTitle");
    }
    row.append(radio, text, score);
    return row;
  }

  choose(k) {
    this.onChoose(k === 0 ? null : this.sentence.alternatives[k - 1].text);
  }
}
