"""The command: exit codes, files written, JSON, the page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from validation_tables import REFERENCE, copy, outputs, read

from lowlift.cli import app
from lowlift.sim.validation.show import reasons, share, spans

runner = CliRunner()


def run(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, ["validate", *map(str, arguments)])
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout, result.stderr


def test_writes_tables_with_the_same_columns(tmp_path) -> None:
    out = tmp_path / "out"
    names = ("psychrometrics", "evap_direct_celdek_energyplus")
    files = [copy(n, tmp_path, change=lambda record, n=n: record.update(dict.fromkeys(outputs(n), ""))) for n in names]
    code, shown, _ = run(*files, "--out", out)
    assert code == 0 and str(out / "psychrometrics.csv") in shown and "computed" in shown
    for name in names:
        known, filled = read(REFERENCE / f"{name}.csv"), read(out / f"{name}.csv")
        assert filled[0] == known[0] and len(filled[1]) == len(known[1])
        for mine, theirs in zip(filled[1], known[1], strict=True):
            for column, a, b in zip(known[0], mine, theirs, strict=True):
                assert a == b if column not in outputs(name) else abs(float(a) - float(b)) < 1e-2 * abs(float(b)) + 0.1


def test_exit_codes(tmp_path) -> None:
    good = copy("psychrometrics", tmp_path)
    assert run(good)[0] == 0
    bad = copy("dry_cooler_energyplus", tmp_path, change=lambda record: record.update(q_W="1"))
    code, shown, _ = run(good, bad)
    assert code == 1 and "FAIL" in shown and "worst rows" in shown
    code, _, said = run(good, tmp_path / "nowhere.csv")
    assert code == 2 and "nowhere.csv: cannot be read" in said
    code, _, said = run(good, "--weather", tmp_path / "none")
    assert code == 2 and "no such folder (--weather)" in said


def test_malformed_rows_are_named_on_standard_error(tmp_path) -> None:
    seen = []

    def spoil(record: dict[str, str]) -> None:
        seen.append(record)
        if len(seen) == 3:
            record["rh_frac"] = "damp"

    code, _, said = run(copy("psychrometrics", tmp_path, rows=5, change=spoil))
    assert code == 0
    assert "psychrometrics.csv: row 3 (line 4): rh_frac = 'damp': is not a number" in said


def test_json(tmp_path) -> None:
    code, shown, _ = run(copy("chiller_eir_energyplus", tmp_path), "--json")
    data = json.loads(shown)
    assert code == 0 and data["passed"]
    (table,) = data["tables"]
    assert table["table"] == "chiller_eir_energyplus" and table["rows"] == table["compared"] == 688 and table["inside"] == 1.0
    assert table["columns"]["p_elec_W"]["worst_rel"] < 0.002 and table["columns"]["p_elec_W"]["tolerance"] == "tol_p_rel"
    assert "beyond Carnot" in table["laws_checked"] and table["laws_broken"] == {}


def test_several_files_of_one_kind_keep_their_names(tmp_path) -> None:
    out = tmp_path / "out"
    for stem in ("psychrometrics", "psychrometrics_b"):
        copy("psychrometrics", tmp_path, rows=2, stem=stem)
    assert run(tmp_path / "psychrometrics.csv", tmp_path / "psychrometrics_b.csv", "--out", out)[0] == 0
    assert {p.name for p in out.iterdir()} == {"psychrometrics.csv", "psychrometrics_b.csv"}
    (tmp_path / "other").mkdir()
    twin = copy("psychrometrics", tmp_path / "other", rows=2)
    code, _, said = run(tmp_path / "psychrometrics.csv", twin, "--out", out)
    assert code == 2 and "several files would be written under this name" in said


def test_never_writes_over_a_table_read(tmp_path) -> None:
    path = copy("psychrometrics", tmp_path, rows=2)
    before = path.read_bytes()
    code, _, said = run(path, "--out", tmp_path)
    assert code == 2 and "written over the table read" in said
    assert path.read_bytes() == before


def test_page(tmp_path) -> None:
    page = tmp_path / "validation.md"
    files = [REFERENCE / f"{n}.csv" for n in ("hx_eps_ntu", "published_points")]
    assert run(*files, "--page", page)[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "](validation/hx_eps_ntu.png)" in text and "from_memory_unverified" in text
    assert (tmp_path / "validation" / "hx_eps_ntu.png").stat().st_size > 5000
    first = page.read_bytes(), (tmp_path / "validation" / "hx_eps_ntu.png").read_bytes()
    assert run(*files, "--page", page)[0] == 0
    assert first == (page.read_bytes(), (tmp_path / "validation" / "hx_eps_ntu.png").read_bytes())


def test_the_page_of_the_documentation_covers_every_table() -> None:
    docs = Path(__file__).parents[3] / "docs"
    text = (docs / "validation.md").read_text(encoding="utf-8")
    for path in REFERENCE.glob("*.csv"):
        assert f"`{path.name}`" in text
        assert f"](validation/{path.stem}.png)" in text and (docs / "validation" / f"{path.stem}.png").is_file()
    assert "FAIL" not in text


@pytest.mark.parametrize(("x", "words"), [(1.0, "100 %"), (0.99999, "99.99 %"), (0.5, "50.00 %"), (None, "")])
def test_shares_never_round_up_to_all(x: float | None, words: str) -> None:
    assert share(x) == words


def test_rows_of_one_reason_stand_together(tmp_path) -> None:
    from lowlift.sim.validation.command import validate

    (r,) = validate([REFERENCE / "published_points.csv"])
    assert [line.split(":")[0] for line in reasons(r)][1] == "rows 26-28, 52-54, 60-62"
    assert spans([]) == ""
