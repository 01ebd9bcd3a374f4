"""Commands that measure: each prints a table of ratios against a floor taken in the same run."""
