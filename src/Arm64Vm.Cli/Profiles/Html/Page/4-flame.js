// The flame graph: the outermost callers on top, as wide as the samples in them. Arrows go to callers, callees and neighbours; Enter zooms, Escape zooms out.
function drawFlame() {
  const tree = data.flame, host = byId('flame-body'), nodes = tree.parent.length;
  const children = Array.from({ length: nodes }, () => []), roots = [];
  for (let i = 0; i < nodes; i++) (tree.parent[i] < 0 ? roots : children[tree.parent[i]]).push(i);
  const all = roots.reduce((sum, root) => sum + tree.total[root], 0);
  if (all === 0) {
    host.append(make('p', { className: 'quiet' }, 'The recording has no samples of the guest.'));
    return;
  }

  const byTotal = (a, b) => tree.total[b] - tree.total[a];
  roots.sort(byTotal);
  children.forEach(list => list.sort(byTotal));
  const search = make('input', { type: 'search', placeholder: 'function', 'aria-label': 'Mark functions in the flame graph' });
  const out = make('button', { type: 'button' }, 'Zoom out');
  const share = make('span', { className: 'quiet', role: 'status' });
  const graph = make('div', { className: 'flame', role: 'tree', 'aria-label': 'Stacks of the guest, by samples' });
  const readout = make('p', { className: 'readout', role: 'status' });
  host.append(make('div', { className: 'tools' }, search, out, share), graph, readout);
  let zoom = -1, shown = new Map(), focused = -1;

  // Warm hues by the name, so that a function has the same colour everywhere; work outside emitted code is violet.
  const hue = name => { let hash = 0; for (const c of name) hash = (hash * 31 + c.charCodeAt(0)) | 0; return 20 + Math.abs(hash) % 40; };
  const colour = name => name.startsWith('[') ? '#c9a6ea' : `hsl(${hue(name)} 85% ${68 + Math.abs(hue(name + '.')) % 12}%)`;
  const describe = node => `${data.names[tree.name[node]]}: ${count(tree.total[node])} samples, ${percent(tree.total[node], all, 2)}; itself ${percent(tree.self[node], all, 2)}`;

  function draw() {
    const width = Math.max(200, graph.clientWidth - 2), wanted = search.value.toLowerCase();
    const path = [];
    for (let node = zoom; node >= 0; node = tree.parent[node]) path.unshift(node);
    shown = new Map();
    let deepest = 0, marked = 0;
    const elements = [];
    function put(node, depth, left, room) {
      if (room < 0.7) return;
      const name = data.names[tree.name[node]], matches = wanted && name.toLowerCase().includes(wanted);
      const element = make('div', { role: 'treeitem', tabIndex: -1, 'aria-label': describe(node), 'aria-level': depth + 1, 'data-node': node, className: matches ? 'match' : '',
        style: { left: left + 'px', top: depth * 18 + 'px', width: Math.max(1, room - 0.5) + 'px', background: colour(name), padding: room < 12 ? '0' : '' } }, room < 24 ? '' : name);
      shown.set(node, element);
      elements.push(element);
      deepest = Math.max(deepest, depth);
    }
    function fill(list, depth, left, scale) {
      for (const node of list) {
        const room = tree.total[node] * scale;
        put(node, depth, left, room);
        if (room >= 0.7) fill(children[node], depth + 1, left, scale);
        left += room;
      }
    }
    path.forEach((node, depth) => put(node, depth, 0, width));
    if (zoom < 0) fill(roots, 0, 0, width / all);
    else fill(children[zoom], path.length, 0, width / tree.total[zoom]);
    graph.replaceChildren(...elements);
    graph.style.height = Math.min(520, (deepest + 1) * 18 + 2) + 'px';
    if (wanted) {
      const count1 = list => { for (const node of list) { if (data.names[tree.name[node]].toLowerCase().includes(wanted)) marked += tree.total[node]; else count1(children[node]); } };
      count1(roots);
    }
    share.textContent = wanted ? `${percent(marked, all)} of the guest's time is in what is marked` : zoom < 0 ? `${count(all)} samples` : `within ${data.names[tree.name[zoom]]}`;
    out.disabled = zoom < 0;
    const first = shown.has(focused) ? focused : elements.length ? Number(elements[0].dataset.node) : -1;
    if (first >= 0) shown.get(first).tabIndex = 0;
  }

  function focus(node) {
    if (node === undefined || !shown.has(node)) return;
    shown.get(focused)?.setAttribute('tabindex', '-1');
    focused = node;
    const element = shown.get(node);
    element.tabIndex = 0;
    element.focus({ preventScroll: false });
    readout.textContent = describe(node);
  }

  function zoomTo(node) {
    zoom = node;
    draw();
    focus(node >= 0 ? node : Number(graph.firstChild?.dataset.node));
  }

  const nodeOf = event => { const element = event.target.closest('[data-node]'); return element ? Number(element.dataset.node) : undefined; };
  graph.addEventListener('click', event => { const node = nodeOf(event); if (node !== undefined) zoomTo(node); });
  graph.addEventListener('pointerover', event => { const node = nodeOf(event); if (node !== undefined) readout.textContent = describe(node); });
  graph.addEventListener('focusin', event => { const node = nodeOf(event); if (node !== undefined) { focused = node; readout.textContent = describe(node); } });
  graph.addEventListener('keydown', event => {
    const node = nodeOf(event);
    if (node === undefined) return;
    const siblings = (tree.parent[node] < 0 ? roots : children[tree.parent[node]]).filter(one => shown.has(one)), at = siblings.indexOf(node);
    if (event.key === 'ArrowDown') focus(children[node].find(one => shown.has(one)));
    else if (event.key === 'ArrowUp') focus(tree.parent[node]);
    else if (event.key === 'ArrowRight') focus(siblings[at + 1]);
    else if (event.key === 'ArrowLeft') focus(siblings[at - 1]);
    else if (event.key === 'Enter' || event.key === ' ') zoomTo(node);
    else if (event.key === 'Escape') zoomTo(zoom < 0 ? -1 : tree.parent[zoom]);
    else return;
    event.preventDefault();
  });
  out.addEventListener('click', () => zoomTo(-1));
  search.addEventListener('input', draw);
  let drawn = 0;
  new ResizeObserver(() => { if (graph.clientWidth !== drawn) { drawn = graph.clientWidth; draw(); } }).observe(graph);
  draw();
}
