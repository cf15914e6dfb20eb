"""What `dovecote build` makes of what dbt says and leaves, with a script in place of dbt."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dovecote import building, warehouse
from dovecote.building import Outcome, Progress, build, steps_back
from dovecote.publish import Published, publish, restore
from publish.shops import HISTORY, Shop, shop_in

RUN_ID = "00000001-0000-4000-8000-000000000000"
ORDERS = """input_fingerprints = '{{"orders": {{"rows": {}}}}}'"""
Say = Callable[..., Outcome]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    (tmp_path / "dbt_project.yml").touch()
    monkeypatch.chdir(tmp_path)
    return shop_in(tmp_path, monkeypatch)


@pytest.fixture
def runs(shop: Shop) -> Path:
    return shop.file.with_name("shop.runs")


@pytest.fixture
def build_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Outcome]:
    """Build with a script as dbt; it knows where its target is."""

    def with_script(
        script: str, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> Outcome:
        started = subprocess.Popen

        def start(command: list[str], **named: object) -> subprocess.Popen[str]:
            assert command[3:5] == ["--log-format", "json"]
            target = command[command.index("--target-path") + 1]
            return started([sys.executable, "-c", script, target, *command], **named)  # type: ignore[call-overload,no-any-return]

        monkeypatch.setattr(subprocess, "Popen", start)
        try:
            return build(("--select", "one"), on_progress)
        finally:
            monkeypatch.setattr(subprocess, "Popen", started)

    return with_script


def event(name: str = "Note", message: str = "", level: str = "info", **data: object) -> str:
    info = {"name": name, "msg": message, "level": level, "invocation_id": RUN_ID}
    return json.dumps({"info": info, "data": data})


def printing(*lines: str, results: str | None = None) -> str:
    return (
        "import sys, pathlib\n"
        f"print(*{lines!r}, sep=chr(10))\n"
        f"target, results = pathlib.Path(sys.argv[1]), {results!r}\n"
        "target.mkdir(parents=True)\n"
        "if results is not None: (target / 'run_results.json').write_text(results)\n"
    )


def node(name: str, status: str = "success", seconds: float = 1.0) -> dict[str, object]:
    return {
        "unique_id": f"model.dovecote.{name}",
        "status": status,
        "execution_time": seconds,
        "message": f"{name} says",
        "relation_name": None,
    }


def results_of(*nodes: dict[str, object]) -> str:
    return json.dumps({"results": nodes})


def node_event(name: str, status: str, total: int = 3) -> str:
    return event(
        node_info={
            "unique_id": f"model.dovecote.{name}",
            "node_name": name,
            "node_status": status,
            "resource_type": "model",
        },
        total=total,
    )


@pytest.mark.parametrize(
    "stray",
    [
        "Warning: a library says so",
        "17",
        '"text"',
        "[1]",
        "null",
        '{"info": 1, "data": 2}',
        '{"info": {}, "data": {}}',
        '{"level": "info"}',
    ],
)
def test_lines_that_are_no_events_are_passed_on(shop: Shop, build_with: Say, stray: str) -> None:
    shop.build()
    outcome = build_with(printing(event(), stray, "", event("PrintEvent", "of dbt's")))
    assert outcome.messages == [stray, "of dbt's"]
    assert outcome.build
    assert outcome.build.run_id == RUN_ID
    assert outcome.is_green


def test_the_projects_own_sentence_is_taken_out_of_what_dbt_wraps_around_it(
    shop: Shop, build_with: Say
) -> None:
    wrapped = "Encountered an error:\n  Dovecote: orders.csv lacks ordered_at: add it.\n  in macro"
    outcome = build_with(printing(event("MainEncounteredError", wrapped, "error")))
    assert outcome.messages == ["orders.csv lacks ordered_at: add it."]
    assert outcome.build is None
    assert not outcome.is_green


def test_progress_is_reckoned_by_what_the_build_before_took(shop: Shop, build_with: Say) -> None:
    build_with(printing(results=results_of(node("one", seconds=4), node("two", seconds=6))))
    seen: list[Progress] = []
    said = [
        node_event(name, status)
        for name in ("one", "new")
        for status in ("started", "success", "success")
    ]
    build_with(printing(*said), seen.append)
    assert [progress.done_seconds for progress in seen] == [0, 4, 4, 4, 4.2, 4.2]
    assert {progress.all_seconds for progress in seen} == {10.2}
    assert [progress.nodes_done for progress in seen] == [0, 1, 1, 1, 2, 2]


def test_failures_and_the_slowest_are_told(shop: Shop, build_with: Say) -> None:
    nodes = [node("a", "fail", 2), node("b", "skipped", 0), node("c", seconds=5), node("d", "warn")]
    operation = node("on_run_start") | {"unique_id": "operation.dovecote.on_run_start"}
    outcome = build_with(printing(results=results_of(operation, *nodes)))
    assert [(f.node, f.message) for f in outcome.failures] == [("a", "a says")]
    assert outcome.skipped == 1
    assert outcome.slowest == [("c", 5), ("a", 2), ("d", 1)]


@pytest.mark.parametrize("cut_at", [0, 1, 20, -1])
def test_results_that_were_cut_off_count_as_none_and_go_at_the_next_build(
    shop: Shop, runs: Path, build_with: Say, cut_at: int
) -> None:
    whole = results_of(node("one"))
    ended = build_with(printing(results=whole))
    died = build_with(printing(results=whole[:cut_at]))
    assert (died.slowest, died.failures, died.skipped) == ([], [], 0)
    assert died.run_folder.is_dir()
    last = build_with(printing(results=whole))
    assert set(runs.iterdir()) == {ended.run_folder, last.run_folder}


def test_the_last_runs_that_ended_stay_and_stray_files_do_no_harm(
    shop: Shop, runs: Path, build_with: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "RUNS_KEPT", 2)
    folders = [build_with(printing(results=results_of(node("one")))).run_folder for _ in range(3)]
    strays = [runs / "notes.txt", runs / "2025-03-01T000000.000000Z", runs / "kept"]
    for stray in strays[:2]:
        stray.touch()
    strays[2].mkdir()
    build_with(printing())
    assert folders[0] not in runs.iterdir()
    assert {*folders[1:], *strays} < set(runs.iterdir())


def test_the_last_parse_of_a_run_that_ended_is_used_again(shop: Shop, build_with: Say) -> None:
    script = printing(results=results_of(node("one"))) + (
        "(target / 'partial_parse.msgpack').touch()\n"
        "print('said', [word for word in sys.argv if 'partial_parse' in word])\n"
    )
    ended = build_with(script)
    again = build_with(script)
    assert ended.messages[-1] == "said []"
    parsed = ended.run_folder / "target" / "partial_parse.msgpack"
    assert again.messages[-1] == f"said {[str(parsed)]}"


def test_while_dbt_runs_the_lock_names_it(shop: Shop, build_with: Say) -> None:
    lock = shop.file.with_name("shop.lock")
    outcome = build_with(
        "import json, os, sys, time\n"
        "mine = None\n"
        "for _ in range(500):\n"
        f"    mine = json.loads(open({str(lock)!r}).read())['process'] == os.getpid()\n"
        "    if mine: break\n"
        "    time.sleep(0.01)\n"
        "print('mine' if mine else 'not mine')\n"
    )
    assert outcome.messages[-1] == "mine"
    assert lock.read_bytes() == b""


def test_dbt_inherits_the_lock(shop: Shop, build_with: Say) -> None:
    lock = shop.file.with_name("shop.lock")
    outcome = build_with(
        "import psutil\nprint([file.path for file in psutil.Process().open_files()])\n"
    )
    assert str(lock) in outcome.messages[-1]


def test_a_run_that_stopped_says_why_and_nothing_else(shop: Shop, build_with: Say) -> None:
    shop.build("stopped", message="an input is missing")
    outcome = build_with(printing(event(), "Traceback", event("PrintEvent", "more")))
    assert outcome.messages == ["an input is missing"]
    assert outcome.build
    assert outcome.build.status == "stopped"
    assert not outcome.is_green


def test_no_build_begins_outside_of_a_project_or_while_another_is_at_work(
    shop: Shop, runs: Path, tmp_path: Path, build_with: Say
) -> None:
    with warehouse.locked(), pytest.raises(ValueError, match="is in use by"):
        build_with(printing())
    (tmp_path / "dbt_project.yml").unlink()
    with pytest.raises(ValueError, match=r"has no dbt_project\.yml: change to the folder"):
        build_with(printing())
    assert not runs.exists()


def test_dbt_leaves_its_temporary_files_in_the_folder_of_the_run(
    shop: Shop, build_with: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # dbt changes to the folder of the project, wherever it was called from.
    monkeypatch.setenv("DOVECOTE_WAREHOUSE", str(shop.file.relative_to(tmp_path)))
    outcome = build_with(
        "import os, tempfile\nos.chdir('/')\nprint(os.path.realpath(tempfile.gettempdir()))\n"
    )
    assert outcome.messages == [str(outcome.run_folder.resolve())]


def test_ctrl_c_ends_dbt_and_the_registry_says_so(
    shop: Shop, build_with: Say, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    shop.build("running")
    # A shell that runs tests in the background has them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    began = tmp_path / "began"
    outcome = build_with(
        "import os, pathlib, signal, time\n"
        f"print({node_event('one', 'started')!r}, flush=True)\n"
        f"while not pathlib.Path({str(began)!r}).exists(): time.sleep(0.01)\n"
        # As a terminal does, to every process of the group.
        "for process in (os.getpid(), os.getppid()): os.kill(process, signal.SIGINT)\n"
        "time.sleep(60)\n",
        lambda _: began.touch(),
    )
    assert outcome.exit_code == -signal.SIGTERM
    assert outcome.messages == ["Stopped by hand: what was built until then stays, unpublished."]
    assert outcome.build
    assert (outcome.build.run_id, outcome.build.status) == (RUN_ID, "aborted")
    assert not outcome.is_green
    with warehouse.locked():
        pass


AS_OF = "as of 2025-03-01 05:05, earlier than the green build before (2025-03-01 06:05)"
ROWS = "orders has 1 rows, 2 in the green build before."


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], [f"{AS_OF}: is the input whole?", ROWS]),
        (["as_of = '2025-03-01 06:05:06'"], [ROWS]),
        ([ORDERS.format(2)], [f"{AS_OF}: is the input whole?"]),
        (["as_of = '2025-03-02'", ORDERS.format(3)], []),
        (["as_of = '2025-03-02'", "input_fingerprints = '{}'"], [ROWS.replace("1", "0", 1)]),
        (["is_green = false", "status = 'part'"], []),
    ],
)
def test_a_green_build_that_went_back_is_noticed(
    shop: Shop, build_with: Say, changes: list[str], expected: list[str]
) -> None:
    shop.build()
    shop.build()
    shop.build("failed", message="mart_a")
    # Of the two green builds the first, which knows less, is the later now.
    later = ", ".join(["started_at = '2025-03-03'", *changes])
    shop.run(f"update {HISTORY}.builds set {later} where run_id = '{RUN_ID}'")
    assert steps_back(build_with(printing(event()))) == expected


def test_a_first_build_did_not_go_back(shop: Shop, build_with: Say) -> None:
    shop.build()
    assert steps_back(build_with(printing(event()))) == []


def test_a_lost_warehouse_is_not_begun_anew_where_a_version_can_bring_it_back(
    shop: Shop, runs: Path, build_with: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build()
    version, _ = publish(Published())
    shop.file.unlink()
    with pytest.raises(ValueError, match=f"{shop.file} is not there, but .* restore it"):
        build_with(printing())
    assert not runs.exists()
    restore(version)
    assert build_with(printing()).exit_code == 0
    shop.file.unlink()
    (version.folder / "manifest.json").unlink()
    # Its list of forgotten people may be whole.
    with pytest.raises(ValueError, match="is not there, but"):
        build_with(printing())
    monkeypatch.setenv("DOVECOTE_PUBLISHED", str(runs / "elsewhere"))
    assert build_with(printing()).exit_code == 0
