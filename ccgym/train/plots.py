"""Charts as inline SVG: no script, no image, colours from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

WIDTH, HEIGHT = 360, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 46, 10, 24
_SMOOTH = 0.3


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart. `colour` is the number of a colour of the style sheet, from 1."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: int = 1


@dataclass(frozen=True, slots=True)
class Bars:
    """A row of horizontal bars of one label: (series name, value, colour)."""

    label: str
    values: Sequence[tuple[str, float, int]] = field(default_factory=list)


def line_chart(
    series: Sequence[Series],
    *,
    low: float | None = None,
    high: float | None = None,
    guides: Sequence[tuple[float, str]] = (),
    unit: str = "step",
    smooth: bool = False,
) -> str:
    """Lines over steps, each with its last value beside its end.

    Args:
        series: the lines.
        low: lowest value of the axis; None: from the data.
        high: highest value of the axis; None: from the data.
        guides: dashed lines at these values, with their names.
        unit: what the horizontal axis counts.
        smooth: draw the values faintly, and their exponential mean over them.
    """
    drawn = [line for line in series if line.points]
    if not drawn:
        return '<p class="none">nothing was recorded</p>'
    xs = [x for line in drawn for x, _ in line.points]
    ys = [y for line in drawn for _, y in line.points] + [value for value, _ in guides]
    ticks = _ticks(min(ys) if low is None else low, max(ys) if high is None else high)
    box = _Box(min(xs), max(xs), ticks[0], ticks[-1])
    parts = [f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{box.y(t)}" y2="{box.y(t)}"/>' for t in ticks]
    parts += [f'<text class="tick end" x="{_LEFT - 6}" y="{box.y(t) + 3.5}">{number(t)}</text>' for t in ticks]
    parts += [
        f'<text class="tick mid" x="{box.x(t)}" y="{HEIGHT - 8}">{number(t)}</text>'
        for t in _whole_ticks(box.left, box.right)
    ]
    parts.append(f'<text class="tick end" x="{WIDTH - 2}" y="{HEIGHT - 8}">{escape(unit)}</text>')
    for value, name in guides:
        y = box.y(value)
        parts.append(f'<line class="guide" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{_LEFT + 4}" y="{y - 4}">{escape(name)}</text>')
    parts += [_line(line, box, smooth) for line in drawn]
    parts += _ends(drawn, box, smooth)
    return _svg(HEIGHT, parts) + legend([(line.name, line.colour) for line in drawn])


def bar_chart(rows: Sequence[Bars], *, high: float | None = None, form: str = "{:.2f}") -> str:
    """Horizontal bars, grouped by row."""
    rows = [row for row in rows if row.values]
    if not rows:
        return '<p class="none">nothing was recorded</p>'
    top = high or max(value for row in rows for _, value, _ in row.values) or 1.0
    left, thick, gap = 104, 11, 9
    width = WIDTH - left - 44
    parts, y = [], 4
    for row in rows:
        middle = y + thick * len(row.values) / 2 + 4
        parts.append(f'<text class="label end" x="{left - 8}" y="{middle}">{escape(row.label)}</text>')
        for name, value, colour in row.values:
            long = max(1.0, width * min(value, top) / top)
            told = form.format(value)
            parts.append(
                f'<rect class="fill{colour}" x="{left}" y="{y}" width="{long:.1f}" height="{thick - 2}" rx="2">'
                f"<title>{escape(row.label)}, {escape(name)}: {told}</title></rect>"
                f'<text class="tick" x="{left + long + 5:.1f}" y="{y + thick - 3}">{told}</text>'
            )
            y += thick
        y += gap
    names = list(dict.fromkeys((name, colour) for row in rows for name, _, colour in row.values))
    return _svg(y, parts) + (legend(names) if len(names) > 1 else "")


def legend(names: Sequence[tuple[str, int]]) -> str:
    """The names of the lines or bars with their colours."""
    items = "".join(f'<span><i class="dot back{colour}"></i>{escape(name)}</span>' for name, colour in names)
    return f'<p class="legend">{items}</p>'


def number(value: float) -> str:
    """A number as short as it can be told."""
    if value == int(value) and abs(value) < 1e5:
        return str(int(value))
    if abs(value) >= 1000:
        return f"{value / 1000:.3g}k"
    if abs(value) < 0.001:
        return f"{value:.0e}"
    return f"{value:.3g}"


class _Box:
    def __init__(self, left: float, right: float, bottom: float, top: float) -> None:
        self.left, self.right, self.bottom, self.top = left, right, bottom, top

    def x(self, value: float) -> float:
        span = self.right - self.left or 1.0
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (value - self.left) / span, 1)

    def y(self, value: float) -> float:
        span = self.top - self.bottom or 1.0
        inside = min(max(value, self.bottom), self.top)
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (self.top - inside) / span, 1)


def _line(line: Series, box: _Box, smooth: bool) -> str:
    def path(points: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{box.x(x)},{box.y(y)}" for x, y in points)

    told = f"<title>{escape(line.name)}</title>"
    if len(line.points) == 1:
        x, y = line.points[0]
        return f'<circle class="fill{line.colour}" cx="{box.x(x)}" cy="{box.y(y)}" r="3">{told}</circle>'
    thin = f'<path class="line{line.colour} faint" d="{path(line.points)}"/>' if smooth else ""
    points = _smoothed(line.points) if smooth else line.points
    return f'{thin}<path class="line{line.colour}" d="{path(points)}">{told}</path>'


def _smoothed(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Exponential mean, so that a noisy line can be read."""
    found, mean = [], points[0][1]
    for x, y in points:
        mean += _SMOOTH * (y - mean)
        found.append((x, mean))
    return found


def _ends(series: Sequence[Series], box: _Box, smooth: bool) -> list[str]:
    """The last value of each line, moved apart where they would cover each other."""
    ends = []
    for line in series:
        points = _smoothed(line.points) if smooth else line.points
        ends.append([box.y(points[-1][1]), points[-1][1], box.x(points[-1][0]), line.colour])
    ends.sort()
    for above, below in pairwise(ends):
        below[0] = max(below[0], above[0] + 12)
    return [
        f'<text class="tick ink{colour}" x="{x + 5}" y="{y + 3.5:.1f}">{_short(value)}</text>'
        for y, value, x, colour in ends
    ]


def _short(value: float) -> str:
    return number(float(f"{value:.3g}" if abs(value) >= 0.01 else f"{value:.2g}"))


def _ticks(low: float, high: float) -> list[float]:
    """Four or so round numbers that hold the range."""
    if not high > low:
        high, low = (high + 1, low) if low == 0 else (high + abs(high) / 2, low - abs(low) / 2)
    step = 10 ** math.floor(math.log10((high - low) / 3))
    for factor in (1, 2, 2.5, 5, 10):
        if (high - low) / (step * factor) <= 4.001:
            step *= factor
            break
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def _whole_ticks(low: float, high: float) -> list[float]:
    ticks = [tick for tick in _ticks(low, high) if tick == int(tick) and low <= tick <= high]
    return ticks or [low]


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(parts)}</svg>'
