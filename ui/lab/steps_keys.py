"""The keys of the Steps panel: arrows and Enter walk through the text, digits choose; no Python runs for that."""

from __future__ import annotations

# Enter on a button is the button's own. What is drawn anew keeps the focus, or hands it to the stage. A move that comes
# while another one is under way waits for it: it goes on from what that one makes. A few may wait: a key that is held
# down goes as fast as the model and stops when it is let go. A move that nothing came of is not waited for long.
KEYS = """
const send = trigger;
const moves = [];
const LONGEST = 4000;
let since = 0;
trigger = (name, data) => {
  if (!since || performance.now() - since > LONGEST) {
    since = performance.now();
    send(name, data);
  } else if (moves.length < 2) moves.push([name, data]);
};
const KEYS = {ArrowRight: 'next', ArrowLeft: 'back', Enter: 'next'};
let inside = false;
let begun = '';
element.addEventListener('focusin', () => { inside = true; });
element.addEventListener('focusout', event => {
  if (event.relatedTarget) inside = element.contains(event.relatedTarget);
});
element.addEventListener('keydown', event => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const stage = event.target.closest('.aula-walk');
  const box = event.target.closest('g[data-do]');
  if (box && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault();
    trigger('click', {do: box.dataset.do, id: box.dataset.id, value: ''});
  } else if (stage && /^[1-9]$/.test(event.key)) {
    event.preventDefault();
    stage.querySelectorAll('.aula-choice')[event.key - 1]?.click();
  } else if (stage && KEYS[event.key] && !(event.key === 'Enter' && event.target !== stage)) {
    event.preventDefault();
    trigger('click', {do: KEYS[event.key], id: '', value: ''});
  }
});
watch('value', () => requestAnimationFrame(() => {
  since = 0;
  if (moves.length) trigger(...moves.shift());
  const stage = element.querySelector('.aula-walk');
  const fresh = stage?.dataset.focus && stage.dataset.focus !== begun;
  if (fresh) begun = stage.dataset.focus;
  const lost = inside && (!document.activeElement || document.activeElement === document.body);
  if (fresh || (lost && stage)) stage.focus({preventScroll: !fresh});
  else if (lost) element.querySelector('g.here')?.focus({preventScroll: true});
}));
"""
