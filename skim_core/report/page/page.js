"use strict";
(() => {
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  // A page opened from a file may have no storage: the choice then lasts as long as the page.
  const kept = {
    read() { try { return localStorage.getItem("skim-theme"); } catch { return null; } },
    write(value) { try { localStorage.setItem("skim-theme", value); } catch { /* not kept */ } },
  };
  const isDark = () => (root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches);
  const name = () => { $("theme").textContent = isDark() ? "Light" : "Dark"; };
  const theme = kept.read();
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  name();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  $("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept.write(root.dataset.theme);
    name();
  });

  // The table of trades: a heading sorts, a second time the other way round.
  const table = $("all-trades");
  if (table) {
    const body = table.tBodies[0];
    const value = (row, column) => {
      const cell = row.cells[column];
      return cell.firstElementChild?.dateTime || cell.textContent;
    };
    const amount = (text) => {
      const found = parseFloat(text.replace(/\u2212/g, "-").replace(/[^0-9.+-]/g, ""));
      return Number.isNaN(found) ? -Infinity : found;
    };
    const sort = (heading) => {
      const column = heading.cellIndex;
      const numeric = heading.classList.contains("n");
      const down = heading.ariaSort === "descending" ? false
        : heading.ariaSort === "ascending" ? true : numeric && column > 0;
      const key = numeric ? (row) => amount(value(row, column)) : (row) => value(row, column);
      const rows = [...body.rows].map((row, index) => [key(row), index, row]);
      rows.sort((a, b) => {
        const order = a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
        return (down ? -order : order) || a[1] - b[1];
      });
      body.append(...rows.map((each) => each[2]));
      for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
      heading.ariaSort = down ? "descending" : "ascending";
    };
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(heading));
    }
    const all = $("all-rows");
    if (all) {
      all.addEventListener("click", () => { table.classList.add("whole"); all.hidden = true; });
    }
    const search = $("search");
    if (search) {
      search.addEventListener("input", () => {
        const wanted = search.value.trim().toLowerCase();
        table.classList.toggle("searched", wanted !== "");
        for (const row of body.rows) {
          row.hidden = !row.textContent.toLowerCase().includes(wanted);
        }
      });
    }
  }

  // Pictures: one group at a time.
  const groups = $("groups");
  const cards = [...document.querySelectorAll(".card")];
  let shown = null;
  const show = (group) => {
    shown = group;
    for (const card of cards) {
      card.hidden = !(group in card.dataset);
      card.style.order = card.dataset[group] || 0;
    }
    for (const button of groups.children) {
      button.setAttribute("aria-pressed", String(button.dataset.group === group));
    }
  };
  if (groups) {
    groups.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) show(button.dataset.group);
    });
    show("best");
  }

  // Phases: one day at a time.
  const picker = $("day");
  const days = [...document.querySelectorAll(".day")];
  if (picker) {
    const choose = () => {
      for (const day of days) {
        day.hidden = day.dataset.date !== picker.value;
        day.open = !day.hidden;
      }
      $("earlier").disabled = picker.selectedIndex === 0;
      $("later").disabled = picker.selectedIndex === picker.options.length - 1;
    };
    const step = (by) => () => { picker.selectedIndex += by; choose(); };
    picker.addEventListener("change", choose);
    $("earlier").addEventListener("click", step(-1));
    $("later").addEventListener("click", step(1));
    choose();
  }

  // A link to a picture that is put away brings it out.
  const follow = () => {
    const card = /^#t\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (!card) return;
    if (card.hidden && groups) show(["best", "worst", "latest"].find((name) => name in card.dataset));
    card.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();

  // On paper all pictures are shown, in the order of the trades.
  addEventListener("beforeprint", () => {
    for (const card of cards) { card.hidden = false; card.style.order = 0; }
  });
  addEventListener("afterprint", () => { if (shown) show(shown); });
})();
