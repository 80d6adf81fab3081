// The choice of a model, each with its scores.

import { ask, fetchModels } from "./client.js";
import { number, onLanguage, say } from "./language.js";
import { recall, remember } from "./preferences.js";

const SHOWN = [["chrf", "chrF"], ["bleu", "BLEU"]];

/** Gives {set, scores} of the first test set: [["chrF", 30.2], …]. */
export function headline(model) {
  const [set, values] = Object.entries(model.scores)[0] ?? ["", {}];
  const byName = new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
  const scores = SHOWN.filter(([name]) => byName.has(name)).map(([name, label]) => [label, byName.get(name)]);
  return { set, scores };
}

export class ModelChoice {
  /**
   * @param onChange is called when a reader takes another model.
   * @param onLoad is called once the models are known.
   */
  constructor(fieldset, onChange, onLoad) {
    this.fieldset = fieldset;
    this.onLoad = onLoad;
    this.models = [];
    this.name = null;
    fieldset.addEventListener("change", (event) => {
      this.name = event.target.value;
      remember("model", this.name);
      onChange();
    });
    onLanguage(() => this.draw());
  }

  /** Asks for the models, once. */
  async load() {
    if (this.models.length) return;
    // While models are being loaded the list is not whole.
    await ask("readyz");
    this.models = await fetchModels();
    const wanted = recall("model");
    const chosen = this.models.find((model) => model.name === wanted) ?? this.models[0];
    this.name = chosen?.name ?? null;
    this.draw();
    this.onLoad();
  }

  get current() {
    return this.models.find((model) => model.name === this.name) ?? null;
  }

  draw() {
    const legend = this.fieldset.querySelector("legend");
    this.fieldset.replaceChildren(legend, ...this.models.map((model) => this.option(model)));
    this.fieldset.hidden = this.models.length === 0;
  }

  option(model) {
    const label = document.createElement("label");
    label.className = "model";
    const radio = Object.assign(document.createElement("input"), {
      type: "radio", name: "model", value: model.name, checked: model.name === this.name, className: "unseen",
    });
    const name = Object.assign(document.createElement("span"), { className: "name", textContent: model.name });
    const { set, scores } = headline(model);
    const line = scores.map(([metric, value]) => `${metric} ${number(value, 1)}`).join(" · ");
    const small = Object.assign(document.createElement("span"), { className: "scores", textContent: line });
    if (scores.length) label.title = say("modelScores", scores.map(([metric]) => metric).join(", "), set);
    if (!model.attention) label.title += ` (${say("noAttention")})`;
    label.append(radio, name, small);
    return label;
  }
}
