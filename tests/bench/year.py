"""How often somebody is told for nothing, in fake time; see bench_year.c."""
import subprocess

import table
from builds import BUILD
from table import Limit


def run():
    table.heading("Year: blips, 2 a day and region, 10 s each, 5 x 50 checks")
    said = subprocess.run([BUILD / "tests" / "bench_year"], check=True,
                          text=True, stdout=subprocess.PIPE).stdout
    found = dict(line.split("\t") for line in said.splitlines())
    table.row("false pages", float(found["pages"]), "", limit=Limit(0),
              note=f"{found['years']} years, seed {found['seed']}")
    table.row("mails a region and year: mean", float(found["mails"]), "",
              limit=Limit(3))
    table.row("mails a region and year: worst year", float(found["worst"]), "")
