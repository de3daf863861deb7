// Takes the code of an activation link from behind "#" in the address. A browser does not send that part by itself.
// The links to other languages keep the code, and the history of the browser does not.
"use strict";

const CODE = /^#[0-9a-f]{8}-[0-9a-f]{64}$/;
const field = document.getElementById("code");

addEventListener("hashchange", fill);
fill();

function fill() {
  const given = location.hash;
  if (!CODE.test(given)) return;
  field.value = given.slice(1);
  for (const link of document.querySelectorAll("header a[hreflang]")) link.hash = given;
  history.replaceState(null, "", location.pathname);
}
