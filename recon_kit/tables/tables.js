(() => {
  "use strict";
  if (window.reconTables) return;
  window.reconTables = true;
  document.documentElement.classList.add("rk-js");
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const detailOf = (row) => (row.nextElementSibling?.matches(".rk-detail") ? row.nextElementSibling : null);
  const rowsOf = (table) => Array.from(table.tBodies[0].rows).filter((row) => row.matches(".rk-row"));

  const compare = (column, sign) => (a, b) => {
    const raw = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
    const isEmpty = (row, value) => value === "" || row.cells[column].querySelector(".rk-none") !== null;
    const [x, y] = [raw(a), raw(b)];
    const [noX, noY] = [isEmpty(a, x), isEmpty(b, y)];
    if (noX || noY) return noX - noY;
    return sign * ("v" in a.cells[column].dataset ? Number(x) - Number(y) : order.compare(x, y));
  };

  const sort = (heading) => {
    const table = heading.closest("table");
    const isAscending = heading.getAttribute("aria-sort") === "ascending";
    const startsDown = heading.matches(".rk-number") && heading.getAttribute("aria-sort") === "none";
    const sign = isAscending || startsDown ? -1 : 1;
    for (const other of heading.parentElement.cells) if (other.ariaSort) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
    const pairs = rowsOf(table).sort(compare(heading.cellIndex, sign)).map((row) => [row, detailOf(row)]);
    table.tBodies[0].append(...pairs.flat().filter(Boolean));
  };

  const toggle = (button) => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    detailOf(button.closest("tr")).hidden = isOpen;
  };

  const search = (box) => {
    const panel = box.closest(".rk-table");
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = rowsOf(panel.querySelector(".rk-grid"));
    let found = 0;
    for (const row of rows) {
      const detail = detailOf(row);
      const text = `${row.textContent} ${detail?.textContent ?? ""}`.toLowerCase();
      const isFound = words.every((word) => text.includes(word));
      row.hidden = !isFound;
      if (detail) detail.hidden = !isFound || row.querySelector("[aria-expanded]").getAttribute("aria-expanded") !== "true";
      found += isFound;
    }
    const all = `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}`;
    panel.querySelector("output").textContent = words.length ? `${found.toLocaleString("en")} of ${all}` : all;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".rk-grid button");
    if (!button) return;
    if (button.hasAttribute("aria-expanded")) toggle(button);
    else sort(button.closest("th"));
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.(".rk-tools input")) search(event.target);
  });
})();
