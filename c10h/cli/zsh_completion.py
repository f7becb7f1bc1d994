"""Completion in zsh from the first Tab on.

The first Tab loads Typer's script, which then says what completes the words of the command. It does
not complete them itself, so that only the second Tab of a shell would do anything.
"""

from __future__ import annotations

from typer import _completion_shared as shared

# compstate is there while zsh completes, and not where the script is sourced.
COMPLETE_AT_ONCE = """
if (( $+compstate )); then
  %(complete_func)s "$@"
fi
"""


def complete_at_first_tab() -> None:
    """Let the script for zsh, which ``--install-completion`` writes, complete as it is loaded."""
    script = shared.COMPLETION_SCRIPT_ZSH.rstrip("\n")
    shared._completion_scripts["zsh"] = f"{script}\n{COMPLETE_AT_ONCE}"
