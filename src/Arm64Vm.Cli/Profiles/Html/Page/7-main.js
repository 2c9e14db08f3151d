// The page's parts, put together.
function drawHead() {
  const info = data.info, all = data.places.time.reduce((a, b) => a + b, 0);
  document.title = `arm64vm report: ${info.guest}`;
  byId('findings-title').textContent = info.guest;
  byId('about').textContent = `${info.processors} processor${info.processors === 1 ? '' : 's'}, ${seconds(info.duration)} from ${info.start}; arm64vm ${info.version}, ${info.backend} on ${info.host}; ` +
    `${count(info.samples)} samples, one each ${count(info.interval / 1000)} us${info.exact ? '; entries counted' : ''}${info.dropped > 0 ? `; ${count(info.dropped)} dropped` : ''}`;
  const shown = data.places.names.map((name, i) => ({ name, time: data.places.time[i], colour: placeColours[i] })).filter(one => one.time > 0);
  byId('split').append(
    make('div', { className: 'bar', role: 'img', 'aria-label': 'Wall time: ' + shown.map(one => `${one.name} ${percent(one.time, all)}`).join(', ') }, ...shown.map(one => make('span', { title: `${one.name} ${percent(one.time, all)}`, style: { background: one.colour, width: one.time * 100 / all + '%' } }))),
    legend(shown.map(one => `${one.name} ${percent(one.time, all)} (${time(one.time)})`), shown.map(one => one.colour)));
  byId('finding-list').append(...data.findings.map(text => make('li', {}, text)));
  if (data.findings.length === 0) byId('finding-list').replaceWith(make('p', {}, 'Nothing stands out.'));
  byId('notes').append(...data.notes.map(text => make('li', {}, text)));
}

const number = (key, title, values, width = '7rem') => ({ key, title, width, numeric: true, get: i => values[i] });
const shareOf = (key, title, values, all) => ({ key, title, width: '6rem', numeric: true, get: i => values[i], text: i => percent(values[i], all, 2) });
const text = (key, title, get, width, code = false) => ({ key, title, width, get, code });
const where = (table, title = 'Function') => text('function', title, i => place(table.name[i], table.offset[i]), 'minmax(14rem, 1fr)');

/** Addresses have as many digits as they need; padded, they sort as numbers do. */
const address = (key, title, values) => ({ key, title, width: '11rem', code: true, get: i => values[i].padStart(16, '0'), text: i => values[i] });

function makeTables() {
  const { functions, blocks, exits, misses, invalidations, again, pages } = data, all = data.info.guestSamples;
  const kinds = {
    Functions: [functions.name.length, [shareOf('self', 'Self', functions.self, all), shareOf('total', 'Total', functions.total, all), { key: 'emitted', title: 'Emitted', width: '6rem', numeric: true, get: i => functions.self[i] ? functions.emitted[i] / functions.self[i] : 0, text: i => percent(functions.emitted[i], functions.self[i], 0) },
      number('samples', 'Samples', functions.self, '6rem'), text('function', 'Function', i => data.names[functions.name[i]], 'minmax(14rem, 1fr)'), text('module', 'Module', i => data.names[functions.module[i]], '14rem')],
    i => { show('Blocks').find(functions.symbol[i] < 0 ? '' : 'function:' + data.names[functions.name[i]].toLowerCase()); }],
    Blocks: [blocks.va.length, [number('samples', 'Samples', blocks.samples, '6rem'), ...(data.info.exact ? [number('entries', 'Entries', blocks.entries, '8rem')] : []), address('address', 'Address', blocks.va), { key: 'physical', title: 'Physical', width: '8rem', code: true, get: i => blocks.pa[i], text: i => blocks.pa[i].toString(16) },
      text('el', 'EL', i => blocks.el[i], '3rem'), where(blocks), number('guest', 'Guest', blocks.guest, '5rem'), number('ir', 'IR', blocks.ir, '5rem'), number('host', 'Host bytes', blocks.host, '7rem'), { ...number('time', 'Made in', blocks.time, '7rem'), text: i => time(blocks.time[i]) }, text('lost', 'Lost by', i => blocks.lost[i] ? data.causes[blocks.lost[i]] : '', '9rem')],
    i => { showBlock(i); byId('block').scrollIntoView(); }],
    Exits: [exits.count.length, [number('count', 'Count', exits.count), text('reason', 'Reason', i => data.names[exits.reason[i]], '12rem'), address('site', 'Site', exits.site), where(exits)]],
    'TLB misses': [misses.count.length, [number('count', 'Count', misses.count), text('kind', 'Kind', i => data.names[misses.kind[i]], '5rem'), address('page', 'Page', misses.page), address('site', 'Site', misses.site), where(misses)]],
    Invalidations: [invalidations.blocks.length, [number('blocks', 'Blocks', invalidations.blocks), number('times', 'Times', invalidations.count), text('cause', 'Cause', i => data.causes[invalidations.cause[i]], '10rem'), address('page', 'Physical page', invalidations.page), address('site', 'Site', invalidations.site), where(invalidations)]],
    'Made again': [again.count.length, [number('times', 'Times', again.count), { ...number('time', 'Time', again.time), text: i => time(again.time[i]) }, address('address', 'Address', again.va), where(again)]],
    Pages: [pages.page.length, [number('samples', 'Samples', pages.samples, '6rem'), text('page', 'Physical page', i => (pages.page[i] * 4096).toString(16), '9rem', true), number('blocks', 'Blocks', pages.blocks, '6rem'), number('bytes', 'Host bytes', pages.bytes, '7rem'), number('lost', 'Lost', pages.lost, '6rem'), number('again', 'Made again', pages.again, '7rem'), text('function', 'Most in', i => place(pages.name[i], 0), 'minmax(12rem, 1fr)')],
    i => showPage(pages.page[i])],
    Counters: [data.counters.length, [{ key: 'count', title: 'Count', width: '9rem', numeric: true, get: i => data.counters[i][1] }, text('name', 'Name', i => data.counters[i][0], 'minmax(12rem, 1fr)')]],
  };
  const host = byId('tables-body'), tabs = make('div', { role: 'tablist', 'aria-label': 'Tables' }), panel = make('div', { role: 'tabpanel', id: 'panel' }), made = {};
  const buttons = Object.entries(kinds).map(([name, [rows]]) => make('button', { type: 'button', role: 'tab', 'aria-controls': 'panel', id: 'tab-' + name.replace(/\W/g, '-'), 'data-name': name }, `${name} (${count(rows)})`));
  tabs.append(...buttons);
  host.append(tabs, panel);

  function show(name) {
    if (!made[name]) {
      made[name] = new Table(name, ...kinds[name]);
      panel.replaceChildren(made[name].element);
      made[name].sort(0, true);
    }
    for (const button of buttons) {
      button.setAttribute('aria-selected', button.dataset.name === name);
      button.tabIndex = button.dataset.name === name ? 0 : -1;
    }
    panel.setAttribute('aria-labelledby', 'tab-' + name.replace(/\W/g, '-'));
    panel.replaceChildren(made[name].element);
    made[name].draw();
    return made[name];
  }

  function showPage(page) {
    show('Blocks').find('physical:' + page.toString(16));
    byId('tables').scrollIntoView();
  }

  tabs.addEventListener('click', event => { const button = event.target.closest('[role=tab]'); if (button) show(button.dataset.name); });
  tabs.addEventListener('keydown', event => {
    const at = buttons.indexOf(document.activeElement), moves = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 };
    if (at < 0 || !(event.key in moves)) return;
    event.preventDefault();
    const next = buttons[(moves[event.key] + buttons.length) % buttons.length];
    show(next.dataset.name);
    next.focus();
  });
  show('Functions');
  return { show, showPage };
}

drawHead();
drawTimeline();
drawFlame();
const tables = makeTables();
drawHeat(tables.showPage);
const hottest = data.blocks.samples.reduce((best, value, i) => best < 0 || value > data.blocks.samples[best] ? i : best, -1);
if (hottest >= 0) showBlock(hottest);
else byId('block-body').append(make('p', { className: 'quiet' }, 'The recording has no blocks.'));
document.documentElement.dataset.ready = 'yes';
