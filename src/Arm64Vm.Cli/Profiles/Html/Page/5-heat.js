// The heat map: a square for each physical page with guest code, rows of pages that lie behind each other. Arrows move, Enter lists the page's blocks.
function drawHeat(showPage) {
  const pages = data.pages, host = byId('heat-body'), cell = 11, labels = 96;
  if (pages.page.length === 0) {
    host.append(make('p', { className: 'quiet' }, 'The recording has no blocks.'));
    return;
  }

  const metrics = { samples: 'samples', bytes: 'bytes of host code', blocks: 'blocks', lost: 'blocks lost', again: 'translations of the same bytes again' };
  const choice = make('select', { 'aria-label': 'What the colour means' }, ...Object.entries(metrics).map(([value, text]) => make('option', { value }, text)));
  const canvas = make('canvas', { tabIndex: 0, role: 'img', 'aria-label': 'Heat map of guest pages' });
  const box = make('div', { className: 'heat' }, canvas);
  const readout = make('p', { className: 'readout', role: 'status' });
  host.append(make('div', { className: 'tools' }, make('label', {}, 'Colour: ', choice), make('span', { className: 'quiet' }, `${count(pages.page.length)} physical pages with code`)), box, readout);
  let columns = 64, rows = [], at = 0, rowOf = [];

  function layout() {
    const room = Math.floor((box.clientWidth - labels - 18) / cell);
    columns = room >= 128 ? 128 : room >= 64 ? 64 : room >= 32 ? 32 : 16;
    rows = [];
    rowOf = pages.page.map(page => {
      const start = page - page % columns;
      if (rows.length === 0 || rows[rows.length - 1] !== start) rows.push(start);
      return rows.length - 1;
    });
  }

  function draw() {
    const values = pages[choice.value], ratio = devicePixelRatio || 1, style = getComputedStyle(canvas);
    const most = values.reduce((a, b) => Math.max(a, b), 0), height = rows.length * cell + 6;
    canvas.width = (labels + columns * cell) * ratio;
    canvas.height = Math.min(30000, height * ratio);
    canvas.style.width = labels + columns * cell + 'px';
    canvas.style.height = height + 'px';
    const context = canvas.getContext('2d'), text = getComputedStyle(document.body).color;
    context.scale(ratio, canvas.height / height);
    context.font = '10px "DejaVu Sans Mono", monospace';
    context.fillStyle = text;
    rows.forEach((row, i) => { if (i === 0 || row !== rows[i - 1] + columns || i % 4 === 0) context.fillText((row * 4096).toString(16).padStart(10), 6, i * cell + 12); });
    for (let i = 0; i < values.length; i++) {
      const left = labels + (pages.page[i] % columns) * cell, top = rowOf[i] * cell + 3;
      context.fillStyle = text;
      context.globalAlpha = 0.1;
      context.fillRect(left, top, cell - 2, cell - 2);
      if (values[i] > 0) {
        // Logarithmic: a page with a tenth of the samples is still seen.
        context.fillStyle = style.color;
        context.globalAlpha = 0.18 + 0.82 * Math.log1p(values[i]) / Math.log1p(most);
        context.fillRect(left, top, cell - 2, cell - 2);
      }
    }
    context.globalAlpha = 1;
    context.strokeStyle = text;
    context.lineWidth = 2;
    context.strokeRect(labels + (pages.page[at] % columns) * cell - 1, rowOf[at] * cell + 2, cell, cell);
  }

  function select(i) {
    at = clamp(i, 0, pages.page.length - 1);
    const top = rowOf[at] * cell;
    if (document.activeElement === canvas) {
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + cell + 6 > box.scrollTop + box.clientHeight) box.scrollTop = top + cell + 6 - box.clientHeight;
    }
    readout.textContent = `page ${(pages.page[at] * 4096).toString(16)}: ` + Object.entries(metrics).map(([key, text]) => `${count(pages[key][at])} ${text}`).join(', ') + (pages.name[at] >= 0 ? `; most in ${data.names[pages.name[at]]}` : '');
    canvas.setAttribute('aria-label', 'Heat map of guest pages; ' + readout.textContent);
    draw();
  }

  /** The page nearest to this one's column in another row. */
  function inRow(row) {
    const column = pages.page[at] % columns;
    let best = at, distance = Infinity;
    for (let i = 0; i < rowOf.length; i++) {
      const far = Math.abs(pages.page[i] % columns - column);
      if (rowOf[i] === row && far < distance) { best = i; distance = far; }
    }
    return best;
  }

  function hit(event) {
    const bounds = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - bounds.left - labels) / cell), row = Math.floor((event.clientY - bounds.top - 2) / cell);
    return column < 0 || column >= columns ? -1 : pages.page.indexOf(rows[row] + column);
  }

  canvas.addEventListener('pointermove', event => { const page = hit(event); if (page >= 0 && page !== at) select(page); });
  canvas.addEventListener('click', event => { const page = hit(event); if (page >= 0) showPage(pages.page[page]); });
  canvas.addEventListener('keydown', event => {
    const moves = { ArrowRight: () => at + 1, ArrowLeft: () => at - 1, ArrowDown: () => inRow(rowOf[at] + 1), ArrowUp: () => inRow(rowOf[at] - 1), Home: () => 0, End: () => pages.page.length - 1 };
    if (event.key in moves) select(moves[event.key]());
    else if (event.key === 'Enter') showPage(pages.page[at]);
    else return;
    event.preventDefault();
  });
  choice.addEventListener('change', draw);
  themeListeners.push(draw);
  let width = 0;
  new ResizeObserver(() => { if (box.clientWidth !== width) { width = box.clientWidth; layout(); draw(); } }).observe(box);
  layout();
  select(pages.samples.reduce((best, value, i) => value > pages.samples[best] ? i : best, 0));
}
