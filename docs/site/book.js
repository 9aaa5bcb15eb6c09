// For mdbooks that come without their own book.js, as Debian's does: colours in code, and dark where the system is.
// The rest of it (sidebar, search) needs no script, or has its own.
"use strict";

const dark = !document.documentElement.classList.contains("light");
document.getElementById("highlight-css").disabled = dark;
document.getElementById("ayu-highlight-css").disabled = true;
document.getElementById("tomorrow-night-css").disabled = !dark;

for (const code of document.querySelectorAll("pre > code")) {
  if (/language-(?!text)/.test(code.className)) (hljs.highlightElement ?? hljs.highlightBlock)(code);
  code.classList.add("hljs");
}
