"""The program: its state, and how words become calls of handlers, events and an exit value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, TextIO

from burnlab.xorriso.command import OPEN, Command, CommandFailed
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Messages
from burnlab.xorriso.settings import Settings
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.table import BY_NAME, handler_of
from burnlab.xorriso.volume import Volume
from burnlab.xorriso.words import command_name, decode_word, encode_backslashes

EXIT_GOOD: Final = 0
EXIT_SIGNAL: Final = 1
EXIT_NO_ARGUMENTS: Final = 2
EXIT_ABORTED: Final = 5
EXIT_DIALOG_ABORTED: Final = 6

EXTRACTOR: Final = "osirrox"

NEEDS_LIST: Final = {
    "add": "add", "rm": "rm*i", "rm_r": "rm*i", "rmdir": "rm*i",
    "getfacl": "getfacl", "getfacl_r": "getfacl", "getfattr": "getfattr", "getfattr_r": "getfattr",
}  # fmt: skip
"""Commands that want at least a list delimiter, and the names by which they complain; others complain
themselves.
"""


NEEDS_WORDS: Final = {
    "cut_out": "-cut_out: Not enough arguments. Needed are: disk_path start count so_rr_path",
    "extract_cut": "-extract_cut: Not enough arguments. Needed are: disk_path start count iso_rr_path",
}
"""Commands of fixed arity that don't take missing words for empty ones, and their complaints."""


class Aborted(Exception):
    """An event was too grave to go on."""


class Ended(Exception):
    """A command ends the program: `-end`, `-rollback_end`."""


class Signalled(BaseException):
    """A signal arrived, or something that is treated as one. `name` is that of the signal."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Program:
    """State and interpreter. Handlers get it, speak through `messages` and change `settings` and `volume`."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.messages = Messages(environment.streams)
        self.settings = Settings(disk_directory=environment.directory)
        self.volume = Volume(looked_since=int(environment.clock()) - 1)
        self.history: list[str] = []
        self.command: Command | None = None
        """The row of the command that runs, for handlers that serve several."""
        self.nested_files = 0
        """How many options files are being read within each other."""
        self.stdout_is_image = False
        """Standard output was kept free for an image: a drive address gave it away at program start."""

    def set_name(self, name: str) -> None:
        """Take a name that the program was called by: as `osirrox` it extracts, and only reads drives."""
        if name != EXTRACTOR:
            return
        settings = self.settings
        settings.program_name = name
        settings.osirrox.state = "on"
        settings.osirrox.o_excl = False
        settings.drive_access = "shared:readonly"

    # Words.

    def run_words(self, words: Sequence[str], *, are_arguments: bool = False) -> None:
        """Run commands with their parameters from the left to the right.

        Raises:
            Aborted: an event reached the threshold of `-abort_on`.
            Ended: a command ended the program.
        """
        at = 0
        while at < len(words):
            at = self._run_next(words, at, are_arguments)

    def run_line(self, line: str) -> None:
        """Run the commands of an input line; lists end at its end.

        Raises:
            OpenQuote: the line ends within quotation marks.
            Aborted: an event reached the threshold of `-abort_on`.
            Ended: a command ended the program.
        """
        from burnlab.xorriso.files import words_of_line

        self.run_words(words_of_line(self, line))

    def open_text(self, path: str) -> TextIO:
        """A text file for reading; bytes that aren't UTF-8 survive."""
        return open(path, encoding="utf-8", errors="surrogateescape", newline="\n")  # noqa: PTH123

    def spoken(self, words: Sequence[str]) -> Iterator[tuple[str, Command | None, list[str]]]:
        """The words cut into commands without running any: word, row (None if unknown), parameters."""
        at = 0
        while at < len(words):
            word = words[at]
            at += 1
            if self.is_passed_over(word):
                continue
            command = self.find_command(word)
            given: list[str] = []
            if command is not None:
                end, following = self._parameters_end(command, words, at)
                given, at = list(words[at:end]), following
            yield word, command, given

    def is_passed_over(self, word: str) -> bool:
        """Whether a word at command position means nothing: empty, a comment, a stray delimiter."""
        return not word or word.startswith("#") or word == self.settings.list_delimiter

    def find_command(self, word: str) -> Command | None:
        """The row of a command word; None if there is no such command."""
        command = BY_NAME.get(command_name(word))
        if command is not None and command.name == "x" and word != "-x":
            return None
        return command

    def complain_unknown(self, word: str, *, encoded: bool = False) -> None:
        """Tell that a word at command position is no command; in backslash codes if they are in use."""
        settings = self.settings
        if encoded or settings.decode_input or settings.decode_arguments:
            word = encode_backslashes(word)
        self.messages.event(Severity.FAILURE, f"Not a known command:  '{word}'\n")

    def takes_as_path(self, word: str) -> bool:
        """Whether `-add_plainly` makes an unknown word a path to add."""
        mode = self.settings.add_plainly
        return mode in ("dashed", "any") or (mode == "unknown" and not word.startswith(("-", "#")))

    def _parameters_end(self, command: Command, words: Sequence[str], at: int) -> tuple[int, int]:
        """Where the parameters that begin at `at` end, and where the next command begins."""
        if command.arity != OPEN:
            end = min(at + command.arity, len(words))
            return end, end
        try:
            end = words.index(self.settings.list_delimiter, at + command.leading)
        except ValueError:
            return len(words), len(words)
        return end, end + 1

    def _run_next(self, words: Sequence[str], at: int, are_arguments: bool) -> int:
        word = words[at]
        if self.is_passed_over(word):
            return at + 1
        command = None if self.settings.add_plainly == "any" else self.find_command(word)
        if command is None:
            self._run_unknown(word)
            return at + 1
        end, following = self._parameters_end(command, words, at + 1)
        given = list(words[at + 1 : end])
        if are_arguments and self.settings.decode_arguments:
            given = [decode_word(each) for each in given]
        if command.arity == OPEN and not given and following == at + 1 and command.name in NEEDS_LIST:
            self._complain(
                command, Severity.SORRY, f"-{NEEDS_LIST[command.name]} : Not enough arguments given"
            )
            return following
        self.run_given(command, given)
        return following

    def run_given(self, command: Command, given: list[str]) -> None:
        """Run a command with the words that there are for it: missing ones count as empty.

        Raises:
            Aborted: an event reached the threshold of `-abort_on`.
            Ended: the command ended the program.
        """
        if command.name in NEEDS_WORDS and len(given) < command.arity:
            self._complain(command, Severity.FAILURE, NEEDS_WORDS[command.name])
            return
        if command.arity != OPEN:
            given = given + [""] * (command.arity - len(given))
        self.run_command(command, given)

    def _run_unknown(self, word: str) -> None:
        if self.takes_as_path(word):
            self.run_command(BY_NAME["add"], [word])
            return
        self.messages.begin_command(word)
        self.complain_unknown(word)
        self.evaluate()

    def _complain(self, command: Command, severity: Severity, text: str) -> None:
        self.messages.begin_command(f"-{command.name}")
        self.messages.event(severity, text)
        self.evaluate()

    # Commands.

    def run_command(self, command: Command, words: list[str]) -> None:
        """Run one command and look at what it left in the registers.

        Raises:
            Aborted: an event reached the threshold of `-abort_on`.
            Ended: the command ended the program.
        """
        messages = self.messages
        messages.begin_command(f"-{command.name}")
        if messages.shows(Severity.DEBUG):
            messages.event(Severity.DEBUG, f"Command:    -{command.name}")
            for word in words:
                messages.event(Severity.DEBUG, f"Parameter:     {word}")
        self.command = command
        handler = handler_of(command)
        try:
            if handler is None:
                self._refuse_unbuilt(command)
            else:
                handler(self, words)
        except CommandFailed:
            pass
        except Ended:
            self.evaluate()
            raise
        except Aborted:
            # A command that runs others repeats the verdict on them as its own.
            self.messages.must_abort()
            raise
        except Exception as error:
            if not self._was_told_by_drive(error):
                raise
        self.evaluate()

    def _was_told_by_drive(self, error: Exception) -> bool:
        """Say what a drive said that failed in the midst of a command; False if it wasn't a drive."""
        from burnlab.burn.drive import DriveError

        if not isinstance(error, DriveError):
            return False
        for event in error.events:
            self.messages.event(Severity[event.severity], event.text, event.origin)
        return True

    def _refuse_unbuilt(self, command: Command) -> None:
        self.messages.event(
            Severity.FAILURE, f"Not a known command:  '-{command.name}' : it is not built into burnlab yet\n"
        )

    def evaluate(self) -> None:
        """Go on after a command or give up.

        Raises:
            Aborted: the register reached the threshold of `-abort_on`.
        """
        if self.messages.must_abort():
            raise Aborted

    # The whole run.

    def run(self, arguments: Sequence[str]) -> int:
        """Run the program with its arguments and tell its exit value."""
        from burnlab.xorriso.startup import run_program

        return run_program(self, arguments)

    def commit_at_end(self) -> None:
        """Write what is pending; errors of it touch nothing but the exit value."""
        if not self.volume.is_changed or self.volume.write_failed:
            return
        from burnlab.xorriso.commands.commit import write_at_end

        self.evaluate()
        with suppress(CommandFailed):
            write_at_end(self)

    def exit_value(self) -> int:
        """0, or the value of `-return_with` if the gravest event of the run reached its severity."""
        severity, value = self.settings.return_severity, self.settings.return_value
        if self.messages.eternal < severity:
            return EXIT_GOOD
        if value:
            worst = self.messages.eternal.name
            self.messages.remark(
                f"-return_with {severity.name} {value} triggered by problem severity {worst}"
            )
        return value
