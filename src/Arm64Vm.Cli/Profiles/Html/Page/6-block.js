// One block in three columns: the guest's instructions, their IR, and the host's code, each with its share of the block's samples.
function showBlock(block) {
  const blocks = data.blocks, host = byId('block-body'), address = blocks.va[block];
  byId('block-title').textContent = `Block ${address} ${place(blocks.name[block], blocks.offset[block])}`;
  const facts = [`physical ${blocks.pa[block].toString(16)}`, `EL${blocks.el[block]}`, `tier ${blocks.tier[block]}`, `${count(blocks.samples[block])} samples`];
  if (blocks.entries[block] >= 0) facts.push(`${count(blocks.entries[block])} entries`);
  facts.push(`${blocks.guest[block]} guest instructions, ${blocks.ir[block]} of IR, ${blocks.host[block]} bytes of host code (${blocks.hot[block]} hot)`, `made in ${time(blocks.time[block])}`);
  if (blocks.lost[block] > 0) facts.push('lost: ' + data.causes[blocks.lost[block]]);
  host.replaceChildren(make('p', {}, facts.join('; ')));
  const listing = data.listings.find(one => one.block === block);
  if (!listing) {
    host.append(make('p', { className: 'quiet' }, `The page has the code of the ${count(data.listings.length)} blocks with most samples; for this one: `, make('code', {}, `arm64vm report FILE --annotate ${address}`)));
    return;
  }

  const all = Math.max(1, blocks.samples[block]);
  const share = samples => make('span', { className: 's' }, samples > 0 ? percent(samples, all) : '');
  const heat = samples => samples > 0 ? `color-mix(in srgb, var(--heat) ${Math.round(6 + 34 * samples / all)}%, transparent)` : '';
  const rows = listing.rows.map(row => make('tr', {},
    make('td', { className: 'code', style: { background: heat(row.samples) } }, ...(row.word ? [share(row.samples), `${row.address}  ${row.word}  ${row.text}`] : [make('span', { className: 'quiet' }, 'entry')])),
    make('td', { className: 'code' }, row.ir.join('\n')),
    make('td', { className: 'code' }, ...row.host.map(line => make('div', { className: line.cold ? 'cold' : '', style: { background: heat(line.samples) } }, share(line.samples), `${line.offset.toString(16).padStart(4)}  ${line.text}`)))));
  host.append(make('div', { className: 'listing', tabIndex: 0, role: 'region', 'aria-label': 'Code of the block' },
    make('table', {}, make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'Guest'), make('th', { scope: 'col' }, 'IR'), make('th', { scope: 'col' }, 'Host'))), make('tbody', {}, ...rows))));
}
