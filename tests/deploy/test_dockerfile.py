"""The Dockerfile: what the image is, and what it is made of."""

import pytest
from ringmain_server.storage.url import STATE

from tests.deploy.build import copied
from tests.deploy.dockerfile import Instruction, admits, instructions, stages
from tests.deploy.files import DEPLOY, ROOT

BUILD, RUNTIME = stages((DEPLOY / "Dockerfile").read_text())


def test_instructions_are_read_over_comments_and_continued_lines() -> None:
    """Comments vanish, also within a continued line, and continued lines are one."""
    text = "# syntax=x\nFROM a\n\nRUN one \\\n  # why\n  && two\n"
    assert list(instructions(text)) == [Instruction("FROM", "a"), Instruction("RUN", "one && two")]


def test_arguments_are_those_of_a_shell_or_of_json() -> None:
    """Both forms of an instruction give the same words."""
    assert Instruction("CMD", '["a", "b c"]').words() == Instruction("CMD", "a 'b c'").words() == ["a", "b c"]


def test_a_stage_has_its_base_expanded() -> None:
    """FROM may name an ARG that stands before it."""
    (stage,) = stages("ARG BASE=python:3\nFROM ${BASE} AS build\nUSER 1\nUSER 2\n")
    assert (stage.name, stage.base, stage.last("USER").text) == ("build", "python:3", "2")


@pytest.mark.parametrize(
    ("path", "admitted"),
    [
        ("server/a/b.py", True),
        ("server/a/__pycache__/b.pyc", False),
        ("serverless/a", False),
        (".env", False),
    ],
)
def test_an_ignore_file_admits_by_its_last_match(path: str, admitted: bool) -> None:
    """All is left out but what is let in again, less what is left out below that."""
    assert admits("# why\n*\n!server\n**/__pycache__\n", path) is admitted


def test_both_stages_have_the_same_pinned_slim_base() -> None:
    """A virtual environment belongs to its interpreter; a floating tag would change it unasked."""
    assert BUILD.base == RUNTIME.base
    name, _, tag = BUILD.base.partition(":")
    assert name == "python"
    assert "slim" in tag
    assert "latest" not in tag


def test_it_runs_as_a_user_without_rights_by_number() -> None:
    """Kubernetes can see only of a number that it is not root."""
    user, _, group = RUNTIME.last("USER").text.partition(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000


def test_dependencies_come_before_the_code() -> None:
    """The first RUN sees the locks and the script alone, so that a change of the code leaves it cached."""
    first = [step.keyword for step in BUILD.steps].index("RUN")
    before = [
        path.relative_to(ROOT).as_posix()
        for step in BUILD.steps[:first]
        if step.keyword == "COPY"
        for path, _ in copied(step)
    ]
    assert before == ["deploy/install.sh", "requirements/build.txt", "requirements/image.txt"]
    assert "dependencies" in BUILD.steps[first].words()


def test_the_build_steps_are_the_script() -> None:
    """Nothing is built but by deploy/install.sh, which is tried without an engine."""
    assert [step.words()[0] for step in BUILD.all("RUN")] == ["deploy/install.sh"] * 2


def test_every_copy_finds_files_in_the_context() -> None:
    """What .dockerignore leaves out cannot be copied, and generated stubs and type markers are in."""
    for step in BUILD.all("COPY"):
        assert list(copied(step)), step
    taken = {path.relative_to(ROOT).as_posix() for step in BUILD.all("COPY") for path, _ in copied(step)}
    assert "clients/python/ringmain/v1/chat_service_pb2.py" in taken
    assert "server/ringmain_server/app/app.py" in taken
    assert not [path for path in taken if "__pycache__" in path or path.startswith("tests/")]


def test_the_runtime_has_nothing_of_the_build_but_the_result() -> None:
    """One folder comes over; the distribution brings certificates and nothing else; pip goes."""
    (copy,) = RUNTIME.all("COPY")
    assert copy.words() == ["--from=build", "/opt/ringmain", "/opt/ringmain"]
    (run,) = RUNTIME.all("RUN")
    assert "--no-install-recommends ca-certificates &&" in run.text
    assert "pip uninstall" in run.text


def test_the_process_is_told_to_stop_and_asked_how_it_is() -> None:
    """SIGTERM drains; health is the service's own command, so that no other program is needed."""
    assert RUNTIME.last("STOPSIGNAL").text == "SIGTERM"
    assert RUNTIME.last("ENTRYPOINT").words() == ["ringmain"]
    _, _, health = RUNTIME.last("HEALTHCHECK").text.partition("CMD ")
    assert Instruction("CMD", health).words() == ["ringmain", "health", "--service", "readiness"]
    assert "50051" in RUNTIME.last("EXPOSE").words()


def test_it_has_no_folder_for_a_database() -> None:
    """What is written in a container is gone with it, so the service must be told where keys are kept."""
    words = [word for step in RUNTIME.all("ENV") for word in step.words()]
    assert f"{STATE}=" in words


def test_it_does_not_open_itself_to_others() -> None:
    """Whoever starts the image, not the image, says that callers need no credentials."""
    assert "--allow-unauthenticated" not in RUNTIME.last("CMD").words()
    assert not [step for step in RUNTIME.all("ENV") if "ALLOW_UNAUTHENTICATED" in step.text]
