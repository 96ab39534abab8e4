"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const state = { view: data.view, thread: -1, inverted: false, imports: false, search: null, from: 0, to: lastStretch(), group: "line", sort: "own", descending: true, focus: null };
const views = { peak: "held at the peak", leaks: "still held", temporary: "given back at once", all: "all allocations", range: "allocated in the range and still held at its end" };
const groups = { line: "line", function: "function", file: "file", module: "module", thread: "thread", allocator: "allocator" };
const rowHeight = 20, most = 1500, newLine = String.fromCharCode(10);

// Amounts

function bytes(amount) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (Math.abs(amount) >= 1024 && unit < units.length - 1) { amount /= 1024; unit++; }
  return amount.toFixed(unit ? 1 : 0) + " " + units[unit];
}
const share = (part, whole) => whole > 0 ? (100 * part / whole).toFixed(1) + " %" : "0 %";
const count = number => Math.round(number).toLocaleString("en-US");
const seconds = stretch => (stretch * data.timeline.seconds).toFixed(3) + " s";
function lastStretch() { return Math.max(0, data.timeline.held.length - 1); }

// Frames: [kind, function, file, line, module]

const isPython = frame => frame[0] === 0;
const place = frame => frame[2] ? frame[3] ? frame[2] + ":" + frame[3] : frame[2] : frame[4] || "";
const label = frame => frame[1] ? frame[1] + " (" + place(frame) + ")" : place(frame) || "(no Python frame)";
const isImport = frame => isPython(frame) && /^<frozen importlib|importlib._bootstrap/.test(frame[2] || "");

/** Frames of a stack, innermost first. A stack is [caller, frame]. */
function framesOf(stack) {
  const frames = [];
  for (; stack > 0; stack = data.stacks[stack - 1][0]) {
    const frame = data.frames[data.stacks[stack - 1][1]];
    if (!(state.imports && isImport(frame))) frames.push(frame);
  }
  return frames;
}

/** Rows [stack, thread, allocator, count, bytes] of what is shown. */
function entries() {
  const isWhole = state.from === 0 && state.to >= lastStretch();
  const rows = state.view === "range" || (!isWhole && state.view !== "temporary") ? inRange() : data.views[state.view] || [];
  return state.thread < 0 ? rows : rows.filter(row => row[1] === state.thread);
}

/** Spans are [stack, thread, allocator, stretch of birth, stretch of death or -1, count, bytes]. */
function inRange() {
  const born = span => span[3] >= state.from && span[3] <= state.to;
  const all = state.view === "all";
  return data.spans.filter(span => born(span) && (all || span[4] < 0 || span[4] > state.to)).map(span => [span[0], span[1], span[2], span[5], span[6]]);
}

// The tree of calls

function tree(rows) {
  const root = node(null, null);
  for (const [stack, thread, allocator, number, amount] of rows) {
    const frames = framesOf(stack);
    if (!state.inverted) frames.reverse();
    let at = root;
    add(at, number, amount);
    for (const frame of frames.length ? frames : [[1, null, null, 0, null]]) {
      const key = label(frame);
      let next = at.children.get(key);
      if (!next) at.children.set(key, next = node(frame, at));
      add(next, number, amount);
      at = next;
    }
  }
  return root;
}
const node = (frame, caller) => ({ frame, caller, bytes: 0, count: 0, children: new Map() });
function add(at, number, amount) { at.count += number; at.bytes += amount; }
const sorted = at => [...at.children.values()].sort((a, b) => b.bytes - a.bytes);
function pathOf(at) { const path = []; for (; at && at.frame; at = at.caller) path.unshift(label(at.frame)); return path; }
function follow(root, path) {
  let at = root;
  for (const key of path) { const next = at.children.get(key); if (!next) break; at = next; }
  return at;
}

// The flame graph: buttons, so that keyboard and screen reader get what the mouse gets

let root = null, zoomed = null;

function drawFlame() {
  const zoomPath = zoomed ? pathOf(zoomed) : [];
  root = tree(entries());
  zoomed = follow(root, zoomPath);
  const flame = $("flame");
  const boxes = [];
  const above = [];
  for (let at = zoomed.caller; at; at = at.caller) above.unshift(at);
  above.forEach((at, level) => boxes.push({ at, level, left: 0, width: 1, above: true }));
  layOut(zoomed, above.length, 0, 1, boxes, 600 / Math.max(400, flame.clientWidth) / 600);
  flame.replaceChildren(...boxes.slice(0, most).map(draw));
  flame.style.height = (Math.max(1, ...boxes.slice(0, most).map(box => box.level + 1)) * rowHeight) + "px";
  const first = flame.querySelector("button:not(.above)");
  if (first) first.tabIndex = 0;
  showFound();
}

function layOut(at, level, left, width, boxes, least) {
  const waiting = [{ at, level, left, width }];
  while (waiting.length && boxes.length < most) {
    const box = waiting.shift();
    boxes.push(box);
    let begin = box.left;
    for (const child of sorted(box.at)) {
      const part = box.at.bytes > 0 ? box.width * child.bytes / box.at.bytes : 0;
      if (part > least) waiting.push({ at: child, level: box.level + 1, left: begin, width: part });
      begin += part;
    }
  }
}

function draw(box) {
  const button = document.createElement("button");
  const name = box.at.frame ? label(box.at.frame) : "all";
  button.type = "button";
  button.className = (box.at.frame ? isPython(box.at.frame) ? "python" : "native" : "all") + (box.above ? " above" : "") + (matches(box.at) ? " hit" : "");
  button.style.cssText = `left:${box.left * 100}%;width:${box.width * 100}%;top:${box.level * rowHeight}px`;
  button.textContent = box.at.frame ? box.at.frame[1] || name : "all";
  button.title = name + newLine + describe(box.at);
  button.tabIndex = -1;
  button.setAttribute("role", "treeitem");
  button.setAttribute("aria-level", box.level + 1);
  button.setAttribute("aria-label", name + ", " + describe(box.at));
  button.box = box;
  return button;
}

const describe = at => `${bytes(at.bytes)}, ${share(at.bytes, root.bytes)}, ${count(at.count)} allocations`;

function zoom(at) { zoomed = at; drawFlame(); focusOn(at); }
function focusOn(at) { const button = buttonOf(at); if (button) button.focus(); }
const buttonOf = at => [...$("flame").children].find(button => button.box.at === at);

function moveBy(key, at) {
  const beside = at.caller ? sorted(at.caller) : [];
  const place = beside.indexOf(at);
  switch (key) {
    case "ArrowUp": return at.caller;
    case "ArrowDown": return sorted(at)[0];
    case "ArrowRight": return beside[place + 1];
    case "ArrowLeft": return beside[place - 1];
    case "Home": return beside[0];
    default: return undefined;
  }
}

function onFlameKey(event) {
  const at = event.target.box && event.target.box.at;
  if (!at) return;
  if (event.key === "Escape") { zoom(root); event.preventDefault(); return; }
  const next = moveBy(event.key, at);
  if (!next) return;
  event.preventDefault();
  if (buttonOf(next)) focusOn(next); else zoom(next);
}

// Search

function matcher(text) {
  if (!text) return null;
  const regex = /^[/](.+)[/]$/.exec(text);
  try {
    if (regex) { const made = new RegExp(regex[1], "i"); return frame => made.test(label(frame)); }
  } catch { return () => false; }
  const lower = text.toLowerCase();
  return frame => label(frame).toLowerCase().includes(lower);
}
const matches = at => Boolean(state.search && at.frame && state.search(at.frame));

function showFound() {
  if (!state.search) { $("found").textContent = ""; return; }
  let found = 0;
  const visit = at => { if (matches(at)) found += at.bytes; else at.children.forEach(visit); };
  visit(root);
  $("found").textContent = `found in ${share(found, root.bytes)}`;
}

// The table

function keysOf(row) {
  switch (state.group) {
    case "thread": return [data.threads[row[1]] || "?"];
    case "allocator": return [data.allocators[row[2]] || "unknown"];
    case "module": return distinct(framesOf(row[0]).map(frame => (isPython(frame) ? frame[2] : frame[4]) || ""));
    case "file": return distinct(framesOf(row[0]).filter(isPython).map(frame => frame[2] || ""));
    case "function": return distinct(framesOf(row[0]).filter(isPython).map(frame => (frame[1] || "") + "  " + (frame[2] || "")));
    default: return distinct(framesOf(row[0]).filter(isPython).map(frame => (frame[1] || "") + "  " + place(frame)));
  }
}
const distinct = keys => keys.length ? [...new Set(keys)] : ["(no Python frame)"];

function tableRows() {
  const rows = new Map();
  const row = key => rows.get(key) || (rows.set(key, { name: key, own: 0, through: 0, count: 0 }), rows.get(key));
  for (const entry of entries()) {
    const keys = keysOf(entry);
    const own = row(keys[0]);
    own.own += entry[4];
    own.count += entry[3];
    for (const key of keys) row(key).through += entry[4];
  }
  const direction = state.descending ? -1 : 1;
  const compare = state.sort === "name" ? (a, b) => a.name.localeCompare(b.name) : (a, b) => a[state.sort] - b[state.sort] || b.own - a.own;
  return [...rows.values()].sort((a, b) => direction * compare(a, b));
}

const columns = [["own", "own"], ["share", "share"], ["through", "with calls"], ["count", "allocations"], ["name", ""]];

function drawTable() {
  const rows = tableRows();
  const total = rows.reduce((sum, row) => sum + row.own, 0);
  $("table").tHead.rows[0].replaceChildren(...columns.map(heading));
  $("table").tBodies[0].replaceChildren(...rows.slice(0, 200).map(row => tableRow(row, total)));
  $("rows").textContent = rows.length > 200 ? `200 of ${count(rows.length)} rows` : `${rows.length} rows`;
}

function heading([key, text]) {
  const cell = document.createElement("th");
  const sortKey = key === "share" ? "own" : key;
  cell.scope = "col";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text || groups[state.group];
  button.onclick = () => { state.descending = state.sort === sortKey ? !state.descending : sortKey !== "name"; state.sort = sortKey; drawTable(); $("table").tHead.querySelectorAll("button")[columns.findIndex(each => each[0] === key)].focus(); };
  cell.setAttribute("aria-sort", state.sort === key ? state.descending ? "descending" : "ascending" : "none");
  cell.append(button);
  return cell;
}

function tableRow(row, total) {
  const line = document.createElement("tr");
  for (const text of [bytes(row.own), share(row.own, total), bytes(row.through), count(row.count), row.name]) line.insertCell().textContent = text;
  line.lastChild.className = "mono";
  return line;
}

// Time

function drawTimeline() {
  const { held, rss } = data.timeline;
  const width = 1000, height = 100, stretches = Math.max(1, held.length);
  const top = Math.max(1, ...held, ...rss) * 1.05;
  const x = stretch => width * stretch / stretches, y = amount => height * (1 - amount / top);
  const steps = values => values.map((value, i) => `${i ? "L" : "M"}${x(i)} ${y(value)}L${x(i + 1)} ${y(value)}`).join("");
  const parts = [["rect", { class: "brush", x: x(state.from), y: 0, width: x(state.to + 1) - x(state.from), height }], ["path", { class: "heap", d: steps(held) }], ["path", { class: "rss", d: steps(rss) }],
    ["line", { class: "peak", x1: x(data.peakAt / data.timeline.seconds), x2: x(data.peakAt / data.timeline.seconds), y1: 0, y2: height }]];
  $("timeline").setAttribute("viewBox", `0 0 ${width} ${height}`);
  $("timeline").replaceChildren(...parts.map(([name, attributes]) => {
    const part = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    return part;
  }));
  $("time-text").textContent = `Heap as recorded: solid; peak ${bytes(data.peak)} at ${data.peakAt.toFixed(3)} s (vertical line).` + (rss.length ? ` Memory of the process (RSS): dashed, at most ${bytes(Math.max(...rss))}.` : "");
  $("from").value = state.from;
  $("to").value = state.to;
  $("range").textContent = state.from === 0 && state.to >= lastStretch() ? "" : `${seconds(state.from)} to ${seconds(state.to + 1)}`;
}

function setRange(from, to) {
  [state.from, state.to] = [Math.max(0, Math.min(from, to)), Math.min(lastStretch(), Math.max(from, to))];
  drawTimeline();
  drawAll();
}

function brush(event) {
  const svg = $("timeline");
  const stretch = at => Math.floor((at.clientX - svg.getBoundingClientRect().left) / svg.clientWidth * Math.max(1, data.timeline.held.length));
  const begin = stretch(event);
  svg.setPointerCapture(event.pointerId);
  svg.onpointermove = at => setRange(begin, stretch(at));
  svg.onpointerup = () => { svg.onpointermove = svg.onpointerup = null; };
}

// Wiring

function drawAll() { drawFlame(); drawTable(); }
function fill(select, options, value) {
  select.replaceChildren(...options.map(([key, text]) => new Option(text, key)));
  select.value = value;
}
function on(id, event, change) { $(id).addEventListener(event, () => { change($(id)); drawAll(); }); }

$("verdict").textContent = data.verdict;
$("summary").textContent = data.summary;
document.title = "kaa mem: " + data.verdict;
fill($("view"), Object.entries(views), state.view);
fill($("thread"), [[-1, "all"], ...data.threads.map((name, number) => [number, name])], -1);
fill($("group"), Object.entries(groups), "line");
for (const id of ["from", "to"]) $(id).max = lastStretch();
on("view", "change", select => { state.view = select.value; zoomed = null; });
on("thread", "change", select => { state.thread = Number(select.value); });
on("group", "change", select => { state.group = select.value; });
on("inverted", "change", box => { state.inverted = box.checked; zoomed = null; });
on("imports", "change", box => { state.imports = box.checked; zoomed = null; });
on("search", "input", box => { state.search = matcher(box.value); });
$("reset").onclick = () => zoom(root);
$("whole").onclick = () => setRange(0, lastStretch());
$("from").oninput = () => setRange(Number($("from").value), state.to);
$("to").oninput = () => setRange(state.from, Number($("to").value));
$("timeline").onpointerdown = brush;
$("flame").addEventListener("click", event => { if (event.target.box) zoom(event.target.box.at); });
$("flame").addEventListener("keydown", onFlameKey);
$("flame").addEventListener("focusin", event => { if (event.target.box) $("detail").textContent = event.target.title.replace(newLine, "  "); });
$("flame").addEventListener("pointerover", event => { if (event.target.box) $("detail").textContent = event.target.title.replace(newLine, "  "); });
window.addEventListener("resize", drawFlame);
drawTimeline();
drawAll();
})();
