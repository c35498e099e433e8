"""How Sphinx turns the lessons into the website. `make site` lays them beside this file first."""

import os
import re

project = "Backpropagation and Optimization from Scratch"
author = "The authors of the course"
copyright = "CC BY 4.0, code BSD-3-Clause"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["README.md"]
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]

# As they are stored: `make execute` runs them, and `make test` compares.
nb_execution_mode = "off"
nb_ipywidgets_js = {}  # a picture stands where a live demo would be
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"

# Everything is beside the pages: they are read without a network, and from a folder.
mathjax_path = "mathjax/tex-svg-full.js"
html_static_path = ["_static"]
html_css_files = ["course.css"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"

html_theme = "sphinx_book_theme"
html_title = project
html_show_sphinx = False
html_last_updated_fmt = None
html_context = {"default_mode": "auto"}
html_theme_options = {
    "home_page_in_toc": True,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "navigation_with_keys": True,
    "navbar_persistent": [],
}

# The buttons to launch and to edit need the address of the repository.
REPOSITORY = os.environ.get("COURSE_REPOSITORY", "")
if REPOSITORY:
    html_theme_options |= {
        "repository_url": REPOSITORY,
        "repository_branch": "main",
        "path_to_docs": "notebooks",
        "use_repository_button": True,
        "use_issues_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    }


def as_restructured_text(app, what, name, obj, options, lines):
    """Docstrings here have code in single backticks, and mean every other sign as it is."""
    for number, line in enumerate(lines):
        parts = re.split(r"(`+[^`]+`+)", line)
        lines[number] = "".join(
            f"``{part.strip('`')}``" if part.startswith("`") else re.sub(r"([|*_])", r"\\\1", part)
            for part in parts
        )


def setup(app):
    app.connect("autodoc-process-docstring", as_restructured_text)
