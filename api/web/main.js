// Puts the page together.

import { Desk } from "./desk.js";
import { Documents } from "./documents.js";
import { describe, onLanguage, say, startLanguage } from "./language.js";
import { ModelChoice } from "./models.js";
import { startTheme } from "./preferences.js";
import { startTabs } from "./tabs.js";

const EXAMPLE = "내일 서울에 가요. 이 책은 정말 재미있어요. 회의는 오후 3시에 시작합니다.";
const COPIED_MS = 1500;

const byId = (id) => document.getElementById(id);

/** Copies a text; without a secure context, where there is no clipboard, by way of a selection. */
async function copy(text, element) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const selection = getSelection();
  selection.selectAllChildren(element);
  document.execCommand("copy");
  return selection.removeAllRanges();
}

function startCopy(desk) {
  const button = byId("copy");
  let timer = 0;
  button.addEventListener("click", async () => {
    await copy(desk.output.text, byId("output"));
    button.textContent = say("copied");
    byId("announce").textContent = say("copied");
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = say("copy")), COPIED_MS);
  });
}

function startGlossary(desk) {
  const box = byId("glossary");
  const show = () => {
    const { count, wrong } = desk.useGlossary(box.value);
    byId("glossary-count").textContent = count ? say("glossaryCount", count) : "";
    byId("glossary-problem").textContent = wrong.length ? say("glossaryWrong", wrong.join(", ")) : "";
  };
  box.addEventListener("change", show);
  box.addEventListener("input", (event) => event.isComposing || show());
  onLanguage(show);
}

function start() {
  startLanguage(byId("language"));
  onLanguage(startTheme(byId("theme"), describe));
  startTabs(byId("tabs"));
  const models = new ModelChoice(byId("models"), () => desk.runner.now(), () => documents.start());
  const desk = new Desk(models);
  const documents = new Documents(() => models.name, (problem) => desk.notices.askKeyFor(problem));
  startCopy(desk);
  startGlossary(desk);
  byId("clear").addEventListener("click", () => (desk.source.text = ""));
  byId("example").addEventListener("click", () => (desk.source.text = EXAMPLE));
  byId("source").focus({ preventScroll: true });
  desk.runner.now();
}

start();
