// The dialog that shows a page: a click on any citation opens it, wherever on the page that is. What is in it comes
// from Python, whole, for each page (ui/viewer.py); here is only what moves: opening, turning, zoom, focus.
(() => {
  const LONGEST = 90_000; // ms; drawing a page is ended long before
  const STEP = 1.25;
  const words = window.aulaWords;
  let ask = null;      // sends a request to Python
  let dialog = null;
  let opener = null;   // what had the focus, to have it again
  let cited = null;    // the document, and the page and ranges that were asked for first
  let asked = 0;       // number of the last request: an answer to an earlier one is not wanted any more
  let waiting = 0;     // timer of the request under way
  let wanted = 0;      // the page to show
  let zoom = 'fit';    // or a number, 1 being the page's own size

  const find = selector => dialog.querySelector(selector);
  const shown = () => find('article[data-pages]');

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const build = () => {
    const close = make('button', {type: 'button', class: 'aula-button', 'data-view': 'close', 'aria-label': words.viewer_close}, '✕');
    const head = make('header', {}, make('div', {class: 'aula-viewer-title'}), make('div', {class: 'aula-viewer-tools'}, close));
    const built = make('dialog', {class: 'aula-viewer', 'aria-label': words.viewer},
      make('p', {class: 'aula-viewer-status', role: 'status'}), make('div', {class: 'aula-viewer-content'}, make('article', {}, head)));
    built.addEventListener('click', clicked);
    built.addEventListener('keydown', pressed);
    built.addEventListener('close', closed);
    return built;
  };

  // A chip inside an answer's Markdown has lost its data attributes on the way: what it cites is its value.
  const CITING = '[data-cite], button.aula-chip[value]';
  const place = button => {
    const {document: key, page, spans} = button.dataset;
    const [first, second, third] = key ? [key, page, spans] : button.value.split(':');
    return {document: first, page: Number(second) || 1, spans: third || ''};
  };

  const open = button => {
    if (dialog) return;
    opener = button;
    cited = place(button);
    dialog = build();
    document.body.append(dialog);
    dialog.showModal();
    turn(cited.page);
  };

  const turn = page => {
    wanted = page;
    if (waiting) return; // one page is drawn at a time; the answer asks for the one that is wanted then
    asked += 1;
    waiting = setTimeout(() => { waiting = 0; say(words.viewer_lost, 'lost'); }, LONGEST);
    say(words.viewer_loading, 'loading');
    const spans = page === cited.page ? cited.spans : '';
    ask({request: asked, document: cited.document, page, spans});
  };

  // Shown while there is nothing else to see; read out in any case.
  const say = (text, state) => {
    const status = find('.aula-viewer-status');
    status.textContent = text;
    status.className = `aula-viewer-status ${state}`;
    dialog.setAttribute('aria-busy', state === 'loading');
  };

  const arrived = element => {
    const article = element.querySelector('article[data-request]');
    if (!article || !dialog || Number(article.dataset.request) !== asked || !waiting) return;
    clearTimeout(waiting);
    waiting = 0;
    const focused = dialog.contains(document.activeElement) ? document.activeElement.dataset?.view : '';
    const first = !shown();
    const unfolded = Boolean(find('aside details[open]'));
    find('.aula-viewer-content').replaceChildren(article); // the component keeps no second copy of the picture
    const fold = find('aside details');
    if (fold) fold.open = unfolded;
    say(article.dataset.said, 'done');
    scale();
    const again = !first && focused && find(`[data-view="${focused}"]:not(:disabled)`);
    (again || find('.aula-viewer-pane')).focus({preventScroll: true});
    reveal();
    if (wanted !== Number(article.dataset.page) && article.dataset.page) turn(wanted);
  };

  const firstMark = () => find('.aula-viewer-pane :is(.aula-highlight, mark)');

  const inView = () => {
    const [mark, pane] = [firstMark()?.getBoundingClientRect(), find('.aula-viewer-pane').getBoundingClientRect()];
    return Boolean(mark) && mark.top >= pane.top && mark.bottom <= pane.bottom && mark.left >= pane.left && mark.left < pane.right;
  };

  const reveal = () => {
    const [pane, mark] = [find('.aula-viewer-pane'), firstMark()];
    if (!mark) return;
    const [outer, inner] = [pane.getBoundingClientRect(), mark.getBoundingClientRect()];
    pane.scrollTop += inner.top - outer.top - pane.clientHeight / 3;
    if (inner.right > outer.right || inner.left < outer.left) pane.scrollLeft += inner.left - outer.left - 24;
  };

  const clicked = event => {
    if (event.target === dialog) return dialog.close(); // beside it
    const button = event.target.closest('[data-view]');
    if (button) act(button.dataset.view);
  };

  const act = what => {
    if (what === 'close') dialog.close();
    else if (what === 'previous') go(-1);
    else if (what === 'next') go(1);
    else if (shown()) enlarge(what);
  };

  const go = step => {
    const article = shown();
    const page = wanted + step;
    if (article && page >= 1 && page <= Number(article.dataset.pages)) turn(page);
  };

  const KEYS = {ArrowLeft: 'previous', PageUp: 'previous', ArrowRight: 'next', PageDown: 'next', '+': 'in', '=': 'in', '-': 'out', 0: 'fit'};
  const pressed = event => {
    const what = KEYS[event.key];
    if (!what || event.ctrlKey || event.metaKey || event.altKey) return;
    const pane = find('.aula-viewer-pane');
    const across = pane && pane === document.activeElement && pane.scrollWidth > pane.clientWidth + 1;
    if (across && event.key.startsWith('Arrow')) return; // a page wider than its pane is moved with them
    event.preventDefault();
    act(what);
  };

  const scale = () => {
    const sheet = find('.aula-sheet');
    if (!sheet) return;
    const fits = zoom === 'fit';
    sheet.style.width = fits ? '100%' : `${Math.round(Number(sheet.dataset.width) * zoom)}px`;
    find('[data-view="fit"]').setAttribute('aria-pressed', fits);
    find('[data-view="actual"]').setAttribute('aria-pressed', zoom === 1);
  };

  // What is in the middle of the pane stays there, unless the passage would go out of sight.
  const enlarge = what => {
    const [sheet, pane] = [find('.aula-sheet'), find('.aula-viewer-pane')];
    if (!sheet) return;
    const now = sheet.clientWidth / Number(sheet.dataset.width);
    const next = {in: now * STEP, out: now / STEP, actual: 1}[what];
    const seen = inView();
    const down = (pane.scrollTop + pane.clientHeight / 2) / pane.scrollHeight;
    const across = (pane.scrollLeft + pane.clientWidth / 2) / pane.scrollWidth;
    zoom = what === 'fit' ? 'fit' : Math.min(Math.max(next, .25), 4);
    scale();
    pane.scrollTop = down * pane.scrollHeight - pane.clientHeight / 2;
    pane.scrollLeft = across * pane.scrollWidth - pane.clientWidth / 2;
    if (seen && !inView()) reveal();
  };

  const closed = () => {
    clearTimeout(waiting);
    waiting = 0;
    dialog.remove();
    dialog = null;
    // The conversation may have been drawn anew behind the dialog, and the button with it.
    const same = other => JSON.stringify(place(other)) === JSON.stringify(cited);
    const back = opener.isConnected ? opener : [...document.querySelectorAll(CITING)].find(same);
    back?.focus();
  };

  document.addEventListener('click', event => {
    const button = event.target.closest?.(CITING);
    if (!button || !ask) return;
    event.preventDefault();
    open(button);
  }, true); // before a message of the conversation can keep it to itself

  window.aula.viewer = {
    connect(element, send, watch) {
      ask = send;
      watch('value', () => arrived(element));
    },
  };
})();
