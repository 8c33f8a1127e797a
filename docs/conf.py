"""Sphinx configuration; the pages are built by ``make docs``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lowlift import __version__

project = "lowlift"
author = "the lowlift developers"
copyright = "the lowlift developers, BSD-3-Clause"
version = release = __version__

extensions = ["sphinx.ext.autodoc", "myst_parser", "_ext.hooks"]
root_doc = "index"
exclude_patterns = ["_*"]
source_suffix = {".md": "markdown"}

nitpicky = True
nitpick_ignore_regex = [("py:class", r"pd\..*|Figure|Axes")]
"""Annotations of other projects that are quoted, or imported for type checkers only."""
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
add_module_names = False
python_display_short_literal_types = True
highlight_language = "none"

html_theme = "furo"
html_title = f"lowlift {version}"
html_static_path = ["_static"]
html_css_files = ["lowlift.css"]
html_show_sourcelink = False
html_copy_source = False
LIGHT = {"ink": "#1b1e23", "muted": "#5c636b", "grid": "#dde1e6", "paper": "#ffffff", "bad": "#c1272d"}
DARK = {"ink": "#e8eaed", "muted": "#a3abb5", "grid": "#353b43", "paper": "#131416", "bad": "#ff7a75"}
html_theme_options = {
    "light_css_variables": {**LIGHT, "color-brand-primary": "#b84a00", "color-brand-content": "#0b5c8f"},
    "dark_css_variables": {**DARK, "color-brand-primary": "#ff9b54", "color-brand-content": "#6cb6e6"},
}
