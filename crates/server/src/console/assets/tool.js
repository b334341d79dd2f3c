// For the pages about the API: buttons that copy, code with this page's address in it, a search that answers while one types,
// and a list of administrators that follows the app. Without this all of them work too, with more clicks.
"use strict";

for (const code of document.querySelectorAll("[data-base]")) {
  code.textContent = code.textContent.replaceAll(code.dataset.base, location.origin);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: press Ctrl+C";
  }
});

const search = document.querySelector("[data-filter]");
search?.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/);
  let found = 0;
  for (const section of document.querySelectorAll("[data-section]")) {
    let inside = 0;
    for (const row of section.querySelectorAll("[data-operation]")) {
      row.hidden = !words.every((word) => row.dataset.operation.includes(word));
      inside += row.hidden ? 0 : 1;
    }
    section.hidden = inside === 0;
    found += inside;
  }
  document.querySelector("[data-count]").textContent = found;
});

const app = document.getElementById("app");
function showAdministrators() {
  const list = document.getElementById("administrator");
  for (const group of list.querySelectorAll("optgroup")) {
    group.hidden = group.disabled = group.label !== app.value;
  }
  if (list.selectedOptions[0]?.parentElement.label !== app.value) {
    const first = list.querySelector("optgroup:not([disabled]) option");
    if (first) first.selected = true;
  }
}
if (app) {
  app.addEventListener("change", showAdministrators);
  showAdministrators();
}
