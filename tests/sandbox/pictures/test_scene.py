"""What prompts ask to draw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_sandbox.pictures.colors import COLORS, SHADES, name, shaded
from ringmain_sandbox.pictures.scene import MOST, Item, Scene, read_scene
from ringmain_sandbox.pictures.shapes import PARTS

RED, BLUE, GREEN, YELLOW = (COLORS[color] for color in ("red", "blue", "green", "yellow"))
WHITE = COLORS["white"]


@pytest.mark.parametrize(
    ("prompt", "scene"),
    [
        ("three red circles on blue", Scene((Item("circle", RED, 3),), BLUE)),
        ("A RED CIRCLE", Scene((Item("circle", RED, 1),))),
        ("12 green squares on a white background", Scene((Item("square", GREEN, 12),), WHITE)),
        ("red and blue triangles", Scene((Item("triangle", RED, 3), Item("triangle", BLUE, 3)))),
        ("a star over a house", Scene((Item("star", COLORS["gold"], 1), Item("house", None, 1)))),
        ("two foxes", Scene((Item("fox", COLORS["orange"], 2),))),
        ("boxes", Scene((Item("square", None, 3),))),
        ("a yellow ball in the dark blue sky", Scene((Item("circle", YELLOW, 1),), shaded(BLUE, -0.45))),
        ("two purple zeppelins on white", Scene((Item("blob", COLORS["purple"], 2),), WHITE)),
        ("red, green", Scene((), None, (RED, GREEN))),
        ("a circle and red", Scene((Item("circle", None, 1),), None, (RED,))),
        ("a circle in the background", Scene((Item("circle", None, 1),))),
        ("0 circles", Scene()),
        ("hope", Scene()),
        ("", Scene()),
    ],
)
def test_prompts_are_understood(prompt: str, scene: Scene) -> None:
    """Numbers, colors, shapes and what is behind them are taken from the words."""
    assert read_scene(prompt) == scene


def test_places_are_backgrounds() -> None:
    """A place lies behind what is drawn."""
    assert read_scene("a moon at night").background is not None
    assert read_scene("a green sea").background == GREEN


def test_light_and_dark_are_shades() -> None:
    """A light color is lighter and a dark one darker, for the next color only."""
    scene = read_scene("a light red circle and a dark red square and a red star")
    light, dark, plain = (item.color for item in scene.items)
    assert (light, dark, plain) == (shaded(RED, SHADES["light"]), shaded(RED, SHADES["dark"]), RED)


def test_what_is_unwanted_is_left_out() -> None:
    """Shapes and colors that must not be drawn are not in the scene."""
    prompt = "a red circle and two blue stars on green, yellow"
    scene = read_scene(prompt, "no stars, nothing red or green or yellow please")
    assert scene.items == (Item("circle", None, 1),)
    assert not {RED, GREEN, YELLOW} & set(scene.colors)


def test_numbers_are_bounded() -> None:
    """However many are asked for, there is an end to it."""
    assert read_scene("99999999999999 circles").items[0].count == MOST


@given(st.text(), st.text())
def test_every_text_is_a_scene(prompt: str, unwanted: str) -> None:
    """Any words are read, and only shapes that there are come of it."""
    assert all(item.kind in PARTS and item.count > 0 for item in read_scene(prompt, unwanted).items)


@given(st.sampled_from(sorted(COLORS)))
def test_colors_are_named_by_their_names(color: str) -> None:
    """The nearest name of a color is one of its own."""
    assert COLORS[name(COLORS[color])] == COLORS[color]
