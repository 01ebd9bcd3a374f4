"""Pages, JSON API, upload tickets. Imports catalog, never tagger."""
