"""Pictures that cannot be imported: one line that says why, and nothing written or left running."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import LOUD, PYTHON, Refuse, Run, assert_refused, start
from .test_bad_outputs import without_root

IMPORT = ("data", "import")


def png(mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (6, 4)).save(stream, "PNG")
    return stream.getvalue()


GOOD = {f"{label}/{k}.png": png() for label in ("cat", "dog") for k in range(3)}


@pytest.fixture(autouse=True)
def folder(folder: Path) -> Path:
    """The working folder, with photos/."""
    add("photos", GOOD)
    return folder


def add(root: str, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        Path(root, name).parent.mkdir(parents=True, exist_ok=True)
        Path(root, name).write_bytes(content)


def tar(name: str, size: int = 0) -> None:
    """x.tar of good pictures and a member of that name and size."""
    with tarfile.open("x.tar", "w") as archive:
        for good, content in GOOD.items():
            info = tarfile.TarInfo(good)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        info = tarfile.TarInfo(name)
        info.size = size
        archive.addfile(info, io.BytesIO(bytes(size)))


def zip_(name: str, content: bytes = b"") -> None:
    with zipfile.ZipFile("x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in {**GOOD, name: content}.items():
            archive.writestr(member, data)


class TestArchives:
    def test_names_that_lead_out(self, refuses: Refuse) -> None:
        tar("../cat/4.png")
        zip_("../cat/4.png")
        for path in ("x.tar", "x.zip"):
            says = f"error: {path}: member '../cat/4.png' points outside the archive"
            refuses(*IMPORT, path, says=says)

    @pytest.mark.parametrize("form", ["tar", "zip"])
    def test_bombs(self, form: str) -> None:
        """A member of 100 MB that is nothing but zeros, where so much memory is not to be had."""
        if form == "zip":
            zip_("dog/4.png", bytes(100 << 20))
        else:
            tar("dog/4.png", size=100 << 20)
        line = [*PYTHON, *IMPORT, f"x.{form}", "-o", "x.h5"]
        limit = (1200 << 20, 1200 << 20)
        result = start(
            line, Path(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit)
        )
        assert_refused(result, f"x.{form}: dog/4.png: larger than 64 MB (--skip-bad")


class TestPictures:
    def test_a_bad_one(self, c10h: Run, refuses: Refuse) -> None:
        add("photos", {"dog/1b.png": png("RGBA")})
        why = "dog/1b.png: expected an opaque image, found a partly transparent one"
        refuses(*IMPORT, "photos", says=[f"photos: {why}", "(--skip-bad leaves such"])
        result = c10h(*IMPORT, "photos", "--skip-bad", "-o", "x.h5")
        first, last = result.err.splitlines()
        assert first.startswith(f"left out 1 undecodable image, the first is {why}")
        assert last == "x.h5: 6 images of 6 x 4 pixels, 2 classes, with truth, with ids"

    def test_one_in_many(self, process: Run) -> None:
        """Found by a worker process, and named."""
        add("photos", {f"cat/{k:04d}.png": GOOD["cat/0.png"] for k in range(1000)})
        add("photos", {"cat/0777.png": b"broken"})
        result = process(*IMPORT, "photos", "-o", "x.h5")
        assert_refused(result, "photos: cat/0777.png: not a PNG, JPEG, ")
        assert os.listdir() == ["photos"]

    def test_a_picture_that_may_not_be_read(self, folder: Path) -> None:
        Path("photos/dog/1.png").chmod(0)
        line = [*PYTHON, *IMPORT, "photos", "-o", "x.h5"]
        assert_refused(start(without_root(line), folder), "photos: dog/1.png: permission denied")

    def test_a_folder_that_may_not_be_read(self, folder: Path) -> None:
        Path("photos/dog").chmod(0)
        line = [*PYTHON, *IMPORT, "photos", "-o", "x.h5"]
        result = start(without_root(line), folder)
        Path("photos/dog").chmod(0o700)
        assert_refused(result, "photos/dog: permission denied")


class TestArguments:
    def test_no_file(self, refuses: Refuse) -> None:
        refuses(*IMPORT, "nowhere", says="nowhere: no such file or directory")

    def test_a_file_of_another_meaning(self, c10h: Run, refuses: Refuse) -> None:
        assert c10h(*IMPORT, "photos", "-o", "x.h5").status == 0
        refuses(*IMPORT, "x.h5", says="a c10h file of images, which needs no import")
        refuses(*IMPORT, "photos/cat/0.png", says="a single image: name the folder that it is in")
        refuses(*IMPORT, "photos", "--labels", "photos", says="photos: expected a file, found a fo")

    @pytest.mark.parametrize("option", ["--labels", "--map", "--ids"])
    def test_other_files_that_are_not_there(self, refuses: Refuse, option: str) -> None:
        np.save("x.npy", np.zeros((3, 4, 4, 3), np.uint8))
        refuses(*IMPORT, "x.npy", option, "nowhere", says="nowhere: no such file or directory")

    @pytest.mark.parametrize("option", ["--labels", "--map", "--ids"])
    def test_an_output_that_is_an_input(self, refuses: Refuse, option: str) -> None:
        for inputs in (["x.npy", option, "y"], ["y", option, "x.npy"]):
            says = "y: is an input of this command, which it would replace"
            refuses(*IMPORT, *inputs, "-o", "y", "--force", says=says)

    def test_stdin_for_two(self, refuses: Refuse) -> None:
        refuses(*IMPORT, "-", "--labels", "-", says="'-' (stdin) can be used for only one input")

    def test_an_old_output(self, refuses: Refuse) -> None:
        Path("x.h5").write_text("old")
        refuses(*IMPORT, "photos", "-o", "x.h5", says="x.h5: exists already (--force replaces it)")
        refuses(*IMPORT, "photos", "-o", "photos", "--force", says="photos: expected a file name")
        assert Path("x.h5").read_text() == "old"

    def test_stdout_that_is_full(self, folder: Path) -> None:
        with Path("/dev/full").open("wb") as full:
            result = start([*PYTHON, *IMPORT, "photos", "-o", "-"], folder, stdout=full)
        assert_refused(result, "no space left on device")


# An import that takes a second for eight pictures, and tells when it has kept some.
SLOW = """
import sys, time
from c10h.images import parallel_decoding, pixel_spool
from c10h.__main__ import run
add = pixel_spool.Spool.add
def slowly(*arguments, **options):
    add(*arguments, **options)
    print("added", flush=True)
    time.sleep(1)
pixel_spool.Spool.add = slowly
parallel_decoding.BATCH_FILES = 8
sys.argv = ["c10h", *sys.argv[1:]]
if __name__ == "__main__":
    run()
"""


def processes(group: int) -> list[int]:
    """The living processes of a process group."""
    living = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, members = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(members) == group and state != "Z":
                living.append(int(entry.name))
    return living


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="there is no /proc")
@pytest.mark.parametrize("seen", [1, 4])
@pytest.mark.parametrize(("number", "to_all"), [(signal.SIGINT, True), (signal.SIGKILL, False)])
def test_an_end_from_outside(folder: Path, number: int, to_all: bool, seen: int) -> None:
    """Ctrl-C, which a terminal sends to all processes, and kill: nothing is left, nothing runs."""
    Path("slow.py").write_text(SLOW)
    add("photos", {f"cat/{k}.png": png() for k in range(200)})
    before = set(folder.iterdir())
    environment = {key: value for key, value in os.environ.items() if key not in LOUD}
    process = subprocess.Popen(
        [sys.executable, "slow.py", *IMPORT, "photos", "-o", "x.h5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        for _ in range(seen):
            assert process.stdout.readline() == b"added\n"
        (os.killpg if to_all else os.kill)(process.pid, number)
        process.wait(timeout=20)
        deadline = time.monotonic() + 10
        while processes(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes(process.pid) == []
        assert process.stderr is not None
        err = process.stderr.read().decode()
    assert set(folder.iterdir()) == before
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert err.strip() in ("", "Aborted!", "Aborted.")
