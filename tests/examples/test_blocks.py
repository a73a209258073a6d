"""Code blocks are found in Markdown, with what is said about them."""

import pytest

from tests.examples.blocks import Block, blocks, commands

PAGE = """# Page

```python
print(1)
```

<!-- not run: it needs a key -->
```console
$ make run
```

<!-- fails: it plays a failure -->

```sh
false
```

```text
no code
```

````markdown
```python
inner
```
````
"""


def test_the_blocks_of_a_page() -> None:
    """Each block has its line, language, code, and why it is not run or must fail."""
    assert list(blocks("p.md", PAGE)) == [
        Block("p.md", 4, "python", "print(1)\n"),
        Block("p.md", 9, "console", "$ make run\n", "it needs a key"),
        Block("p.md", 15, "sh", "false\n", fails=True),
        Block("p.md", 19, "text", "no code\n", "text is for reading"),
        Block("p.md", 23, "markdown", "```python\ninner\n```\n"),
    ]
    assert next(block.name for block in blocks("p.md", PAGE)) == "p.md:4"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("a\nb\n", ["a\nb\n"]),
        ("$ a\nprinted\n$ b \\\n    c\nprinted\n", ["a", "b \\\n    c"]),
        ("$ a\n", ["a"]),
    ],
)
def test_commands(code: str, found: list[str]) -> None:
    """Of a session only the commands count, with the lines that continue them."""
    assert list(commands(code)) == found
