import { describe, expect, it } from 'vitest';

import { curve } from '../graph/path';
import {
  boxTouches,
  fitScale,
  linkTouches,
  paper,
  pointAt,
  reveal,
  scrollTo,
  seen,
  startScale
} from '../graph/viewport';

const WINDOW = { width: 300, height: 400 };

describe('viewport', () => {
  it('fits a large drawing and never enlarges a small one', () => {
    const drawing = { width: 600, height: 300 };
    expect(drawing.width * fitScale(drawing, WINDOW)).toBeLessThan(WINDOW.width);
    expect(fitScale({ width: 10, height: 10 }, WINDOW)).toBe(1);
  });

  it('first shows names in a readable size', () => {
    expect(startScale({ width: 200, height: 9000 }, WINDOW)).toBe(1);
    expect(startScale({ width: 9000, height: 9000 }, WINDOW)).toBe(0.7);
  });

  it('keeps the point under the mouse in place while zooming', () => {
    const drawing = { width: 900, height: 900 };
    const at = { x: 100, y: 50 };
    const point = pointAt(paper(drawing, 1, WINDOW), { x: 200, y: 300 }, at);
    const zoomed = paper(drawing, 2, WINDOW);
    expect(pointAt(zoomed, scrollTo(zoomed, point, at), at)).toEqual(point);
  });

  it('scrolls just far enough to show a box', () => {
    const sheet = paper({ width: 200, height: 2000 }, 1, WINDOW);
    const box = { id: 'a', x: 100, y: 1000, width: 50, height: 20 };
    const down = reveal(sheet, { x: 0, y: 0 }, box, WINDOW);
    expect(down.y).toBe(1000 + sheet.y + 10 + 14 - WINDOW.height);
    expect(reveal(sheet, down, box, WINDOW)).toEqual(down);
  });

  it('knows what is out of view', () => {
    const sheet = paper({ width: 200, height: 5000 }, 1, WINDOW);
    const area = seen(sheet, { x: 0, y: 0 }, WINDOW);
    const box = { id: 'a', x: 100, y: 100, width: 50, height: 20 };
    expect(boxTouches(area, box)).toBe(true);
    expect(boxTouches(area, { ...box, y: 4000 })).toBe(false);
    const link = {
      source: 'a',
      target: 'b',
      points: [
        { x: 1, y: -900 },
        { x: 1, y: 4000 }
      ]
    };
    expect(linkTouches(area, link)).toBe(true);
  });

  it('draws edges that leave and enter vertically', () => {
    expect(
      curve([
        { x: 0, y: 0 },
        { x: 10, y: 20 }
      ])
    ).toBe('M0,0C0,10 10,10 10,20');
    expect(curve([])).toBe('');
  });
});
