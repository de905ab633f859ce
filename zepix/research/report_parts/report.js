"use strict";
(function () {
  const GOOD = "#0072B2", BAD = "#D55E00", INK = "#1f2933";
  // plotly offers to send charts to its cloud unless told not to
  const config = { displaylogo: false, responsive: true, showSendToCloud: false, plotlyServerURL: "",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  const read = (id) => { const e = document.getElementById(id); return e ? JSON.parse(e.textContent) : null; };

  const base = read("base") || {};  // the manner that the page's own figures carry already

  function draw(element, figure) {
    const layout = Object.assign({}, base, figure.layout);
    const zoom = Object.assign({}, config, { scrollZoom: layout.dragmode === "pan" });
    return Plotly.newPlot(element, figure.data, layout, zoom);
  }

  const figures = read("figures") || {};
  document.querySelectorAll("[data-figure]").forEach((element) => {
    const figure = figures[element.dataset.figure];
    if (figure) draw(element, figure);
  });

  const table = document.getElementById("ticket-rows");
  if (!table) return;
  const body = table.tBodies[0], rows = Array.from(body.rows), excerpts = read("excerpts");

  let opened = null;  // the bars that are shown, and the promise that they are drawn
  const closeBars = () => {
    if (opened) { const { place, drawn } = opened; drawn.then(() => Plotly.purge(place)); opened = null; }
    body.querySelectorAll("tr.bars").forEach((row) => row.remove());
    body.querySelectorAll("tr.open").forEach((row) => row.classList.remove("open"));
  };
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    closeBars();
    const sign = down ? -1 : 1;
    rows.sort((a, b) => {
      const x = value(a, column), y = value(b, column);
      return sign * (x < y ? -1 : x > y ? 1 : a.dataset.row - b.dataset.row);
    });
    body.append(...rows);
  }));

  const input = document.getElementById("filter"), said = document.getElementById("filtered");
  input.addEventListener("input", () => {
    closeBars();
    const wanted = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    });
    said.textContent = wanted.length ? shown + " of " + rows.length + " rows" : "";
  });

  function ticketFigure(bars, ticket) {
    let time = bars.t0;
    const x = [time + bars.half].concat(bars.dt.map((ms) => (time += ms) + bars.half));
    const price = (points) => Number((ticket.entry[1] + points * ticket.point).toFixed(ticket.digits));
    const from = ticket.entry[0], to = Math.max(ticket.exit[0], from);
    const line = (y, color, dash, name) => ({ type: "scatter", mode: "lines", x: [from, to], y: [y, y], name: name,
      line: { color: color, dash: dash, width: 1.6 } });
    const long = ticket.side === "buy", won = long ? ticket.exit[1] > ticket.entry[1] : ticket.exit[1] < ticket.entry[1];
    const data = [{ type: "candlestick", x: x, open: bars.o.map(price), high: bars.h.map(price), low: bars.l.map(price),
      close: bars.c.map(price), name: (long ? "bid" : "ask") + (bars.n > 1 ? ", " + bars.n + " bars a candle" : ""),
      increasing: { line: { color: "#5b6675", width: 1 }, fillcolor: "#ffffff" },
      decreasing: { line: { color: "#5b6675", width: 1 }, fillcolor: "#5b6675" } },
      line(ticket.entry[1], INK, "dot", "entry")];
    if (ticket.sl !== null) data.push(line(ticket.sl, BAD, "dash", "stop"));
    if (ticket.tp !== null) data.push(line(ticket.tp, GOOD, "dash", "target"));
    data.push({ type: "scatter", mode: "markers", name: "entry", showlegend: false, x: [from], y: [ticket.entry[1]],
      marker: { symbol: long ? "triangle-up" : "triangle-down", size: 12, color: INK, line: { width: 1, color: "#fff" } } });
    data.push({ type: "scatter", mode: "markers", name: "exit", x: [ticket.exit[0]], y: [ticket.exit[1]],
      marker: { symbol: won ? "circle" : "x", size: 11, color: won ? GOOD : BAD, line: { width: 1, color: "#fff" } } });
    const grid = { gridcolor: "#e8ebef", linecolor: "#c9d0d8" };
    return { data: data, layout: { height: 330, dragmode: "pan",
      xaxis: Object.assign({ type: "date", rangeslider: { visible: false },
        title: { text: "time (UTC)", font: { size: 12, color: "#5b6675" } } }, grid),
      yaxis: Object.assign({ tickformat: ",." + ticket.digits + "f" }, grid) } };
  }

  function openBars(row) {
    const wasOpen = row.classList.contains("open");
    closeBars();
    if (wasOpen) return;
    row.classList.add("open");
    const detail = document.createElement("tr"), cell = detail.insertCell(), place = document.createElement("div");
    detail.className = "bars";
    cell.colSpan = heads.length;
    place.style.width = Math.min(row.clientWidth, table.parentElement.clientWidth) - 18 + "px";
    place.style.position = "sticky";
    place.style.left = "8px";
    place.style.height = "330px";
    cell.append(place);
    row.after(detail);
    const at = Number(row.dataset.row);
    opened = { place: place, drawn: draw(place, ticketFigure(excerpts.bars[at], excerpts.levels[at])) };
    place.scrollIntoView({ block: "nearest" });
  }
  rows.slice(0, excerpts.bars.length).forEach((row) => {
    row.classList.add("can-open");
    row.tabIndex = 0;
    row.addEventListener("click", () => openBars(row));
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") openBars(row); });
  });

  const linked = /^#ticket-(\d+)$/.exec(location.hash);  // report.html#ticket-12 opens that ticket's bars
  const row = linked && rows.find((one) => one.cells[0].dataset.v === linked[1] && one.classList.contains("can-open"));
  if (row) { table.parentElement.scrollIntoView({ block: "center", behavior: "instant" }); openBars(row); }
})();
