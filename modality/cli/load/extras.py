"""What `modality load` does beside and after the load: faults, verification, reports, metrics, comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modality.errors import UsageError

if TYPE_CHECKING:
    from modality.load.account import Account
    from modality.load.engine.loop import Watch
    from modality.load.engine.run import Load
    from modality.load.faults.injector import Injector, Struck
    from modality.load.metrics import Metrics
    from modality.load.truth import Truth
    from modality.network.retrieve.move import Listen

Command = TypeVar("Command", bound=Callable[..., Any])

SAMPLE = 10
"""Instances fetched and compared by --verify (our choice)."""
NAMES = (
    "verify", "verify_sample", "verify_wait", "report", "baseline", "junit", "metrics", "metrics_host", "faults",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Extras:
    """What was asked for beside the load.

    Args:
        verify: ask the archive afterwards what it holds.
        verify_sample: how many instances are fetched and compared; -1 for all.
        verify_wait: how long instances not listed yet are waited for, in seconds.
        report: where the report is written; None for none.
        baseline: the JSON of an earlier run to compare with.
        junit: where the JUnit file is written.
        metrics: the port for Prometheus; None for none.
        metrics_host: where it listens.
        faults: faults of ours, as text.
    """

    verify: bool
    verify_sample: int
    verify_wait: float
    report: Path | None
    baseline: Path | None
    junit: Path | None
    metrics: int | None
    metrics_host: str
    faults: tuple[str, ...]

    @classmethod
    def of(cls, options: Mapping[str, Any], addresses: Sequence[str]) -> Extras:
        """Those among the options of the command, for loads on these addresses.

        Raises:
            UsageError: a file cannot be written, or a fault is none; said before the load, and not after it.
        """
        from modality.load.faults.table import parse
        from modality.load.junit import check_writable
        from modality.network.address import parse_dicom

        made = cls(**{name: options[name] for name in NAMES})
        for path in (made.report, made.junit):
            if path:
                check_writable(path)
        for text in made.faults:
            parse(text)
        for address in addresses if made.faults else ():
            parse_dicom(address)  # faults are thrown over DIMSE
        if made.baseline:
            made.earlier()
        return made

    def earlier(self) -> dict[str, Any]:
        """The JSON document of the earlier run.

        Raises:
            UsageError: the file is no such document.
        """
        import json

        assert self.baseline is not None
        try:
            found = json.loads(self.baseline.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.baseline}: no JSON of an earlier run: {error}") from error
        if not isinstance(found, dict) or not {"planned", "sent", "latency_ms"} <= found.keys():
            raise UsageError(f"{self.baseline}: not what `modality load --json` prints")
        return found


def _sample(_: click.Context, __: click.Parameter, value: str) -> int:
    if value == "all":
        return -1
    if value.isascii() and value.isdigit():
        return int(value)
    raise click.BadParameter("a number, or all")


def _print_locustfile(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from modality.load.distributed.settings import locust_path

        click.echo(str(locust_path()))
        context.exit()


def _explain_faults(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from modality.load.faults.table import explanation

        click.echo(explanation().replace("\b\n", ""))
        context.exit()


def extra_options(command: Command) -> Command:
    """Add the options."""
    for option in reversed((
        click.option("--verify", is_flag=True, help="Ask the archive afterwards for every study: is anything lost?"),
        click.option(
            "--verify-sample", default=str(SAMPLE), show_default=True, metavar="N|all", callback=_sample,
            help="With --verify: so many instances are fetched, and compared element by element and pixel by pixel.",
        ),
        click.option(
            "--verify-wait", type=click.FloatRange(0), default=10.0, show_default=True, metavar="SECONDS",
            help="With --verify: an archive that indexes after it answers has so long.",
        ),
        click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a report."),
        click.option(
            "--baseline", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
            help="Compare with an earlier run, of which this is the --json.",
        ),
        click.option("--junit", type=click.Path(path_type=Path), metavar="FILE.xml", help="Objectives as test cases."),
        click.option("--metrics", type=click.IntRange(0, 65535), metavar="PORT", help="For Prometheus, live."),
        click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Where --metrics listens."),
        click.option(
            "--fault", "faults", multiple=True, metavar="NAME[,every=N]",
            help="Throw a fault beside the load, once for N requests (repeatable); see --faults.",
        ),
        click.option(
            "--faults", "list_faults", is_flag=True, is_eager=True, expose_value=False, callback=_explain_faults,
            help="List the faults and the defects of malformed data sets.",
        ),
        click.option(
            "--print-locustfile", is_flag=True, is_eager=True, expose_value=False, callback=_print_locustfile,
            help="Print the path of the file that Locust runs, for a load from many machines.",
        ),
    )):  # fmt: skip
        command = option(command)
    return command


class Side:
    """What runs beside one load, and what comes of it afterwards."""

    def __init__(self, made: Load, extras: Extras, injector: Injector | None, metrics: Metrics | None) -> None:
        self.made, self.extras = made, extras
        self._injector, self._metrics = injector, metrics

    @property
    def struck(self) -> list[Struck]:
        """What came of the faults."""
        return self._injector.struck if self._injector else []

    def watch(self, other: Watch | None) -> Watch | None:
        """One watch that tells all who want to know; None where nobody does."""
        injector, metrics = self._injector, self._metrics
        if not injector and not metrics:
            return other

        def tell(account: Account, now_s: float, waiting: int) -> None:
            if injector:
                injector.tick(account.planned)
            if metrics:
                metrics.watch(account, now_s, waiting)
            if other:
                other(account, now_s, waiting)

        return tell

    def settle(self, account: Account) -> None:
        """Throw what is still due at the end of a load, and wait for the faults that are under way."""
        if self._injector:
            self._injector.tick(account.planned)
            self._injector.finish()

    def verified(self, account: Account, listen: Listen | None) -> Truth | None:
        """Ask the archive what it holds, if that was asked for."""
        from modality.cli.verb import progress, say
        from modality.errors import ModalityError
        from modality.load.truth import look_for_struck, verify

        truth = None
        if self.extras.verify:
            made, sample = self.made, self.extras.verify_sample
            studies = {one.uid: one for one in made.plan.studies}
            with progress(len(account.fates), "verifying") as done:
                truth = verify(
                    account, made.to, made.local, lambda uid, index: made.material.instance(studies[uid], index),
                    sample=account.sent if sample < 0 else sample, settle_s=self.extras.verify_wait, listen=listen,
                    progress=done,
                )  # fmt: skip
            try:
                if self.struck:
                    look_for_struck(self.struck, made.to, made.local)
            except ModalityError as error:
                say(f"not looked for what the faults sent: {error}")
        if self._metrics:
            self._metrics.see(account, account.elapsed_s, 0)
        return truth


@contextmanager
def beside(made: Load, extras: Extras) -> Iterator[Side]:
    """Faults and metrics beside a load, for as long as it goes on.

    Raises:
        UsageError: a port cannot be had, or faults are to be thrown over HTTP.
    """
    from modality.cli.verb import say
    from modality.load.faults.injector import Injector, stamped
    from modality.load.metrics import Metrics

    with ExitStack() as stack:
        metrics = None
        if extras.metrics is not None:
            metrics = stack.enter_context(Metrics(extras.metrics, extras.metrics_host))
            say(f"metrics at {metrics.host}:{metrics.port}/metrics")
        injector = None
        if extras.faults:
            example = made.material.instance(made.plan.studies[0], 0)
            injector = Injector(extras.faults, made.to, made.local, lambda: stamped(example))
            stack.enter_context(injector)
        yield Side(made, extras, injector, metrics)
