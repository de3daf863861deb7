// Single keys for the buttons and links of triage, and the parts of the page that the server sends. Without it every form works, too.
"use strict";

const page = document.getElementById("page");
const connection = document.getElementById("connection");
const switchKeys = document.getElementById("keys-on");
const AGAIN_MS = 3000;
const NEXT = "mekong-next-key";
let sent = false; // one form is sent once, however fast somebody presses a key

document.addEventListener("submit", (event) => {
  if (!sent) {
    setTimeout(() => { sent = true; });
    return;
  }
  event.preventDefault();
  keep(event.submitter?.dataset.key);
});
window.addEventListener("pageshow", () => { sent = false; });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement) document.activeElement.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !keysAreOn() || isWriting(event.target)) return;
  if (press(event.key.toLowerCase())) event.preventDefault();
});
if (switchKeys) {
  switchKeys.hidden = false;
  switchKeys.setAttribute("aria-pressed", String(keysAreOn()));
  switchKeys.addEventListener("click", () => {
    localStorage.setItem("mekong-keys", keysAreOn() ? "off" : "on");
    switchKeys.setAttribute("aria-pressed", String(keysAreOn()));
  });
}
document.getElementById("said")?.focus();
const next = JSON.parse(sessionStorage.getItem(NEXT) ?? "null");
sessionStorage.removeItem(NEXT);
if (next?.path === location.pathname) press(next.key);
connect();

function press(key) {
  const place = page.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!place) return false;
  if (sent) {
    keep(key);
    return true;
  }
  place.click();
  if (place.matches("summary")) place.parentElement.querySelector("input:not([type=hidden])")?.focus();
  return true;
}

// A key that is pressed while a form is being sent is pressed when the same alert is shown again, and never on another alert.
function keep(key) {
  if (key) sessionStorage.setItem(NEXT, JSON.stringify({ path: location.pathname, key }));
}

function keysAreOn() {
  return localStorage.getItem("mekong-keys") !== "off";
}

function isWriting(place) {
  return place.closest("input:not([type=hidden]), textarea, select") !== null;
}

// A browser connects again by itself, but not after an answer such as 503.
function connect() {
  const stream = new EventSource(page.dataset.stream);
  stream.addEventListener("open", () => say(page.dataset.live));
  stream.addEventListener("error", () => {
    say(page.dataset.broken);
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
  });
  stream.addEventListener("part", (event) => {
    const { part, html } = JSON.parse(event.data);
    const place = document.getElementById(part);
    const held = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    place.innerHTML = html; // the server has escaped every text in it
    if (held) place.querySelector(`[data-key="${held}"]`)?.focus({ preventScroll: true });
  });
}

function say(text) {
  if (connection.textContent !== text) connection.textContent = text;
}
