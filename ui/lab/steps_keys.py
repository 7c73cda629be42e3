"""The keys of the Steps panel: arrows and Enter walk through the text, digits choose; no Python runs for that."""

from __future__ import annotations

# Enter on a button is the button's own. What is drawn anew keeps the focus, or hands it to the stage. A move that comes
# while another one is under way waits for it: it goes on from what that one makes. Two may wait, and the last one is
# the last that was asked for: a key that is held down goes as fast as the model and stops when it is let go. Text and
# drawing share the line. A move has ended when the stage has another nonce, also when nothing came of it; one that is
# not heard of for LONGEST ms, as when the connection broke, is not waited for, nor what waited for it.
KEYS = """
const line = window.aula.steps ??= {since: 0, moves: [], drawn: ''};
const LONGEST = 30000;
const send = trigger;
const go = move => {
  line.since = performance.now();
  move();
};
trigger = (name, data) => {
  const move = () => send(name, data);
  if (line.since && performance.now() - line.since < LONGEST) line.moves[Math.min(line.moves.length, 1)] = move;
  else {
    line.moves = [];
    go(move);
  }
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
  const stage = element.querySelector('.aula-walk');
  const fresh = stage?.dataset.focus && stage.dataset.focus !== begun;
  if (fresh) {
    begun = stage.dataset.focus;
    line.moves = [];
  }
  if (stage && stage.dataset.drawn !== line.drawn) {
    line.drawn = stage.dataset.drawn;
    line.since = 0;
    const move = line.moves.shift();
    if (move) go(move);
  }
  const lost = inside && (!document.activeElement || document.activeElement === document.body);
  if (fresh || (lost && stage)) stage.focus({preventScroll: !fresh});
  else if (lost) element.querySelector('g.here')?.focus({preventScroll: true});
}));
"""
