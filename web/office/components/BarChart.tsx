export interface Bar {
  name: string;
  value: number;
  /** The value as it is written. */
  text: string;
}

// The height of the chart and the room between bars, in units of its own.
const HEIGHT = 100;
const WIDTH = 10;
const GAP = 2;

/** Values side by side, such as those of days. Whoever does not see it has the table beside it. */
export function BarChart({ label, bars }: { label: string; bars: readonly Bar[] }) {
  const most = Math.max(...bars.map((bar) => bar.value), 1);
  return (
    <svg className="bar-chart" role="img" aria-label={label} viewBox={`0 0 ${bars.length * WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
      {bars.map((bar, at) => {
        const height = (Math.max(bar.value, 0) / most) * HEIGHT;
        return (
          <rect key={bar.name} x={at * WIDTH + GAP / 2} y={HEIGHT - height} width={WIDTH - GAP} height={height}>
            <title>{`${bar.name}: ${bar.text}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
