"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const state = { view: data.view, thread: -1, inverted: false, imports: false, search: null, from: 0, to: lastStretch(), group: "line", sort: "own", descending: true, focus: null };
const views = data.difference
  ? { grown: "grown", shrunk: "shrunk", after: "after", before: "before" }
  : { peak: "held at the peak", leaks: "still held", temporary: "given back at once", all: "all allocations", range: "allocated in the range and still held at its end" };
const groups = { line: "line", function: "function", file: "file", module: "module", thread: "thread", allocator: "allocator" };
const rowHeight = 20, most = 1500, newLine = String.fromCharCode(10);

// Amounts

function bytes(amount) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (Math.abs(amount) >= 1024 && unit < units.length - 1) { amount /= 1024; unit++; }
  return amount.toFixed(unit ? 1 : 0) + " " + units[unit];
}
const signed = amount => (amount > 0 ? "+" : amount < 0 ? "−" : "") + bytes(Math.abs(amount));
const share = (part, whole) => whole > 0 ? (100 * part / whole).toFixed(1) + " %" : "0 %";
const count = number => Math.round(number).toLocaleString("en-US");
const allocations = number => `${count(number)} ${Math.round(number) === 1 ? "allocation" : "allocations"}`;
const seconds = stretch => (stretch * data.timeline.seconds).toFixed(3) + " s";
function lastStretch() { return Math.max(0, data.timeline.held.length - 1); }

// Frames: [kind, function, file, line, module, offset where nothing else is known]

const isPython = frame => frame[0] === 0;
const place = frame => frame[2] ? frame[3] ? frame[2] + ":" + frame[3] : frame[2] : (frame[4] || "") + (frame[5] ? "+0x" + frame[5].toString(16) : "");
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
const entries = () => ofThread(isOfRange() ? inRange() : data.views[state.view] || []);
const ofThread = rows => state.thread < 0 ? rows : rows.filter(row => row[1] === state.thread);
const isWhole = () => state.from === 0 && state.to >= lastStretch();
const isOfRange = () => state.view === "range" || (!isWhole() && state.view !== "temporary");

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
  const focused = document.activeElement && document.activeElement.box ? pathOf(document.activeElement.box.at) : null;
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
  const again = focused && (buttonOf(follow(root, focused)) || buttonOf(zoomed));
  const first = again || flame.querySelector("button:not(.above)");
  if (first) first.tabIndex = 0;
  if (again) again.focus();
  $("total").textContent = `${data.difference && state.view === "shrunk" ? "−" : ""}${bytes(root.bytes)} in ${allocations(root.count)}`;
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

const describe = at => `${bytes(at.bytes)}, ${share(at.bytes, root.bytes)}, ${allocations(at.count)}`;

/** Tab comes back to where it was left. */
function keepPlace(button) {
  for (const other of $("flame").children) other.tabIndex = other === button ? 0 : -1;
  $("detail").textContent = button.title.replace(newLine, "  ");
}

/** The tree is made anew: what was zoomed to has a node of that name in it. */
function zoom(at) { zoomed = at; drawFlame(); focusOn(zoomed); }
function zoomOut() { zoomed = null; drawFlame(); }
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
  if (event.key === "Escape") { zoomOut(); event.preventDefault(); return; }
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
  const row = key => rows.get(key) || (rows.set(key, { name: key, own: 0, through: 0, count: 0, before: 0, after: 0 }), rows.get(key));
  const addUp = (entries, sign) => {
    for (const entry of entries) {
      const keys = keysOf(entry);
      const own = row(keys[0]);
      own.own += sign * entry[4];
      own.count += sign * entry[3];
      own[sign < 0 ? "before" : "after"] += entry[4];
      for (const key of keys) row(key).through += sign * entry[4];
    }
  };
  if (data.difference) { addUp(ofThread(data.views.after), 1); addUp(ofThread(data.views.before), -1); } else addUp(entries(), 1);
  const direction = state.descending ? -1 : 1;
  const key = state.sort === "share" ? "own" : state.sort;
  const compare = key === "name" ? (a, b) => a.name.localeCompare(b.name) : (a, b) => a[key] - b[key] || b.own - a.own;
  return [...rows.values()].filter(row => !data.difference || row.own || row.count).sort((a, b) => direction * compare(a, b));
}

/** Key, heading, text of a row. */
const columns = data.difference
  ? [["own", "growth", row => signed(row.own)], ["before", "before", row => bytes(row.before)], ["after", "after", row => bytes(row.after)], ["through", "with calls", row => signed(row.through)],
    ["count", "allocations", row => (row.count > 0 ? "+" : "") + count(row.count)], ["name", "", row => row.name]]
  : [["own", "own", row => bytes(row.own)], ["share", "share", (row, total) => share(row.own, total)], ["through", "with calls", row => bytes(row.through)], ["count", "allocations", row => count(row.count)],
    ["name", "", row => row.name]];

function drawTable() {
  const rows = tableRows();
  const total = rows.reduce((sum, row) => sum + row.own, 0);
  $("table").tHead.rows[0].replaceChildren(...columns.map(heading));
  $("table").tBodies[0].replaceChildren(...rows.slice(0, 200).map(row => tableRow(row, total)));
  $("rows").textContent = rows.length > 200 ? `200 of ${count(rows.length)} rows` : `${rows.length} rows`;
}

function heading([key, text]) {
  const cell = document.createElement("th");
  cell.scope = "col";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text || groups[state.group];
  button.onclick = () => { state.descending = state.sort === key ? !state.descending : key !== "name"; state.sort = key; drawTable(); $("table").tHead.querySelectorAll("button")[columns.findIndex(each => each[0] === key)].focus(); };
  cell.setAttribute("aria-sort", state.sort === key ? state.descending ? "descending" : "ascending" : "none");
  cell.append(button);
  return cell;
}

function tableRow(row, total) {
  const line = document.createElement("tr");
  for (const column of columns) line.insertCell().textContent = column[2](row, total);
  line.lastChild.className = "mono";
  return line;
}

// Time

function drawTimeline() {
  const { held, rss } = data.timeline, earlier = data.earlier ? data.earlier.held : [];
  const other = data.difference ? earlier : rss;
  const width = 1000, height = 100;
  const top = Math.max(1, ...held, ...other) * 1.05;
  const length = data.timeline.seconds * Math.max(1, held.length), whole = data.earlier ? Math.max(length, data.earlier.seconds * earlier.length) : length;
  const x = (stretch, each = data.timeline.seconds) => width * stretch * each / whole, y = amount => height * (1 - amount / top);
  const steps = (values, each) => values.map((value, i) => `${i ? "L" : "M"}${x(i, each)} ${y(value)}L${x(i + 1, each)} ${y(value)}`).join("");
  const range = data.difference ? [] : [["rect", { class: "brush", x: x(state.from), y: 0, width: x(state.to + 1) - x(state.from), height }]];
  const parts = [...range, ["path", { class: "heap", d: steps(held) }], ["path", { class: "rss", d: steps(other, data.earlier && data.earlier.seconds) }],
    ["line", { class: "peak", x1: x(data.peakAt / data.timeline.seconds), x2: x(data.peakAt / data.timeline.seconds), y1: 0, y2: height }]];
  $("timeline").setAttribute("viewBox", `0 0 ${width} ${height}`);
  $("timeline").replaceChildren(...parts.map(([name, attributes]) => {
    const part = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    return part;
  }));
  $("time-text").textContent = `Heap as recorded${data.difference ? " after" : ""}: solid; peak ${bytes(data.peak)} at ${data.peakAt.toFixed(3)} s (vertical line).`
    + (data.difference ? ` Before: dashed, at most ${bytes(Math.max(0, ...earlier))}.` : rss.length ? ` Memory of the process (RSS): dashed, at most ${bytes(Math.max(...rss))}.` : "");
  $("from").value = state.from;
  $("to").value = state.to;
  for (const [id, stretch] of [["from", state.from], ["to", state.to + 1]]) $(id).setAttribute("aria-valuetext", seconds(stretch));
  $("range").textContent = isWhole() ? "" : `${seconds(state.from)} to ${seconds(state.to + 1)}: ` + (state.view === "all" ? "allocated there" : state.view === "temporary" ? "not for this view" : views.range);
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
if (data.difference) $("flame-heading").textContent = `Where ${data.of} has grown or shrunk`;
fill($("view"), Object.entries(views), state.view);
fill($("thread"), [[-1, "all"], ...data.threads.map((name, number) => [number, name])], -1);
fill($("group"), Object.entries(groups), "line");
for (const id of ["from", "to"]) $(id).max = lastStretch();
on("view", "change", select => { state.view = select.value; zoomed = null; drawTimeline(); });
on("thread", "change", select => { state.thread = Number(select.value); });
on("group", "change", select => { state.group = select.value; });
on("inverted", "change", box => { state.inverted = box.checked; zoomed = null; });
on("imports", "change", box => { state.imports = box.checked; zoomed = null; });
on("search", "input", box => { state.search = matcher(box.value); });
$("reset").onclick = zoomOut;
$("whole").onclick = () => setRange(0, lastStretch());
$("from").oninput = () => setRange(Number($("from").value), state.to);
$("to").oninput = () => setRange(state.from, Number($("to").value));
if (data.difference) $("time-range").hidden = true; else $("timeline").onpointerdown = brush;
$("flame").addEventListener("click", event => { if (event.target.box) zoom(event.target.box.at); });
$("flame").addEventListener("keydown", onFlameKey);
$("flame").addEventListener("focusin", event => { if (event.target.box) keepPlace(event.target); });
$("flame").addEventListener("pointerover", event => { if (event.target.box) $("detail").textContent = event.target.title.replace(newLine, "  "); });
window.addEventListener("resize", drawFlame);
drawTimeline();
drawAll();
})();
