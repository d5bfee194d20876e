"""What commands set and other commands read. Defaults are xorriso's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burnlab.xorriso.exclusions import Exclusions
from burnlab.xorriso.severity import Severity

if TYPE_CHECKING:
    from burnlab.xorriso.media_options import MediaOptions


@dataclass(slots=True)
class Osirrox:
    """Whether files may be copied to disk, and how. `state` is off, on, blocked or banned."""

    state: str = "off"
    device_files: bool = False
    concat_split: bool = True
    auto_chmod: bool = False
    sort_lba: bool = False
    o_excl: bool = True
    strict_acl: bool = False
    check_md5: str = "on"
    sparse: int = 0


@dataclass(slots=True)
class Settings:
    """State that commands change, apart from the image and the messages' thresholds.

    `texts` holds what nothing but `-status` reads: command → how it tells the setting.
    """

    # Control.
    list_delimiter: str = "--"
    program_name: str = "xorriso"
    return_severity: Severity = Severity.SORRY
    return_value: int = 32
    abort_on_was_given: bool = False
    dialog: str = "off"
    page_lines: int = 0
    page_columns: int = 80
    use_readline: bool = True
    reassure: str = "off"
    decode_arguments: bool = False
    decode_input: int = 0
    encode_output: bool = False
    sh_style_result: bool = False
    signal_handling: str = "on"
    pacifier: str = "xorriso"
    pacifier_interval: float = 1.0
    status_history_max: int = 100
    mark: str = ""
    add_plainly: str = "none"
    scsi_log: bool = False
    session_log: str = ""
    """Path of the file that gets a line for every written session: time, start, size, volume id."""

    # Working directories: in the image (`` is the root), and on disk.
    image_directory: str = ""
    disk_directory: str = ""

    # Drives and loading.
    load: tuple[str, str] = ("auto", "")
    md5: bool = False
    md5_load_check: bool = True
    md5_stability_check: bool = False
    hardlinks: bool = False
    acl: bool = False
    xattr: str = "off"
    error_behavior: dict[str, str] = field(
        default_factory=lambda: {"image_loading": "failure", "file_extraction": "keep"}
    )
    drive_access: str = "exclusive:unrestricted"
    assert_volid: tuple[str, str] = ("", "")

    # Insertion.
    disk_pattern: str = "ls"
    iso_rr_pattern: str = "on"
    follow: str = "pattern:mount:limit=100"
    pathspecs: str = "off"
    overwrite: str = "nondir"
    file_size_limit: int = 429_496_524_800

    exclusions: Exclusions = field(default_factory=Exclusions)
    osirrox: Osirrox = field(default_factory=Osirrox)

    # Checking.
    check_media: MediaOptions | None = None
    """`-check_media_defaults`; None as long as nothing was set."""

    # Writing.
    joliet: bool = False
    compliance: str = "clear"
    padding: int = 300 * 1024
    padding_included: bool = False
    close: str = "off"
    dummy: bool = False
    speed: int = 0
    stream_recording: str = "off"
    write_type: str = "auto"
    grow_blindly: int | None = None
    """`-grow_blindly`: the address that a session is made for when it goes to another drive."""
    ban_stdio_write: bool = False
    fifo_size: int = 4 * 1024**2
    sync_bytes: int = 16 * 1024**2
    now: int | None = None
    """`-iso_nowtime`: pinned seconds since 1970, or None for the clock."""
    source_date_epoch: int | None = None

    texts: dict[str, str] = field(default_factory=dict)

    @property
    def dev_ino(self) -> bool:
        """`-disk_dev_ino`: whether to record which disk file a node came from."""
        return self.texts.get("disk_dev_ino", "off") != "off"

    @property
    def streams(self) -> bool:
        """`-stream_recording`: whether a drive shall not read again what it writes."""
        return self.stream_recording not in ("off", "")

    @property
    def write_mode(self) -> str:
        """`-write_type` as a drive wants it: `auto`, `tao` or `sao`."""
        return {"sao/dao": "sao"}.get(self.write_type, self.write_type)
