// Numbers, times and elements. D is the page's data; its times are ns after the trace's
// start, but for the x axes of charts, which count seconds.
let D = null;
const $ = id => document.getElementById(id);
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const plural = (n, what) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;

const element = (tag, text, parent) => {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
};

function amount(n, units, step) {
  let i = 0;
  while (Math.abs(n) >= step && i < units.length - 1) { n /= step; i++; }
  const digits = i === 0 || Math.abs(n) >= 100 ? 0 : Math.abs(n) >= 10 ? 1 : 2;
  return n.toFixed(digits) + ' ' + units[i];
}
const size = n => amount(n, ['B', 'kB', 'MB', 'GB', 'TB'], 1000);
const time = ns => amount(ns, ['ns', 'µs', 'ms', 's'], 1000);
const count = n => Math.round(n).toLocaleString('en');
const share = part => part >= .001 ? (100 * part).toFixed(1) + ' %' : '<0.1 %';

// absolute is a time on the trace's own clock, in ns: more than a number holds.
const absolute = ns => BigInt(D.zero) + BigInt(Math.round(ns));

// micros writes a time on the trace's own clock in µs, to the ns.
function micros(ns) {
  const t = absolute(ns), sign = t < 0n ? '-' : '', abs = t < 0n ? -t : t;
  return sign + abs / 1000n + '.' + String(abs % 1000n).padStart(3, '0');
}

const UNITS = {s: 1e9, ms: 1e6, us: 1e3, 'µs': 1e3, 'μs': 1e3, ns: 1};

// typed reads a time as people type it: 1.5s, 250ms, 40us; a bare number is ms. NaN if
// it is none.
function typed(text) {
  const m = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*(s|ms|us|µs|μs|ns)?\s*$/.exec(text);
  return m ? Math.round(parseFloat(m[1]) * UNITS[m[2] || 'ms']) : NaN;
}

// exact writes a time to the ns, so that typed reads the same.
function exact(ns) {
  const [unit, digits] = D.length >= 10e9 ? ['s', 9] : ['ms', 6];
  return (ns / UNITS[unit]).toFixed(digits).replace(/\.?0+$/, '') + unit;
}

// quoted writes a word as a shell takes it.
function quoted(word) {
  return /^[\w.\/,:+@%=-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";
}
const fileWord = name => quoted(name.startsWith('-') ? './' + name : name);
