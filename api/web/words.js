// Words, code points, and which word of one side belongs to which of the other.
// The service counts code points; JavaScript counts UTF-16 units, which differ for emoji.

const WORD = /\S+/gu;
const EDGE = /^(\p{P}*)(.*?)(\p{P}*)$/su;

export function countChars(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Gives text.slice(start, end), counted in code points. */
export function cut(text, start, end) {
  return Array.from(text).slice(start, end).join("");
}

/** Gives the words of a text as {text, start, end} in code points; marks at their edges stand alone. */
export function splitWords(text) {
  const words = [];
  let units = 0;
  let points = 0;
  for (const match of text.matchAll(WORD)) {
    points += countChars(text.slice(units, match.index));
    units = match.index + match[0].length;
    const [, before, core, after] = EDGE.exec(match[0]);
    for (const part of [before, core, after]) {
      if (!part) continue;
      const length = countChars(part);
      words.push({ text: part, start: points, end: points + length });
      points += length;
    }
  }
  return words;
}

/** For each word, the tokens that share a character with it. */
function group(words, tokens, base) {
  return words.map((word) =>
    tokens.flatMap((token, k) =>
      token.start - base < word.end && token.end - base > word.start ? [k] : []));
}

/** Gives the words of both sides and how much each target word looked at each source word.
 *
 * A word's weight on another is what its tokens spent on the other's tokens, on average.
 * Without attention, or where another translation was chosen, `weights` is null.
 */
export function linkWords(sentence) {
  const source = splitWords(sentence.source);
  const target = splitWords(sentence.chosen ?? sentence.text);
  const attention = sentence.attention;
  if (!attention?.weights || sentence.chosen) return { source, target, weights: null };
  const columns = group(source, attention.source_tokens, sentence.start);
  const rows = group(target, attention.target_tokens, 0);
  const weights = rows.map((row) =>
    columns.map((column) => {
      let sum = 0;
      for (const t of row) for (const s of column) sum += attention.weights[t][s];
      return row.length ? sum / row.length : 0;
    }));
  return { source, target, weights };
}

/** Gives the weights of one word on the words of the other side, the largest made 1, and as they are. */
export function linksOf(links, side, word) {
  if (!links.weights) return { shown: [], real: [] };
  const real = side === "target" ? links.weights[word] ?? [] : links.weights.map((row) => row[word] ?? 0);
  const largest = Math.max(...real, 0);
  return { real, shown: real.map((weight) => (largest ? weight / largest : 0)) };
}

/** Gives the places of the `count` largest weights, without those that say nothing. */
export function strongest(weights, count) {
  const places = weights.map((_, k) => k).filter((k) => weights[k] >= 0.05);
  return places.sort((a, b) => weights[b] - weights[a]).slice(0, count);
}
