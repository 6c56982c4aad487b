"""Plots as plain SVG: lines over two logarithmic axes."""

import dataclasses
import html
import math

WIDTH, HEIGHT = 880, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 300, 40, 50
COLOURS = ("#1f6fb2", "#c0392b", "#2a8f4f", "#8e5ea2", "#b9770e", "#444444")


def _ticks(low, high):
    """1, 2, 5 of each power of ten."""
    return [m * 10 ** e
            for e in range(math.floor(math.log10(low)),
                           math.ceil(math.log10(high)) + 1)
            for m in (1, 2, 5) if low <= m * 10 ** e <= high]


def _number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


@dataclasses.dataclass
class Series:
    name: str
    points: list  # (x, y, solid); the others are drawn hollow
    colour: int  # series of one colour belong together
    dashed: bool = False


class Axis:
    def __init__(self, values, start, end):
        self.low, self.high = min(values) / 1.2, max(values) * 1.2
        self.start, self.end = start, end

    def at(self, value):
        share = (math.log(value / self.low) /
                 math.log(self.high / self.low))
        return self.start + share * (self.end - self.start)


def lines(title, x_title, y_title, series):
    """series: [Series]. Returns the SVG, or None when there is no point."""
    series = [some for some in series if some.points]
    points = [p for some in series for p in some.points]
    if not points:
        return None
    x = Axis([p[0] for p in points], LEFT, WIDTH - RIGHT)
    y = Axis([p[1] for p in points], HEIGHT - BOTTOM, TOP)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           _text(LEFT, TOP - 18, title, "start", 15),
           _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_title),
           f'<g transform="rotate(-90)">'
           f'{_text(-(TOP + HEIGHT - BOTTOM) / 2, 16, y_title)}</g>']
    for value in _ticks(x.low, x.high):
        svg += [_line(x.at(value), TOP, x.at(value), HEIGHT - BOTTOM),
                _text(x.at(value), HEIGHT - BOTTOM + 16, _number(value))]
    for value in _ticks(y.low, y.high):
        svg += [_line(LEFT, y.at(value), WIDTH - RIGHT, y.at(value)),
                _text(LEFT - 6, y.at(value) + 4, _number(value), "end")]
    for i, some in enumerate(series):
        svg += _series(some, i, x, y)
    return "\n".join(svg + ["</svg>"]) + "\n"


def _text(x, y, text, anchor="middle", size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
            f'font-size="{size}">{html.escape(text)}</text>')


def _line(x1, y1, x2, y2):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="#ddd"/>')


def _series(series, i, x, y):
    colour = COLOURS[series.colour % len(COLOURS)]
    dash = ' stroke-dasharray="5 4"' if series.dashed else ""
    path = " ".join(f"{x.at(px):.1f},{y.at(py):.1f}"
                    for px, py, _ in sorted(series.points))
    key_x, key_y = WIDTH - RIGHT + 12, TOP + 10 + 18 * i
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" '
        f'stroke-width="1.5"{dash}/>',
        *(f'<circle cx="{x.at(px):.1f}" cy="{y.at(py):.1f}" r="3.5" '
          f'stroke="{colour}" fill="{colour if solid else "white"}"/>'
          for px, py, solid in series.points),
        f'<line x1="{key_x}" y1="{key_y - 4}" x2="{key_x + 22}" '
        f'y2="{key_y - 4}" stroke="{colour}" stroke-width="1.5"{dash}/>',
        _text(key_x + 28, key_y, series.name, "start", 11),
    ]
