"""What the pages are made with: outlines of docstrings, data sheets, and their expansion into Markdown."""
