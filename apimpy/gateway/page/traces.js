// The page of traces: a list of requests, the timeline of one, and the policies that ran beside it.
// Everything is shown as text nodes: what a trace holds came from requests and must never become markup.
"use strict";

const at = (id) => document.getElementById(id);

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// Seconds of a TimeSpan text.
function seconds(text) {
  const [hours, minutes, rest] = text.split(":");
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}

// The entries of a trace in the order in which they began; a container stands before what it holds.
function inOrder(trace) {
  return Object.entries(trace.traceEntries).map(([section, entries]) => {
    const rows = entries.map((entry) => {
      const took = entry.duration ?? 0;
      return { entry, took, began: seconds(entry.elapsed) - took };
    });
    rows.sort((a, b) => a.began - b.began || b.took - a.took);
    return { section, rows };
  });
}

// What an entry has to say, in one line.
function said(data) {
  if (typeof data === "string") return data;
  if ("expression" in data) {
    return "value" in data ? `${data.expression} = ${JSON.stringify(data.value)}` : data.messages.at(-1);
  }
  const lines = [data.message ?? []].flat();
  if ("name" in data) lines[0] = `${data.name} = ${JSON.stringify(data.value)}`;
  if (data.trace) lines.push(...[data.trace].flat().map((one) => one.message ?? one));
  if (data.request && !lines.length) lines.push(`${data.request.method} ${data.request.url}`);
  if (data.response) lines.push(`${data.response.status.code} ${data.response.status.reason}`);
  if (data.configuration) lines.push(`${data.configuration.operation?.method ?? ""} ${data.configuration.operation?.uriTemplate ?? ""}`);
  return lines.join(" · ");
}

const isFailure = (data) => Boolean(data && (data.error || data.reason || data.messages));

let shown = null; // {summary, trace, documents}
let file = null; // the document beside the timeline

function showTimeline() {
  const list = at("timeline");
  list.replaceChildren();
  const total = Math.max(shown.summary.seconds, 1e-6);
  for (const { section, rows } of inOrder(shown.trace)) {
    const head = make("li");
    head.append(make("h2", "", section));
    list.append(head);
    for (const { entry, took, began } of rows) list.append(row(entry, took, began, total));
  }
}

function row(entry, took, began, total) {
  const isStep = entry.duration !== undefined;
  const item = make("li", `entry${isStep ? "" : " moment"}${isFailure(entry.data) ? " failed" : ""}`);
  item.style.marginLeft = `${(entry.path ?? "").split("\\").length - 1 + (isStep || !entry.path ? 0 : 1)}rem`;
  if (entry.line) item.dataset.place = `${entry.file}:${entry.line}`;
  const button = make("button");
  button.type = "button";
  const scope = entry.scope ? `${entry.scope} · line ${entry.line} · ` : "";
  button.append(make("span", "aside", scope + (isStep ? `${(took * 1000).toFixed(2)} ms` : `at ${(began * 1000).toFixed(2)} ms`)));
  button.append(make("span", "name", entry.source), " ", make("span", "said", said(entry.data)));
  if (isStep) {
    const track = make("div", "track");
    const bar = make("span");
    bar.style.left = `${(100 * began) / total}%`;
    bar.style.width = `${(100 * took) / total}%`;
    track.append(bar);
    button.append(track);
  }
  button.addEventListener("click", () => choose(item, entry));
  item.append(button);
  return item;
}

function choose(item, entry) {
  const open = item.querySelector(".detail");
  document.querySelectorAll(".entry.chosen").forEach((other) => other.classList.remove("chosen"));
  document.querySelectorAll(".detail").forEach((other) => other.remove());
  item.classList.add("chosen");
  if (!open) item.append(make("pre", "detail", JSON.stringify(entry.data, null, 2)));
  if (entry.file) showDocument(entry.file, entry.line);
}

function showDocument(name, line) {
  if (!(name in shown.documents)) return;
  if (name !== file) {
    file = name;
    drawDocument();
  }
  document.querySelectorAll("#policy .chosen").forEach((other) => other.classList.remove("chosen"));
  const chosen = line && at("policy").children[line - 1];
  if (chosen) {
    chosen.classList.add("chosen");
    chosen.scrollIntoView({ block: "nearest" });
  }
}

function drawDocument() {
  const ran = new Map();
  for (const entry of Object.values(shown.trace.traceEntries).flat()) {
    if (entry.file === file) ran.set(entry.line, (ran.get(entry.line) ?? false) || isFailure(entry.data));
  }
  const lines = shown.documents[file].split(/\r\n|\r|\n/).map((text, index) => {
    const item = make("li", "", text || " ");
    if (ran.has(index + 1)) {
      item.className = ran.get(index + 1) ? "ran failed" : "ran";
      item.addEventListener("click", () => {
        const place = CSS.escape(`${file}:${index + 1}`);
        document.querySelector(`.entry[data-place="${place}"] > button`)?.click();
      });
    }
    return item;
  });
  at("policy").replaceChildren(...lines);
  at("documents").replaceChildren(
    ...Object.keys(shown.documents).map((name) => {
      const button = make("button", "", name.split("/").at(-1));
      button.type = "button";
      button.title = name;
      button.setAttribute("aria-pressed", String(name === file));
      button.addEventListener("click", () => showDocument(name));
      return button;
    }),
  );
}

async function open(id) {
  shown = await read(`/_trace/${encodeURIComponent(id)}?documents`);
  const { method, url, status, timestamp, seconds: took } = shown.summary;
  at("summary").textContent = `${method} ${url} → ${status} in ${(took * 1000).toFixed(1)} ms, ${timestamp}`;
  history.replaceState(null, "", `#${id}`);
  const names = Object.keys(shown.documents);
  file = names.find((name) => !name.startsWith("<")) ?? names[0] ?? null;
  showTimeline();
  if (file === null) {
    at("policy").replaceChildren();
    at("documents").replaceChildren();
  } else drawDocument();
}

async function refresh() {
  const summaries = await read("/_trace");
  const list = at("requests");
  list.replaceChildren(
    ...summaries.map(({ traceId, method, url, status, seconds: took }) => {
      const option = make("option", "", `${status} ${method} ${url} (${(took * 1000).toFixed(1)} ms)`);
      option.value = traceId;
      return option;
    }),
  );
  if (!summaries.length) {
    at("summary").textContent = "No request has been traced yet.";
    return;
  }
  const asked = location.hash.slice(1);
  list.value = summaries.some(({ traceId }) => traceId === asked) ? asked : summaries[0].traceId;
  await open(list.value);
}

const guarded = (work) => () => work().catch((error) => { at("summary").textContent = error.message; });

at("requests").addEventListener("change", guarded(() => open(at("requests").value)));
at("refresh").addEventListener("click", guarded(() => { history.replaceState(null, "", "#"); return refresh(); }));
addEventListener("hashchange", guarded(refresh));
guarded(refresh)();
