// The marks of the Lab's map: a document has a colour and a shape, so that neither is told by colour alone.
window.aula.mapMarks = element => {
  const SHAPES = 8;
  const RADIUS = 4.5; // px of a point; those that were found are larger
  const trace = (pen, shape, x, y, r) => {
    const corners = (count, turn, inner = r) => {
      for (let at = 0; at < count; at += 1) {
        const [angle, far] = [turn + at * 2 * Math.PI / count, at % 2 ? inner : r];
        pen.lineTo(x + far * Math.cos(angle), y + far * Math.sin(angle));
      }
      pen.closePath();
    };
    pen.beginPath();
    if (shape === 0) pen.arc(x, y, r, 0, 2 * Math.PI);
    else if (shape === 1) pen.rect(x - r * .85, y - r * .85, r * 1.7, r * 1.7);
    else if (shape === 2) corners(3, -Math.PI / 2);
    else if (shape === 3) corners(4, 0);
    else if (shape === 4) corners(3, Math.PI / 2);
    else if (shape === 5) corners(8, 0, r * .4);
    else if (shape === 6) corners(8, Math.PI / 4, r * .4);
    else corners(10, -Math.PI / 2, r * .45);
  };
  const style = () => getComputedStyle(element);
  const colour = number => style().getPropertyValue(`--map-${number % SHAPES}`).trim() || '#0f766e';
  const shapeOf = number => (number + Math.floor(number / SHAPES)) % SHAPES;

  const icon = (number, scale, grown = 1) => {
    const side = Math.ceil((RADIUS * grown + 2) * 2 * scale);
    const paper = Object.assign(document.createElement('canvas'), {width: side, height: side});
    const pen = paper.getContext('2d');
    pen.scale(scale, scale);
    pen.fillStyle = colour(number);
    trace(pen, shapeOf(number), side / scale / 2, side / scale / 2, RADIUS * grown);
    pen.fill();
    return paper;
  };

  return {RADIUS, colour, icon, shapeOf, style, trace};
};
