// What every part of the page uses: the data, making elements, numbers as people read them, and the switch between light and dark.
const data = JSON.parse(document.getElementById('data').textContent);
const byId = id => document.getElementById(id);

/** An element with properties and children; texts are always text, never markup: a guest chooses names. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'style') Object.assign(element.style, value);
    else if (name in element && !name.startsWith('aria')) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const count = value => Math.round(value).toLocaleString('en');
const percent = (part, all, digits = 1) => all > 0 ? (part * 100 / all).toFixed(digits) + ' %' : '';
const bytes = value => value >= 1 << 20 ? (value / (1 << 20)).toFixed(1) + ' MiB' : value >= 1024 ? (value / 1024).toFixed(1) + ' KiB' : count(value) + ' B';
const seconds = nanoseconds => (nanoseconds / 1e9).toFixed(nanoseconds < 1e10 ? 3 : 2) + ' s';
const time = nanoseconds => nanoseconds >= 1e9 ? seconds(nanoseconds) : nanoseconds >= 1e6 ? (nanoseconds / 1e6).toFixed(1) + ' ms' : (nanoseconds / 1e3).toFixed(1) + ' us';
const place = (name, offset) => name < 0 ? '' : data.names[name] + (offset > 0 ? '+' + offset.toString(16) : '');
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** Names of series in their colours. */
function legend(names, colours) {
  return make('ul', { className: 'legend' }, ...names.map((name, i) => make('li', {}, make('i', { style: { background: colours[i] } }), name)));
}

const placeColours = data.places.names.map((_, i) => `var(--c${i})`);

// The switch: as the system has it, light, dark.
const themes = ['auto', 'light', 'dark'];
const themeListeners = [];
function setTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId('theme').textContent = 'Colours: ' + theme;
  byId('theme').value = theme;
  try { localStorage.setItem('arm64vm-theme', theme); } catch { /* A page from a file may not keep anything. */ }
  themeListeners.forEach(listener => listener());
}
byId('theme').addEventListener('click', () => setTheme(themes[(themes.indexOf(byId('theme').value) + 1) % themes.length]));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => themeListeners.forEach(listener => listener()));
let kept = 'auto';
try { kept = localStorage.getItem('arm64vm-theme') ?? 'auto'; } catch { /* as above */ }
setTheme(themes.includes(kept) ? kept : 'auto');
