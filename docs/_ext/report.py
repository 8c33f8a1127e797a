"""The report of a commissioning script in a page, as readers get it: the script of a notebook is run when the pages are built."""

import datetime
import html
import json
import re
import tempfile
from pathlib import Path

from lowlift import models
from lowlift.hil.commission_report import html as report_html
from lowlift.hil.commissioning import commission

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SCRIPT = re.compile(r'\.write_text\("""\n(.*?)"""\)', re.DOTALL)
PLANT, SCENARIO = re.compile(r'models\.load\("(\w+)"'), re.compile(r'^scenario = "(.+)"$', re.MULTILINE)


def report_page(notebook: str) -> str:
    """Markdown that shows the whole report of a notebook's script in a frame of its own.

    Args:
        notebook: name in the folder of notebooks; it writes one script and names plant and scenario.

    Raises:
        ValueError: it does not.
    """
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    script, plant, scenario = (_only(pattern, source, notebook) for pattern in (SCRIPT, PLANT, SCENARIO))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "three_faults.toml"
        path.write_text(script, encoding="utf-8")
        result = commission(path, models.load(plant, check=False), scenario=scenario)
    page = report_html(result, datetime.datetime.now(datetime.UTC)).replace(str(path), path.name)
    frame = f'<iframe class="report" title="Report of a commissioning script" srcdoc="{html.escape(page)}"></iframe>'
    return f"````{{raw}} html\n{frame}\n````\n"


def _only(pattern: re.Pattern[str], source: str, notebook: str) -> str:
    found = pattern.findall(source)
    if len(found) != 1:
        raise ValueError(f"{notebook}: {len(found)} matches of {pattern.pattern!r}, must be one")
    return str(found[0])
