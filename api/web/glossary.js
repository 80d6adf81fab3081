// Terms a reader wants translated in one way: a line each, `용어 = term`.

/** Gives {terms, wrong}: the terms, and the numbers of the lines that are none. */
export function parseGlossary(text) {
  const terms = {};
  const wrong = [];
  text.split("\n").forEach((line, k) => {
    if (!line.trim()) return;
    const at = line.indexOf("=");
    const [korean, english] = at < 0 ? ["", ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (korean && english) terms[korean] = english;
    else wrong.push(k + 1);
  });
  return { terms, wrong };
}
