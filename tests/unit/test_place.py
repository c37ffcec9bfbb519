"""The runtime directory: where it is, whose it is, what its names are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from otp.wire import parcel
from otp.wire import place as places
from otp.wire.place import Place, base, quoted, remove_tree, sweep

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "run"
    monkeypatch.setenv("OTP_RUNTIME_DIR", str(path))
    return path


def test_the_base_is_made_for_its_owner_alone(chosen: Path) -> None:
    os.umask(before := os.umask(0))
    os.umask(0)
    try:
        assert base() == str(chosen)
    finally:
        os.umask(before)
    assert chosen.stat().st_mode & 0o777 == 0o700


def test_the_umask_takes_nothing_from_what_is_made(chosen: Path) -> None:
    """One that takes the right to enter a directory, as some daemons have, would shut us out."""
    before = os.umask(0o177)
    try:
        place = Place(f"{base()}/node")
        place.make()
        parcel.begin(place, 12)
        parcel.introduce(place, 12, 13)
    finally:
        os.umask(before)
    made = [chosen, *filter(Path.is_dir, chosen.rglob("*"))]
    assert len(made) == 7
    assert {path.stat().st_mode & 0o777 for path in made} == {0o700}


def test_a_base_of_ours_is_used_again(chosen: Path) -> None:
    assert base() == base()


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o701, 0o777, 0o710, 0o720])
def test_a_base_that_others_may_enter_is_refused(chosen: Path, mode: int) -> None:
    chosen.mkdir()
    chosen.chmod(mode)
    with pytest.raises(PermissionError, match=f"open to other users.*mode {mode:04o}"):
        base()
    assert chosen.stat().st_mode & 0o777 == mode


@AS_ROOT
def test_a_base_of_somebody_else_is_refused(chosen: Path) -> None:
    chosen.mkdir(mode=0o700)
    os.chown(chosen, 12345, 12345)
    with pytest.raises(PermissionError, match="belongs to user 12345; set OTP_RUNTIME_DIR"):
        base()


def test_a_symlink_is_refused_wherever_it_points(chosen: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    chosen.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotADirectoryError, match="is no directory"):
        base()


def test_a_file_is_refused(chosen: Path) -> None:
    chosen.touch()
    with pytest.raises(NotADirectoryError):
        base()


def test_the_base_is_chosen_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OTP_RUNTIME_DIR")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert base() == f"{tmp_path}/otp"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    assert places._default().endswith(f"/otp-{os.geteuid()}")


@AS_ROOT
def test_the_runtime_directory_of_somebody_else_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So it is after `su`, which keeps the variable."""
    monkeypatch.delenv("OTP_RUNTIME_DIR")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    os.chown(tmp_path, 12345, 12345)
    assert places._default().endswith(f"/otp-{os.geteuid()}")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("kv", "kv"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("%41", "%2541"),
        ("ä€", "%C3%A4%E2%82%AC"),
        ("two\nlines\0", "two%0Alines%00"),
        ("\udcff", "%ED%B3%BF"),
    ],
)
def test_a_name_is_a_file_name(name: str, file: str) -> None:
    assert quoted(name) == file


def test_long_names_are_shortened_and_stay_different() -> None:
    one, other = quoted("x" * 5000), quoted("x" * 4999 + "y")
    assert one != other
    assert len(one) < 255


def test_a_name_leads_to_the_serial_number(place: Place) -> None:
    assert place.whereis("kv") is None
    os.symlink("12", place.name("kv"))
    assert place.whereis("kv") == 12


def test_spare_parcels_lie_where_python_puts_temporary_files() -> None:
    assert os.path.dirname(Place("/run/node").spare) == tempfile.gettempdir()


def test_a_tree_goes_whole_and_links_lead_nowhere(tmp_path: Path) -> None:
    kept, tree = tmp_path / "kept", tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    kept.mkdir()
    for directory in (kept, tree, tree / "a" / "b"):
        (directory / "file").touch()
    (tree / "a" / "link").symlink_to(kept)
    (tree / "dangling").symlink_to("nothing")
    remove_tree(str(tree))
    assert [path.name for path in tmp_path.rglob("*")] == ["kept", "file"]
    remove_tree(str(tree))


@pytest.mark.parametrize("link", [True, False])
def test_what_is_no_tree_goes_and_what_it_leads_to_stays(tmp_path: Path, link: bool) -> None:
    kept, tree = tmp_path / "kept", tmp_path / "tree"
    kept.mkdir()
    (kept / "file").touch()
    tree.symlink_to(kept) if link else os.mkfifo(tree)
    remove_tree(str(tree))
    assert [path.name for path in tmp_path.rglob("*")] == ["kept", "file"]


@pytest.mark.parametrize(
    "target", ["", "12 ", "-12", "0x1", "1" * 30, "\u0663", "planted", "../p/1"]
)
def test_a_name_that_somebody_else_has_put_there_leads_to_nobody(
    tmp_path: Path, target: str
) -> None:
    place = node_at(tmp_path, "node")
    os.symlink(target, place.name("planted")) if target else os.mkfifo(place.name("planted"))
    assert place.whereis("planted") is None


@pytest.mark.parametrize(
    "plant",
    [os.mkdir, os.mkfifo, lambda path: os.symlink(path, path), lambda p: os.symlink("/", p)],
)
def test_a_lock_that_is_none_keeps_nobody_from_starting_a_node(tmp_path: Path, plant) -> None:
    place = node_at(tmp_path, f"node-{os.getpid()}-1234abcd")
    plant(f"{place.root}/lock")
    sweep(str(tmp_path))
    assert node_at(tmp_path, f"node-{os.getpid()}-1234abce").root in map(str, tmp_path.iterdir())


def spare_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Place, Path]:
    monkeypatch.setattr(places, "_TEMP", str(tmp_path))
    place = node_at(tmp_path, "node")
    parcel.begin(place, 5)
    return place, Path(place.spare)


@pytest.mark.parametrize("how", ["a link", "open to all", "another user's"])
def test_a_spare_directory_that_is_not_ours_alone_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The temp directory is everybody's: whoever knows the node's name can have made it before."""
    if how == "another user's" and os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    place, spare = spare_of(tmp_path, monkeypatch)
    elsewhere = tmp_path / "elsewhere"
    kept = elsewhere / "5" / "2" / "1"
    kept.parent.mkdir(parents=True)
    kept.touch()
    if how == "a link":
        spare.symlink_to(elsewhere)
    else:
        elsewhere.rename(spare)
        kept = spare / "5" / "2" / "1"
        spare.chmod(0o755) if how == "open to all" else os.chown(spare, 12345, 12345)
        if how == "another user's":
            spare.chmod(0o700)
    parcel.clear(place, 5, 2)
    parcel.withdraw(place, 5, 2, 1)
    parcel.end(place, 5)
    with pytest.raises(PermissionError, match="set TMPDIR"):
        parcel._make_spare(place, 5, 2)
    place.remove()
    assert kept.exists()


def node_at(tmp_path: Path, name: str) -> Place:
    place = Place(str(tmp_path / name))
    place.make()
    return place


def test_a_node_is_left_behind_when_its_lock_is_free(tmp_path: Path) -> None:
    place = node_at(tmp_path, f"node-{os.getpid()}-1234abcd")
    held = place.lock()
    assert not place.is_left_behind()
    os.close(held)
    assert place.is_left_behind()


def test_a_node_that_is_being_made_belongs_to_its_program(tmp_path: Path) -> None:
    assert not node_at(tmp_path, f"node-{os.getpid()}-1234abcd").is_left_behind()
    assert node_at(tmp_path, "node-99999999-1234abcd").is_left_behind()


def test_a_sweep_removes_dead_nodes_and_nothing_else(tmp_path: Path) -> None:
    living = node_at(tmp_path, f"node-{os.getpid()}-00000001")
    dead = node_at(tmp_path, f"node-{os.getpid()}-00000002")
    held = living.lock()
    os.close(dead.lock())
    (tmp_path / "file").touch()
    for other in ("my-12-pictures", "node", "photos-99999999-20231105"):
        (tmp_path / other / "x").mkdir(parents=True)
    sweep(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["file", "my-12-pictures", "node", "photos-99999999-20231105", living.id]
    )
    os.close(held)


def test_a_sweep_leaves_alone_what_it_cannot_look_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no reason to fail for everybody who starts a node from then on."""
    (tmp_path / "node-1-0badcafe").mkdir()

    def refuses(place: Place) -> bool:
        raise PermissionError

    monkeypatch.setattr(Place, "is_left_behind", refuses)
    sweep(str(tmp_path))
    assert os.listdir(tmp_path) == ["node-1-0badcafe"]
