// The attention of one sentence as a table: rows are pieces of the translation, columns of the source.

import { percent, say } from "./language.js";

const END = "</s>";
const UPRIGHT_CHARS = 2;

function make(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

/** A piece as it is shown: some stand for a space or for nothing that can be seen. */
export function label(token) {
  if (token.text === END) return say("endPiece");
  return token.text.trim() || "␣";
}

function headerRow(tokens) {
  const row = document.createElement("tr");
  row.append(make("td", "corner"));
  for (const token of tokens) {
    const head = make("th", token.text === END ? "end" : "");
    head.scope = "col";
    head.lang = "ko";
    const shown = label(token);
    head.append(make("span", shown.length <= UPRIGHT_CHARS ? "upright" : "", shown));
    row.append(head);
  }
  return row;
}

function bodyRow(token, weights, columns) {
  const row = document.createElement("tr");
  const head = make("th", token.text === END ? "end" : "", label(token));
  head.scope = "row";
  head.lang = "en";
  row.append(head);
  weights.forEach((weight, k) => {
    const cell = document.createElement("td");
    cell.style.setProperty("--w", weight);
    cell.dataset.weight = weight;
    cell.title = `${label(token)} ← ${label(columns[k])} ${percent(weight)}`;
    cell.append(make("span", "unseen", percent(weight)));
    row.append(cell);
  });
  return row;
}

/** Lights the heads of the row and column that the pointer is in. */
function followPointer(table) {
  let lit = [];
  const clear = () => lit.forEach((head) => head.classList.remove("at"));
  table.addEventListener("pointerover", (event) => {
    clear();
    const cell = event.target.closest("td[data-weight]");
    lit = cell ? [cell.parentElement.firstElementChild, table.rows[0].cells[cell.cellIndex]] : [];
    for (const head of lit) head.classList.add("at");
  });
  table.addEventListener("pointerleave", clear);
}

/** Why there is no table, or null where there is one. */
function missing(sentence) {
  if (!sentence.attention) return say(sentence.score === null ? "attentionUntouched" : "fetching");
  return sentence.attention.weights ? null : say("attentionNone");
}

/** Draws the attention of a sentence into a figure. */
export function drawHeatMap(figure, sentence, hasAttention) {
  const caption = document.createElement("figcaption");
  caption.append(make("h3", "", say("attention")));
  const why = hasAttention ? missing(sentence) : say("attentionNone");
  if (why) {
    caption.append(make("p", "small", why));
    figure.replaceChildren(caption);
    return;
  }
  const { source_tokens: columns, target_tokens: rows, weights } = sentence.attention;
  caption.append(make("p", "small", say("attentionAbout")));
  if (sentence.chosen) caption.append(make("p", "small warn", say("attentionOther")));
  const table = document.createElement("table");
  const head = document.createElement("thead");
  head.append(headerRow(columns));
  const body = document.createElement("tbody");
  body.append(...rows.map((token, k) => bodyRow(token, weights[k], columns)));
  table.append(head, body);
  followPointer(table);
  // It scrolls by itself on a narrow screen, with the keyboard too.
  const frame = make("div", "scroll");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", say("attentionTable"));
  frame.append(table);
  figure.replaceChildren(caption, frame);
}
