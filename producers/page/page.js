// Sends the forms of the page without loading the page again, and keeps the sheet in the browser between the check and the sending.
"use strict";

const body = document.body;
const TRIES = 4;
const LONGEST_PAUSE_S = 30;
let sheet = null; // a copy of the sheet that #result is about: exactly what was checked is sent
let stream = null;

document.documentElement.classList.add("scripted");
document.addEventListener("submit", submitted);
document.addEventListener("change", chosen);
for (const type of ["dragover", "dragleave", "drop"]) document.addEventListener(type, dragged);
watch(document);

// A form whose place is not on this page is sent by the browser itself.
async function submitted(event) {
  const form = event.target;
  const target = document.getElementById(form.dataset.part || form.dataset.download || "");
  if (!target) return;
  event.preventDefault();
  const button = event.submitter || form.querySelector("button");
  const label = button.textContent;
  button.disabled = true;
  button.textContent = body.dataset.busy;
  try {
    await (form.dataset.download ? download(form, target) : replace(form, target, event.submitter, sheet));
  } finally {
    button.disabled = false;
    button.textContent = label;
  }
}

// What the form answers takes the place of what was there; a failure is said above it, and what was there stays.
async function replace(form, target, submitter, given) {
  const line = target.id === "result" ? document.getElementById("said") : target;
  if (target.hasAttribute("aria-busy")) {
    say(line, said(body.dataset.wait, "look"));
    return false;
  }
  target.setAttribute("aria-busy", "true");
  const of = given && line !== target ? `${given.name}: ` : "";
  say(line, said(of + body.dataset.busy, "look"));
  try {
    const answer = await asked(form, submitter, given, (text) => say(line, said(of + text, "look")));
    say(line, answer.problem ? [...(of ? said(given.name, "name") : []), ...answer.problem] : []);
    if (answer.nodes) show(target, answer.nodes);
    return Boolean(answer.nodes);
  } finally {
    target.removeAttribute("aria-busy");
  }
}

async function download(form, target) {
  const answer = await asked(form, null, sheet, (text) => say(target, said(text, "look")));
  say(target, answer.problem || answer.nodes || []);
  if (!answer.file) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(answer.file);
  link.download = answer.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// The answer to a form: the nodes of a part, a file with its name, or a problem. While the exchange is busy, it is asked again.
async function asked(form, submitter, given, tell) {
  let data;
  try {
    data = await filled(form, submitter, given);
  } catch {
    return { problem: said(body.dataset.unread, "bad") };
  }
  for (let tries = 1; ; tries += 1) {
    if (data.has("now")) data.set("now", String(Date.now()));
    let answer, found;
    try {
      answer = await fetch(form.action, { method: "POST", body: data, headers: { "x-page-part": "1" }, credentials: "same-origin" });
      found = await read(answer);
    } catch {
      return { problem: [...said(body.dataset.away, "bad"), ...doubt(form)] };
    }
    const pause = Number(answer.headers.get("retry-after"));
    const isBusy = [409, 429, 503].includes(answer.status) && pause > 0 && pause <= LONGEST_PAUSE_S;
    if (!isBusy || tries === TRIES) return answer.status >= 500 || found.isForeign ? { problem: [...found.problem, ...doubt(form)] } : found;
    tell(body.dataset.again.replace("{seconds}", pause));
    await new Promise((resolve) => setTimeout(resolve, pause * 1000));
  }
}

// What the form has, with copies of its files: a file that changes on the disk is not sent half.
async function filled(form, submitter, given) {
  const data = new FormData(form, submitter);
  if (body.dataset.agency) data.set("agency", body.dataset.agency);
  if ("sheet" in form.dataset && given) data.set("sheet", given);
  const carried = document.querySelector("#result [name=layout_text]");
  if (form.classList.contains("drop") && carried && !(data.get("layout") && data.get("layout").size)) {
    data.set("layout_text", carried.value);
    data.set("carried", "1");
  }
  for (const [name, value] of [...data]) {
    if (value instanceof File) data.set(name, new File([await value.arrayBuffer()], name)); // not the name of the file
  }
  return data;
}

async function read(answer) {
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") || "");
  if (answer.ok && name) return { name: name[1], file: await answer.blob() };
  if (answer.status === 401) return { problem: entering() };
  const text = await answer.text();
  if (!answer.headers.has("x-page-part")) return { isForeign: true, problem: said(body.dataset.foreign.replace("{status}", answer.status), "bad") };
  const nodes = [...new DOMParser().parseFromString(text, "text/html").body.childNodes];
  return answer.ok ? { nodes } : { problem: nodes };
}

// The ticket has ended. The person enters in another window; what is here stays.
function entering() {
  const line = said(body.dataset.ended, "bad");
  const link = document.createElement("a");
  link.href = body.dataset.home;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = body.dataset.enter;
  line[0].append(" ", link);
  return line;
}

// After a sending without an answer, nobody here knows whether it was sent.
function doubt(form) {
  return new URL(form.action).pathname.endsWith("/sheet") ? said(body.dataset.doubt, "look") : [];
}

function said(text, kind) {
  const line = document.createElement("p");
  line.className = `said ${kind}`;
  line.textContent = text;
  return [line];
}

function say(line, nodes) {
  if (line) line.replaceChildren(...nodes);
}

function show(target, nodes) {
  target.replaceChildren(...nodes);
  watch(target);
  const head = target.querySelector("h2[tabindex]");
  if (head) head.focus();
}

function chosen(event) {
  if (event.target.id === "sheet" && event.target.files.length) take(event.target.form, event.target.files);
}

function dragged(event) {
  const form = document.querySelector("form.drop");
  if (event.target.id === "layout") return; // a layout is dropped on its own input
  event.preventDefault();
  if (!form) return;
  form.classList.toggle("over", event.type === "dragover");
  if (event.type === "drop" && event.dataTransfer.files.length) take(form, event.dataTransfer.files);
}

// A sheet was chosen: it is copied, so it stays as it is now, and is checked at once.
async function take(form, files) {
  const target = document.getElementById("result");
  const line = document.getElementById("said");
  const input = form.querySelector("#sheet");
  const file = files[0];
  if (target.hasAttribute("aria-busy")) say(line, said(body.dataset.wait, "look"));
  else if (files.length > 1) say(line, said(body.dataset.one, "bad"));
  else if (file.size > Number(form.dataset.most)) say(line, said(body.dataset.large, "bad"));
  else await checked(form, target, line, file);
  input.value = "";
}

async function checked(form, target, line, file) {
  let copy;
  try {
    copy = new File([await file.arrayBuffer()], file.name);
  } catch {
    return say(line, said(body.dataset.unread, "bad"));
  }
  if (!(await replace(form, target, null, copy))) return;
  sheet = copy;
  form.querySelector("[data-chosen]").textContent = file.name;
}

// Receipts arrive as server-sent events. The browser itself connects again after a break, and goes on where it was.
function watch(root) {
  const list = root.querySelector("[data-events]");
  if (!list) return;
  if (stream) stream.close();
  const wanted = new Set(list.dataset.wanted.split(" "));
  const words = JSON.parse(list.dataset.words);
  for (const row of list.querySelectorAll("[data-offset]")) wanted.delete(row.dataset.offset);
  arrived(list, wanted);
  if (!wanted.size) return;
  stream = new EventSource(list.dataset.events);
  stream.addEventListener("receipt", (event) => {
    const receipt = JSON.parse(event.data);
    if (!wanted.delete(String(receipt.source_offset))) return;
    add(list, receipt, words);
    arrived(list, wanted);
    if (!wanted.size) stream.close();
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => list.isConnected && again(root, list), 3000);
  });
}

// The stream was refused: the person must enter again, or the exchange is busy.
async function again(root, list) {
  const answer = await fetch(`${list.dataset.events}&limit=1`, { headers: { "x-page-part": "1" } }).catch(() => null);
  const line = list.closest("[data-arriving]").querySelector("#failed");
  if (answer && answer.status === 401) say(line, entering());
  else if (line.querySelector("a")) say(line, []);
  watch(root);
}

// What a person must look at is first; of the others, the first 500 are shown.
function add(list, receipt, words) {
  const rows = list.tBodies[0];
  const plain = words.kinds[receipt.outcome] === "good" && !receipt.said.length;
  if (plain && rows.rows.length >= 500) return;
  const row = document.createElement("tr");
  row.dataset.offset = receipt.source_offset;
  const tag = document.createElement("span");
  tag.className = "tag " + (words.kinds[receipt.outcome] || "look");
  tag.textContent = words.outcomes[receipt.outcome] || receipt.outcome;
  for (const text of [receipt.case_no || "", tag]) row.insertCell().append(text);
  const cell = row.insertCell();
  for (const [text, language] of receipt.said) {
    const part = document.createElement("span");
    part.lang = language;
    part.textContent = text;
    cell.append(part, " ");
  }
  if (plain) rows.append(row);
  else rows.prepend(row);
}

function arrived(list, wanted) {
  const box = list.closest("[data-arriving]");
  const total = Number(list.dataset.total);
  const count = total - wanted.size;
  box.querySelector("progress").value = count;
  box.querySelector("[data-count]").textContent = count;
  box.querySelector("[data-done]").hidden = wanted.size > 0;
}
