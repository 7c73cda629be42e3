// The Lab's map of passages on a canvas: zoom, pan, what one points at, and the list of what lies near. The points are
// the rows of the table beneath (ui/lab/map_view.py), the rest is in its data; what a click opens is page_viewer.js's.
window.aula.map = (element, watch) => {
  const REACH = 14;     // px around a point within which it is meant
  const LISTED = 8;
  const {RADIUS, colour, icon, shapeOf, style, trace} = window.aula.mapMarks(element);
  let map = null;       // what is drawn now

  const make = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  const read = figure => {
    const data = JSON.parse(figure.querySelector('.aula-map').dataset.map);
    const rows = [...figure.querySelectorAll('details table tbody tr')];
    data.points = data.document.map((document, place) => {
      const cells = rows[place].cells;
      return {place, document, page: data.page[place], spans: `${data.start[place]}-${data.end[place]}`, name: cells[0].textContent,
        where: cells[1].textContent, x: Number(cells[2].dataset.value), y: Number(cells[3].dataset.value),
        text: cells[5].textContent, found: 0};
    });
    data.found.forEach((place, rank) => { data.points[place].found = rank + 1; });
    return data;
  };

  // -- drawing ----------------------------------------------------------------------------------------------------
  const at = point => [map.width / 2 + (point.x - map.x) * map.scale, map.height / 2 - (point.y - map.y) * map.scale];
  const shown = point => !map.hidden.has(point.document);

  const fit = () => {
    const all = [...map.data.points, ...map.data.question ? [map.data.question] : []];
    const [xs, ys] = [all.map(one => one.x), all.map(one => one.y)];
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    [map.x, map.y] = [(left + right) / 2, (low + high) / 2];
    const room = 26;
    map.least = Math.min((map.width - 2 * room) / (right - left || 1), (map.height - 2 * room) / (high - low || 1));
    map.scale = map.least;
  };

  const redraw = () => {
    if (!map || map.waiting) return;
    map.waiting = requestAnimationFrame(() => { map.waiting = 0; draw(map.canvas, window.devicePixelRatio || 1); });
  };

  const draw = (canvas, dense) => {
    const pen = canvas.getContext('2d');
    const [text, line, accent, ground] = ['--body-text-color', '--border-color-primary', '--aula-accent-text',
      '--background-fill-primary'].map(name => style().getPropertyValue(name).trim());
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, map.width, map.height);
    pen.strokeStyle = line;
    pen.strokeRect(.5, .5, map.width - 1, map.height - 1);
    const icons = map.data.names.map((_, document) => icon(document, dense));
    const half = RADIUS + 2;
    for (const point of map.data.points) {
      if (point.found || !shown(point)) continue;
      const [x, y] = at(point);
      if (x < -half || y < -half || x > map.width + half || y > map.height + half) continue;
      const one = icons[point.document];
      pen.globalAlpha = .78;
      pen.drawImage(one, x - half, y - half, one.width / dense, one.height / dense);
    }
    pen.globalAlpha = 1;
    pen.font = `600 12px ${style().fontFamily}`;
    pen.textBaseline = 'middle';
    const label = (said, x, y) => {
      pen.lineWidth = 4;
      pen.strokeStyle = ground;
      pen.strokeText(said, x, y);
      pen.fillStyle = text;
      pen.fillText(said, x, y);
    };
    for (const place of [...map.data.found].reverse()) {
      const point = map.data.points[place];
      if (!shown(point)) continue;
      const [x, y] = at(point);
      pen.fillStyle = colour(point.document);
      trace(pen, shapeOf(point.document), x, y, RADIUS * 1.5);
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = text;
      pen.beginPath();
      pen.arc(x, y, RADIUS * 2.2, 0, 2 * Math.PI);
      pen.stroke();
      label(String(point.found), x + RADIUS * 2.2 + 3, y);
    }
    if (map.data.question) {
      const [x, y] = at(map.data.question);
      pen.lineWidth = 3;
      pen.strokeStyle = accent;
      pen.beginPath();
      for (const [dx, dy] of [[9, 0], [0, 9]]) { pen.moveTo(x - dx, y - dy); pen.lineTo(x + dx, y + dy); }
      pen.stroke();
      label('?', x + 12, y - 8);
    }
    const meant = map.meant;
    if (meant) {
      const [x, y] = at(meant);
      pen.lineWidth = 2;
      pen.strokeStyle = accent;
      pen.beginPath();
      pen.arc(x, y, RADIUS * 2 + 3, 0, 2 * Math.PI);
      pen.stroke();
    }
    if (document.activeElement === canvas && canvas.matches(':focus-visible')) { // by keyboard: the list is about the middle
      pen.lineWidth = 1;
      pen.strokeStyle = text;
      pen.beginPath();
      for (const [dx, dy] of [[7, 0], [0, 7]]) { pen.moveTo(map.width / 2 - dx, map.height / 2 - dy); pen.lineTo(map.width / 2 + dx, map.height / 2 + dy); }
      pen.stroke();
    }
  };

  // The picture that is saved has the names of the documents beneath, as the page has them beside.
  const paper = () => {
    const [dense, row, most] = [2, 20, 20];
    const names = map.data.names.slice(0, most);
    const whole = make('canvas', {width: map.width * dense, height: (map.height + 12 + row * Math.ceil(names.length / 2)) * dense});
    draw(whole, dense);
    const pen = whole.getContext('2d');
    pen.font = `13px ${style().fontFamily}`;
    pen.textBaseline = 'middle';
    names.forEach((name, document) => {
      const [x, y] = [8 + (document % 2) * map.width / 2, map.height + 18 + row * Math.floor(document / 2)];
      const one = icon(document, dense);
      pen.drawImage(one, x, y - one.height / dense / 2, one.width / dense, one.height / dense);
      pen.fillStyle = style().getPropertyValue('--body-text-color').trim();
      pen.fillText(name.length > 44 ? `${name.slice(0, 43)}…` : name, x + 20, y, map.width / 2 - 36);
    });
    return whole;
  };

  // -- what lies near ---------------------------------------------------------------------------------------------
  const near = (x, y, count, reach = Infinity) => {
    const found = map.data.points.filter(shown).map(point => {
      const [left, top] = at(point);
      return [Math.hypot(left - x, top - y), point];
    }).filter(pair => pair[0] <= reach);
    return found.sort((one, other) => one[0] - other[0]).slice(0, count).map(pair => pair[1]);
  };

  const link = point => make('button', {type: 'button', class: 'aula-link', 'data-cite': '', 'data-place': point.place,
    'data-document': map.data.ids[point.document], 'data-page': point.page, 'data-spans': point.spans},
    make('span', {class: 'aula-name'}, point.name), ' · ', make('span', {class: 'aula-page'}, point.where));

  const list = (title, points) => {
    const box = element.querySelector('.aula-map-near');
    const held = box.contains(document.activeElement);
    const items = points.map(point => make('li', {}, link(point), make('p', {}, `${point.text}…`)));
    box.replaceChildren(make('h4', {}, title), make('ol', {}, ...items));
    if (held) box.querySelector('button')?.focus({preventScroll: true});
  };
  const listMiddle = () => {
    clearTimeout(map.soon);
    const now = map;
    map.soon = setTimeout(() => { if (now === map) list(map.data.words.middle, near(map.width / 2, map.height / 2, LISTED)); }, 150);
  };

  const point = (meant, x, y) => {
    const tip = element.querySelector('.aula-map-tip');
    if (meant !== map.meant) {
      map.meant = meant;
      redraw();
      tip.replaceChildren(...meant ? [make('strong', {}, meant.name), ` · ${meant.where}`, make('br', {}), `${meant.text}…`] : []);
    }
    tip.hidden = !meant;
    map.canvas.style.cursor = meant ? 'pointer' : 'grab';
    if (!meant) return;
    tip.style.left = `${Math.max(0, Math.min(x + 14, map.width - tip.offsetWidth))}px`;
    tip.style.top = `${y + 18 + tip.offsetHeight > map.height ? Math.max(0, y - tip.offsetHeight - 12) : y + 18}px`;
  };

  // -- moving -----------------------------------------------------------------------------------------------------
  const zoom = (by, x = map.width / 2, y = map.height / 2) => {
    const scale = Math.min(Math.max(map.scale * by, map.least * .8), map.least * 400);
    map.x += (x - map.width / 2) * (1 / map.scale - 1 / scale);
    map.y -= (y - map.height / 2) * (1 / map.scale - 1 / scale);
    map.scale = scale;
    map.canvas.style.touchAction = scale > map.least * 1.05 ? 'none' : 'pan-y'; // a finger scrolls the page past the whole map
    moved();
  };
  const pan = (dx, dy) => {
    map.x -= dx / map.scale;
    map.y += dy / map.scale;
    moved();
  };
  const all = () => {
    fit();
    map.canvas.style.touchAction = 'pan-y';
    moved();
    if (map.data.found.length) { clearTimeout(map.soon); listFound(); }
  };
  const moved = () => { point(null); redraw(); listMiddle(); };
  const listFound = () => list(map.data.words.found, map.data.found.map(place => map.data.points[place]));

  const KEYS = {ArrowLeft: () => pan(40, 0), ArrowRight: () => pan(-40, 0), ArrowUp: () => pan(0, 40), ArrowDown: () => pan(0, -40),
    '+': () => zoom(1.4), '=': () => zoom(1.4), '-': () => zoom(1 / 1.4), 0: () => all()};

  const listen = canvas => {
    const fingers = new Map();
    let travelled = 0;
    const spot = event => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    canvas.addEventListener('pointerdown', event => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      if (!fingers.size) travelled = 0;
      fingers.set(event.pointerId, spot(event));
    });
    canvas.addEventListener('pointermove', event => {
      const [x, y] = spot(event);
      const before = fingers.get(event.pointerId);
      if (!before) return point(near(x, y, 1, REACH)[0] ?? null, x, y);
      travelled += Math.hypot(x - before[0], y - before[1]);
      const other = [...fingers].find(([key]) => key !== event.pointerId)?.[1];
      fingers.set(event.pointerId, [x, y]);
      if (other) {
        const [was, is] = [before, [x, y]].map(one => Math.hypot(one[0] - other[0], one[1] - other[1]));
        zoom(is / (was || 1), (x + other[0]) / 2, (y + other[1]) / 2);
      } else if (travelled > 4) pan(x - before[0], y - before[1]);
    });
    const up = event => {
      const clicked = fingers.delete(event.pointerId) && event.type === 'pointerup' && travelled <= 4;
      const meant = clicked && near(...spot(event), 1, REACH)[0];
      if (!meant) return;
      point(null);
      list(map.data.words.beside, near(...at(meant), LISTED));
      element.querySelector(`.aula-map-near [data-place="${meant.place}"]`)?.click();
    };
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', up);
    canvas.addEventListener('pointerleave', () => point(null));
    canvas.addEventListener('wheel', event => {
      if (!event.ctrlKey && document.activeElement !== canvas) return; // else one could not scroll past it
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), ...spot(event));
    }, {passive: false});
    canvas.addEventListener('keydown', event => {
      if (event.altKey || event.metaKey || event.ctrlKey || !KEYS[event.key]) return;
      event.preventDefault();
      KEYS[event.key]();
    });
    for (const what of ['focus', 'blur']) canvas.addEventListener(what, redraw);
  };

  const measure = () => {
    if (!map) return;
    const width = map.canvas.parentElement.clientWidth;
    if (!width || width === map.width) return; // not seen
    const first = !map.width;
    const dense = window.devicePixelRatio || 1;
    [map.width, map.height] = [width, Math.round(Math.min(560, Math.max(320, width * .68)))];
    [map.canvas.width, map.canvas.height] = [map.width * dense, map.height * dense];
    map.canvas.style.height = `${map.height}px`;
    const [x, y, grown] = [map.x, map.y, map.scale / map.least];
    fit();
    if (!first) [map.x, map.y, map.scale] = [x, y, map.least * grown];
    redraw();
    if (first) map.data.found.length ? listFound() : list(map.data.words.middle, near(map.width / 2, map.height / 2, LISTED));
  };

  const legend = () => element.querySelectorAll('.aula-map-legend .aula-map-icon').forEach((place, document) => place.replaceChildren(icon(document, 2)));
  const sizes = new ResizeObserver(measure);
  const begin = () => {
    sizes.disconnect();
    map = null;
    const figure = element.querySelector('.aula-figure');
    const canvas = figure?.querySelector('.aula-map canvas');
    if (!canvas) return;
    map = {canvas, data: read(figure), hidden: new Set(), meant: null, width: 0, height: 0, scale: 1, least: 1, x: 0, y: 0, waiting: 0, soon: 0};
    canvas.paper = paper;
    legend();
    listen(canvas);
    sizes.observe(canvas.parentElement);
    measure();
  };

  element.addEventListener('click', event => {
    const button = event.target.closest('button[data-map]');
    if (button && map) ({in: () => zoom(1.5), out: () => zoom(1 / 1.5), all})[button.dataset.map]();
  });
  element.addEventListener('change', event => {
    if (!map || !event.target.matches('.aula-map-legend input')) return;
    map.hidden[event.target.checked ? 'delete' : 'add'](Number(event.target.value));
    moved();
  });
  const over = event => {
    const button = event.target.closest?.('.aula-map-near [data-place]');
    if (!map || !button) return;
    map.meant = map.data.points[Number(button.dataset.place)];
    redraw();
  };
  for (const what of ['pointerover', 'focusin']) element.addEventListener(what, over);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTimeout(() => { legend(); redraw(); }, 100)); // what it hides and where it stands stay
  watch('value', begin);
  begin();
};
