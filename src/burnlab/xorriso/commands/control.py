"""Commands that steer the program itself: thresholds, printing, modes, files of commands, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.program import Ended
from burnlab.xorriso.severity import Severity, find_severity
from burnlab.xorriso.words import DOUBLE_QUOTED, SINGLE_QUOTED, UNQUOTED, encode_output

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

RETURN_VALUES = (0, *range(32, 64))
LONGEST_DELIMITER = 80
SIGNAL_MODES = ("off", "on", "sig_dfl", "sig_ign")
PACIFIERS = {"xorriso": "xorriso", "default": "xorriso", "cdrecord": "cdrecord", "mkisofs": "mkisofs"}
LEAST_INTERVAL, MOST_INTERVAL = 0.1, 60.0
BACKSLASH_MODES = {
    "in_double_quotes": DOUBLE_QUOTED,
    "in_quotes": DOUBLE_QUOTED | SINGLE_QUOTED,
    "with_quoted_input": DOUBLE_QUOTED | SINGLE_QUOTED | UNQUOTED,
}
ADD_PLAINLY_MODES = ("unknown", "dashed", "any")


def refuse(program: Program, text: str, severity: Severity = Severity.FAILURE) -> NoReturn:
    """Submit an event and give the command up.

    Raises:
        CommandFailed: always.
    """
    program.messages.event(severity, text)
    raise CommandFailed(text)


def leading_number(text: str) -> float:
    """The number that a text begins with, as C's atof takes it: 0 if there is none."""
    import re

    found = re.match(r"\s*[-+]?(\d+\.?\d*|\.\d+)", text)
    return float(found.group()) if found else 0.0


def uuid_digits(seconds: int) -> str:
    """Seconds since 1970 as the 16 digits of a volume's uuid: date, time and hundredths, UTC."""
    from time import gmtime, strftime

    return strftime("%Y%m%d%H%M%S00", gmtime(seconds))


# Thresholds.


def _severity(program: Program, command: str, text: str, complaint: Severity) -> Severity:
    severity = find_severity(text)
    if severity is None:
        refuse(program, f"-{command}: Not a known severity name : '{text}'", complaint)
    return severity


def abort_on(program: Program, words: list[str]) -> None:
    """Set the severity at which the program gives up."""
    program.messages.abort_on = _severity(program, "abort_on", words[0], Severity.FAILURE)
    program.settings.abort_on_was_given = True


def report_about(program: Program, words: list[str]) -> None:
    """Set the least severity that is shown."""
    program.messages.report_about = _severity(program, "report_about", words[0], Severity.WARNING)


def return_with(program: Program, words: list[str]) -> None:
    """Set which severity makes the exit value differ from zero, and that value."""
    severity = _severity(program, "return_with", words[0], Severity.FAILURE)
    value = int(leading_number(words[1]))
    if value not in RETURN_VALUES:
        refuse(program, "-return_with: Not an allowed exit_value. Use 0, or 32 to 63.")
    program.settings.return_severity, program.settings.return_value = severity, value


def signal_handling(program: Program, words: list[str]) -> None:
    """Set what happens on signals."""
    if words[0] not in SIGNAL_MODES:
        program.messages.event(Severity.FAILURE, f"-signal_handling: unknown mode '{words[0]}'")
        refuse(program, 'Use one of: "off","on","sig_dfl","sig_ign"', Severity.HINT)
    program.settings.signal_handling = words[0]
    program.environment.handle_signals(words[0])


# Printing.


def print_(program: Program, words: list[str]) -> None:
    """Print a line on the result channel."""
    program.messages.result(words[0])


def print_info(program: Program, words: list[str]) -> None:
    """Print a line on the info channel."""
    program.messages.info(words[0])


def print_mark(program: Program, words: list[str]) -> None:
    """Print a line on the mark channel; an empty one not at all."""
    if words[0]:
        program.messages.mark(words[0])


def mark(program: Program, words: list[str]) -> None:
    """Set the text that marks where the program waits for input."""
    program.settings.mark = words[0]


def prompt(program: Program, words: list[str]) -> None:
    """Print a text and wait for a line of input."""
    from burnlab.xorriso.dialog import read_input

    program.messages.prompt(words[0])
    read_input(program)


def sleep(program: Program, words: list[str]) -> None:
    """Wait for some seconds."""
    from time import localtime, strftime

    seconds = max(0.0, leading_number(words[0]))
    now = strftime("%b %d %H:%M:%S %Y", localtime(program.environment.clock()))
    program.messages.event(Severity.UPDATE, f"{now} : Will sleep for {seconds:f} seconds")
    program.environment.sleep(seconds)


def pkt_output(program: Program, words: list[str]) -> None:
    """Bundle all channels on standard output, every line with a mark before it."""
    program.messages.packets = words[0] != "off"


def json(program: Program, words: list[str]) -> None:
    """Bundle all channels on standard output as JSON lines."""
    if words[0] not in ("on", "off"):
        refuse(program, f"-json: unknown mode '{words[0]}'")
    program.messages.json = words[0] == "on"


def logfile(program: Program, words: list[str]) -> None:
    """Copy a channel, or all of them as packets, into a file; no path ends it."""
    channel, path = words
    if channel not in (".", "R", "I", "M"):
        refuse(
            program,
            'Wrong form. Correct would be: -logfile "."|"R"|"I"|"M" file_address',
            Severity.SORRY,
        )
    try:
        file = open(path, "a", 1, "utf-8", "surrogateescape") if path else None  # noqa: SIM115
        program.messages.copy_to(channel, file)
    except OSError:
        refuse(program, f"Cannot open logfile:  {path}", Severity.SORRY)
    program.settings.texts[f"logfile {channel}"] = path


def session_log(program: Program, words: list[str]) -> None:
    """Set the file that gets a line for each written session."""
    program.settings.session_log = words[0]


def log_session(program: Program, start: int, blocks: int) -> None:
    """Append a line about a written session to the file of `-session_log`: time, start, size, volume id."""
    from time import localtime, strftime

    path = program.settings.session_log
    if not path:
        return
    now = strftime("%Y.%m.%d.%H%M%S", localtime(program.environment.clock()))
    try:
        with open(path, "a", encoding="utf-8", errors="surrogateescape") as log:
            log.write(f"{now} {start} {blocks} {program.volume.volume_id}\n")
    except OSError:
        program.messages.event(Severity.FAILURE, f"-session_log: Cannot open file '{path}'")


# Grammar and modes.


def list_delimiter(program: Program, words: list[str]) -> None:
    """Set the word that ends lists of parameters."""
    word = words[0]
    flaws = (
        (not word, "is empty"),
        (len(word) > LONGEST_DELIMITER, f"is too long (limit: {LONGEST_DELIMITER})"),
        ("'" in word or '"' in word, "contains quotation marks"),
    )
    for is_flawed, text in flaws:
        if is_flawed:
            refuse(program, f"-list_delimiter: New delimiter text {text}")
    program.settings.list_delimiter = word


def backslash_codes(program: Program, words: list[str]) -> None:
    """Set where backslash codes are resolved, and whether output is encoded with them."""
    settings = program.settings
    decode_input, arguments, output = 0, False, False
    for mode in words[0].split(":"):
        if mode == "on":
            decode_input, arguments, output = BACKSLASH_MODES["with_quoted_input"], True, True
        elif mode == "off":
            decode_input, arguments, output = 0, False, False
        elif mode in BACKSLASH_MODES:
            decode_input = BACKSLASH_MODES[mode]
        elif mode == "with_program_arguments":
            arguments = True
        elif mode == "encode_output":
            output = True
        else:
            refuse(program, f"-backslash_codes: unknown mode '{mode}'")
    settings.decode_input, settings.decode_arguments, settings.encode_output = decode_input, arguments, output
    settings.texts["backslash_codes"] = words[0]
    program.messages.encode = encode_output if output else None


def add_plainly(program: Program, words: list[str]) -> None:
    """Take unknown words as paths to add."""
    if words[0] not in ADD_PLAINLY_MODES:
        refuse(program, f"-add_plainly: unknown mode '{words[0]}'")
    program.settings.add_plainly = words[0]


def x(program: Program, words: list[str]) -> None:
    """Nothing: `-x` has done its work before the first command."""


def no_rc(program: Program, words: list[str]) -> None:
    """Nothing: only the first argument counts."""


def pacifier(program: Program, words: list[str]) -> None:
    """Set style and pace of progress lines."""
    word = words[0]
    settings = program.settings
    if word in PACIFIERS:
        settings.pacifier = PACIFIERS[word]
        return
    if not word.startswith("interval="):
        refuse(program, f"-pacifier: unknown behavior code '{word}'", Severity.SORRY)
    interval = leading_number(word.removeprefix("interval="))
    fitting = min(max(interval, LEAST_INTERVAL), MOST_INTERVAL)
    if fitting != interval:
        flaw, bound = ("high", "Max") if interval > fitting else ("low", "Min")
        text = f"-pacifier: interval='{word}' is too {flaw}. {bound}: {fitting:f}"
        program.messages.event(Severity.WARNING, text)
    settings.pacifier_interval = fitting


def scsi_log(program: Program, words: list[str]) -> None:
    """Show the commands that drives get."""
    if words[0] not in ("on", "off"):
        refuse(program, f"-scsi_log: unknown mode '{words[0]}'")
    program.settings.scsi_log = words[0] == "on"


# Dialog.


def dialog(program: Program, words: list[str]) -> None:
    """Read commands from standard input when the arguments are done."""
    if words[0] not in ("on", "off", "single_line"):
        refuse(program, f"-dialog: unknown mode '{words[0]}'", Severity.SORRY)
    program.settings.dialog = words[0]


def page(program: Program, words: list[str]) -> None:
    """Set the size of the page after which a dialog waits."""
    program.settings.page_lines, program.settings.page_columns = (int(leading_number(word)) for word in words)


def use_readline(program: Program, words: list[str]) -> None:
    """Edit lines in the dialog, and show them if no terminal does."""
    program.settings.use_readline = words[0] != "off"


def reassure(program: Program, words: list[str]) -> None:
    """Ask in the dialog before something is lost."""
    if words[0] not in ("on", "off", "tree"):
        refuse(program, f"-reassure: unknown mode '{words[0]}'", Severity.SORRY)
    program.settings.reassure = words[0]


# Files of commands, and the end.


def options_from_file(program: Program, words: list[str]) -> None:
    """Run the lines of a file."""
    from burnlab.xorriso.files import run_file

    if not words[0]:
        refuse(program, "Empty file name given with -options_from_file", Severity.SORRY)
    run_file(program, words[0])


def end(program: Program, words: list[str]) -> None:
    """End the program after writing what is pending."""
    if program.volume.is_changed and not program.volume.write_failed:
        from burnlab.xorriso.commands.commit import write_at_end

        write_at_end(program)
    raise Ended


def rollback_end(program: Program, words: list[str]) -> None:
    """End the program without writing."""
    raise Ended
