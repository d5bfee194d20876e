"""`burnlab vm`: guests that have a recorder."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from burnlab.cli.failing import Exit, fail

if TYPE_CHECKING:
    from burnlab.vm.address import DiscFile
    from burnlab.vm.named import Wanted
    from burnlab.vm.places import Places
    from burnlab.vm.record import MachineRecord
    from burnlab.vm.spec import HostDrive, IscsiAddress, Recorder, Share, VmSpec

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Option("--name", help="The machine's name.")]
RecorderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--recorder",
        help="A disc (PATH.disc), iscsi://HOST:PORT/IQN/LUN, or a drive (/dev/srN, /dev/sgN); repeatable.",
    ),
]
GuestOption = Annotated[str, typer.Option("--guest", help="debian, or micro: in memory, without ssh.")]
HbaOption = Annotated[
    str, typer.Option("--hba", help="What the drives hang on: virtio-scsi, usb-bot or usb-uas.")
]
Cdrom = Annotated[
    Path | None, typer.Option("--cdrom", help="An image for the virtual DVD-ROM, the guest's sr0.")
]
SshPort = Annotated[
    int, typer.Option(min=1, max=65535, help="The host's port that leads to the guest's ssh.")
]
Memory = Annotated[int, typer.Option(min=128, help="The guest's memory in MiB.")]
Cpus = Annotated[int, typer.Option(min=1, help="The guest's processors.")]
AccelOption = Annotated[str, typer.Option("--accel", help="auto, kvm or tcg.")]
ChapUser = Annotated[str, typer.Option(help="The CHAP name for an iscsi:// recorder.")]
ChapSecret = Annotated[Path | None, typer.Option(help="A file that holds the CHAP secret.")]
Shares = Annotated[
    list[str] | None, typer.Option("--share", help="FOLDER=TAG: a folder of the host, read-only at /mnt/TAG.")
]
WithBurnlab = Annotated[
    bool, typer.Option("--with-burnlab", help="The debian guest with Python and this burnlab's burn program.")
]
Packages = Annotated[
    list[str] | None, typer.Option("--package", help="A Debian package for the debian guest; repeatable.")
]
ReleaseOption = Annotated[
    str, typer.Option("--release", help="The debian guest's release by code name. [the host's own]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for programs to read.")]


@app.command()
def build(
    guest: Annotated[str, typer.Option(help="micro, debian or both.")] = "both",
    programs: Annotated[
        list[str] | None, typer.Option("--programs", help="A program set for the micro guest; repeatable.")
    ] = None,
    with_burnlab: WithBurnlab = False,
    release: ReleaseOption = "",
) -> None:
    """Build guests from Debian packages, unless they are there already."""
    with _reported():
        from burnlab.vm.errors import BadRequest
        from burnlab.vm.images import debian, micro
        from burnlab.vm.images import with_burnlab as own

        kinds = {"both": ("micro", "debian"), "micro": ("micro",), "debian": ("debian",)}.get(guest)
        if kinds is None:
            raise BadRequest(f"there is no guest '{guest}'", "Choose micro, debian or both.")
        if "micro" in kinds:
            image = micro.ensure(_places(), programs or ["xorriso"], _say)
            typer.echo(f"micro   {image.folder}")
        if "debian" in kinds:
            image = (own if with_burnlab else debian).ensure(_places(), _say, suite=release)
            typer.echo(f"debian  {image.folder}")


@app.command()
def start(
    *,
    name: Name = "default",
    guest: GuestOption = "debian",
    recorder: RecorderOption = None,
    cdrom: Cdrom = None,
    hba: HbaOption = "virtio-scsi",
    ssh_port: SshPort = 5557,
    memory: Memory = 512,
    cpus: Cpus = 2,
    accel: AccelOption = "auto",
    share: Shares = None,
    chap_user: ChapUser = "",
    chap_secret_file: ChapSecret = None,
    model: Annotated[str, typer.Option(help="The drive model to serve a disc with.")] = "",
    speed: Annotated[str, typer.Option(help="The speed to serve a disc with.")] = "",
    trace: Annotated[Path | None, typer.Option(help="A file for the served recorder's commands.")] = None,
    with_burnlab: WithBurnlab = False,
    package: Packages = None,
    release: ReleaseOption = "",
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that the guest may take to answer.")] = 300,
) -> None:
    """Start a guest and return when it takes commands: a debian guest by ssh, a micro guest by `vm ssh --`.

    A recorder for a disc file is served until `vm stop`. The guest's own disk is fresh at each start.
    """
    with _reported():
        from burnlab.vm import named

        wanted = _wanted(
            name=name,
            guest=guest,
            recorders=recorder,
            cdrom=cdrom,
            hba=hba,
            ssh_port=ssh_port,
            memory=memory,
            cpus=cpus,
            accel=accel,
            shares=share,
            chap=(chap_user, chap_secret_file),
        )
        wanted = replace(wanted, with_burnlab=with_burnlab, packages=tuple(package or ()), release=release)
        extra = {"--model": model, "--speed": speed, "--trace": str(trace.absolute()) if trace else ""}
        options = [word for option, value in extra.items() if value for word in (option, value)]

        def serve_argv(disc: Path, control: Path) -> Sequence[str]:
            listen = ["--listen", "127.0.0.1:0", "--control", str(control)]
            program = [sys.executable, "-m", "burnlab", "recorder", "serve"]
            return [*program, "--disc", str(disc), *listen, *options]

        began = time.monotonic()
        entry = named.start(_places(), wanted, serve_argv, _say, timeout)
        for folder in wanted.shares:
            named.mount_share(_places(), entry, folder)
        _say(f"the guest '{name}' answered after {time.monotonic() - began:.0f} s")
        _tell_started(entry)


@app.command()
def command(
    *,
    name: Name = "default",
    guest: GuestOption = "debian",
    recorder: RecorderOption = None,
    cdrom: Cdrom = None,
    hba: HbaOption = "virtio-scsi",
    ssh_port: SshPort = 5557,
    memory: Memory = 512,
    cpus: Cpus = 2,
    accel: AccelOption = "auto",
    share: Shares = None,
    chap_user: ChapUser = "",
    chap_secret_file: ChapSecret = None,
    libvirt: Annotated[
        bool, typer.Option("--libvirt", help="Print libvirt's domain XML of the same machine instead.")
    ] = False,
) -> None:
    """Print the QEMU command line that `vm start` would use, and start nothing."""
    with _reported():
        from burnlab.vm import accel as acceleration
        from burnlab.vm.handing import fitted
        from burnlab.vm.images import debian, micro
        from burnlab.vm.named import micro_sets, spec_of
        from burnlab.vm.record import folder_of

        wanted = _wanted(
            name=name,
            guest=guest,
            recorders=recorder,
            cdrom=cdrom,
            hba=hba,
            ssh_port=ssh_port,
            memory=memory,
            cpus=cpus,
            accel=accel,
            shares=share,
            chap=(chap_user, chap_secret_file),
        )
        places = _places()
        image = micro.ensure(places, micro_sets(wanted), _say) if wanted.is_micro else debian.find(places)
        if image is None:
            _say("the debian guest isn't built yet: burnlab vm build --guest debian")
        units = [_unit_to_print(unit, wanted, number) for number, unit in enumerate(wanted.recorders)]
        chosen = acceleration.choose(accel, places, _say)
        folder = folder_of(places, name)
        spec = spec_of(wanted, image or places.guests / "debian", folder, chosen, tuple(units))
        spec = fitted(spec, places, _say)
        base = (image.folder if image else places.guests / "debian") / debian.DISK
        if spec.disk:
            make = ["qemu-img", "create", "-f", "qcow2", "-b", str(base), "-F", "raw", str(spec.disk.path)]
            _say(f"make its disk first: mkdir -p {shlex.quote(str(folder))} && {shlex.join(make)}")
        typer.echo(_as_domain(spec) if libvirt else _as_words(spec), nl=not libvirt)


def _as_words(spec: VmSpec) -> str:
    from burnlab.vm.argv import qemu_argv

    return shlex.join(qemu_argv(spec))


def _as_domain(spec: VmSpec) -> str:
    """The machine as libvirt's XML; what has to be told libvirt before goes to stderr."""
    from burnlab.vm.host_probe import scsi_addresses
    from burnlab.vm.libvirt import domain_xml, secret_xml
    from burnlab.vm.spec import HostDrive, IscsiRecorder

    for index, unit in enumerate(spec.recorders, 1):
        if isinstance(unit, IscsiRecorder) and unit.chap:
            text = secret_xml(spec.name, index)
            _say(f"tell libvirt the secret first: virsh secret-define FILE, which holds {text}")
            _say(f"then: virsh secret-set-value UUID --file {unit.chap.secret_file} --plain")
    drives = [unit.path for unit in spec.recorders if isinstance(unit, HostDrive)]
    return domain_xml(spec, scsi_addresses(drives))


@app.command()
def seed(
    image: Annotated[Path, typer.Argument(metavar="IMAGE.iso", help="What is there is overwritten.")],
    public_key: Annotated[Path, typer.Option(help="The public ssh key that lets you in, a file *.pub.")],
    user: Annotated[str, typer.Option(help="The normal user, in group cdrom.")] = "burner",
    hostname: Annotated[str, typer.Option(help="The guest's name.")] = "burnlab",
    package: Annotated[
        list[str] | None, typer.Option(help="One more package to install beside xorriso; repeatable.")
    ] = None,
) -> None:
    """Write a seed for a cloud image: an ISO image that prepares it as the debian guest is prepared."""
    with _reported():
        import tempfile

        from burnlab.vm.cloud_seed import PACKAGES, CloudSeed, write_seed
        from burnlab.vm.errors import BadRequest

        try:
            key = public_key.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f"{public_key}: {error}", "Make one: ssh-keygen -t ed25519") from error
        wanted = CloudSeed(key, user, hostname, (*PACKAGES, *(package or ())))
        try:
            with tempfile.TemporaryDirectory() as folder:
                write_seed(wanted, Path(folder), image)
        except OSError as error:
            raise BadRequest(f"{image} can't be written: {error.strerror}", "Name another file.") from error
        _say(f"put it into the guest's virtual DVD-ROM at its first start: {image}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def ssh(
    context: typer.Context,
    name: Name = "default",
    root: Annotated[bool, typer.Option("--root", help="Log in as root instead of the normal user.")] = False,
) -> None:
    """Log in to a guest, or run a command in it: burnlab vm ssh [-- COMMAND...].

    The command's exit code is passed on.
    """
    with _reported():
        from burnlab.vm import ssh as secure_shell

        entry = _running(name)
        if entry.is_micro:
            raise typer.Exit(_run_in_micro(entry, context.args))
        access = entry.access(_user(root))
        terminal = not context.args and sys.stdin.isatty()
        raise typer.Exit(secure_shell.call(access.ssh(context.args, terminal=terminal)))


@app.command()
def scp(
    paths: Annotated[
        list[str], typer.Argument(metavar="SRC... DST", help="guest:PATH is a path in the guest.")
    ],
    name: Name = "default",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Copy folders.")] = False,
    root: Annotated[bool, typer.Option("--root", help="Copy as root instead of the normal user.")] = False,
) -> None:
    """Copy files to or from a guest."""
    with _reported():
        from burnlab.vm import ssh as secure_shell
        from burnlab.vm.errors import BadRequest

        if len(paths) < 2:
            raise BadRequest("scp needs a source and a destination", "Like this: burnlab vm scp FILE guest:")
        entry = _running(name)
        if entry.is_micro:
            raise BadRequest("a micro guest has no scp", "Share a folder: vm start --share FOLDER=TAG")
        access = entry.access(_user(root))
        code = secure_shell.call(access.scp(paths, recursive=recursive))
        raise typer.Exit(Exit.FAILED if code else Exit.DONE)


@app.command()
def stop(
    name: Name = "default",
    every: Annotated[bool, typer.Option("--all", help="Stop every machine.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Don't wait for the guest's own shutdown.")] = False,
) -> None:
    """Shut a guest down, and end the recorder that was served for it."""
    with _reported():
        from burnlab.vm import named, record

        places = _places()
        names = [entry.name for entry in record.all_records(places)] if every else [name]
        for each in names:
            way = named.stop(places, each, 0 if now else named.POWERDOWN_SECONDS)
            typer.echo(f"{each}: stopped ({way})")


@app.command()
def status(as_json: AsJson = False) -> None:
    """List the machines that were started."""
    with _reported():
        from burnlab.vm import record

        entries = list(record.all_records(_places()))
        if as_json:
            typer.echo(json.dumps([_row(entry) for entry in entries], indent=1))
            return
        for row in map(_row, entries):
            parts = [
                f"{key} {row[key]}" for key in ("ssh_port", "accelerator", "recorder", "cdrom") if row[key]
            ]
            typer.echo(f"{row['name']}: {row['state']}, {', '.join(parts)}")
        if not entries:
            _say("no machine was started; start one: burnlab vm start")


def _tell_started(entry: MachineRecord) -> None:
    from burnlab.vm.images.recipes import GUEST_USER

    how = " -- COMMAND" if entry.is_micro else f"   (port {entry.ssh_port}, user {GUEST_USER})"
    typer.echo(f"{'run' if entry.is_micro else 'ssh'}: burnlab vm ssh{_name_option(entry.name)}{how}")
    for number, unit in enumerate(entry.recorders, 1):
        typer.echo(f"recorder: /dev/sr{number} in the guest is {unit.recorder}")
        if unit.control:
            typer.echo(f"change discs: burnlab recorder load PATH.disc --control {unit.control}")


def _run_in_micro(entry: MachineRecord, words: Sequence[str]) -> int:
    """Run a command in a micro guest; its output comes line by line, and it has no input."""
    from burnlab.vm import named
    from burnlab.vm.errors import BadRequest

    if not words:
        raise BadRequest("a micro guest can't be logged in to", "Give a command: burnlab vm ssh -- COMMAND")
    outputs = {"stdout": sys.stdout, "stderr": sys.stderr}

    def on_line(name: str, line: str) -> None:
        print(line, file=outputs[name], flush=True)

    # As ssh does it: the words are joined and the guest's shell takes them apart.
    return named.run_in_micro(_places(), entry, " ".join(words), on_line).exit_code


def _unit_to_print(unit: IscsiAddress | HostDrive | DiscFile, wanted: Wanted, index: int) -> Recorder:
    """What a machine would get, to be printed: nothing is served for it, and nothing is held."""
    from burnlab.vm.address import DiscFile
    from burnlab.vm.handing import as_printed
    from burnlab.vm.spec import HostDrive, IscsiAddress, IscsiRecorder

    if isinstance(unit, HostDrive):
        return as_printed(unit, _say)
    if isinstance(unit, DiscFile):
        port = 3260 + index
        path, unit = unit.path, IscsiAddress("127.0.0.1", port, "iqn.2008-11.org.linux-kvm:recorder")
        serve = ["burnlab", "recorder", "serve", "--disc", str(path), "--listen", f"127.0.0.1:{port}"]
        _say(f"serve the disc first: {shlex.join([*serve, '--iqn', unit.target])}")
    return IscsiRecorder(unit, wanted.chap)


def _row(entry: MachineRecord) -> dict[str, object]:
    units = [
        {
            "recorder": unit.recorder,
            "recorder_address": unit.address,
            "recorder_control": unit.control,
            "recorder_served": bool(unit.server and unit.server.is_running),
        }
        for unit in entry.recorders
    ]
    none = {"recorder": "", "recorder_address": "", "recorder_control": "", "recorder_served": False}
    return {
        "name": entry.name,
        "guest": entry.guest,
        "state": "running" if entry.is_running else "ended by itself",
        "pid": entry.qemu.pid,
        "ssh_port": entry.ssh_port,
        "accelerator": entry.accelerator,
        **(units[0] if units else none),
        "recorders": units,
        "cdrom": entry.cdrom,
        "argv": entry.argv,
    }


def _wanted(  # the options that `start` and `command` share
    *,
    name: str,
    guest: str,
    recorders: list[str] | None,
    cdrom: Path | None,
    hba: str,
    ssh_port: int,
    memory: int,
    cpus: int,
    accel: str,
    shares: list[str] | None,
    chap: tuple[str, Path | None],
) -> Wanted:
    from burnlab.vm.address import parse_recorder
    from burnlab.vm.errors import BadRequest
    from burnlab.vm.named import Wanted
    from burnlab.vm.spec import Chap, Hba

    user, secret = chap
    if bool(user) != bool(secret):
        raise BadRequest(
            "CHAP needs a name and a secret", "Give --chap-user and --chap-secret-file together."
        )
    adapters = {entry.value: entry for entry in Hba}
    if hba not in adapters:
        raise BadRequest(f"there is no adapter '{hba}'", f"There are: {', '.join(adapters)}.")
    # Names such as /dev/cdrom are links to the drive.
    texts = [os.path.realpath(text) if text.startswith("/dev/") else text for text in recorders or () if text]
    return Wanted(
        name=name,
        guest=guest,
        recorders=tuple(parse_recorder(text) for text in texts),
        hba=adapters[hba],
        chap=Chap(user, secret.absolute()) if secret else None,
        cdrom=cdrom.absolute() if cdrom else None,
        ssh_port=ssh_port,
        memory_mib=memory,
        cpus=cpus,
        accelerator=accel,
        shares=tuple(_share(text) for text in shares or ()),
    )


def _share(text: str) -> Share:
    from burnlab.vm.errors import BadRequest
    from burnlab.vm.spec import Share

    folder, _, tag = text.rpartition("=")
    if not folder or not tag.isidentifier() or len(tag) > 31:
        raise BadRequest(f"'{text}' is no share", "Write FOLDER=TAG, for example --share .=work.")
    if not Path(folder).is_dir():
        raise BadRequest(f"there is no folder {folder}", "--share takes a folder of this host.")
    return Share(Path(folder).absolute(), tag)


def _running(name: str) -> MachineRecord:
    from burnlab.vm.record import load_running

    return load_running(_places(), name)


def _user(root: bool) -> str:
    from burnlab.vm.images.recipes import GUEST_USER

    return "root" if root else GUEST_USER


def _name_option(name: str) -> str:
    return "" if name == "default" else f" --name {name}"


def _places() -> Places:
    from burnlab.vm.places import Places

    return Places.of_user(os.environ)


def _say(line: str) -> None:
    typer.echo(line, err=True)


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Turn the room's errors into messages and exit codes."""
    from burnlab.vm.errors import BadRequest, GuestSilent, HostFault, LaunchFailure, VmError

    values: dict[type[VmError], Exit] = {
        BadRequest: Exit.USAGE,
        HostFault: Exit.BROKEN,
        LaunchFailure: Exit.BROKEN,
        GuestSilent: Exit.BROKEN,
    }
    try:
        yield
    except VmError as error:
        fail(error.message, error.hint, values.get(type(error), Exit.FAILED))
