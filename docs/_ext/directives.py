"""The directives of these pages and what each becomes, before Sphinx sees anything."""

import re
from collections.abc import Callable

from _ext.page import component_page
from _ext.reference import inner_modules, module_text, public_names, rest_of_thermal
from _ext.report import report_page
from _ext.signal_tables import signal_tables

EXPANSIONS: dict[str, Callable[[str], str]] = {
    "component": component_page, "modules": inner_modules, "physics": module_text, "public": public_names, "report": report_page,
    "rest": rest_of_thermal, "signals": signal_tables,
}  # fmt: skip
"""What a directive becomes, from its argument."""
DIRECTIVE = re.compile(rf"^```\{{({'|'.join(EXPANSIONS)})\}} (\S+)\n```$", re.MULTILINE)


def expanded(text: str) -> str:
    """A page with the text in place of every directive."""
    return DIRECTIVE.sub(lambda match: EXPANSIONS[match[1]](match[2]), text)
