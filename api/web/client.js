// The service, as the page sees it. Paths are relative, so a proxy may put the page anywhere.

import { readEvents } from "./events.js";
import { currentKey } from "./preferences.js";

/** What went wrong; `kind` is the last part of the problem's type, or "offline". */
export class Problem extends Error {
  constructor(kind, { status = 0, detail = "", limit = null, retry_after_s: retryAfter = null } = {}) {
    super(detail || kind);
    Object.assign(this, { kind, status, detail, limit, retryAfter });
  }
}

export function address(path) {
  return new URL(path, document.baseURI).href;
}

export function authorization() {
  const key = currentKey();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Gives the problem that an answer's status and body tell of. */
export function toProblem(status, body, retryHeader) {
  let told = {};
  try {
    told = JSON.parse(body);
  } catch {
    // A proxy in between answers with a page of its own.
  }
  const byStatus = { 401: "key-required", 403: "forbidden", 413: "too-large", 429: "rate-limit", 503: "unavailable" };
  const kind = String(told.type ?? "").split(":").pop() || byStatus[status] || "unknown";
  const retry = told.retry_after_s ?? (Number(retryHeader) || null);
  return new Problem(kind, { status, detail: told.detail, limit: told.limit, retry_after_s: retry });
}

/** Asks for `path`; gives the answer.
 * @throws {Problem} the service refuses, or does not answer.
 */
export async function ask(path, { method = "GET", body, signal } = {}) {
  const headers = authorization();
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address(path), {
      method, headers, signal, body: body && JSON.stringify(body), cache: "no-store", credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("offline");
  }
  if (!answer.ok) throw toProblem(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer;
}

export async function fetchModels() {
  return (await (await ask("v1/models")).json()).models;
}

/** Gives the only text's translation. */
export async function translate(body, signal) {
  const answer = await ask("v1/translate", { method: "POST", body, signal });
  return (await answer.json()).translations[0];
}

/** Gives the sentences of a text one after another.
 * @throws {Problem} also when the connection breaks before the end.
 */
export async function* stream(body, signal) {
  const answer = await ask("v1/translate/stream", { method: "POST", body, signal });
  try {
    for await (const { name, data } of readEvents(answer.body)) {
      if (name === "sentence") yield data;
      if (name === "error") throw toProblem(data.status, JSON.stringify(data), null);
      if (name === "done") return;
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Problem) throw error;
    throw new Problem("offline");
  }
  throw new Problem("offline");
}
