"""A drawing of latency against library size, both logarithmic, as SVG of our own making."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 400, 70, 30, 220, 50
COLORS = ("#0a6b4f", "#6b4aa0", "#b4541a", "#1d6fb8", "#777777")


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
    for color, (name, points) in zip(COLORS, series.items(), strict=False):
        line = " ".join(f"{x(size):.1f},{y(points[size]):.1f}" for size in sorted(points))
        end = max(points)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>'
            f'<text x="{x(end) + 8:.1f}" y="{y(points[end]) + 4:.1f}" fill="{color}">'
            f"{escape(name)}</text>"
        )
    return "\n".join([*parts, "</svg>", ""])
