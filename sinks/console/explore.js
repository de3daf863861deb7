// Drag over the bars to choose a time. Without it each bar is a link, and the form has both days.
"use strict";

const time = document.getElementById("time");
const brush = document.getElementById("brush");
const form = document.getElementById("choose");
const LEAST = 0.01; // of the width: less is a click on a bar
let begin = null;

time?.addEventListener("pointerdown", (event) => {
  if (event.button === 0) begin = place(event);
});
window.addEventListener("pointermove", (event) => {
  if (begin === null) return;
  const [from, to] = [begin, place(event)].sort((one, other) => one - other);
  const width = time.viewBox.baseVal.width;
  brush.setAttribute("x", from * width);
  brush.setAttribute("width", (to - from) * width);
});
window.addEventListener("pointerup", (event) => {
  if (begin === null) return;
  const [from, to] = [begin, place(event)].sort((one, other) => one - other);
  begin = null;
  if (to - from < LEAST) return;
  const bars = [...time.querySelectorAll("a[data-first]")];
  const at = (part) => bars[Math.min(bars.length - 1, Math.floor(part * bars.length))];
  form.elements.from.value = at(from).dataset.first;
  form.elements.to.value = at(to).dataset.last;
  time.addEventListener("click", (click) => click.preventDefault(), { capture: true, once: true });
  form.requestSubmit();
});
time?.addEventListener("dragstart", (event) => event.preventDefault());

function place(event) {
  const box = time.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}
