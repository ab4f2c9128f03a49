import type { FleetReport } from './model.ts';

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 44;
const TOP = 10;
const BOTTOM = 24;
/** Colours of the page's style; further kinds share them. */
const COLOURS = 8;

/**
 * The bars of the chart, stacked by kind, with the place of each in an SVG: drawn here, since a picture of lines and rectangles prints,
 * scales, follows the colours of the page, and needs no script. Pure.
 */
export function drawChart({ kinds, days }: FleetReport['chart']) {
  const totals = days.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
  const top = roundUp(Math.max(1, ...totals));
  const step = (WIDTH - LEFT) / Math.max(1, days.length);
  const bar = round(step * 0.7);
  const yOf = (count: number) => round(HEIGHT - BOTTOM - (count / top) * (HEIGHT - BOTTOM - TOP));
  const xOf = (at: number) => round(LEFT + at * step + step * 0.15);
  const bars = days.flatMap(({ day, counts }, at) => {
    let below = 0;
    return counts.flatMap((count, kind) => {
      if (count === 0) return [];
      const y = yOf(below + count);
      const height = round(yOf(below) - y);
      below += count;
      const title = `${day}: ${kinds[kind]} ${count}`;
      return [{ x: xOf(at), y, height, colour: kind % COLOURS, title }];
    });
  });
  return {
    ...{ width: WIDTH, height: HEIGHT, left: LEFT, bar, bars, days },
    kinds: kinds.map((kind, at) => ({ kind, colour: at % COLOURS })),
    lines: [...new Set([0, Math.round(top / 2), top])].map((count) => ({ count, y: yOf(count) })),
    labels: days
      .map(({ day }, at) => ({ text: day.slice(5), x: round(xOf(at) + bar / 2) }))
      .filter((_, at) => (days.length - 1 - at) % 5 === 0),
  };
}

/** The next 1, 2 or 5 times a power of ten. */
function roundUp(count: number): number {
  const power = 10 ** Math.floor(Math.log10(count));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= count) ?? 10);
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}
