// The time line: strips above each other with one cursor. Left and right move it, with Shift ten slices, Home and End go to the ends.
function drawTimeline() {
  const line = data.timeline, slices = line.start.length, host = byId('time-body');
  if (slices === 0) {
    host.append(make('p', { className: 'quiet' }, 'The recording has no time line.'));
    return;
  }

  const end = line.start[slices - 1] + line.length[slices - 1];
  const x = nanoseconds => (nanoseconds / end * 1000).toFixed(2);
  const cursors = [];
  const wall = line.length.map(length => length * Math.max(1, data.info.processors));
  const perSecond = values => values.map((value, i) => value / Math.max(1, line.length[i]) * 1e9);
  const strips = make('div', { tabIndex: 0, role: 'slider', 'aria-label': 'Moment of the time line', 'aria-valuemin': 0, 'aria-valuemax': slices - 1 });

  /** Areas upon each other; values above top are cut off. */
  function strip(title, note, names, colours, series, top) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 1000 100');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('aria-hidden', 'true');
    let below = new Array(slices).fill(0);
    series.forEach((values, s) => {
      const above = values.map((value, i) => below[i] + value);
      const y = value => (100 - clamp(value / Math.max(1e-9, top), 0, 1) * 100).toFixed(2);
      let up = '', down = '';
      for (let i = 0; i < slices; i++) {
        const left = x(line.start[i]), right = x(line.start[i] + line.length[i]);
        up += `${i ? 'L' : 'M'}${left} ${y(above[i])}L${right} ${y(above[i])}`;
        down = `L${right} ${y(below[i])}L${left} ${y(below[i])}` + down;
      }
      const path = document.createElementNS(svg.namespaceURI, 'path');
      path.setAttribute('d', up + down + 'Z');
      path.style.fill = colours[s];
      svg.append(path);
      below = above;
    });
    const cursor = document.createElementNS(svg.namespaceURI, 'line');
    cursor.setAttribute('class', 'cursor');
    cursor.setAttribute('y1', 0);
    cursor.setAttribute('y2', 100);
    svg.append(cursor);
    cursors.push(cursor);
    strips.append(make('div', { className: 'strip' }, make('div', { className: 'strip-head' }, make('b', {}, title), names.length > 1 ? legend(names, colours) : '', make('span', { className: 'quiet' }, note)), svg));
  }

  const most = values => values.reduce((a, b) => Math.max(a, b), 0);
  const shares = line.places.map(values => values.map((value, i) => value / Math.max(1, wall[i])));
  strip('Wall time', '100 % = all processors', data.places.names, placeColours, shares, 1);
  const tierSums = line.tiers[0].map((value, i) => value + line.tiers[1][i]);
  strip('Samples by tier', `up to ${count(most(tierSums))} a slice`, most(line.tiers[1]) > 0 ? ['fast code', 'regions'] : ['fast code'], ['var(--c2)', 'var(--c3)'], line.tiers, most(tierSums));
  strip('Code cache', `up to ${bytes(most(line.code))} in ${count(most(line.blocks))} blocks`, ['host code'], ['var(--c4)'], [line.code], most(line.code));
  const made = perSecond(line.made), lost = perSecond(line.lost), exits = perSecond(line.exits);
  strip('Blocks a second', `up to ${count(most(made.map((value, i) => value + lost[i])))}`, ['made', 'lost'], ['var(--c1)', 'var(--c5)'], [made, lost], most(made.map((value, i) => value + lost[i])));
  strip('Exits a second', `up to ${count(most(exits))}`, ['exits'], ['var(--c2)'], [exits], most(exits));
  const readout = make('p', { className: 'readout', role: 'status' });
  host.append(strips, make('div', { className: 'axis' }, make('span', {}, '0'), make('span', {}, seconds(end / 2)), make('span', {}, seconds(end))), readout);

  let at = 0;
  function show(slice) {
    at = clamp(slice, 0, slices - 1);
    const middle = x(line.start[at] + line.length[at] / 2);
    for (const cursor of cursors) { cursor.setAttribute('x1', middle); cursor.setAttribute('x2', middle); }
    const split = data.places.names.map((name, i) => [name, shares[i][at]]).filter(([, share]) => share >= 0.0005).map(([name, share]) => `${name} ${percent(share, 1)}`).join(', ');
    readout.textContent = `${seconds(line.start[at])}, ${time(line.length[at])}: ${split}; ${bytes(line.code[at])} of code in ${count(line.blocks[at])} blocks; ${count(line.made[at])} made, ${count(line.lost[at])} lost, ${count(line.exits[at])} exits`;
    strips.setAttribute('aria-valuenow', at);
    strips.setAttribute('aria-valuetext', readout.textContent);
  }
  strips.addEventListener('pointermove', event => {
    const box = strips.getBoundingClientRect(), wanted = (event.clientX - box.left) / box.width * end;
    let low = 0, high = slices - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (line.start[middle] <= wanted) low = middle; else high = middle - 1; }
    show(low);
  });
  strips.addEventListener('keydown', event => {
    const step = event.shiftKey ? 10 : 1;
    const moves = { ArrowRight: at + step, ArrowLeft: at - step, Home: 0, End: slices - 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    show(moves[event.key]);
  });
  show(0);
}
