// Puts the parts of the page that the server sends in the place of those that are there. Everything else is the server's work.
"use strict";

const page = document.getElementById("page");
const connection = document.getElementById("connection");
const pause = document.getElementById("pause");
const AGAIN_MS = 3000;
const waiting = new Map(); // parts that came while the page was paused
let paused = false;
let stream = null;

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? page.dataset.go : page.dataset.pause;
  connection.textContent = paused ? page.dataset.paused : page.dataset.live;
  if (paused) return;
  for (const [part, html] of waiting) show(part, html);
  waiting.clear();
});
connect();

// A browser connects again by itself, but not after an answer such as 503.
function connect() {
  stream = new EventSource(page.dataset.stream);
  stream.addEventListener("open", () => say(page.dataset.live));
  stream.addEventListener("error", () => {
    say(page.dataset.broken);
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
  });
  stream.addEventListener("part", (event) => {
    const { part, html } = JSON.parse(event.data);
    if (paused) waiting.set(part, html);
    else show(part, html);
  });
}

function say(text) {
  if (!paused && connection.textContent !== text) connection.textContent = text;
}

// The server has escaped every text in it. What had the focus, or was open, is so again.
function show(part, html) {
  const place = document.getElementById(part);
  const held = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const open = place.querySelector("details[open]") !== null;
  if (place.innerHTML === html) return;
  place.innerHTML = html;
  if (open) place.querySelector("details")?.setAttribute("open", "");
  if (held) place.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}
