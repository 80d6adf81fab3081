// When to translate: a moment after the last key, never for half a syllable, one request at a time.

const PAUSE_MS = 300;
// While a syllable is being composed the input method changes it with every key.
const COMPOSING_PAUSE_MS = 700;
const LONE_LETTER = /[\u1100-\u11ff\u3131-\u318e]$/u;

/** Whether the text up to the caret ends in a letter that is not yet a syllable: 안녕ㅎ. */
export function isHalfWritten(text) {
  return LONE_LETTER.test(text);
}

export class Runner {
  /** @param run does the work; it is given a signal that tells it to stop. */
  constructor(run) {
    this.run = run;
    this.timer = 0;
    this.controller = null;
  }

  /** Called for every change of the text.
   * @param textToCaret what stands before the caret.
   * @param isComposing whether an input method is at work.
   */
  changed(textToCaret, isComposing) {
    clearTimeout(this.timer);
    if (isComposing && isHalfWritten(textToCaret)) return;
    this.timer = setTimeout(() => this.now(), isComposing ? COMPOSING_PAUSE_MS : PAUSE_MS);
  }

  /** Starts at once; what is under way is given up. */
  now() {
    this.stop();
    this.controller = new AbortController();
    this.run(this.controller.signal);
  }

  stop() {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.controller = null;
  }
}
