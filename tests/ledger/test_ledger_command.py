"""`playground ledger check`."""

import re
from pathlib import Path

from ..support.folders import NewDataDir
from ..terminal.conftest import playground


def test_check_says_that_the_books_agree(new_data_dir: NewDataDir) -> None:
    folder: Path = new_data_dir()
    compared = playground(folder, "compare", "Hi", "-m", "sim/quick", "-m", "sim/careful", SIM_WORDS_PER_SECOND=5_000)
    assert compared.returncode == 0, compared.stderr

    checked = playground(folder, "ledger", "check")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert re.match(r"2 charges, of which \d are not added up yet\. Paid in all: US\$ 0", checked.stdout)
    assert "All sums agree" in checked.stdout
