// Whole files: send, watch, fetch. The tab shows only where the service takes documents.

import { Problem, address, ask, authorization, toProblem } from "./client.js";
import { onLanguage, percent, say } from "./language.js";
import { inWords } from "./notices.js";

const POLL_MS = 1000;
const ENDED = new Set(["done", "failed"]);
/* A job outlives all of these; it is asked after again. */
const PASSING = new Set(["offline", "not-ready", "draining", "unavailable", "overloaded", "rate-limit", "deadline"]);

function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

/** Sends a file; gives the job. `onProgress` is called with the share that is sent.
 * XMLHttpRequest, because fetch does not tell how far an upload is.
 */
function send(file, model, onProgress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file, file.name);
    if (model) form.append("model", model);
    const request = new XMLHttpRequest();
    request.open("POST", address("v1/documents"));
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("error", () => reject(new Problem("offline")));
    request.addEventListener("load", () => {
      if (request.status === 202) resolve(JSON.parse(request.responseText));
      else reject(toProblem(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    });
    request.send(form);
  });
}

/** Gives the file endings that the service takes: [".docx", …]; null where it takes no documents. */
export function readFormats(answer) {
  const formats = Array.isArray(answer) ? answer : answer?.formats;
  if (!Array.isArray(formats)) return null;
  return formats.flatMap((format) => (typeof format === "string" ? format : format.extensions ?? []));
}

class Job {
  constructor(file, documents) {
    this.file = file;
    this.documents = documents;
    this.id = null;
    this.state = { status: "sending", share: 0 };
    this.problem = null;
    this.row = make("li", { className: "card job" });
    this.told = make("span", { className: "small" });
    this.told.setAttribute("role", "status");
    this.bar = make("progress", { max: 1 });
    this.bar.setAttribute("aria-label", file.name);
    this.fetchIt = this.button("download", "main", () => this.download());
    this.removeIt = this.button("remove", "quiet", () => this.remove());
    const what = make("div", { className: "what" });
    what.append(make("strong", { textContent: file.name }), this.told);
    const does = make("div", { className: "does" });
    does.append(this.fetchIt, this.removeIt);
    this.row.append(what, does, this.bar);
  }

  async start() {
    this.draw();
    try {
      const job = await send(this.file, this.documents.model(), (share) => {
        this.state = { status: "sending", share };
        this.draw();
      });
      this.id = job.id;
      await this.watch();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      this.draw();
      this.documents.onProblem(error);
    }
  }

  async watch() {
    while (this.row.isConnected) {
      await this.look();
      if (this.isOver) return;
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  }

  /** Asks how far the job is; a service that does not answer for a while changes nothing about it. */
  async look() {
    try {
      this.state = await (await ask(`v1/documents/${this.id}`)).json();
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Problem) || !PASSING.has(error.kind)) throw error;
      this.problem = error;
    }
    this.draw();
  }

  get isOver() {
    return ENDED.has(this.state.status) || Boolean(this.problem && !(this.id && PASSING.has(this.problem.kind)));
  }

  get share() {
    const { share, done, total } = this.state;
    return share ?? (total ? done / total : 0);
  }

  words() {
    const { status } = this.state;
    if (this.problem) return inWords(this.problem, this.id ? "job" : "document");
    if (status === "sending") return say("jobSending", percent(this.share));
    if (status === "queued") return say("jobQueued");
    if (status === "done") return say("jobDone");
    if (status === "failed") return say("jobFailed", this.state.error?.detail ?? this.state.error ?? "");
    return say("jobRunning", percent(this.share));
  }

  draw() {
    this.told.textContent = this.words();
    this.told.classList.toggle("bad", this.isOver && this.state.status !== "done");
    this.bar.hidden = this.isOver;
    this.bar.value = this.share;
    this.fetchIt.hidden = this.state.status !== "done";
    this.fetchIt.textContent = say("download");
    this.removeIt.textContent = say(this.isOver ? "remove" : "cancel");
  }

  button(does, className, onClick) {
    const button = make("button", { type: "button", className });
    button.dataset.does = does;
    button.addEventListener("click", onClick);
    return button;
  }

  async download() {
    try {
      // Fetched and not linked, because a link carries no key.
      const answer = await ask(`v1/documents/${this.id}/result`);
      const link = make("a", { href: URL.createObjectURL(await answer.blob()) });
      link.download = this.state.result_name ?? this.file.name.replace(/(\.[^.]*)?$/, ".en$1");
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      this.draw();
    }
  }

  remove() {
    this.row.remove();
    this.documents.forget(this);
    if (this.id) ask(`v1/documents/${this.id}`, { method: "DELETE" }).catch(() => {});
  }
}

export class Documents {
  /**
   * @param model gives the model's name.
   * @param onProblem is told what went wrong.
   */
  constructor(model, onProblem) {
    this.model = model;
    this.onProblem = onProblem;
    this.jobs = [];
    this.extensions = [];
    this.list = document.getElementById("jobs");
    const input = document.getElementById("file");
    input.addEventListener("change", () => {
      for (const file of input.files) this.add(file);
      input.value = "";
    });
    this.takeDrops(document.getElementById("drop"));
    onLanguage(() => this.draw());
  }

  /** Shows the tab if the service takes documents. */
  async start() {
    try {
      this.extensions = readFormats(await (await ask("v1/documents/formats")).json());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return;
    }
    if (!this.extensions) return;
    document.getElementById("file").accept = this.extensions.join(",");
    document.getElementById("tabs").hidden = false;
    this.draw();
  }

  draw() {
    document.getElementById("formats").textContent = say("formats", (this.extensions ?? []).join(" "));
    for (const job of this.jobs) job.draw();
  }

  add(file) {
    const job = new Job(file, this);
    this.jobs.unshift(job);
    this.list.prepend(job.row);
    job.start();
  }

  forget(job) {
    this.jobs = this.jobs.filter((other) => other !== job);
  }

  takeDrops(box) {
    const over = (event, isOver) => {
      event.preventDefault();
      box.classList.toggle("over", isOver);
    };
    box.addEventListener("dragover", (event) => over(event, true));
    box.addEventListener("dragleave", (event) => over(event, false));
    box.addEventListener("drop", (event) => {
      over(event, false);
      for (const file of event.dataTransfer.files) this.add(file);
    });
  }
}
