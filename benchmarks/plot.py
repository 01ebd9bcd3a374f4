"""A drawing of latency against library size, both logarithmic, as SVG of our own making."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 400, 70, 30, 220, 50
COLORS = ("#0a6b4f", "#2fa37e", "#6b4aa0", "#b4541a", "#1d6fb8", "#777777")
LINE = 16  # between two names


def plot(series: dict[str, dict[int, float]]) -> str:
    """Return the SVG of seconds by name and number of pictures."""
    sizes = sorted({size for points in series.values() for size in points})
    times = [seconds for points in series.values() for seconds in points.values()]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])

    def x(size: int) -> float:
        share = (math.log10(size) - first) / ((last - first) or 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(seconds: float) -> float:
        share = (math.log10(seconds) - low) / ((high - low) or 1)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="13" fill="#333">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="18">A page of 60 and 40 counts, over HTTP</text>',
    ]
    for power in range(low, high + 1):
        where = y(10.0**power)
        text = f"{10.0 ** (power + 3):g} ms"
        parts.append(
            f'<path d="M{LEFT} {where:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{where + 4:.1f}" text-anchor="end">{text}</text>'
        )
    for size in sizes:
        parts.append(
            f'<text x="{x(size):.1f}" y="{HEIGHT - 24}" text-anchor="middle">{size:,}</text>'
        )
    ends = {name: y(points[max(points)]) for name, points in series.items()}
    named = _apart(ends)
    for color, (name, points) in zip(COLORS, series.items(), strict=False):
        line = " ".join(f"{x(size):.1f},{y(points[size]):.1f}" for size in sorted(points))
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>'
            f'<path d="M{x(max(points)) + 3:.1f} {ends[name]:.1f}L{WIDTH - RIGHT + 14}'
            f' {named[name]:.1f}" stroke="{color}" stroke-dasharray="1 3"/>'
            f'<text x="{WIDTH - RIGHT + 18}" y="{named[name] + 4:.1f}" fill="{color}">'
            f"{escape(name)}</text>"
        )
        parts += [
            f'<circle cx="{x(size):.1f}" cy="{y(seconds):.1f}" r="3" fill="{color}"/>'
            for size, seconds in points.items()
        ]
    return "\n".join([*parts, "</svg>", ""])


def _apart(heights: dict[str, float]) -> dict[str, float]:
    """Return where names stand beside the ends of their lines, so that none covers another."""
    placed: dict[str, float] = {}
    lowest = 0.0
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        lowest = placed[name] = max(height, lowest + LINE)
    return placed
