// The Lab's drawings: PNG and CSV to take away, made here and never fetched. What is drawn is Python's.
window.aula.lab = () => {
  const save = (blob, name) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };

  // A text that a spreadsheet would take for a formula is quoted; numbers are as they are.
  const field = cell => {
    const whole = cell.dataset.value;
    let text = whole ?? cell.textContent;
    if (whole === undefined && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = figure => [...figure.querySelectorAll('details table tr')]
    .map(row => [...row.cells].map(field).join(',')).join('\r\n') + '\r\n';

  const STYLES = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'opacity',
    'font-family', 'font-size', 'font-weight', 'text-decoration-line', 'text-anchor', 'visibility'];
  const png = async figure => {
    const drawn = figure.querySelector('.aula-drawn :is(svg, canvas)');
    const scale = 2;
    const paper = document.createElement('canvas');
    const pen = paper.getContext('2d');
    const background = getComputedStyle(document.body).backgroundColor;
    let picture = drawn.paper?.() ?? drawn; // a canvas may have more to say on paper, such as what its colours mean
    let [width, height] = [picture.width, picture.height];
    if (drawn instanceof SVGElement) {
      const copy = drawn.cloneNode(true);
      const originals = [drawn, ...drawn.querySelectorAll('*')];
      [copy, ...copy.querySelectorAll('*')].forEach((one, place) => {
        const style = getComputedStyle(originals[place]);
        for (const name of STYLES) one.style.setProperty(name, style.getPropertyValue(name));
      });
      const box = drawn.viewBox.baseVal;
      [width, height] = [box.width * scale, box.height * scale];
      copy.setAttribute('width', width);
      copy.setAttribute('height', height);
      copy.style.minWidth = copy.style.maxWidth = '';
      picture = new Image();
      picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
      await picture.decode();
    }
    paper.width = width;
    paper.height = height;
    pen.fillStyle = background === 'rgba(0, 0, 0, 0)' ? '#fff' : background;
    pen.fillRect(0, 0, width, height);
    pen.drawImage(picture, 0, 0, width, height);
    return new Promise(resolve => paper.toBlob(resolve, 'image/png'));
  };

  document.addEventListener('click', async event => {
    const button = event.target.closest?.('.aula-figure [data-save]');
    if (!button) return;
    const figure = button.closest('.aula-figure');
    const name = figure.dataset.name;
    if (button.dataset.save === 'csv') save(new Blob(['\ufeff', csv(figure)], {type: 'text/csv'}), `${name}.csv`);
    else save(await png(figure), `${name}.png`);
  });

  // An answer of the chat names itself to the button that opens answers in the Lab (ui/lab/opening.py).
  document.addEventListener('click', event => {
    const link = event.target.closest?.('#aula-chat [data-tokens]');
    const button = document.querySelector('#aula-look-earlier [data-do]');
    if (!link || !button) return;
    button.dataset.id = link.dataset.tokens;
    button.click();
  });
};
window.aula.lab();
