
"use strict";

// Sort a table by the column of a button; what has no value stays last.
const compare = (a, b) => {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
};
for (const button of document.querySelectorAll(".sort")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const body = head.closest("table").tBodies[0];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.closest("thead").querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[head.dataset.column].dataset.key;
    const known = [...body.rows].sort((a, b) => {
      if (!key(a) || !key(b)) return !key(a) - !key(b);
      return down ? compare(key(b), key(a)) : compare(key(a), key(b));
    });
    body.append(...known);
  });
}

// A metric's definition beside its name, on focus or under the pointer, until Escape.
const tip = document.getElementById("tip");
let told = null;
const place = () => {
  if (!told) return;
  const at = told.getBoundingClientRect();
  const isRoomBelow = at.bottom + 6 + tip.offsetHeight <= innerHeight;
  const left = Math.min(at.left, innerWidth - tip.offsetWidth - 16);
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${isRoomBelow ? at.bottom + 6 : at.top - 6 - tip.offsetHeight}px`;
};
const tell = (name) => {
  told = name;
  tip.hidden = !name;
  if (!name) return;
  const metric = document.getElementById(name.getAttribute("aria-describedby"));
  tip.textContent = metric ? metric.textContent : name.dataset.tip;
  place();
};
for (const name of document.querySelectorAll(".term")) {
  for (const event of ["focus", "mouseenter"]) name.addEventListener(event, () => tell(name));
  for (const event of ["blur", "mouseleave"]) name.addEventListener(event, () => tell(null));
}
addEventListener("keydown", (event) => { if (event.key === "Escape") tell(null); });
addEventListener("scroll", place, { capture: true, passive: true });

// A value of a drawing under the pointer; with the keyboard, the arrows go from one to the next.
const said = document.getElementById("said");
for (const drawing of document.querySelectorAll(".drawing")) {
  const marks = [...drawing.querySelectorAll(".mark")];
  let at = -1;
  const point = (mark) => {
    drawing.querySelector(".told")?.classList.remove("told");
    mark?.classList.add("told");
    tell(mark ?? null);
  };
  drawing.addEventListener("pointerover", (event) => point(event.target.closest(".mark")));
  drawing.addEventListener("pointerleave", () => point(null));
  drawing.addEventListener("blur", () => point(null));
  drawing.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: marks.length - 1 };
    if (!(event.key in steps) || !marks.length) return;
    event.preventDefault();
    at = Math.max(0, Math.min(marks.length - 1, steps[event.key]));
    point(marks[at]);
    said.textContent = marks[at].dataset.tip;
  });
}

// Light or dark, as the system has it until the button is pressed.
const theme = document.getElementById("theme");
const dark = matchMedia("(prefers-color-scheme: dark)");
const press = (on) => { theme.setAttribute("aria-pressed", on); };
press(dark.matches);
dark.addEventListener("change", () => {
  if (!document.documentElement.dataset.theme) press(dark.matches);
});
theme.addEventListener("click", () => {
  const on = theme.getAttribute("aria-pressed") !== "true";
  document.documentElement.dataset.theme = on ? "dark" : "light";
  press(on);
});

// The pictures of one first choice, and of some entropy at least.
const filter = document.getElementById("filter");
if (filter) {
  const [choice, entropy] = [filter.elements.choice, filter.elements.entropy];
  const cards = [...document.querySelectorAll(".card")];
  const apply = () => {
    for (const card of cards) {
      const isChosen = !choice.value || card.dataset.choice === choice.value;
      card.hidden = !isChosen || Number(card.dataset.entropy) < Number(entropy.value);
    }
    const count = cards.filter((card) => !card.hidden).length;
    document.getElementById("least").value = `${Number(entropy.value).toFixed(2)} nats`;
    document.getElementById("shown").textContent = `${count} of ${cards.length} shown`;
  };
  filter.addEventListener("input", apply);
  filter.addEventListener("submit", (event) => event.preventDefault());
}

// Print how it was made, too.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("footer details")) one.open = true;
});
