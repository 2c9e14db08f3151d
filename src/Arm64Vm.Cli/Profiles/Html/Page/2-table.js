// A table of any length: only the rows in sight exist. Sorted by the head's buttons, searched by words; by keyboard with arrows, page keys, Home, End and Enter.
const rowHeight = 24;
const spareRows = 8;

class Table {
  /** columns: {key, title, width, get(i): number or text, text(i)?, numeric?, first?: sort descending first}; open(i)? is called for a row that is chosen. */
  constructor(name, rows, columns, open) {
    Object.assign(this, { name, rows, columns, open, sorted: -1, descending: false, at: 0 });
    this.order = Array.from({ length: rows }, (_, i) => i);
    this.shown = this.order;
    this.template = columns.map(column => column.width).join(' ');
    this.search = make('input', { type: 'search', placeholder: 'words, or column:word', 'aria-label': 'Search in ' + name });
    this.status = make('span', { className: 'quiet', role: 'status' });
    this.body = make('div', { className: 'grid-body', role: 'rowgroup' });
    this.heads = columns.map((column, i) => {
      const button = make('button', { type: 'button', className: column.numeric ? 'n' : '', title: 'Sort' }, column.title);
      button.addEventListener('click', () => this.sort(i));
      return make('div', { role: 'columnheader', 'aria-sort': 'none', style: { padding: '0', display: 'grid', height: '100%' } }, button);
    });
    this.head = make('div', { className: 'grid-row grid-head', role: 'row', style: { gridTemplateColumns: this.template } }, ...this.heads);
    this.grid = make('div', { className: 'grid', role: 'grid', tabIndex: 0, 'aria-label': name, 'aria-rowcount': rows + 1 }, make('div', { className: 'grid-inner' }, this.head, this.body));
    this.element = make('div', {}, make('div', { className: 'tools' }, this.search, this.status), this.grid);
    this.search.addEventListener('input', () => this.find());
    this.grid.addEventListener('scroll', () => this.draw());
    this.grid.addEventListener('keydown', event => this.key(event));
    this.body.addEventListener('click', event => {
      const row = event.target.closest('[data-at]');
      if (row) { this.move(Number(row.dataset.at)); this.choose(); }
    });
    new ResizeObserver(() => this.draw()).observe(this.grid);
    this.find();
  }

  text(column, row) { return column.text ? column.text(row) : column.numeric ? count(column.get(row)) : String(column.get(row)); }

  sort(i, descending) {
    const column = this.columns[i];
    this.descending = descending ?? (this.sorted === i ? !this.descending : !!column.numeric);
    this.sorted = i;
    const keys = this.order.map(() => null);
    for (let row = 0; row < this.rows; row++) keys[row] = column.get(row);
    const sign = this.descending ? -1 : 1;
    this.order.sort((a, b) => keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b);
    this.heads.forEach((head, n) => {
      head.setAttribute('aria-sort', n !== i ? 'none' : this.descending ? 'descending' : 'ascending');
      head.firstChild.textContent = this.columns[n].title + (n !== i ? '' : this.descending ? ' ▾' : ' ▴');
    });
    this.find();
  }

  /** Every word must be somewhere in the row; column:word must begin that column's text. */
  find(text) {
    if (text !== undefined) this.search.value = text;
    const words = this.search.value.toLowerCase().split(/\s+/).filter(word => word).map(word => {
      const colon = word.indexOf(':');
      const column = colon > 0 ? this.columns.find(one => one.key === word.slice(0, colon)) : undefined;
      return column ? { column, word: word.slice(colon + 1) } : { word };
    });
    const matches = row => words.every(({ column, word }) => column ? this.text(column, row).toLowerCase().startsWith(word)
      : this.columns.some(one => !one.numeric && this.text(one, row).toLowerCase().includes(word)));
    this.shown = words.length ? this.order.filter(matches) : this.order;
    this.status.textContent = words.length ? `${count(this.shown.length)} of ${count(this.rows)} rows` : `${count(this.rows)} rows`;
    this.at = 0;
    this.body.style.height = this.shown.length * rowHeight + 'px';
    this.grid.scrollTop = 0;
    this.draw();
  }

  draw() {
    const first = clamp(Math.floor(this.grid.scrollTop / rowHeight) - spareRows, 0, this.shown.length);
    const last = Math.min(this.shown.length, first + Math.ceil(this.grid.clientHeight / rowHeight) + 2 * spareRows);
    const rows = [];
    for (let at = first; at < last; at++) {
      const row = this.shown[at];
      rows.push(make('div', {
        className: 'grid-row' + (at === this.at ? ' on' : '') + (this.open ? ' opens' : ''), role: 'row', id: `${this.name.replace(/\W/g, '-')}-${at}`, 'aria-rowindex': at + 2, 'aria-selected': at === this.at,
        'data-at': at, style: { top: at * rowHeight + 'px', gridTemplateColumns: this.template },
      }, ...this.columns.map(column => {
        const text = this.text(column, row);
        return make('span', { role: 'gridcell', className: (column.numeric ? 'n' : '') + (column.code ? ' code' : ''), title: text }, text);
      })));
    }
    this.body.replaceChildren(...rows);
    this.grid.setAttribute('aria-activedescendant', this.shown.length ? `${this.name.replace(/\W/g, '-')}-${this.at}` : '');
  }

  move(at) {
    this.at = clamp(at, 0, Math.max(0, this.shown.length - 1));
    const top = this.at * rowHeight, height = this.grid.clientHeight - this.head.offsetHeight;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + rowHeight > this.grid.scrollTop + height) this.grid.scrollTop = top + rowHeight - height;
    this.draw();
  }

  choose() { if (this.open && this.shown.length) this.open(this.shown[this.at]); }

  key(event) {
    if (event.target !== this.grid) return;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / rowHeight) - 2);
    const moves = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + page, PageUp: this.at - page, Home: 0, End: this.shown.length - 1 };
    if (event.key in moves) this.move(moves[event.key]);
    else if (event.key === 'Enter') this.choose();
    else if (event.key === '/') this.search.focus();
    else return;
    event.preventDefault();
  }
}
