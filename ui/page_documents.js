// The list of documents is drawn anew while it is read: what is ticked stays ticked, and the focus stays on the same
// button of the same document, or near it. What the buttons do is Python's.
window.aula.held = element => {
  const ticked = new Set();
  let focused = null; // what had the focus: {name, row, place}
  const rows = () => [...element.querySelectorAll('li[data-row]')];
  const name = one => [one.tagName, one.dataset.do ?? ('cite' in one.dataset ? 'cite' : one.type),
    'many' in one.dataset ? 'many' : one.dataset.id ?? one.dataset.document ?? one.value, one.dataset.page].join(' ');

  const tick = () => {
    const boxes = [...element.querySelectorAll('[data-tick]')];
    const there = new Set(boxes.map(box => box.value));
    for (const id of ticked) if (!there.has(id)) ticked.delete(id); // what is not seen is not acted upon
    for (const box of boxes) box.checked = ticked.has(box.value);
    const all = element.querySelector('[data-tick-all]');
    if (!all) return;
    all.checked = boxes.length > 0 && ticked.size === boxes.length;
    all.indeterminate = ticked.size > 0 && !all.checked;
    const bar = element.querySelector('.aula-ticked');
    bar.hidden = ticked.size === 0;
    const said = bar.dataset.count.replace('{n}', ticked.size);
    const shown = bar.querySelector('span');
    if (shown.textContent !== said) shown.textContent = said;
    for (const button of bar.querySelectorAll('[data-many]')) {
      button.dataset.id = [...ticked].join(' ');
      if (button.dataset.askMany) button.dataset.ask = button.dataset.askMany.replace('{n}', ticked.size);
    }
  };

  const refocus = () => {
    const now = document.activeElement;
    const lost = !now || now === document.body;
    if (!focused || (!lost && !element.contains(now)) || (!lost && name(now) === focused.name)) return;
    const same = [...element.querySelectorAll('button, input')].find(one => name(one) === focused.name && one.offsetParent);
    const listed = rows();
    const row = listed.find(one => one.dataset.row === focused.row) ?? listed[Math.min(focused.place, listed.length - 1)];
    (same ?? row?.querySelector('[data-tick], button'))?.focus({preventScroll: true}); // never onto another's Delete
  };

  const remember = one => {
    const row = one.closest('li[data-row]');
    focused = {name: name(one), row: row?.dataset.row, place: row ? rows().indexOf(row) : 0};
  };
  element.addEventListener('focusin', event => remember(event.target));
  element.addEventListener('focusout', event => {
    if (event.relatedTarget && !element.contains(event.relatedTarget) && !event.relatedTarget.closest('dialog')) focused = null;
  });
  document.addEventListener('pointerdown', event => {
    if (!event.target.closest?.('dialog, button, input')) focused = null; // the person has gone elsewhere
  });

  element.addEventListener('change', event => {
    const boxes = element.querySelectorAll('[data-tick]');
    if (event.target.matches('[data-tick-all]')) for (const box of boxes) ticked[event.target.checked ? 'add' : 'delete'](box.value);
    else if (event.target.matches('[data-tick]')) ticked[event.target.checked ? 'add' : 'delete'](event.target.value);
    tick();
  });
  element.addEventListener('click', event => {
    if (!event.target.closest('[data-untick]')) return;
    ticked.clear();
    tick();
    element.querySelector('[data-tick-all]')?.focus();
  });

  const watching = new MutationObserver(() => {
    tick();
    refocus();
    watching.takeRecords(); // our own changes
  });
  watching.observe(element, {childList: true, subtree: true, attributes: true});
};
