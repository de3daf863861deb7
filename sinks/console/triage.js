// Single keys for the buttons and links of triage, and the parts of the page that the server sends. Without it every form works, too.
"use strict";

const page = document.getElementById("page");
const connection = document.getElementById("connection");
const switchKeys = document.getElementById("keys-on");
const AGAIN_MS = 3000;
let sent = false; // one form is sent once, however fast somebody presses a key

document.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  else setTimeout(() => { sent = true; });
});
window.addEventListener("pageshow", () => { sent = false; });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement) document.activeElement.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || sent || !keysAreOn() || isWriting(event.target)) return;
  const place = page.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!place) return;
  event.preventDefault();
  place.click();
  if (place.matches("summary")) place.parentElement.querySelector("input:not([type=hidden])")?.focus();
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
connect();

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
