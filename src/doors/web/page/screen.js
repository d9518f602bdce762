/**
 * The terminal on the page. It has the session's size, whoever looks on: the window of one who writes may ask for its
 * own, and whoever's window is too small for what the session has sees smaller letters, and scrolls when those would
 * become too small to read.
 */
import { FitAddon } from './addon-fit.js';
import { SearchAddon } from './addon-search.js';
import { WebLinksAddon } from './addon-web-links.js';
import { Terminal } from './xterm.js';

/** Pixels. */
const usualFont = 14;
const smallestFont = 8;

/**
 * @param {HTMLElement} place
 * @param {boolean} writes
 */
export function openScreen(place, writes) {
  const terminal = new Terminal({
    scrollback: 10_000,
    cursorBlink: writes,
    disableStdin: !writes,
    fontSize: usualFont,
    // Rows hide what is outside of them: with less, underscores are.
    lineHeight: 1.2,
    fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, monospace',
    theme: { background: '#101418' },
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new WebLinksAddon());
  terminal.open(place);

  /** What fits the window with letters of this many pixels. @param {number} font */
  function fitting(font) {
    terminal.options.fontSize = font;
    return fit.proposeDimensions() ?? { cols: terminal.cols, rows: terminal.rows };
  }

  /** The largest letters with which all of it fits. */
  function scale() {
    for (let font = usualFont; font >= smallestFont; font -= 1) {
      const { cols, rows } = fitting(font);
      if (cols >= terminal.cols && rows >= terminal.rows) return;
    }
  }

  return {
    terminal,
    search,
    scale,
    /** What fits the window. */
    ownSize: () => {
      const size = fitting(usualFont);
      scale();
      return size;
    },
    /** @param {number} cols @param {number} rows */
    take: (cols, rows) => {
      terminal.resize(cols, rows);
      scale();
    },
  };
}
