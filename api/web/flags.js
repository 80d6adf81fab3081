// What a reader should check, in words, with the way to the sentence.

import { knows, say } from "./language.js";

const SNIPPET_CHARS = 28;
const MOST_SENTENCES = 3;

/** Gives the places of the sentences that carry each flag. */
export function collectFlags(sentences) {
  const places = new Map();
  sentences.forEach((sentence, k) => {
    for (const flag of sentence.flags) places.set(flag, [...(places.get(flag) ?? []), k]);
  });
  return places;
}

function snippet(sentence) {
  const text = sentence.source.trim();
  return text.length > SNIPPET_CHARS ? `${text.slice(0, SNIPPET_CHARS)}…` : text;
}

/** Lists the flags; `onGo` is called with the sentence that a reader wants to see. */
export function drawFlags(list, sentences, onGo) {
  const rows = [...collectFlags(sentences)].map(([flag, places]) => {
    const row = document.createElement("li");
    row.dataset.flag = flag;
    const name = knows(`flag_${flag}`) ? say(`flag_${flag}`) : flag;
    const about = knows(`flag_${flag}_about`) ? say(`flag_${flag}_about`) : "";
    row.append(Object.assign(document.createElement("strong"), { textContent: name }), ` ${about} `);
    for (const place of sentences.length > 1 ? places.slice(0, MOST_SENTENCES) : []) {
      const go = Object.assign(document.createElement("button"), {
        type: "button", className: "link", lang: "ko", textContent: snippet(sentences[place]),
      });
      go.addEventListener("click", () => onGo(place));
      row.append(go, " ");
    }
    return row;
  });
  list.replaceChildren(...rows);
  list.hidden = rows.length === 0;
}
