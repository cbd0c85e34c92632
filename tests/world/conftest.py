"""One world and its four pulls, shared by the tests of the test world."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.world import World, build_world

LATER = date(2026, 10, 31) + timedelta(days=10)


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(2026)


@pytest.fixture(scope="session")
def pulls(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {name: tmp_path_factory.mktemp(name) for name in ("old", "new", "mixed", "later")}
    for shape in ("old", "new", "mixed"):
        world.render(folders[shape], shape=shape)
    world.render(folders["later"], LATER, shape="new")
    return folders
